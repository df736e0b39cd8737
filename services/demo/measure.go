package demo

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
)

// measure is what a case that has ended says of itself: to its worker, who looks
// into the wallet, and to an officer.
func (p *person) measure(ctx context.Context, sent *Sent) (MeasuredCase, error) {
	c := MeasuredCase{
		CaseRef: p.report.CaseRef, Outcome: p.report.Outcome, Steps: p.report.Steps, Sent: sent.Values(), Read: map[string][]string{},
	}
	for token := ""; ; {
		page, err := again(ctx, func() (*walletv1.ListCredentialsResponse, error) {
			return p.clients.wallet.ListCredentials(ctx, &walletv1.ListCredentialsRequest{PageSize: 200, PageToken: token}, As(p.wallet))
		})
		if err != nil {
			return c, fmt.Errorf("look into the wallet: %w", err)
		}
		for _, one := range page.GetCredentials() {
			c.Wallet = append(c.Wallet, Held{Type: one.GetType(), Issuer: one.GetIssuer(), Claims: one.GetClaims().AsMap()})
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	for token := ""; ; {
		page, err := again(ctx, func() (*walletv1.ListAccessLogResponse, error) {
			return p.clients.wallet.ListAccessLog(ctx, &walletv1.ListAccessLogRequest{PageSize: 200, PageToken: token}, As(p.wallet))
		})
		if err != nil {
			return c, fmt.Errorf("look who has read: %w", err)
		}
		for _, row := range page.GetRows() {
			agency := agencyOf(row.GetAgency())
			c.Read[agency] = append(c.Read[agency], row.GetClaims()...)
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	return c, p.evidence(ctx, &c)
}

// agencyOf is what kind an agency of the access log is: several banks take part.
func agencyOf(name string) string {
	if strings.Contains(name, "bank") {
		return "bank"
	}
	return name
}

// evidence asks what was decided, by whom, and whether it comes to the same
// again.
func (p *person) evidence(ctx context.Context, c *MeasuredCase) error {
	answer, err := again(ctx, func() (*verifierv1.GetCaseResponse, error) {
		return p.verifier.GetCase(ctx, &verifierv1.GetCaseRequest{CaseRef: c.CaseRef}, As(p.target.Verifier.Token))
	})
	if err != nil {
		return fmt.Errorf("look at the decisions: %w", err)
	}
	for _, d := range answer.GetCase().GetDecisions() {
		c.Decisions = append(c.Decisions, Decided{
			Granted: d.GetOutcome() == verifierv1.CaseOutcome_CASE_OUTCOME_GRANTED, ByRules: strings.HasPrefix(d.GetDecidedBy(), "rule-set "),
			Hashed: d.GetInputsHash() != "" && d.GetRuleSet() != "" && d.GetOfferHash() != "" && d.GetConsentHash() != "",
		})
	}
	replayed, err := again(ctx, func() (*verifierv1.ReplayCaseResponse, error) {
		return p.verifier.ReplayCase(ctx, &verifierv1.ReplayCaseRequest{CaseRef: c.CaseRef}, As(p.target.Verifier.Token))
	})
	if err != nil {
		return fmt.Errorf("decide again: %w", err)
	}
	same := replayed.GetSame()
	c.Replayed = &same
	return nil
}

// longestLook is how long a withdrawal is looked for beyond the list's lifetime.
const longestLook = 30 * time.Second

// withdraw takes the person's offer back, as its employer, and measures until
// UDI's verification of the credential sees it. The case must have ended: its
// metrics are not changed by it.
func (p *person) withdraw(ctx context.Context) (*Withdrawal, error) {
	held, err := again(ctx, func() (*walletv1.GetCredentialResponse, error) {
		return p.clients.wallet.GetCredential(ctx, &walletv1.GetCredentialRequest{CredentialId: p.report.credentialID}, As(p.wallet))
	})
	if err != nil {
		return nil, fmt.Errorf("take the offer out of the wallet: %w", err)
	}
	document, format, client := held.GetCredential().GetDocument(), held.GetCredential().GetFormat(), p.target.Public()
	w := &Withdrawal{}
	if w.Lifetime, err = lifetime(ctx, client, document); err != nil {
		return nil, err
	}
	if good, err := p.verifies(ctx, client, document, format); err != nil || !good {
		return nil, errors.Join(errors.New("the offer does not verify before it is withdrawn"), err)
	}
	if _, err := again(ctx, func() (*issuerv1.WithdrawOfferResponse, error) {
		return p.issuer.WithdrawOffer(ctx, &issuerv1.WithdrawOfferRequest{OfferId: p.report.offerID, Reason: "the demonstration is over"}, As(p.target.Issuer.Token))
	}); err != nil {
		return nil, fmt.Errorf("withdraw the offer: %w", err)
	}
	w.At = time.Now()
	bounded, cancel := context.WithTimeout(ctx, w.Lifetime+longestLook)
	defer cancel()
	for l := (looking{}); ; {
		good, err := p.verifies(bounded, client, document, format)
		if err == nil && !good {
			w.Seen = time.Now()
			return w, nil
		}
		if l.again(bounded) != nil {
			return w, nil // never seen
		}
	}
}

// verifies asks UDI's verification (VC API) about a credential.
func (p *person) verifies(ctx context.Context, client *http.Client, document []byte, format string) (bool, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+p.target.Verifier.Host+"/credentials/verify", bytes.NewReader(document))
	if err != nil {
		return false, err
	}
	request.Header.Set("Authorization", "Bearer "+p.target.Verifier.Token)
	request.Header.Set("Content-Type", map[string]string{"dc+sd-jwt": "application/dc+sd-jwt"}[format])
	if format != "dc+sd-jwt" {
		request.Header.Set("Content-Type", "application/vc")
	}
	answer, err := client.Do(request)
	if err != nil {
		return false, err
	}
	defer func() { _ = answer.Body.Close() }()
	var report struct {
		Verified bool `json:"verified"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&report); err != nil {
		return false, fmt.Errorf("UDI's verification answers %d: %w", answer.StatusCode, err)
	}
	if answer.StatusCode >= 500 {
		return false, fmt.Errorf("UDI's verification answers %d", answer.StatusCode)
	}
	return report.Verified, nil
}

// lifetime is how long the status list of a credential may be kept: a Bitstring
// Status List's ttl in milliseconds, a Token Status List's in seconds.
func lifetime(ctx context.Context, client *http.Client, document []byte) (time.Duration, error) {
	claims, err := claimsOf(document)
	if err != nil {
		return 0, fmt.Errorf("read the offer in the wallet: %w", err)
	}
	var credential struct {
		Bitstring entries `json:"credentialStatus"`
		Token     struct {
			List struct {
				URI string `json:"uri"`
			} `json:"status_list"`
		} `json:"status"`
	}
	if err := json.Unmarshal(claims, &credential); err != nil {
		return 0, fmt.Errorf("read the offer in the wallet: %w", err)
	}
	address := credential.Token.List.URI
	if len(credential.Bitstring) > 0 {
		address = credential.Bitstring[0].List
	}
	if address == "" {
		return 0, errors.New("the offer in the wallet names no status list")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, fmt.Errorf("fetch the status list: %w", err)
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("fetch the status list: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, 4<<20))
	if err != nil {
		return 0, fmt.Errorf("fetch the status list: %w", err)
	}
	if raw, err = claimsOf(raw); err != nil {
		return 0, fmt.Errorf("read the status list: %w", err)
	}
	var list struct {
		Subject struct {
			Milliseconds int64 `json:"ttl"`
		} `json:"credentialSubject"`
		Seconds int64 `json:"ttl"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return 0, fmt.Errorf("read the status list: %w", err)
	}
	ttl := cmp.Or(time.Duration(list.Subject.Milliseconds)*time.Millisecond, time.Duration(list.Seconds)*time.Second)
	if ttl <= 0 {
		return 0, errors.New("the status list does not say how long it may be kept")
	}
	return ttl, nil
}

// entries are a credential's status entries: one alone or a list.
type entries []struct {
	List string `json:"statusListCredential"`
}

// UnmarshalJSON reads one entry as a list of one.
func (e *entries) UnmarshalJSON(raw []byte) error {
	if !bytes.HasPrefix(raw, []byte("[")) {
		raw = slices.Concat([]byte("["), raw, []byte("]"))
	}
	type plain entries
	return json.Unmarshal(raw, (*plain)(e))
}

// claimsOf are a JSON document's own, or those of a JWT.
func claimsOf(document []byte) ([]byte, error) {
	if json.Valid(document) {
		return document, nil
	}
	parts := strings.SplitN(string(document), ".", 3)
	if len(parts) != 3 {
		return nil, errors.New("this is neither JSON nor a JWT")
	}
	return base64.RawURLEncoding.DecodeString(parts[1])
}
