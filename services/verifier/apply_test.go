package verifier

import (
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/jws"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

func TestApplicationOpensACaseThatTheRulesPropose(t *testing.T) {
	r := newRig(t)
	caseRef, capability, err := r.newWorker("off_1", nil).paid()
	r.must(err)
	record, err := r.Get(t.Context(), caseRef)
	r.must(err)
	if record.Case.State() != casefile.Proposed || record.OfferID != "off_1" || len(record.Case.DUF()) != 12 || record.Case.Number() != "26/000001" || len(capability) != 43 {
		t.Errorf("state %s, offer %s, DUF of %d, number %s", record.Case.State(), record.OfferID, len(record.Case.DUF()), record.Case.Number())
	}
	if len(record.Steps) != 2 || record.Steps[0].EventID == "" || record.Steps[0].TimeClass != casefile.Candidate || record.Steps[1].EventID == "" {
		t.Errorf("timeline %+v", record.Steps)
	}
	if n := r.count(`SELECT COUNT(*) FROM event_outbox WHERE type = 'no.kompetansespor.application.submitted.v1'`); n != 1 {
		t.Errorf("%d events", n)
	}
}

func TestRepeatedProposalIsAskedTheSame(t *testing.T) {
	w := newRig(t).newWorker("off_1", nil)
	w.must(w.propose())
	first := w.asked()
	w.must(w.propose())
	if w.asked() != first || w.count(`SELECT COUNT(*) FROM application_session`) != 1 {
		t.Error("the session changed")
	}
}

func TestSessionIsUsedOnce(t *testing.T) {
	r := newRig(t)
	w := r.newWorker("off_1", nil)
	_, _, err := w.apply()
	r.must(err)
	document := w.present(w.asked(), udi)
	r.refused(w.answer(document), fault.Conflict, "presentation.already-used")
	r.refused(w.propose(), fault.Conflict, "presentation.already-used")
}

func TestTwoAnswersAtOnceOpenOneCase(t *testing.T) {
	r := newRig(t)
	w := r.newWorker("off_1", nil)
	r.must(w.propose())
	document := w.present(w.asked(), udi)
	var effects [2]agent.Effect
	for i := range effects {
		var err error
		effects[i], err = r.Receive(t.Context(), w.received(didcomm.TypePresentation), document)
		r.must(err)
	}
	r.must(r.act(effects[0], nil))
	r.refused(r.act(effects[1], nil), fault.Conflict, "presentation.already-used")
	if n := r.count(`SELECT COUNT(*) FROM case_file`); n != 1 {
		t.Errorf("%d cases", n)
	}
}

func TestPresentationOfAnotherSessionIsRefused(t *testing.T) {
	r := newRig(t)
	lisa, mallory := r.newWorker("off_1", nil), r.newWorker("off_2", nil)
	r.must(lisa.propose())
	r.must(mallory.propose())
	theirs := lisa.present(lisa.asked(), udi)

	// Hostile input 45: posted to another's session, and to none.
	r.refused(mallory.answer(theirs), fault.Invalid, "credential.challenge")
	mallory.thread = lisa.thread
	r.refused(mallory.answer(theirs), fault.NotFound, "presentation.no-such-session")
	// Hostile input 44: the nonce of another session.
	r.refused(lisa.answer(lisa.present(mallory.asked(), udi)), fault.Invalid, "credential.challenge")
	// Hostile input 22: made for somebody else.
	r.refused(lisa.answer(lisa.present(lisa.asked(), "did:web:other.example")), fault.Invalid, "credential.domain")
	if n := r.count(`SELECT COUNT(*) FROM case_file`); n != 0 {
		t.Errorf("%d cases", n)
	}
}

func TestExpiredChallengeIsAskedAgain(t *testing.T) {
	r := newRig(t)
	w := r.newWorker("off_1", nil)
	r.must(w.propose())
	first := w.asked()
	r.later(5 * time.Minute)
	r.must(w.answer(w.present(first, udi)))
	second := w.asked()
	if second == first || r.count(`SELECT COUNT(*) FROM case_file`) != 0 {
		t.Fatal("the expired challenge was taken")
	}
	r.must(w.answer(w.present(second, udi)))
	if r.count(`SELECT COUNT(*) FROM case_file`) != 1 {
		t.Error("no case")
	}
}

func TestOfferOpensOneCase(t *testing.T) {
	r := newRig(t)
	_, _, err := r.newWorker("off_1", nil).apply()
	r.must(err)
	again := r.newWorker("off_1", nil)
	again.thread = "another-thread"
	_, _, err = again.apply()
	r.refused(err, fault.Conflict, "application.offer-already-used")
	if n := r.count(`SELECT COUNT(*) FROM case_file`); n != 1 {
		t.Errorf("%d cases", n)
	}
	if n := r.count(`SELECT COUNT(*) FROM application_session WHERE state = 'asked'`); n != 1 {
		t.Error("a refused application left something done")
	}
}

func TestDUFNumberIsOneCases(t *testing.T) {
	r := newRig(t)
	withDUF := func(claims map[string]any) { claims["duf_number"] = "202665432107" }
	caseRef, _, err := r.newWorker("off_1", withDUF).apply()
	r.must(err)
	if record, err := r.Get(t.Context(), caseRef); err != nil || record.Case.DUF() != "202665432107" {
		t.Errorf("the offer's DUF number was not kept: %v", err)
	}
	_, _, err = r.newWorker("off_2", withDUF).apply()
	r.refused(err, fault.Conflict, "application.duf-already-used")
}

func TestIssuerMustBeAccreditedForTheEmployerThatTheOfferNames(t *testing.T) {
	r := newRig(t)
	w := r.newWorker("off_1", nil)
	r.entity.OrganisationNumber = "310000027" // hostile input 30
	_, _, err := w.apply()
	r.refused(err, fault.Denied, "issuer.another-organisation")
	r.trusted = fault.New(fault.Denied, "issuer.unknown", "not on the list")
	_, _, err = w.apply()
	r.refused(err, fault.Denied, "issuer.unknown")
}

func TestOfferWhoseStatusNobodyKnowsIsNotTaken(t *testing.T) {
	r := newRig(t)
	w := r.newWorker("off_1", nil)
	for rule, kind := range map[string]fault.Kind{"status.unreachable": fault.Unavailable, "status.revoked": fault.Denied} {
		r.status = fault.New(kind, rule, "said the list")
		_, _, err := w.apply()
		r.refused(err, kind, rule)
	}
	r.status = nil
	var claims map[string]any
	bare := r.newWorker("off_2", func(c map[string]any) { claims = c })
	bare.offer = r.sign(bare.subject, claims, nil)
	_, _, err := bare.apply()
	r.refused(err, fault.Invalid, "application.offer-without-status")
}

func TestAnothersCredentialIsRefused(t *testing.T) {
	r := newRig(t)
	lisa, mallory := r.newWorker("off_1", nil), r.newWorker("off_2", nil)
	r.must(mallory.propose())
	document := mallory.present(mallory.asked(), udi)
	presented, err := credential.VerifyPresentation(t.Context(), r, document, credential.PresentationOptions{
		Options: credential.Options{Now: r.Now(), Status: r}, Challenge: mallory.asked(), Domain: udi,
	})
	r.must(err)
	// Mallory's wallet signs whatever it likes.
	forged := presented.Document.Map()
	delete(forged, "proof")
	forged["verifiableCredential"] = []any{anyDocument(t, lisa.offer)}
	forged["nonce"], forged["aud"] = mallory.asked(), udi
	signed, err := jws.Sign(t.Context(), r.book.Sign, jws.Header{Algorithm: "EdDSA", KeyID: keyOf(mallory.subject).ID, Type: "vp+jwt"}, forged)
	r.must(err)
	r.refused(mallory.answer([]byte(signed)), fault.Invalid, "credential.holder")
}

func TestConsentNamesEveryAgencyOnce(t *testing.T) {
	agenciesOf := func(w *worker) []any { return w.consent["agencies"].([]any) }
	first := func(w *worker) map[string]any { return agenciesOf(w)[0].(map[string]any) }
	for name, c := range map[string]struct {
		rule   string
		change func(w *worker)
	}{
		"agency left out":   {"consent.agency-required", func(w *worker) { w.consent["agencies"] = agenciesOf(w)[1:] }},
		"agency twice":      {"consent.agency-once", func(w *worker) { w.consent["agencies"] = append(agenciesOf(w), agenciesOf(w)[0]) }},
		"unknown agency":    {"consent.agency-unknown", func(w *worker) { first(w)["agency"] = "did:web:other.example" }},
		"same delivery":     {"consent.delivery-distinct", func(w *worker) { first(w)["delivery"] = agenciesOf(w)[1].(map[string]any)["delivery"] }},
		"delivery is known": {"consent.delivery-distinct", func(w *worker) { first(w)["delivery"] = w.connection }},
		"delivery web":      {"consent.delivery", func(w *worker) { first(w)["delivery"] = university }},
		"delivery nonsense": {"consent.delivery", func(w *worker) { first(w)["delivery"] = "did:peer:2.Enonsense" }},
		"empty claim":       {"consent.claims", func(w *worker) { first(w)["claims"] = []any{""} }},
		"not as applicant":  {"consent.as-applicant", func(w *worker) { w.consent["as"] = "witness" }},
		"signs nothing":     {"consent.offer-hash", func(w *worker) { delete(w.consent, "offer_hash") }},
		"signs another":     {"consent.offer-hash", func(w *worker) { w.consent["offer_hash"] = w.hashOf(w.newWorker("off_2", nil).offer) }},
		"shares anything":   {"consent.shares", func(w *worker) { w.consent["shares"] = []any{"diary"} }},
		"in no language":    {"consent.lang", func(w *worker) { w.consent["lang"] = "tlh" }},
		"no purpose":        {"consent.purpose", func(w *worker) { w.consent["purpose"] = "" }},
		"in the future":     {"consent.given-at", func(w *worker) { w.consent["given_at"] = w.Now().Add(time.Hour).Format(time.RFC3339) }},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			w := r.newWorker("off_1", nil)
			c.change(w)
			_, _, err := w.apply()
			r.refused(err, fault.Invalid, "consent.incomplete")
			found := false
			for _, v := range fault.From(err).Violations {
				found = found || v.Rule == c.rule
			}
			if !found {
				t.Errorf("got %v, want %s", err, c.rule)
			}
		})
	}
	r := newRig(t)
	w := r.newWorker("off_1", nil)
	w.consent = nil
	r.must(w.propose())
	document, err := credential.Present(t.Context(), r.book, credential.Presenting{
		Holder: w.subject, Credentials: [][]byte{w.offer}, Challenge: w.asked(), Domain: udi,
		Key: keyOf(w.subject), Created: r.Now(),
	})
	r.must(err)
	r.refused(w.answer(document), fault.Invalid, "consent.missing")
}

func TestProblemReportEndsOnlyItsOwnSession(t *testing.T) {
	r := newRig(t)
	lisa, mallory := r.newWorker("off_1", nil), r.newWorker("off_2", nil)
	r.must(lisa.propose())
	report := mallory.received(didcomm.TypeProblemReport)
	report.Message.Pthid = lisa.thread
	r.refused(r.act(r.Abandon(t.Context(), report)), fault.NotFound, "presentation.no-such-session")
	report = lisa.received(didcomm.TypeProblemReport)
	report.Message.Pthid = lisa.thread
	r.must(r.act(r.Abandon(t.Context(), report)))
	r.refused(lisa.answer(lisa.present(lisa.asked(), udi)), fault.Conflict, "presentation.already-used")
}
