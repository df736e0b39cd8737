package desk_test

import (
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/card"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
)

func (p *police) wake(t *testing.T) {
	t.Helper()
	if err := p.DB.Tx(t.Context(), func(tx *sqldb.Tx) error { return p.Cases.Wake(t.Context(), tx, "case_1") }); err != nil {
		t.Fatal(err)
	}
	p.steps(t)
}

func TestHaltCancelsAnAppointmentToComeAndResumptionBooksAnew(t *testing.T) {
	p := open(t)
	p.granted(t, "case_1")
	first := p.last(t)
	for range 2 {
		p.halted(t, "OFFER_WITHDRAWN")
		p.wake(t)
	}
	p.happened(t, "appointment.booked", "appointment.cancelled", "onboarding.stopped")
	p.credentials(t, "Appointment withdrawn")
	for _, kind := range []string{"appointment.cancelled", "onboarding.stopped"} {
		if p.data(t, kind)["cause"] != "OFFER_WITHDRAWN" {
			t.Errorf("%s: %v", kind, p.data(t, kind))
		}
	}
	if a := p.last(t); a.State() != appointment.Cancelled || a.Cause() != "OFFER_WITHDRAWN" {
		t.Errorf("%+v", a)
	}
	for rule, verb := range map[string]func() (*appointment.Appointment, error){
		"appointment.closed": func() (*appointment.Appointment, error) { return p.RecordAttendance(t.Context(), attended(all)) },
		"case.halted": func() (*appointment.Appointment, error) {
			return p.Rebook(t.Context(), desk.Rebooking{Which: desk.Which{CaseRef: "case_1"}, By: appointment.ByOfficer})
		},
	} {
		if _, err := verb(); fault.RuleOf(err) != rule {
			t.Errorf("%s: %v", rule, err)
		}
	}
	for range 2 {
		p.resumed(t)
	}
	p.happened(t, "appointment.booked", "appointment.cancelled", "onboarding.stopped", "appointment.booked")
	if a := p.last(t); a.Origin() != appointment.AfterHalt || !a.Slot().Start.Equal(first.Slot().Start) {
		t.Errorf("the place is not taken again: %+v", a)
	}
	p.credentials(t, "Appointment offered")
	p.halted(t, "EMPLOYER_SUSPENDED") // another halt is another one
	p.happened(t, "appointment.booked", "appointment.cancelled", "onboarding.stopped", "appointment.booked", "appointment.cancelled", "onboarding.stopped")
}

func TestHaltedCaseIsNotAttendedEvenBeforeThePoliceActedOnIt(t *testing.T) {
	p := open(t)
	p.granted(t, "case_1")
	p.take(t, "case_1", "case.halted", map[string]any{"cause": "EMPLOYER_REVOKED"})
	if _, err := p.RecordAttendance(t.Context(), attended(all)); fault.RuleOf(err) != "case.halted" || p.last(t).State() != appointment.Booked {
		t.Error(err)
	}
	p.steps(t)
	p.happened(t, "appointment.booked", "appointment.cancelled", "onboarding.stopped")
}

func TestHaltBeforeAnythingWasBookedStopsTheBooking(t *testing.T) {
	p := open(t)
	p.take(t, "case_1", "decision.made", map[string]any{"outcome": "GRANTED"})
	p.halted(t, "EMPLOYER_BANKRUPT")
	p.happened(t, "onboarding.stopped")
	p.resumed(t)
	p.happened(t, "onboarding.stopped", "appointment.booked")
}

func TestHaltUndoesNothingOfAVisitAndHoldsTheCard(t *testing.T) {
	p := open(t)
	p.granted(t, "case_1")
	p.attend(t, all)
	before := len(p.Events(t, "case_1"))
	p.halted(t, "EMPLOYER_SUSPENDED")
	if got := p.Events(t, "case_1")[before:]; len(got) != 1 || got[0] != "no.kompetansespor.onboarding.stopped.v1" {
		t.Error(got)
	}
	p.credentials(t, "Appointment offered", "ResidenceCard offered")
	if _, err := p.RecordCardProduced(t.Context(), "case_1"); fault.RuleOf(err) != "card.stopped" {
		t.Error(err)
	}
	p.Clock.Pass(7 * 24 * time.Hour)
	expected := p.card(t).Expected
	p.resumed(t)
	if c := p.card(t); c.State != card.Ordered || c.Stopped() || !c.Expected.After(expected) {
		t.Errorf("%+v", c)
	}
	if p.visits(t, "case_1").Attended() == nil || len(p.visits(t, "case_1")) != 1 {
		t.Error("the visit is undone, or booked again")
	}
	if _, err := p.RecordCardProduced(t.Context(), "case_1"); err != nil {
		t.Error(err)
	}
	// What is made is not stopped: nothing is said.
	before = len(p.Events(t, "case_1"))
	p.halted(t, "EMPLOYER_SUSPENDED")
	if got := p.Events(t, "case_1")[before:]; len(got) != 0 {
		t.Error(got)
	}
	if _, err := p.RecordCardDelivered(t.Context(), "case_1"); err != nil {
		t.Error(err)
	}
}

func TestBiometricsOfAHaltedCaseWait(t *testing.T) {
	p := open(t)
	p.granted(t, "case_1")
	p.attend(t, desk.Taken{})
	p.halted(t, "EMPLOYER_SUSPENDED")
	if _, err := p.RecordBiometrics(t.Context(), desk.Which{CaseRef: "case_1"}, all); fault.RuleOf(err) != "case.halted" {
		t.Error(err)
	}
	p.resumed(t)
	if _, err := p.RecordBiometrics(t.Context(), desk.Which{CaseRef: "case_1"}, all); err != nil || p.card(t).State != card.Ordered {
		t.Error(err)
	}
}

func TestRevokedPermitTakesAppointmentAndCardWithIt(t *testing.T) {
	for name, c := range map[string]struct {
		before func(p *police, t *testing.T)
		want   []string
		left   []string
	}{
		"booked": {func(*police, *testing.T) {}, []string{"appointment.cancelled", "onboarding.stopped"}, []string{"Appointment withdrawn"}},
		"attended": {
			func(p *police, t *testing.T) { p.attend(t, all) },
			[]string{"residencecard.revoked", "onboarding.stopped"}, []string{"Appointment withdrawn", "ResidenceCard withdrawn"},
		},
		"delivered": {
			func(p *police, t *testing.T) {
				p.attend(t, all)
				_, _ = p.RecordCardProduced(t.Context(), "case_1")
				_, _ = p.RecordCardDelivered(t.Context(), "case_1")
			},
			[]string{"residencecard.revoked"}, []string{"Appointment withdrawn", "ResidenceCard withdrawn"},
		},
		"halted": {
			func(p *police, t *testing.T) { p.halted(t, "EMPLOYER_REVOKED") },
			[]string{"onboarding.stopped"}, []string{"Appointment withdrawn"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t)
			p.granted(t, "case_1")
			c.before(p, t)
			before := len(p.Events(t, "case_1"))
			for range 2 {
				p.revoked(t)
				p.resumed(t)
				p.wake(t)
			}
			got := p.Events(t, "case_1")[before:]
			if len(got) != len(c.want) {
				t.Fatalf("%v, want %v", got, c.want)
			}
			for i, e := range c.want {
				if got[i] != "no.kompetansespor."+e+".v1" || p.data(t, e)["cause"] != "PERMIT_REVOKED" {
					t.Errorf("%v, want %v", got, c.want)
				}
			}
			p.credentials(t, c.left...)
			for _, verb := range []func() error{
				func() error { _, err := p.RecordCardProduced(t.Context(), "case_1"); return err },
				func() error { _, err := p.RecordCardDelivered(t.Context(), "case_1"); return err },
				func() error {
					_, err := p.Rebook(t.Context(), desk.Rebooking{Which: desk.Which{CaseRef: "case_1"}, By: appointment.ByOfficer})
					return err
				},
			} {
				if err := verb(); err == nil {
					t.Error("a revoked case goes on")
				}
			}
		})
	}
}

// UDI's word counts from when it was taken, not from when it was acted on.
func TestCardOfACaseThatDoesNotStandIsNotMadeEvenBeforeThePoliceActedOnIt(t *testing.T) {
	p := open(t)
	p.granted(t, "case_1")
	p.attend(t, all)
	p.take(t, "case_1", "case.halted", map[string]any{"cause": "EMPLOYER_SUSPENDED"})
	if _, err := p.RecordCardProduced(t.Context(), "case_1"); fault.RuleOf(err) != "card.stopped" {
		t.Error(err)
	}
	p.take(t, "case_1", "case.resumed", map[string]any{"cause": "OFFICER"})
	if _, err := p.RecordCardProduced(t.Context(), "case_1"); err != nil {
		t.Error(err)
	}
	p.take(t, "case_1", "permit.revoked", map[string]any{"cause": "PERMIT_REVOKED"})
	if _, err := p.RecordCardDelivered(t.Context(), "case_1"); fault.RuleOf(err) != "card.revoked" {
		t.Error(err)
	}
}

func TestBiometricsBeforeTheCardGoesOnOrderItThen(t *testing.T) {
	p := open(t)
	p.granted(t, "case_1")
	p.attend(t, desk.Taken{})
	p.halted(t, "EMPLOYER_SUSPENDED")
	p.take(t, "case_1", "case.resumed", map[string]any{"cause": "OFFICER"})
	if _, err := p.RecordBiometrics(t.Context(), desk.Which{CaseRef: "case_1"}, all); err != nil || p.card(t).State != card.Numbered {
		t.Error(p.card(t).State, err)
	}
	p.steps(t)
	if p.card(t).State != card.Ordered {
		t.Error(p.card(t).State)
	}
}
