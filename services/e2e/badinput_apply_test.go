package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/jws"
	"github.com/kompetansespor/kompetansespor/services/internal/status"

	"google.golang.org/grpc/codes"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
)

// whatACaseLeaves are the tables in which an application leaves rows.
var whatACaseLeaves = []string{"case_file", "case_counter", "duf_taken", "case_step", "decision", "event_outbox", "issuance"}

// What a presentation must prove is proven on the running system: every lie is
// answered with the rule that it breaks, and opens no case.
func TestBadApplicationOpensNoCase(t *testing.T) {
	r, e := newApplicants(t)
	offer, code := e.issue()
	document, holder := r.collect(offer, code).issued()
	another, itsCode := e.issue()
	theirs, victim := r.collect(another, itsCode).issued()

	honest := func(a *applying) []byte { return a.present(holder, document) }
	for name, lie := range map[string]struct {
		rule    string
		present func(a *applying) []byte
	}{
		"tampered credential": {"credential.signature", func(a *applying) []byte {
			return a.present(holder, bytes.Replace(document, []byte("Researcher"), []byte("Professor"), 1))
		}},
		"tampered presentation": {"credential.signature", func(a *applying) []byte {
			return bytes.Replace(honest(a), []byte(`"purpose":"residence-permit"`), []byte(`"purpose":"anything at all"`), 1)
		}},
		"wrong challenge": {"credential.challenge", func(a *applying) []byte {
			a.challenge = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
			return honest(a)
		}},
		"another's domain": {"credential.domain", func(a *applying) []byte {
			a.domain = devsetup.DID("police")
			return honest(a)
		}},
		"another holder's credential": {"credential.holder", func(a *applying) []byte { return a.swapped(honest(a), theirs) }},
		"another holder's credential, signed with a key of one's own": {"credential.signature", func(a *applying) []byte {
			a.signer = impostor{r, did.KeyIDOf(holder)}
			return a.present(victim, theirs)
		}},
	} {
		r.within(t, name, func() { r.lies(lie.rule, lie.present) })
	}
	r.within(t, "hostile 45 and 50: a presentation and a problem report of another session", func() { r.replaysPresentation(holder, document) })
}

// Whether an issuer may say what it says is asked of the registry and of its
// status list, each time.
func TestBadIssuerOpensNoCase(t *testing.T) {
	r, e := newApplicants(t)
	offer, code := e.issue()
	document, _ := r.collect(offer, code).issued()
	claims := claimsOf(document)
	claims["offer_id"] = "off_of_the_rogue"
	ours := ofTheRogue(claims)
	holder := r.newHolder()
	good := r.publish("/status/good", false)
	r.publish("/status/revoked", true)
	revoked := status.Entry{List: rogueURL + "/status/revoked", Index: good.Index, Purpose: status.Revocation}
	down := status.Entry{List: rogueURL + "/status/down", Index: good.Index, Purpose: status.Revocation}
	now := time.Now()
	shows := func(claims map[string]any, entry status.Entry, from, until time.Time) func(a *applying) []byte {
		return func(a *applying) []byte { return a.present(holder, r.sign(holder, claims, entry, from, until)) }
	}
	yesterday, tomorrow := now.AddDate(0, 0, -1), now.AddDate(0, 0, 1)

	r.within(t, "unknown issuer with a sound signature", func() {
		r.lies("issuer.unknown", shows(ours, good, yesterday, tomorrow))
	})
	r.accreditAs(rogueEmployer, "Rogue Employer", rogueDID)
	for name, lie := range map[string]struct {
		rule    string
		present func(a *applying) []byte
	}{
		"another's organisation number":    {"issuer.another-organisation", shows(claims, good, yesterday, tomorrow)},
		"expired":                          {"credential.expired", shows(ours, good, yesterday.AddDate(0, 0, -1), yesterday)},
		"not yet valid":                    {"credential.not-yet-valid", shows(ours, good, tomorrow, tomorrow.AddDate(0, 0, 1))},
		"revoked":                          {"status.revoked", shows(ours, revoked, yesterday, tomorrow)},
		"status list that nobody can have": {"status.unreachable", shows(ours, down, yesterday, tomorrow)},
	} {
		r.within(t, name, func() { r.lies(lie.rule, lie.present) })
	}
	// The same without a lie opens a case, so each was refused for its lie.
	begun := r.apply()
	ack := begun.answered(shows(ours, good, yesterday, tomorrow)(begun))
	var opened struct {
		CaseRef string `json:"case_ref"`
	}
	if err := json.Unmarshal(ack.Body, &opened); err != nil || ack.Type != didcomm.TypePresentationAck {
		r.fail("a sound application: %s %s", ack.Type, ack.Body)
	}
	r.within(t, "revoked, and out of reach, between presentation and decision", func() {
		r.unpublish("/status/good")
		e.decides(opened.CaseRef, codes.Unavailable, "status.unreachable")
		r.publish("/status/good", true)
		e.decides(opened.CaseRef, codes.PermissionDenied, "status.revoked")
	})
	r.within(t, "accreditation revoked between presentation and decision", func() {
		r.publish("/status/good", false)
		r.revoke(rogueEmployer)
		r.until("UDI has heard of it", func() bool {
			return r.count("verifier", "SELECT COUNT(*) FROM case_file WHERE ref = $1 AND causes LIKE '%EMPLOYER_REVOKED%'", opened.CaseRef) == 1
		})
		e.decides(opened.CaseRef, codes.FailedPrecondition, "case.employer-revoked")
	})
}

// newApplicants starts what an application needs; the verifier loses patience
// soon with what does not answer.
func newApplicants(t *testing.T) (*rogue, *exchange) {
	r := newRogueStack(newStack(t, devsetup.Pilot()), "registry", "issuer", "wallet")
	r.introduce("verifier")
	r.start("verifier", "KOMPETANSESPOR_DIDCOMM_PATIENCE=2s")
	r.ready("verifier")
	r.accredit()
	return r, newExchangeOn(r.stack)
}

// lies applies with a presentation that must be refused by the rule.
func (r *rogue) lies(rule string, present func(a *applying) []byte) {
	r.t.Helper()
	r.untouched("verifier", whatACaseLeaves, func() {
		a := r.apply()
		a.refusedBy(present(a), rule)
	})
}

// applying is a present-proof thread of the rogue's, as an applicant.
type applying struct {
	*rogue
	me, thread        string
	challenge, domain string
	signer            credential.Signer
	answers           int
}

// apply begins one and waits for the challenge.
func (r *rogue) apply() *applying {
	r.t.Helper()
	me, _ := r.newPeer(keystore.X25519)
	a := &applying{rogue: r, me: me, thread: r.id(), signer: r}
	udi := devsetup.DID("verifier")
	r.send("verifier", didcomm.Message{Type: didcomm.TypeProposePresentation, Thid: a.thread}, me, udi)
	raw, err := r.await(me, a.thread, 0, didcomm.TypeRequestPresentation).ContentOf(didcomm.FormatPresentationDefinition)
	if err != nil {
		r.t.Fatal(err)
	}
	var definition struct {
		Options struct{ Challenge, Domain string }
	}
	if err := json.Unmarshal(raw, &definition); err != nil || definition.Options.Challenge == "" || definition.Options.Domain != udi {
		r.fail("asked for %s (%v)", raw, err)
	}
	a.challenge, a.domain = definition.Options.Challenge, definition.Options.Domain
	return a
}

// present signs a presentation of one credential, with a consent.
func (a *applying) present(holder string, document []byte) []byte {
	a.t.Helper()
	agencies := []any{}
	for _, agency := range []string{"police", "tax", "bank"} {
		delivery, _ := a.newPeer(keystore.X25519)
		agencies = append(agencies, map[string]any{"agency": devsetup.DID(agency), "delivery": delivery, "claims": []any{"given_name", "family_name"}})
	}
	signed, _ := credential.OfferHash(document) // of what is no credential at all there is none
	presentation, err := credential.Present(a.t.Context(), a.signer, credential.Presenting{
		Types: []string{"ApplicationPresentation"}, Holder: holder, Credentials: [][]byte{document},
		Members: map[string]any{"consent": map[string]any{
			"purpose": "residence-permit", "given_at": time.Now().UTC().Format(time.RFC3339), "agencies": agencies, "as": "applicant", "offer_hash": signed,
		}},
		Challenge: a.challenge, Domain: a.domain, Key: credential.Key{ID: did.KeyIDOf(holder), Curve: did.Ed25519}, Created: time.Now(),
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return presentation
}

// answered posts a presentation in the thread and waits for what comes of it.
func (a *applying) answered(presentation []byte) *didcomm.Message {
	a.t.Helper()
	a.send("verifier", didcomm.Message{
		Type: didcomm.TypePresentation, Thid: a.thread,
		Attachments: []didcomm.Attachment{didcomm.NewAttachment("presentation", "application/vp", didcomm.FormatPresentation, presentation)},
	}, a.me, devsetup.DID("verifier"))
	m := a.await(a.me, a.thread, a.answers, didcomm.TypePresentationAck, didcomm.TypeProblemReport)
	a.answers++
	return m
}

// refusedBy expects a problem report that names the rule.
func (a *applying) refusedBy(presentation []byte, rule string) {
	a.t.Helper()
	m := a.answered(presentation)
	got, comment, err := agent.Problem(m)
	if m.Type != didcomm.TypeProblemReport || err != nil || got != rule || comment == "" {
		a.fail("answered with %s %q (%v), want %s", m.Type, got, err, rule)
	}
}

// replaysPresentation answers one session with the presentation of another, and
// posts it, and a problem report, to a session that is not the sender's.
func (r *rogue) replaysPresentation(holder string, document []byte) {
	mine, other := r.apply(), r.apply()
	r.untouched("verifier", whatACaseLeaves, func() {
		other.refusedBy(mine.present(holder, document), "credential.challenge")
		thief := *other
		thief.thread, thief.answers = mine.thread, 0
		thief.refusedBy(mine.present(holder, document), "presentation.no-such-session")
	})
	// Hostile 50: nobody ends another's session.
	report := didcomm.Message{ID: r.id(), Type: didcomm.TypeProblemReport, Pthid: mine.thread, Body: object(map[string]string{"code": "e.p.msg.gone"})}
	r.send("verifier", report, other.me, devsetup.DID("verifier"))
	r.until("the report is dropped", func() bool {
		return r.count("verifier", "SELECT COUNT(*) FROM agent_inbox WHERE sender = $1 AND id = $2 AND state = 'refused'", other.me, report.ID) == 1
	})
	sound := mine.present(holder, document)
	if m := mine.answered(sound); m.Type != didcomm.TypePresentationAck {
		r.fail("the session is no longer its owner's: %s %s", m.Type, m.Body)
	}
	r.untouched("verifier", whatACaseLeaves, func() {
		mine.refusedBy(sound, "presentation.already-used")
		r.apply().refusedBy(sound, "credential.challenge")
		// The offer behind it has opened its case, whoever asks properly.
		again := r.apply()
		again.refusedBy(again.present(holder, document), "application.offer-already-used")
	})
}

// impostor signs with its own key whatever key it is asked for.
type impostor struct {
	*rogue
	with string
}

func (i impostor) Sign(ctx context.Context, _ string, data []byte) ([]byte, error) {
	return i.rogue.Sign(ctx, i.with, data)
}

// swapped is a presentation with another credential in it, signed again by the
// same holder: as a vp+jwt, which signs whatever it is given.
func (a *applying) swapped(presentation, other []byte) []byte {
	a.t.Helper()
	var holder string
	unsigned := alter(presentation, func(p map[string]any) {
		holder, _ = p["holder"].(string)
		delete(p, "proof")
		p["verifiableCredential"] = []any{json.RawMessage(other)}
		p["nonce"], p["aud"] = a.challenge, a.domain
	})
	header := jws.Header{Algorithm: did.Ed25519.Algorithm(), KeyID: did.KeyIDOf(holder), Type: "vp+jwt"}
	signed, err := jws.Sign(a.t.Context(), a.signer.Sign, header, unsigned)
	if err != nil {
		a.t.Fatal(err)
	}
	return []byte(signed)
}

func claimsOf(document []byte) map[string]any {
	var c struct {
		Subject map[string]any `json:"credentialSubject"`
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	if err := decoder.Decode(&c); err != nil {
		panic(err)
	}
	delete(c.Subject, "id")
	return c.Subject
}

// ofTheRogue are the claims of an offer as the rogue's own employer makes it.
func ofTheRogue(claims map[string]any) map[string]any {
	ours := maps.Clone(claims)
	ours["employer"] = map[string]any{"organisation_number": rogueEmployer, "legal_name": "Rogue Employer", "contact_email": "hr@rogue.example.com"}
	return ours
}

// unsigned is an offer of employment in the rogue's own name.
func unsigned(holder string, claims map[string]any, entry status.Entry, from, until time.Time) credential.Document {
	return credential.Draft{
		ID: "urn:uuid:8c7a4e9a-6f43-4b1d-9f0e-2f3bb7a4c001", Type: credtype.OfferOfEmployment, Issuer: rogueDID, Subject: holder,
		Claims: claims, ValidFrom: from, ValidUntil: until, Status: []status.Entry{entry},
	}.Document()
}

// sign makes such an offer with a Data Integrity proof.
func (r *rogue) sign(holder string, claims map[string]any, entry status.Entry, from, until time.Time) []byte {
	r.t.Helper()
	document, err := credential.Issue(r.t.Context(), r, unsigned(holder, claims, entry, from, until), credential.Securing{Key: rogueKey, Created: time.Now()})
	if err != nil {
		r.t.Fatal(err)
	}
	return document
}

// signJOSE makes such an offer as vc+jwt.
func (r *rogue) signJOSE(holder string, claims map[string]any, entry status.Entry, from, until time.Time) []byte {
	r.t.Helper()
	compact, err := credential.IssueJOSE(r.t.Context(), r, unsigned(holder, claims, entry, from, until), credential.Securing{Key: rogueKey, Created: time.Now()})
	if err != nil {
		r.t.Fatal(err)
	}
	return compact
}

// decides has the officer grant, over gRPC and REST, what must not be granted.
func (e *exchange) decides(caseRef string, code codes.Code, rule string) {
	e.t.Helper()
	e.pays(caseRef)
	e.untouched("verifier", whatACaseLeaves, func() { e.refusedAlike(e.granting(caseRef), code, rule) })
}
