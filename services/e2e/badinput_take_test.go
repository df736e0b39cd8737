package e2e

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
)

// A wallet takes a credential only when it is what was offered, by who offered
// it, bound to the wallet's own key and whole; whoever sends another is told
// the rule.
func TestWalletTakesNoBadCredential(t *testing.T) {
	r := newRogueStack(newStack(t, devsetup.Pilot()), "registry", "issuer", "wallet")
	r.accredit()
	r.accreditAs(rogueEmployer, "Rogue Employer", rogueDID)
	e := newExchangeOn(r.stack)
	offer, code := e.issue()
	theirs, _ := r.collect(offer, code).issued()
	claims := ofTheRogue(claimsOf(theirs))
	good := r.publish("/status/good", false)
	revoked := r.publish("/status/revoked", true)
	now := time.Now()
	yesterday, tomorrow := now.AddDate(0, 0, -1), now.AddDate(0, 0, 1)

	begin := func() (wallet string, o *offering) {
		wallet = e.open()
		return wallet, r.offers(r.proposal(e, wallet))
	}
	for name, bad := range map[string]struct{ rule, kind, issuer string }{
		"offered for another": {"credential.issuer-is-not-sender", credtype.OfferOfEmployment, devsetup.DID("issuer")},
		"of another type":     {"exchange.type-not-expected", credtype.ResidencePermit, rogueDID},
	} {
		r.within(t, name, func() {
			_, o := begin()
			o.offer(bad.kind, bad.issuer, bad.rule)
		})
	}
	incomplete := maps.Clone(claims)
	delete(incomplete, "employment")
	sound := func(subject string) []byte { return r.sign(subject, claims, good, yesterday, tomorrow) }
	altered := func(old, new string) func(string) []byte {
		return func(subject string) []byte { return bytes.Replace(sound(subject), []byte(old), []byte(new), 1) }
	}
	for name, bad := range map[string]struct {
		rule     string
		document func(subject string) []byte
	}{
		"tampered":             {"credential.signature", altered("Researcher", "Professor")},
		"without a proof":      {"credential.proof-form", func(s string) []byte { return without(sound(s), "proof") }},
		"by another issuer":    {"credential.issuer-is-not-sender", func(string) []byte { return theirs }},
		"bound to another key": {"credential.another-holder", func(string) []byte { return sound(r.newHolder()) }},
		"expired": {"credential.expired", func(s string) []byte {
			return r.sign(s, claims, good, yesterday.AddDate(0, 0, -1), yesterday)
		}},
		"revoked":                      {"status.revoked", func(s string) []byte { return r.sign(s, claims, revoked, yesterday, tomorrow) }},
		"of another's organisation":    {"issuer.another-organisation", func(s string) []byte { return r.sign(s, claimsOf(theirs), good, yesterday, tomorrow) }},
		"in a format it does not keep": {"credential.format", func(s string) []byte { return r.signJOSE(s, claims, good, yesterday, tomorrow) }},
		"claims are missing":           {"schema.claims", func(s string) []byte { return r.sign(s, incomplete, good, yesterday, tomorrow) }},
		"no credential":                {"", func(string) []byte { return []byte(`{}`) }},
		"a status list":                {"", func(string) []byte { return r.pages["/status/good"] }},
		"a member twice":               {"", altered(`{`, `{"id":"urn:x","id":"urn:y",`)},
		"an unpinned context":          {"", altered("https://www.w3.org/ns/credentials/v2", "https://rogue.kompetansespor.example/ctx")},
		"a claim that none defines":    {"", altered(`"credentialSubject":{`, `"credentialSubject":{"admin":true,`)},
	} {
		r.within(t, name, func() {
			wallet, o := begin()
			o.issue(bad.document(o.requested()), bad.rule)
			if held := e.heldBy(wallet); len(held) != 0 {
				r.fail("the wallet holds %v", held)
			}
			if problem := e.problemOf(wallet); problem.GetRule() == "" || bad.rule != "" && problem.GetRule() != bad.rule {
				r.fail("the worker is told %v, want %s", problem, bad.rule)
			}
		})
	}
	wallet, o := begin()
	document := sound(o.requested())
	o.say(didcomm.Message{Type: didcomm.TypeIssueCredential, Attachments: []didcomm.Attachment{didcomm.NewAttachment("c", "application/vc", didcomm.FormatCredential, document)}})
	r.await(rogueDID, o.thread, 0, didcomm.TypeCredentialAck)
	e.holdsOne(wallet)
}

// problemOf waits until a wallet's only exchange has failed and tells why.
func (e *exchange) problemOf(wallet string) (problem *walletv1.ExchangeProblem) {
	e.t.Helper()
	e.until("the exchange fails", func() bool {
		all := answered(e.stack, func() (*walletv1.ListExchangesResponse, error) {
			return e.wallets.ListExchanges(as(e.t.Context(), wallet), &walletv1.ListExchangesRequest{})
		}).GetExchanges()
		if len(all) != 1 {
			e.fail("the wallet has %d exchanges", len(all))
		}
		problem = all[0].GetProblem()
		return all[0].GetState() == walletv1.ExchangeState_EXCHANGE_STATE_FAILED
	})
	return problem
}

// heldBy lists what a wallet holds.
func (e *exchange) heldBy(wallet string) []*walletv1.Credential {
	e.t.Helper()
	return answered(e.stack, func() (*walletv1.ListCredentialsResponse, error) {
		return e.wallets.ListCredentials(as(e.t.Context(), wallet), &walletv1.ListCredentialsRequest{})
	}).GetCredentials()
}

// offering is an issue-credential thread in which the rogue is the issuer.
type offering struct {
	*rogue
	wallet, thread string
	problems       int
}

func (r *rogue) offers(proposal *didcomm.Message) *offering {
	return &offering{rogue: r, wallet: proposal.From, thread: proposal.Thread()}
}

func (o *offering) say(m didcomm.Message) {
	o.t.Helper()
	m.Thid = o.thread
	o.send("wallet", m, rogueDID, o.wallet)
}

// refused waits for the next problem report. An empty rule stands for any.
func (o *offering) refused(rule string) {
	o.t.Helper()
	m := o.await(rogueDID, o.thread, o.problems, didcomm.TypeProblemReport)
	o.problems++
	got, comment, err := agent.Problem(m)
	if err != nil || comment == "" || rule != "" && got != rule || strings.HasPrefix(got, "internal") {
		o.fail("the wallet says %s (%v), want %s", got, err, rule)
	}
}

func (o *offering) preview(kind, issuer string) {
	o.t.Helper()
	o.say(didcomm.Message{Type: didcomm.TypeOfferCredential, Attachments: []didcomm.Attachment{{ID: "offer", Format: didcomm.FormatCredentialOffer, JSON: object(map[string]any{
		"data_model_versions_supported": []string{"2.0"}, "binding_required": true,
		"binding_method": map[string]any{"didcomm_signed_attachment": map[string]any{"algs_supported": []string{"EdDSA"}, "did_methods_supported": []string{"key"}, "nonce": "rogue-nonce"}},
		"credential":     map[string]any{"type": []string{"VerifiableCredential", kind}, "issuer": issuer},
	})}}})
}

// offer offers what the wallet must refuse.
func (o *offering) offer(kind, issuer, rule string) {
	o.t.Helper()
	o.preview(kind, issuer)
	o.refused(rule)
}

// requested offers properly and gives the key that the wallet asks for.
func (o *offering) requested() (subject string) {
	o.t.Helper()
	o.preview(credtype.OfferOfEmployment, rogueDID)
	proof, err := o.await(rogueDID, o.thread, 0, didcomm.TypeRequestCredential).ContentWithID("binding")
	if err != nil {
		o.fail("%v", err)
	}
	return holderOf(proof)
}

// issue sends a credential that the wallet must refuse.
func (o *offering) issue(document []byte, rule string) {
	o.t.Helper()
	o.say(didcomm.Message{Type: didcomm.TypeIssueCredential, Attachments: []didcomm.Attachment{didcomm.NewAttachment("c", "application/vc", didcomm.FormatCredential, document)}})
	o.refused(rule)
}

// holderOf reads whose key a proof of possession names.
func holderOf(proof []byte) string {
	var header struct {
		KID string `json:"kid"`
	}
	protected, _, _ := bytes.Cut(proof, []byte("."))
	raw, err := (&didcomm.Attachment{Base64: string(protected)}).Bytes()
	if err == nil {
		err = json.Unmarshal(raw, &header)
	}
	if err != nil {
		panic(err)
	}
	name, _, _ := strings.Cut(header.KID, "#")
	return name
}

// without is a document that lacks a member.
func without(document []byte, member string) []byte {
	return alter(document, func(d map[string]any) { delete(d, member) })
}
