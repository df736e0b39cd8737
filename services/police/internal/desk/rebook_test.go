package desk_test

import (
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
)

func (p *police) rebook(t *testing.T, code string) (*appointment.Appointment, error) {
	t.Helper()
	return p.Rebook(t.Context(), desk.Rebooking{Which: desk.Which{AppointmentID: p.last(t).ID()}, By: appointment.ByWorker, Code: code})
}

func (p *police) code(t *testing.T) string {
	t.Helper()
	code, _ := p.claims(t, "Appointment")["checkin_code"].(string)
	if len(code) != 16 {
		t.Fatalf("the code is %q", code)
	}
	return code
}

func TestWorkerMovesTheAppointmentWithTheCodeOfItsCredential(t *testing.T) {
	p := open(t)
	p.granted(t, "case_1")
	first, code := p.last(t), p.code(t)
	for _, wrong := range []string{"", "aaaaaaaaaaaaaaaa", code + "a"} {
		if _, err := p.rebook(t, wrong); fault.KindOf(err) != fault.Denied || fault.RuleOf(err) != "appointment.code" {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	second, err := p.Rebook(t.Context(), desk.Rebooking{
		Which: desk.Which{AppointmentID: first.ID()}, By: appointment.ByWorker, Code: code, NotBefore: first.Slot().End.AddDate(0, 0, 7),
	})
	if err != nil || second.ID() == first.ID() || second.Slot().Start.Format(time.RFC3339) != "2026-12-01T09:20:00+01:00" {
		t.Fatal(second, err)
	}
	p.happened(t, "appointment.booked", "appointment.rebooked")
	p.credentials(t, "Appointment offered")
	if n := p.number(t, `SELECT COUNT(*) FROM issuance WHERE type = 'Appointment' AND state = 'withdrawn'`); n != 1 {
		t.Errorf("%d old credentials are revoked", n)
	}
	if p.claims(t, "Appointment")["appointment_id"] != second.ID() {
		t.Error("the credential is another's")
	}
	// The old code is over, and so is the old appointment.
	if _, err := p.rebook(t, code); fault.RuleOf(err) != "appointment.code" {
		t.Error(err)
	}
	_, err = p.Rebook(t.Context(), desk.Rebooking{Which: desk.Which{AppointmentID: first.ID()}, By: appointment.ByWorker, Code: code})
	if fault.RuleOf(err) != "appointment.closed" {
		t.Error(err)
	}
	// The place that was given back is taken again.
	p.granted(t, "case_2")
	p.granted(t, "case_3")
	for _, ref := range []string{"case_2", "case_3"} {
		if got := p.visits(t, ref).Last().Slot().Start; got.After(first.Slot().Start) {
			t.Errorf("%s: the place of %v is lost: %v", ref, first.Slot().Start, got)
		}
	}
	if _, err := p.rebook(t, p.code(t)); err != nil {
		t.Error(err)
	}
	if _, err := p.rebook(t, p.code(t)); fault.RuleOf(err) != "appointment.rebooking-limit" {
		t.Error(err)
	}
}

func TestWorkerCannotMoveAtTheLastMoment(t *testing.T) {
	p := open(t)
	p.granted(t, "case_1")
	p.Clock.Pass(p.last(t).Slot().Start.Add(-2*time.Hour + time.Second).Sub(p.Clock.Now()))
	if _, err := p.rebook(t, p.code(t)); fault.RuleOf(err) != "appointment.too-late" {
		t.Error(err)
	}
	p.Clock.Pass(-2 * time.Second)
	if _, err := p.rebook(t, p.code(t)); err != nil {
		t.Error(err)
	}
}

func TestOfficerMovesAnywhereAndToday(t *testing.T) {
	p := open(t)
	p.granted(t, "case_1")
	made, err := p.Rebook(t.Context(), desk.Rebooking{Which: desk.Which{CaseRef: "case_1"}, By: appointment.ByOfficer, OfficeID: "TROMS"})
	if err != nil || made.Office().ID != "TROMS" || made.Slot().Start.Format(time.RFC3339) != "2026-11-23T09:20:00+01:00" {
		t.Error(made.Slot(), err)
	}
	for rule, in := range map[string]desk.Rebooking{
		"diary.office":    {Which: desk.Which{CaseRef: "case_1"}, By: appointment.ByOfficer, OfficeID: "SUA-KIRKENES"},
		"request.invalid": {Which: desk.Which{CaseRef: "case_1"}, By: appointment.ByOfficer, NotBefore: p.Clock.Now().AddDate(1, 0, 0)},
	} {
		if _, err := p.Rebook(t.Context(), in); fault.RuleOf(err) != rule {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if p.last(t).ID() != made.ID() || p.last(t).State() != appointment.Booked {
		t.Error("a wish that cannot be met gave the time away")
	}
}

func TestMissedAppointmentIsBookedAnewOnceThenWaitsForTheWorker(t *testing.T) {
	p := open(t)
	p.granted(t, "case_1")
	first := p.last(t)
	if _, err := p.RecordNoShow(t.Context(), desk.Which{AppointmentID: first.ID()}, "officer-1"); fault.RuleOf(err) != "appointment.not-yet" {
		t.Error(err)
	}
	p.Clock.Pass(first.Slot().End.Sub(p.Clock.Now()))
	for range 2 {
		second, err := p.RecordNoShow(t.Context(), desk.Which{AppointmentID: first.ID()}, "officer-1")
		if err != nil || second.State() != appointment.Booked || second.Origin() != appointment.AfterNoShow {
			t.Fatal(second, err)
		}
	}
	p.happened(t, "appointment.booked", "appointment.missed", "appointment.rebooked")
	second := p.last(t)
	p.Clock.Pass(second.Slot().End.Sub(p.Clock.Now()))
	got, err := p.RecordNoShow(t.Context(), desk.Which{AppointmentID: second.ID()}, "officer-1")
	if err != nil || got.ID() != second.ID() || got.State() != appointment.Missed {
		t.Error(got, err)
	}
	p.Clock.Pass(time.Hour)
	p.steps(t)
	p.happened(t, "appointment.booked", "appointment.missed", "appointment.rebooked", "appointment.missed")
	if p.visits(t, "case_1").Open() != nil {
		t.Error("booked a third time by itself")
	}
	third, err := p.rebook(t, p.code(t))
	if err != nil || third.Origin() != appointment.ByWorker {
		t.Error(third, err)
	}
}

func TestMissedVisitOfAHaltedCaseIsNotBookedAnew(t *testing.T) {
	p := open(t)
	p.granted(t, "case_1")
	first := p.last(t)
	p.Clock.Pass(first.Slot().End.Sub(p.Clock.Now()))
	p.take(t, "case_1", "case.halted", map[string]any{"cause": "EMPLOYER_SUSPENDED"}) // not acted on yet
	got, err := p.RecordNoShow(t.Context(), desk.Which{AppointmentID: first.ID()}, "officer-1")
	if err != nil || got.State() != appointment.Missed || p.visits(t, "case_1").Open() != nil {
		t.Error(got, err)
	}
	p.steps(t)
	p.resumed(t)
	if open := p.visits(t, "case_1").Open(); open == nil || open.Origin() != appointment.AfterNoShow {
		t.Error("not booked anew when the case went on")
	}
}
