package verifier

import (
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
)

// refusedCase is a case that an officer has refused.
func (r *rig) refusedCase(offerID string) (string, *worker) {
	r.Helper()
	w := r.newWorker(offerID, nil)
	caseRef, _, err := w.paid()
	r.must(err)
	_, err = r.decide(caseRef, casefile.Refused, "SALARY_TOO_LOW")
	r.must(err)
	return caseRef, w
}

func (w *worker) appeals(id, caseRef string) error {
	return w.DB.Tx(w.Context(), func(tx *sqldb.Tx) error {
		return w.Appeal(w.Context(), tx, desk.Appealing{ID: id, CaseRef: caseRef, Sender: w.connection, Grounds: "The pay was raised.", ReceivedAt: w.Now()})
	})
}

func (r *rig) ruled(caseRef string, ruling desk.AppealRuling) error {
	_, err := r.DecideAppeal(r.Context(), desk.Deciding{CaseRef: caseRef, Officer: "officer-2", TokenHash: "hash"}, ruling)
	return err
}

func TestAppealIsReversedAndGrantsOnce(t *testing.T) {
	r := newRig(t)
	caseRef, w := r.refusedCase("off_1")
	r.later(24 * time.Hour)
	for range 2 {
		r.must(w.appeals("m1", caseRef))
	}
	r.refused(w.appeals("m2", caseRef), fault.Conflict, "case.already-appealed")
	stranger := r.newWorker("off_2", nil)
	r.refused(stranger.appeals("m3", caseRef), fault.NotFound, "case.unknown")
	if r.state(caseRef) != casefile.AppealReceived || r.events("decision.appealed", caseRef) != 1 {
		t.Fatalf("%s, %d events", r.state(caseRef), r.events("decision.appealed", caseRef))
	}
	r.refused(r.ruled(caseRef, desk.RejectLate), fault.Conflict, "case.appeal-in-time")
	// Everything is checked as before a grant.
	r.status = fault.New(fault.Denied, "status.revoked", "revoked")
	r.refused(r.ruled(caseRef, desk.Reverse), fault.Denied, "status.revoked")
	r.status = nil
	for range 2 {
		r.must(r.ruled(caseRef, desk.Reverse))
	}
	if r.state(caseRef) != casefile.Granted || r.events("decision.made", caseRef) != 2 || r.events("decision.appealed", caseRef) != 2 ||
		len(r.sent(w.connection, didcomm.TypeOfferCredential)) != 1 || r.count(`SELECT COUNT(*) FROM decision WHERE case_ref = $1`, caseRef) != 2 {
		t.Errorf("%s, %d decisions told", r.state(caseRef), r.events("decision.made", caseRef))
	}
	_, err := r.View(t.Context(), policeCall, caseRef, "identity-control")
	r.must(err)
	made, err := r.Decisions(t.Context(), caseRef)
	r.must(err)
	last := made[1]
	if made[0].Outcome != casefile.Refused || last.Outcome != casefile.Granted || last.Officer != "officer-2" || last.Basis.OfferHash != r.hashOf(w.offer) ||
		len(last.Basis.PresentationHash) != 64 || len(last.Basis.ConsentHash) != 64 || len(last.Basis.Credentials) != 1 || last.RuleSet == "" || last.InputsHash == "" {
		t.Errorf("the decision rests on %+v", last)
	}
	if _, same, err := r.Replay(t.Context(), caseRef); !same || err != nil {
		t.Errorf("the decision does not replay: %v", err)
	}
}

func TestLateAppealIsTakenAndAnOfficerRejectsIt(t *testing.T) {
	r := newRig(t)
	// Decided on a Friday at noon: in time until the third Friday after has passed.
	caseRef, w := r.refusedCase("off_1")
	other, late := r.refusedCase("off_2")
	r.now = time.Date(2026, 1, 23, 22, 59, 0, 0, time.UTC)
	r.must(w.appeals("m1", caseRef))
	r.later(2 * time.Minute)
	r.must(late.appeals("m2", other))
	for ref, want := range map[string]bool{caseRef: false, other: true} {
		record, err := r.Get(t.Context(), ref)
		r.must(err)
		if record.Case.Appeal().Late != want || record.Case.State() != casefile.AppealReceived {
			t.Errorf("late %v in %s, want %v", record.Case.Appeal().Late, record.Case.State(), want)
		}
	}
	for range 2 {
		r.must(r.ruled(other, desk.RejectLate))
	}
	if r.state(other) != casefile.Refused || r.events("decision.appealed", other) != 2 {
		t.Errorf("%s", r.state(other))
	}
	r.refused(late.appeals("m3", other), fault.Conflict, "case.already-appealed")
}

func TestUNEDecidesFinally(t *testing.T) {
	r := newRig(t)
	upheld, w := r.refusedCase("off_1")
	r.must(w.appeals("m1", upheld))
	r.must(r.ruled(upheld, desk.Forward))
	r.refused(r.ruled(upheld, desk.Reverse), fault.Conflict, "case.state")
	r.must(r.ruled(upheld, desk.UNEUpheld))
	if r.state(upheld) != casefile.UNEUpheld || r.events("decision.made", upheld) != 1 {
		t.Errorf("upheld: %s", r.state(upheld))
	}
	_, err := r.View(t.Context(), policeCall, upheld, "identity-control")
	r.refused(err, fault.Conflict, "case.not-granted")

	// UNE binds, also when the employer has fallen meanwhile: granted and halted.
	reversed, w := r.refusedCase("off_2")
	r.must(w.appeals("m2", reversed))
	r.must(r.ruled(reversed, desk.Forward))
	r.employer("employer.suspended", "LABOUR_DISPUTE", r.Now())
	for range 2 {
		r.must(r.ruled(reversed, desk.UNEReversed))
	}
	if r.state(reversed) != casefile.Halted || r.permit(reversed) != "suspended" || r.events("case.halted", reversed) != 1 || r.events("decision.made", reversed) != 2 {
		t.Errorf("reversed: %s", r.state(reversed))
	}
	if made, halted := r.sequence("decision.made", reversed), r.sequence("case.halted", reversed); made > halted {
		t.Error("the halt is told before the grant")
	}
}

func (r *rig) sequence(name, caseRef string) int {
	r.Helper()
	return r.count(`SELECT MAX(sequence) FROM event_outbox WHERE type = $1 AND case_ref = $2`, "no.kompetansespor."+name+".v1", caseRef)
}

func TestWrittenAppealIsRegistered(t *testing.T) {
	r := newRig(t)
	caseRef, _ := r.refusedCase("off_1")
	r.later(48 * time.Hour)
	in := desk.Appealing{CaseRef: caseRef}
	_, err := r.RegisterAppeal(t.Context(), in)
	r.refused(err, fault.Invalid, "appeal.grounds")
	in.Grounds, in.ReceivedAt = "The pay was raised.", r.Now().Add(time.Hour)
	_, err = r.RegisterAppeal(t.Context(), in)
	r.refused(err, fault.Invalid, "appeal.received")
	in.ReceivedAt = r.Now().AddDate(0, 0, -10)
	_, err = r.RegisterAppeal(t.Context(), in)
	r.refused(err, fault.Invalid, "appeal.received")
	in.ReceivedAt = r.Now().Add(-time.Hour)
	_, err = r.RegisterAppeal(t.Context(), in)
	r.must(err)
	granted, _, _ := r.granted("off_2")
	in.CaseRef, in.ReceivedAt = granted, time.Time{}
	_, err = r.RegisterAppeal(t.Context(), in)
	r.refused(err, fault.Conflict, "case.not-refused")
}
