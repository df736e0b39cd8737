package verifier

import (
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
)

const decisions = `SELECT COUNT(*) FROM event_outbox WHERE type = 'no.kompetansespor.decision.made.v1'`

func TestGrantOffersThePermitToTheApplicant(t *testing.T) {
	r := newRig(t)
	caseRef, _, w := r.granted("off_1")
	record, err := r.Get(t.Context(), caseRef)
	r.must(err)
	if record.Case.State() != casefile.Granted || record.Case.Decision().Officer != "officer-1" {
		t.Errorf("%s by %q", record.Case.State(), record.Case.Decision().Officer)
	}
	if offers := r.sent(w.connection, didcomm.TypeOfferCredential); len(offers) != 1 || offers[0].Thid == w.thread {
		t.Errorf("%d offers", len(offers))
	}
	if r.count(decisions) != 1 || r.count(`SELECT COUNT(*) FROM decision WHERE token_hash = 'hash' AND rule_set <> '' AND inputs_hash <> ''`) != 1 {
		t.Error("the decision was not recorded or told")
	}
}

func TestSameDecisionAgainChangesNothing(t *testing.T) {
	r := newRig(t)
	caseRef, _, w := r.granted("off_1")
	first, err := r.Get(t.Context(), caseRef)
	r.must(err)
	r.status = fault.New(fault.Unavailable, "status.unreachable", "not asked")
	again, err := r.decide(caseRef, casefile.Granted, "")
	r.must(err)
	if again.Case.Decision() != first.Case.Decision() || r.count(decisions) != 1 || len(r.sent(w.connection, didcomm.TypeOfferCredential)) != 1 {
		t.Error("the repeat had an effect")
	}
	_, err = r.decide(caseRef, casefile.Refused, "NOT_SKILLED")
	r.refused(err, fault.Conflict, "case.already-decided")
}

func TestRefusalGivesNoPermit(t *testing.T) {
	r := newRig(t)
	w := r.newWorker("off_1", nil)
	caseRef, _, err := w.paid()
	r.must(err)
	_, err = r.decide(caseRef, casefile.Refused, "")
	r.refused(err, fault.Invalid, "case.refusal-reason")
	_, err = r.decide(caseRef, casefile.Refused, "SALARY_TOO_LOW")
	r.must(err)
	if r.count(decisions) != 1 || r.count(`SELECT COUNT(*) FROM issuance`) != 0 {
		t.Error("the refusal was not told, or a permit was made")
	}
	_, err = r.View(t.Context(), policeCall, caseRef, "identity-control")
	r.refused(err, fault.Conflict, "case.not-granted")
	r.refused(r.tell("police", "identity.verified", caseRef, r.Now()), fault.Conflict, "case.not-granted")
}

func TestOfferWithdrawnBetweenPresentationAndDecisionStopsTheGrant(t *testing.T) {
	for name, c := range map[string]struct {
		kind   fault.Kind
		rule   string
		happen func(r *rig)
	}{
		"status says so":            {fault.Denied, "status.revoked", func(r *rig) { r.status = fault.New(fault.Denied, "status.revoked", "revoked") }},
		"status host is down":       {fault.Unavailable, "status.unreachable", func(r *rig) { r.status = fault.New(fault.Unavailable, "status.unreachable", "down") }},
		"accreditation ended":       {fault.Denied, "issuer.not-accredited", func(r *rig) { r.trusted = fault.New(fault.Denied, "issuer.not-accredited", "ended") }},
		"trust list is unreachable": {fault.Unavailable, "trustlist.unreachable", func(r *rig) { r.trusted = fault.New(fault.Unavailable, "trustlist.unreachable", "down") }},
		"issuer told of it":         {fault.Conflict, "case.offer-withdrawn", func(r *rig) { r.must(r.tell("issuer", "offer.withdrawn", "off_1", r.Now())) }},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			caseRef, _, err := r.newWorker("off_1", nil).paid()
			r.must(err)
			c.happen(r)
			_, err = r.decide(caseRef, casefile.Granted, "")
			r.refused(err, c.kind, c.rule)
			if r.count(decisions) != 0 || r.count(`SELECT COUNT(*) FROM issuance`) != 0 {
				t.Error("something was decided")
			}
		})
	}
}

func TestWithdrawalOfAnOfferWithoutCaseIsNoMatter(t *testing.T) {
	r := newRig(t)
	r.must(r.tell("issuer", "offer.withdrawn", "off_9", r.Now()))
}

func TestCaseCompletesOnceInWhateverOrder(t *testing.T) {
	r := newRig(t)
	caseRef, _, _ := r.granted("off_1")
	const completed = `SELECT COUNT(*) FROM event_outbox WHERE type = 'no.kompetansespor.case.completed.v1'`
	for i, e := range [][2]string{
		{"bank", "bankaccount.opened"}, {"tax", "identifier.assigned"}, {"police", "appointment.attended"}, {"police", "appointment.booked"},
		{"tax", "identifier.assigned"}, {"police", "residencecard.issued"}, {"tax", "taxcard.issued"},
	} {
		r.must(r.tell(e[0], e[1], caseRef, r.Now().Add(time.Duration(i)*time.Second)))
		if r.count(completed) != 0 {
			t.Fatalf("completed by %s", e[1])
		}
	}
	for range 2 {
		r.must(r.tell("police", "identity.verified", caseRef, r.Now().Add(time.Minute)))
	}
	record, err := r.Get(t.Context(), caseRef)
	r.must(err)
	if record.Case.State() != casefile.Completed || r.count(completed) != 1 {
		t.Errorf("%s, %d events", record.Case.State(), r.count(completed))
	}
	for _, step := range record.Steps {
		if step.EventID == "" || step.EventType == "" {
			t.Errorf("%s has no event", step.Step.Step)
		}
	}
	r.refused(r.tell("police", "identity.verified", "case_unknown", r.Now()), fault.NotFound, "case.unknown")
}

func TestOfficerListsCasesByStateAndPage(t *testing.T) {
	r := newRig(t)
	r.granted("off_1")
	for _, id := range []string{"off_2", "off_3"} {
		_, _, err := r.newWorker(id, nil).paid()
		r.must(err)
	}
	r.must(r.tell("issuer", "offer.withdrawn", "off_3", r.Now()))
	for state, want := range map[string]string{"GRANTED": "off_1", "OPEN": "off_2", "WITHDRAWN": "off_3"} {
		got, err := r.List(t.Context(), desk.Listing{Limit: 10, State: state})
		r.must(err)
		if len(got) != 1 || got[0].OfferID != want {
			t.Errorf("%s: %d cases", state, len(got))
		}
	}
	page, err := r.List(t.Context(), desk.Listing{Limit: 2})
	r.must(err)
	rest, err := r.List(t.Context(), desk.Listing{Limit: 2, After: page[1].Position})
	r.must(err)
	if len(page) != 2 || len(rest) != 1 || rest[0].OfferID != "off_3" {
		t.Errorf("pages of %d and %d", len(page), len(rest))
	}
}
