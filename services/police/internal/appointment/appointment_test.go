package appointment_test

import (
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // machines without a zone database

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/diary"
)

type fataler interface{ Fatal(...any) }

// loaded once: two zones of one name are not equal.
var loaded = sync.OnceValues(func() (diary.Offices, error) {
	zone, err := time.LoadLocation(diary.TimeZone)
	if err != nil {
		return diary.Offices{}, err
	}
	return diary.LoadOffices(zone)
})

func offices(t fataler) diary.Offices {
	all, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var now = time.Date(2026, 11, 20, 7, 0, 0, 0, time.UTC)

func policy(t fataler) appointment.Policy {
	all, err := appointment.LoadPolicies()
	if err != nil {
		t.Fatal(err)
	}
	return all.At(now)
}

// wanted is a booking that can be made.
func wanted(t fataler, origin appointment.Origin, at time.Time) appointment.Booking {
	d := diary.Diary{Offices: offices(t), OfficeID: "SUA-OSLO", Horizon: 90, Taken: func(time.Time) int { return 0 }}
	slot, err := d.NextFree(policy(t).Earliest(at, d.Offices.Zone()))
	if err != nil {
		t.Fatal(err)
	}
	office, _ := d.Offices.Find("SUA-OSLO", slot.Start)
	return appointment.Booking{ID: "apt_1", CaseRef: "case_1", Office: office, Slot: slot, Origin: origin, CheckIn: "hash", At: at}
}

func booked(t fataler) *appointment.Appointment {
	a, err := appointment.Visits(nil).Book(wanted(t, appointment.First, now))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestBookingNeedsAnOpenOfficeAndASlotToCome(t *testing.T) {
	for name, c := range map[string]struct {
		rule  string
		spoil func(*appointment.Booking)
	}{
		"closed office": {"appointment.office", func(b *appointment.Booking) { b.Office.Active = false }},
		"slot past":     {"appointment.slot", func(b *appointment.Booking) { b.At = b.Slot.Start }},
		"slot of none":  {"appointment.slot", func(b *appointment.Booking) { b.Slot.End = b.Slot.Start }},
		"no case":       {"appointment.booking", func(b *appointment.Booking) { b.CaseRef = "" }},
		"no origin":     {"appointment.booking", func(b *appointment.Booking) { b.Origin = "" }},
	} {
		b := wanted(t, appointment.First, now)
		c.spoil(&b)
		if _, err := appointment.Visits(nil).Book(b); fault.RuleOf(err) != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNoticeOfADayMeansNotToday(t *testing.T) {
	p := policy(t)
	zone := offices(t).Zone()
	if got := p.Earliest(now, zone).In(zone).Format(time.RFC3339); got != "2026-11-20T23:59:59+01:00" {
		t.Error(got)
	}
	p.NoticeDays = 0
	if !p.Earliest(now, zone).Equal(now) {
		t.Error("without notice the first slot is not now")
	}
}

// How each verb ends an appointment, and what a second one then says.
func TestAppointmentEndsOnceAndForGood(t *testing.T) {
	type verb func(a *appointment.Appointment) (bool, error)
	after := now.AddDate(0, 1, 0)
	verbs := map[appointment.State]verb{
		appointment.Attended:     func(a *appointment.Appointment) (bool, error) { return a.Attend("officer_1", now) },
		appointment.NotConfirmed: func(a *appointment.Appointment) (bool, error) { return a.TurnAway("officer_1", now) },
		appointment.Missed:       func(a *appointment.Appointment) (bool, error) { return a.Miss("officer_1", after) },
		appointment.Cancelled:    func(a *appointment.Appointment) (bool, error) { return a.Cancel("OFFER_WITHDRAWN", now) },
		appointment.Rebooked: func(a *appointment.Appointment) (bool, error) {
			was := a.State()
			err := appointment.Visits{a}.Move(appointment.ByOfficer, appointment.Policy{}, now)
			return a.State() != was, err
		},
	}
	for first, end := range verbs {
		for second, again := range verbs {
			a := booked(t)
			if changed, err := end(a); !changed || err != nil || a.State() != first {
				t.Fatalf("%s: %v %v", first, changed, err)
			}
			changed, err := again(a)
			if changed || a.State() != first {
				t.Errorf("%s after %s: changed to %s", second, first, a.State())
			}
			switch {
			case first == second && first != appointment.Cancelled, second == appointment.Cancelled:
				// Repeated, or a cascade that comes too late: nothing.
				if err != nil && second != appointment.Rebooked {
					t.Errorf("%s after %s: %v", second, first, err)
				}
			case second == appointment.Rebooked:
				// What Move says stands in visits_test.go.
			case fault.KindOf(err) != fault.Conflict:
				t.Errorf("%s after %s: %v", second, first, err)
			}
		}
	}
}

func TestVisitNeedsItsOfficerAndAMissedOneItsTime(t *testing.T) {
	a := booked(t)
	for _, record := range []func(string, time.Time) (bool, error){a.Attend, a.TurnAway} {
		if _, err := record("", now); fault.RuleOf(err) != "appointment.officer" {
			t.Error(err)
		}
	}
	if _, err := a.Miss("officer_1", a.Slot().Start.Add(-1)); fault.RuleOf(err) != "appointment.not-yet" || a.State() != appointment.Booked {
		t.Error(err)
	}
	if _, err := a.Miss("", a.Slot().Start); fault.RuleOf(err) != "appointment.officer" {
		t.Error(err)
	}
	if changed, err := a.Miss("officer_1", a.Slot().Start); !changed || err != nil {
		t.Error(changed, err)
	}
}

func TestBiometricsAreTakenOfWhoWasRecognised(t *testing.T) {
	a := booked(t)
	if _, err := a.Capture(true, true, true, now); fault.RuleOf(err) != "appointment.not-attended" {
		t.Error(err)
	}
	_, _ = a.Attend("officer_1", now)
	if changed, err := a.Capture(false, true, true, now); !changed || err != nil || a.Biometrics().Complete() {
		t.Error(changed, err)
	}
	later := now.Add(time.Hour)
	if changed, err := a.Capture(true, true, false, later); !changed || err != nil || !a.Biometrics().Complete() {
		t.Error(changed, err)
	}
	if b := a.Biometrics(); !b.Photo.Equal(now) || !b.Fingerprints.Equal(later) {
		t.Errorf("the first instant did not stay: %+v", b)
	}
	if changed, err := a.Capture(true, true, true, later.Add(time.Hour)); changed || err != nil {
		t.Error(changed, err)
	}
}

func TestClaimsFitTheirSchema(t *testing.T) {
	person := appointment.Person{GivenName: "Lisa", FamilyName: "Johnson", Birthdate: "1990-01-01", Nationalities: []string{"US"}}
	for _, office := range offices(t).On(now) {
		b := wanted(t, appointment.First, now)
		office.Active = true
		b.Office = office
		a, err := appointment.Visits(nil).Book(b)
		if err != nil {
			t.Fatal(err)
		}
		claims := a.Claims(person, policy(t), diary.TimeZone, "abcdefghijklmnop")
		if err := credtype.Validate(credtype.Appointment, claims); err != nil {
			t.Errorf("%s: %v", office.ID, err)
		}
		if claims["start"] != "2026-11-23T09:00:00+01:00" || claims["arrival_window_days"] != 7 {
			t.Errorf("%v", claims)
		}
	}
}

func TestStoredAppointmentThatCannotBeIsRefused(t *testing.T) {
	good := booked(t).Snapshot()
	if a, err := appointment.Restore(good, offices(t)); err != nil || a.Snapshot() != good {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*appointment.Snapshot){
		"unknown office":       func(s *appointment.Snapshot) { s.OfficeID = "SUA-PARIS" },
		"unknown state":        func(s *appointment.Snapshot) { s.State = "LOST" },
		"unknown origin":       func(s *appointment.Snapshot) { s.Origin = "CHANCE" },
		"attended by nobody":   func(s *appointment.Snapshot) { s.State, s.RecordedAt = appointment.Attended, now },
		"cancelled for naught": func(s *appointment.Snapshot) { s.State, s.RecordedAt = appointment.Cancelled, now },
		"rebooked never":       func(s *appointment.Snapshot) { s.State = appointment.Rebooked },
		"booked by an officer": func(s *appointment.Snapshot) { s.Officer = "o" },
		"ends before it began": func(s *appointment.Snapshot) { s.End = s.Start },
		"biometrics of nobody": func(s *appointment.Snapshot) { s.Biometrics.Photo = now },
		"no case":              func(s *appointment.Snapshot) { s.CaseRef = "" },
	} {
		s := good
		spoil(&s)
		if _, err := appointment.Restore(s, offices(t)); fault.RuleOf(err) != "appointment.stored" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

const one = `figures:
  - valid_from: 2020-01-01
    horizon_days: {value: 90, source: "assumption"}
    notice_days: {value: 1, source: "assumption"}
    report_within_days: {value: 7, source: "udi.no"}
    worker_rebookings: {value: 2, source: "assumption"}
    worker_notice_hours: {value: 24, source: "assumption"}
    no_show_rebookings: {value: 1, source: "assumption"}
    production_working_days: {value: 15, source: "udi.no"}
    delivery_working_days: {value: 5, source: "udi.no"}
`

func TestFiguresCountFromTheirDateAndHaveASource(t *testing.T) {
	all, err := appointment.LoadPolicies()
	if err != nil {
		t.Fatal(err)
	}
	for day, working := range map[string]int{"2019-01-01": 20, "2023-12-31": 20, "2024-01-01": 15, "2026-11-20": 15} {
		at, _ := time.Parse(time.DateOnly, day)
		if p := all.At(at); p.ProductionWorkingDays+p.DeliveryWorkingDays != working {
			t.Errorf("%s: %+v", day, p)
		}
	}
	if _, err := appointment.ReadPolicies([]byte(one)); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{`source: "udi.no"`, `source: ""`}, {"valid_from: 2020-01-01", "valid_from: once"}, {"value: 90", "value: -1"}, {"horizon_days", "horizon"}, {one, "figures: []"},
		{one, one + strings.TrimPrefix(one, "figures:\n")},
	} {
		if _, err := appointment.ReadPolicies([]byte(strings.Replace(one, change[0], change[1], 1))); err == nil {
			t.Errorf("%s: taken", change[1])
		}
	}
}
