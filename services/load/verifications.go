package load

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/demo"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
)

// verifications are presentations of different people, each of an offer that the
// employer has signed for that person's own key, with a challenge of its own.
type verifications struct {
	conn   *grpc.ClientConn
	client verifierv1.VerificationServiceClient
	token  string
	shown  []presented
}

type presented struct {
	document  []byte
	challenge string
}

// domain is for whom they are made.
const domain = "did:web:agency.example"

// prepareVerifications has an offer signed for each person, by the issuer's W3C VC
// API and by the employers in turn, and presents it.
func (c Config) prepareVerifications(ctx context.Context) (*verifications, error) {
	conn, err := c.Target.Dial(c.Target.Verifier)
	if err != nil {
		return nil, err
	}
	v := &verifications{
		conn: conn, client: verifierv1.NewVerificationServiceClient(conn), token: c.Target.Verifier.Token, shown: make([]presented, len(c.Persons)),
	}
	api := newSigningAPI(c)
	defer api.close()
	err = together(ctx, len(c.Persons), func(ctx context.Context, i int) (err error) {
		v.shown[i], err = api.present(ctx, i)
		return err
	})
	if err != nil {
		v.close()
		return nil, fmt.Errorf("prepare presentations: %w", err)
	}
	return v, nil
}

func (v *verifications) close() { _ = v.conn.Close() }

// verify is one operation.
func (v *verifications) verify(ctx context.Context, number int) error {
	one := v.shown[number]
	answer, err := v.client.VerifyPresentation(ctx, &verifierv1.VerifyPresentationRequest{
		Presentation: one.document, Challenge: one.challenge, Domain: domain,
	}, demo.As(v.token))
	if err == nil && !answer.GetReport().GetVerified() {
		err = fmt.Errorf("a presentation does not verify: %s", answer.GetReport().GetAnswer())
	}
	return err
}

// holder is a person's own key.
type holder struct {
	did, method string
	key         ed25519.PrivateKey
}

func newHolder() (holder, error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return holder{}, err
	}
	key, err := did.NewPublicKey(did.Ed25519, public)
	if err != nil {
		return holder{}, err
	}
	name, method := did.NewKey(key)
	return holder{name, method, private}, nil
}

// Sign implements credential.Signer.
func (h holder) Sign(_ context.Context, _ string, data []byte) ([]byte, error) {
	return ed25519.Sign(h.key, data), nil
}

// signingAPI is the issuer's W3C VC API.
type signingAPI struct {
	config Config
	client *http.Client
}

func newSigningAPI(c Config) signingAPI { return signingAPI{c, c.Target.Public()} }

func (a signingAPI) close() { a.client.CloseIdleConnections() }

// together calls do for the numbers below n, some at a time.
func together(ctx context.Context, n int, do func(ctx context.Context, number int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	for i := range n {
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}

// store has credentials signed that nobody asks for again.
func (c Config) store(ctx context.Context) error {
	api := newSigningAPI(c)
	defer api.close()
	err := together(ctx, c.Stored, func(ctx context.Context, i int) error {
		_, err := api.issue(ctx, i, "did:example:"+uuid())
		return err
	})
	if err != nil {
		return fmt.Errorf("store credentials: %w", err)
	}
	return nil
}

func (a signingAPI) present(ctx context.Context, number int) (presented, error) {
	h, err := newHolder()
	if err != nil {
		return presented{}, err
	}
	offer, err := a.issue(ctx, number, h.did)
	if err != nil {
		return presented{}, err
	}
	p := presented{challenge: rand.Text()}
	p.document, err = credential.Present(ctx, h, credential.Presenting{
		Holder: h.did, Credentials: [][]byte{offer}, Challenge: p.challenge, Domain: domain,
		Key: credential.Key{ID: h.method, Curve: did.Ed25519}, Created: time.Now(),
	})
	return p, err
}

// issue asks for an offer of employment with a status. The number says by whom and for
// which person; beyond the last, people come again.
func (a signingAPI) issue(ctx context.Context, number int, subject string) ([]byte, error) {
	employer, person := a.config.Employers[number%len(a.config.Employers)], a.config.Persons[number%len(a.config.Persons)]
	now := time.Now()
	draft := credential.Draft{
		ID: "urn:uuid:" + uuid(), Type: credtype.OfferOfEmployment, Issuer: employer.DID, Subject: subject, Claims: claims(employer.Employer, person, now),
		ValidFrom: now, ValidUntil: now.AddDate(0, 3, 0),
	}
	request, err := json.Marshal(map[string]any{
		"credential": draft.Document(), "options": map[string]any{"credentialStatus": map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}},
	})
	if err != nil {
		return nil, err
	}
	call, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+a.config.Target.Issuer.Host+"/credentials/issue", bytes.NewReader(request))
	if err != nil {
		return nil, err
	}
	call.Header.Set("Content-Type", "application/json")
	call.Header.Set("Authorization", "Bearer "+employer.Token)
	answer, err := a.client.Do(call)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	signed, err := io.ReadAll(io.LimitReader(answer.Body, credential.MaxCredentialBytes))
	if err == nil && answer.StatusCode != http.StatusCreated {
		err = fmt.Errorf("the issuer answers %d: %.300s", answer.StatusCode, signed)
	}
	return signed, err
}

func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// claims are what an offer says of a person.
func claims(employer demo.Employer, in demo.Input, now time.Time) map[string]any {
	e, p := in.Employment, in.Passport
	return map[string]any{
		"offer_id":       "off_" + p.DocumentNumber,
		"issued_at":      now.UTC().Format(time.RFC3339),
		"employer":       map[string]any{"organisation_number": employer.OrganisationNumber, "legal_name": employer.LegalName, "contact_email": in.Employer.ContactEmail},
		"signatory":      map[string]any{"name": in.Signatory.Name, "role": in.Signatory.Role},
		"given_name":     in.GivenName,
		"family_name":    in.FamilyName,
		"birthdate":      in.Birthdate,
		"sex":            in.Sex,
		"place_of_birth": map[string]any{"locality": in.PlaceOfBirth.Locality, "country": in.PlaceOfBirth.Country},
		"nationalities":  in.Nationalities,
		"email":          in.Email,
		"phone_number":   strings.ReplaceAll(in.PhoneNumber, " ", ""),
		"passport": map[string]any{
			"document_number": p.DocumentNumber, "issuing_authority": p.IssuingAuthority, "issuing_country": p.IssuingCountry,
			"date_of_issuance": p.DateOfIssuance, "date_of_expiry": p.DateOfExpiry,
		},
		"employment": map[string]any{
			"job_title": e.JobTitle, "occupation": map[string]any{"scheme": "STYRK-08", "code": e.Occupation}, "start_date": e.StartDate,
			"position_percentage": 100, "annual_salary": map[string]any{"amount": json.Number(e.AnnualSalary), "currency": "NOK", "period": "YEAR"},
			"required_education_level": e.RequiredEducationLevel,
		},
		"declarations": map[string]any{"qualifications_confirmed": true, "information_verified": true},
	}
}
