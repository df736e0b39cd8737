package verifier

import (
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
)

// events counts the events of a name that tell of a case.
func (r *rig) events(name, caseRef string) int {
	r.Helper()
	return r.count(`SELECT COUNT(*) FROM event_outbox WHERE type = $1 AND case_ref = $2`, "no.kompetansespor."+name+".v1", caseRef)
}

// permit is the status of a case's permit: stands, suspended or revoked.
func (r *rig) permit(caseRef string) string {
	r.Helper()
	c, err := r.Issuer.Current(r.Context(), r.DB.Read(), caseRef, credtype.ResidencePermit)
	r.must(err)
	var suspended, revoked int64
	r.must(r.DB.Read().QueryRowContext(r.Context(), `SELECT suspended_at, revoked_at FROM status_entry WHERE credential_id = $1`, c.ID).Scan(&suspended, &revoked))
	switch {
	case revoked > 0:
		return "revoked"
	case suspended > 0:
		return "suspended"
	}
	return "stands"
}

func (r *rig) notices(w *worker) int { return len(r.sent(w.connection, didcomm.TypeBasicMessage)) }

func TestWithdrawnOfferHaltsAGrantedCaseAndRevokesNothing(t *testing.T) {
	r := newRig(t)
	caseRef, _, w := r.granted("off_1")
	before := r.notices(w)
	for range 3 {
		r.must(r.tell("issuer", "offer.withdrawn", "off_1", r.Now()))
	}
	if r.state(caseRef) != casefile.Halted || r.events("case.halted", caseRef) != 1 || r.permit(caseRef) != "suspended" || r.notices(w) != before+1 {
		t.Errorf("%s, %d events, permit %s", r.state(caseRef), r.events("case.halted", caseRef), r.permit(caseRef))
	}
	for caller, purpose := range map[string]string{policeCall: "identity-control", taxCall: "identifier-assignment", bankCall: "account-opening"} {
		_, err := r.View(t.Context(), caller, caseRef, purpose)
		r.refused(err, fault.Conflict, "view.case-halted")
	}
	// What an agency had done before it heard is recorded, and completes nothing.
	for _, e := range [][2]string{{"bank", "bankaccount.opened"}, {"tax", "identifier.assigned"}, {"police", "residencecard.issued"}, {"police", "identity.verified"}} {
		r.must(r.tell(e[0], e[1], caseRef, r.Now()))
	}
	r.must(r.tellOf("tax", "onboarding.stopped", caseRef, r.Now(), map[string]any{"cause": "OFFER_WITHDRAWN"}))
	record, err := r.Get(t.Context(), caseRef)
	r.must(err)
	last := record.Steps[len(record.Steps)-1]
	if record.Case.State() != casefile.Halted || last.Cause != "OFFER_WITHDRAWN" || last.EventID == "" || last.Service != "tax" {
		t.Errorf("%s, %+v", record.Case.State(), last)
	}
	// The offer is revoked at its issuer: no officer's word makes it stand.
	r.status = fault.New(fault.Denied, "status.revoked", "revoked")
	_, err = r.Resume(t.Context(), caseRef)
	r.refused(err, fault.Denied, "status.revoked")
	// Revoked by mistake and issued again under the same number, say: the officer has looked.
	r.status = nil
	_, err = r.Resume(t.Context(), caseRef)
	r.must(err)
	if r.state(caseRef) != casefile.Completed || r.permit(caseRef) != "stands" || r.events("case.resumed", caseRef) != 1 || r.events("case.completed", caseRef) != 1 {
		t.Errorf("%s, permit %s", r.state(caseRef), r.permit(caseRef))
	}
}

func TestWithdrawalAfterCompletionIsForAnOfficer(t *testing.T) {
	r := newRig(t)
	caseRef, _, _ := r.granted("off_1")
	for _, e := range [][2]string{{"bank", "bankaccount.opened"}, {"tax", "identifier.assigned"}, {"police", "residencecard.issued"}, {"police", "identity.verified"}} {
		r.must(r.tell(e[0], e[1], caseRef, r.Now()))
	}
	r.must(r.tell("issuer", "offer.withdrawn", "off_1", r.Now()))
	record, err := r.Get(t.Context(), caseRef)
	r.must(err)
	if record.Case.State() != casefile.Completed || !record.Case.Impeded(casefile.CauseOfferWithdrawn) || r.permit(caseRef) != "stands" || r.events("case.halted", caseRef) != 0 {
		t.Errorf("%s, permit %s", record.Case.State(), r.permit(caseRef))
	}
}

func (r *rig) employer(name, reason string, at time.Time) {
	r.Helper()
	r.must(r.tellOf("registry", name, "acc_1", at, map[string]any{"organisation_number": orgNumber, "reason": reason}))
}

func TestSuspendedEmployerHaltsAllItsCasesAlsoThoseToCome(t *testing.T) {
	r := newRig(t)
	first, _, _ := r.granted("off_1")
	undecided, _, err := r.newWorker("off_2", nil).paid()
	r.must(err)
	suspended := r.Now()
	for range 2 {
		r.employer("employer.suspended", "LABOUR_DISPUTE", suspended)
	}
	later, _, err := r.newWorker("off_3", nil).paid()
	r.must(err)
	if r.state(first) != casefile.Halted || r.permit(first) != "suspended" || r.events("case.halted", first) != 1 {
		t.Errorf("the granted case is %s", r.state(first))
	}
	for _, caseRef := range []string{undecided, later} {
		_, err := r.decide(caseRef, casefile.Granted, "")
		r.refused(err, fault.Conflict, "case.employer-suspended")
		if r.events("case.halted", caseRef) != 0 {
			t.Error("a case that is not granted was halted")
		}
	}
	// An officer cannot talk the programme out of it; older news change nothing.
	_, err = r.Resume(t.Context(), first)
	r.refused(err, fault.Conflict, "case.employer-stopped")
	r.employer("employer.reinstated", "", suspended.Add(-time.Minute))
	if r.state(first) != casefile.Halted {
		t.Error("old news lifted the suspension")
	}
	r.employer("employer.reinstated", "", r.Now())
	if r.state(first) != casefile.Granted || r.permit(first) != "stands" || r.events("case.resumed", first) != 1 {
		t.Errorf("the granted case is %s, permit %s", r.state(first), r.permit(first))
	}
	for _, caseRef := range []string{undecided, later} {
		_, err := r.decide(caseRef, casefile.Granted, "")
		r.must(err)
	}
}

func TestReinstatementLiftsNeitherAWithdrawalNorARevocation(t *testing.T) {
	r := newRig(t)
	caseRef, _, _ := r.granted("off_1")
	r.employer("employer.suspended", "BANKRUPT", r.Now())
	r.must(r.tell("issuer", "offer.withdrawn", "off_1", r.Now()))
	r.later(time.Minute)
	r.employer("employer.reinstated", "", r.Now())
	record, err := r.Get(t.Context(), caseRef)
	r.must(err)
	if record.Case.State() != casefile.Halted || record.Case.Impeded(casefile.CauseEmployerBankrupt) || !record.Case.Impeded(casefile.CauseOfferWithdrawn) {
		t.Errorf("%s by %v", record.Case.State(), record.Case.Causes())
	}
	other, _, _ := r.granted("off_2")
	r.later(time.Minute)
	r.employer("employer.revoked", "TAX_ARREARS", r.Now())
	r.later(time.Minute)
	r.employer("employer.reinstated", "", r.Now())
	if r.state(other) != casefile.Halted {
		t.Error("a revocation was lifted")
	}
	// Accredited again, an officer may let it go on.
	r.later(time.Minute)
	r.employer("employer.revoked", "TAX_ARREARS", r.Now())
	_, err = r.Resume(t.Context(), other)
	r.refused(err, fault.Conflict, "case.employer-stopped")
	undecided, _, err := r.newWorker("off_3", nil).paid()
	r.must(err)
	r.later(time.Minute)
	r.employer("employer.accredited", "", r.Now())
	for _, caseRef := range []string{other, undecided} {
		_, err = r.Resume(t.Context(), caseRef)
		r.must(err)
	}
	if r.state(other) != casefile.Granted || r.state(undecided) != casefile.Proposed {
		t.Errorf("%s and %s", r.state(other), r.state(undecided))
	}
	_, err = r.decide(undecided, casefile.Granted, "")
	r.must(err)
}

func TestRevokedPermitIsAnOfficersAndFinal(t *testing.T) {
	r := newRig(t)
	caseRef, _, w := r.granted("off_1")
	before := r.notices(w)
	revoking := desk.Revoking{CaseRef: caseRef, Officer: "officer-1", TokenHash: "hash", Reason: "HAIR"}
	_, err := r.RevokePermit(t.Context(), revoking)
	r.refused(err, fault.Invalid, "case.refusal-reason")
	revoking.Reason = "FORGED_DOCUMENTS"
	for range 2 {
		_, err := r.RevokePermit(t.Context(), revoking)
		r.must(err)
	}
	if r.state(caseRef) != casefile.Revoked || r.events("permit.revoked", caseRef) != 1 || r.permit(caseRef) != "revoked" || r.notices(w) != before+1 ||
		r.count(`SELECT COUNT(*) FROM decision WHERE outcome = 'REVOKED' AND reason = 'FORGED_DOCUMENTS'`) != 1 {
		t.Errorf("%s, permit %s", r.state(caseRef), r.permit(caseRef))
	}
	_, err = r.View(t.Context(), policeCall, caseRef, "identity-control")
	r.refused(err, fault.Conflict, "view.case-revoked")
	r.must(r.tellOf("bank", "bankaccount.frozen", caseRef, r.Now(), map[string]any{"cause": "PERMIT_REVOKED"}))
	undecided, _, err := r.newWorker("off_2", nil).paid()
	r.must(err)
	revoking.CaseRef = undecided
	_, err = r.RevokePermit(t.Context(), revoking)
	r.refused(err, fault.Conflict, "case.not-granted")
}

func TestMissedAppointmentIsToldAndBookedAnew(t *testing.T) {
	r := newRig(t)
	caseRef, _, w := r.granted("off_1")
	before := r.notices(w)
	for i, name := range []string{"appointment.booked", "appointment.missed", "appointment.rebooked", "appointment.missed", "appointment.rebooked", "appointment.attended"} {
		r.must(r.tell("police", name, caseRef, r.Now().Add(time.Duration(i)*time.Hour)))
	}
	record, err := r.Get(t.Context(), caseRef)
	r.must(err)
	count := map[casefile.Milestone]int{}
	for _, step := range record.Steps {
		count[step.Step.Step]++
	}
	if count[casefile.AppointmentMissed] != 2 || count[casefile.AppointmentRebooked] != 2 || count[casefile.AppointmentAttended] != 1 || r.notices(w) != before+2 {
		t.Errorf("%v", count)
	}
}

func TestCorrectedIdentityReissuesThePermitAndHasAgenciesReadAgain(t *testing.T) {
	r := newRig(t)
	caseRef, _, w := r.granted("off_1")
	old, err := r.Issuer.Current(t.Context(), r.DB.Read(), caseRef, credtype.ResidencePermit)
	r.must(err)
	police := desk.Source{CredentialID: "apt_1", Type: "IdentityControl", Issuer: "did:web:police.kompetansespor.example"}
	r.identity = func(string) (desk.Correction, error) {
		return desk.Correction{}, fault.New(fault.Unavailable, "police.unreachable", "down")
	}
	r.must(r.tellOf("police", "identity.corrected", caseRef, r.Now(), map[string]any{"fields": []any{"family_name"}}))
	step := func() {
		t.Helper()
		_, err := r.CorrectStep(t.Context())
		r.must(err)
	}
	step()
	if r.events("case.corrected", caseRef) != 0 {
		t.Fatal("corrected without having asked")
	}
	r.identity = func(ref string) (desk.Correction, error) {
		if ref != caseRef {
			t.Errorf("asked about %s", ref)
		}
		// What is none of identity the police do not correct.
		return desk.Correction{Claims: map[string]any{"family_name": "Ødegård", "given_name": "Lisa", "employer.organisation_number": "310000027"}, From: police}, nil
	}
	r.later(time.Hour)
	for range 3 {
		step()
	}
	now, err := r.Issuer.Current(t.Context(), r.DB.Read(), caseRef, credtype.ResidencePermit)
	r.must(err)
	if now.ID == old.ID || r.count(`SELECT COUNT(*) FROM status_entry WHERE credential_id = $1 AND revoked_at > 0`, old.ID) != 1 || r.events("case.corrected", caseRef) != 1 {
		t.Errorf("the permit was not replaced, or %d events", r.events("case.corrected", caseRef))
	}
	if offers := r.sent(w.connection, didcomm.TypeOfferCredential); len(offers) != 2 {
		t.Errorf("%d permits offered", len(offers))
	}
	view, err := r.View(t.Context(), taxCall, caseRef, "identifier-assignment")
	r.must(err)
	for _, c := range view.Claims {
		switch {
		case c.Path == "family_name" && (c.Value != "Ødegård" || c.From != police):
			t.Errorf("tax reads %v from %+v", c.Value, c.From)
		case c.Path == "given_name" && c.From.Issuer != university, c.Path == "employer.organisation_number" && c.Value != orgNumber:
			t.Errorf("%s is %v from %+v", c.Path, c.Value, c.From)
		}
	}
	// The decision replays from the facts of then.
	if _, same, err := r.Replay(t.Context(), caseRef); !same || err != nil {
		t.Errorf("the decision does not replay: %v", err)
	}
	if r.count(`SELECT COUNT(*) FROM event_outbox WHERE CAST(payload AS TEXT) LIKE '%degård%'`) != 0 {
		t.Error("an event says the name")
	}
}

// What comes while an officer's word is checked was not looked at, by nobody.
func TestWordIsOnlyGivenOnWhatWasLookedAt(t *testing.T) {
	r := newRig(t)
	halted, _, _ := r.granted("off_1")
	r.employer("employer.revoked", "TAX_ARREARS", r.Now())
	r.later(time.Minute)
	r.employer("employer.accredited", "", r.Now())
	r.meantime = func() { r.must(r.tell("issuer", "offer.withdrawn", "off_1", r.Now())) }
	_, err := r.Resume(t.Context(), halted)
	r.refused(err, fault.Conflict, "case.changed-meanwhile")
	record, err := r.Get(t.Context(), halted)
	r.must(err)
	if record.Case.State() != casefile.Halted || !record.Case.Impeded(casefile.CauseOfferWithdrawn) {
		t.Errorf("%s by %v", record.Case.State(), record.Case.Causes())
	}

	undecided, _, err := r.newWorker("off_2", nil).paid()
	r.must(err)
	r.meantime = func() {
		_, _, err := r.changed("off_3", "off_2", nil).apply()
		r.must(err)
	}
	_, err = r.decide(undecided, casefile.Granted, "")
	r.refused(err, fault.Conflict, "case.changed-meanwhile")
	_, err = r.decide(undecided, casefile.Granted, "")
	r.must(err)
}
