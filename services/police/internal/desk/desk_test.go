package desk_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/police/internal/store"
)

type police struct {
	*harness.Harness
	*desk.Desk
	spoil func(*onboarding.View)
}

func (p *police) View(_ context.Context, caseRef string) (onboarding.View, error) {
	view := harness.View(caseRef)
	if p.spoil != nil {
		p.spoil(&view)
	}
	return view, nil
}

func open(t *testing.T) *police {
	t.Helper()
	zone, err := time.LoadLocation(appointment.TimeZone)
	if err != nil {
		t.Fatal(err)
	}
	h := harness.Open(t, "police", onboarding.Migrations(), store.Migrations())
	p := &police{Harness: h, Desk: desk.New(desk.Config{
		DB: h.DB, Store: store.Store{Zone: zone}, Issuer: h.Issuer, Outbox: h.Outbox, Clock: h.Clock, Random: rand.Reader,
		DID: h.DID, Office: "SUA-OSLO", Capacity: 2, Zone: zone,
	})}
	p.Cases = onboarding.New(onboarding.Config{
		DB: h.DB, Views: p, Verb: p.Desk.Book, Sealer: h.Book.KeyStore(), Clock: h.Clock, Log: slog.New(slog.DiscardHandler),
	})
	return p
}

func (p *police) granted(t *testing.T, caseRef string) {
	t.Helper()
	err := p.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		return p.Cases.Decided(t.Context(), tx, &eventbus.Event{Case: caseRef, Data: map[string]any{"outcome": "GRANTED"}})
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Cases.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (p *police) lines(t *testing.T, caseRef string) []desk.Listed {
	t.Helper()
	lines, err := p.List(t.Context(), caseRef, -1, 100)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func names(events ...string) []string {
	for i, e := range events {
		events[i] = "no.kompetansespor." + e + ".v1"
	}
	return events
}

func TestGrantedCaseGetsOneAppointment(t *testing.T) {
	p := open(t)
	for range 2 {
		p.granted(t, "case_1")
		if err := p.DB.Tx(t.Context(), func(tx *sqldb.Tx) error { return p.Cases.Wake(t.Context(), tx, "case_1") }); err != nil {
			t.Fatal(err)
		}
	}
	if lines := p.lines(t, "case_1"); len(lines) != 1 || lines[0].Appointment.State() != appointment.Booked {
		t.Errorf("%+v", lines)
	}
	if got := p.Events(t, "case_1"); !slices.Equal(got, names("appointment.booked")) {
		t.Error(got)
	}
	if got := p.Credentials(t, "case_1"); !slices.Equal(got, []string{"Appointment offered"}) {
		t.Error(got)
	}
}

func TestSlotTakesNoMoreThanItsCapacity(t *testing.T) {
	p := open(t)
	for i := range 5 {
		p.granted(t, "case_"+strconv.Itoa(i))
	}
	perSlot := map[time.Time]int{}
	for _, line := range p.lines(t, "") {
		perSlot[line.Appointment.Slot().Start.UTC()]++
	}
	if len(perSlot) != 3 {
		t.Errorf("5 appointments in %d slots of 2", len(perSlot))
	}
}

func TestAttendanceVerifiesTheIdentityOnce(t *testing.T) {
	p := open(t)
	p.granted(t, "case_1")
	id := p.lines(t, "case_1")[0].Appointment.ID()
	first, err := p.RecordAttendance(t.Context(), desk.Attendance{CaseRef: "case_1", Confirmed: true, Officer: "officer-1"})
	if err != nil || first.State() != appointment.CardIssued {
		t.Fatal(first, err)
	}
	p.Clock.Pass(time.Hour)
	second, err := p.RecordAttendance(t.Context(), desk.Attendance{AppointmentID: id, Confirmed: true, Officer: "officer-2"})
	if err != nil || second.CardNumber() != first.CardNumber() || !second.AttendedAt().Equal(first.AttendedAt()) {
		t.Error(second, err)
	}
	want := names("appointment.booked", "appointment.attended", "identity.verified", "residencecard.issued")
	if got := p.Events(t, "case_1"); !slices.Equal(got, want) {
		t.Error(got)
	}
	if got := p.Credentials(t, "case_1"); !slices.Equal(got, []string{"Appointment offered", "ResidenceCard offered"}) {
		t.Error(got)
	}
	if _, err := p.RecordAttendance(t.Context(), desk.Attendance{CaseRef: "case_1", Officer: "officer-1"}); fault.KindOf(err) != fault.Conflict {
		t.Error(err)
	}
}

func TestWhoIsNotRecognisedGetsNothing(t *testing.T) {
	p := open(t)
	p.granted(t, "case_1")
	for range 2 {
		a, err := p.RecordAttendance(t.Context(), desk.Attendance{CaseRef: "case_1", Officer: "officer-1"})
		if err != nil || a.State() != appointment.NotConfirmed {
			t.Fatal(a, err)
		}
	}
	if _, err := p.RecordAttendance(t.Context(), desk.Attendance{CaseRef: "case_1", Confirmed: true, Officer: "officer-1"}); fault.KindOf(err) != fault.Conflict {
		t.Error(err)
	}
	if got := p.Events(t, "case_1"); !slices.Equal(got, names("appointment.booked")) {
		t.Error(got)
	}
	if got := p.Credentials(t, "case_1"); !slices.Equal(got, []string{"Appointment offered"}) {
		t.Error(got)
	}
}

func TestAttendanceNeedsOneAppointmentThatExists(t *testing.T) {
	p := open(t)
	for rule, in := range map[string]desk.Attendance{
		"request.invalid":     {CaseRef: "case_1", AppointmentID: "apt_1"},
		"appointment.unknown": {CaseRef: "case_1"},
	} {
		if _, err := p.RecordAttendance(t.Context(), in); fault.RuleOf(err) != rule {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if _, err := p.RecordAttendance(t.Context(), desk.Attendance{}); fault.RuleOf(err) != "request.invalid" {
		t.Error(err)
	}
}

func TestCaseWithoutNameIsListedAsFailed(t *testing.T) {
	p := open(t)
	p.spoil = func(v *onboarding.View) { v.Claims = nil }
	p.granted(t, "case_1")
	if lines := p.lines(t, "case_1"); len(lines) != 1 || lines[0].Appointment != nil || lines[0].Rule != "view.claims" {
		t.Errorf("%+v", lines)
	}
	if got := p.Events(t, "case_1"); len(got) != 0 {
		t.Error(got)
	}
}
