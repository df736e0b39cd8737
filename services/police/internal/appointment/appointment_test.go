package appointment

import (
	"testing"
	"time"
	_ "time/tzdata" // machines without a zone database

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

func oslo(t interface{ Fatal(...any) }) *time.Location {
	location, err := time.LoadLocation(TimeZone)
	if err != nil {
		t.Fatal(err)
	}
	return location
}

func nobody(time.Time) int { return 0 }

func TestNextSlotIsOnAWeekdayInOfficeHours(t *testing.T) {
	location := oslo(t)
	for after, want := range map[string]string{
		"2026-11-20T08:00:00": "2026-11-20T09:00:00+01:00", // Friday
		"2026-11-20T09:00:00": "2026-11-20T09:20:00+01:00",
		"2026-11-20T09:19:59": "2026-11-20T09:20:00+01:00",
		"2026-11-20T14:39:59": "2026-11-20T14:40:00+01:00",
		"2026-11-20T14:40:00": "2026-11-23T09:00:00+01:00", // over the weekend
		"2026-11-22T12:00:00": "2026-11-23T09:00:00+01:00",
		"2027-03-26T14:40:00": "2027-03-29T09:00:00+02:00", // into summer time
	} {
		at, err := time.ParseInLocation("2006-01-02T15:04:05", after, location)
		if err != nil {
			t.Fatal(err)
		}
		slot, err := Diary{Location: location, Capacity: 1, Taken: nobody}.NextFree(at.UTC())
		if err != nil || slot.Start.Format(time.RFC3339) != want || slot.End.Sub(slot.Start) != SlotLength {
			t.Errorf("after %s: %v, %v; want %s", after, slot, err, want)
		}
	}
}

func TestFullSlotIsPassedOver(t *testing.T) {
	location := oslo(t)
	taken := map[int64]int{}
	diary := Diary{Location: location, Capacity: 3, Taken: func(start time.Time) int { return taken[start.Unix()] }}
	after := time.Date(2026, 11, 23, 0, 0, 0, 0, location) // Monday
	for range 3 * 18 {
		slot, err := diary.NextFree(after)
		if err != nil || slot.Start.Day() != 23 {
			t.Fatalf("%v %v", slot, err)
		}
		taken[slot.Start.Unix()]++
	}
	slot, err := diary.NextFree(after)
	if err != nil || slot.Start.Day() != 24 {
		t.Errorf("a day of 18 slots with room for 3 took more than 54: %v, %v", slot, err)
	}
	diary.Capacity = 0
	if _, err := diary.NextFree(after); fault.RuleOf(err) != "appointment.no-free-slot" || fault.KindOf(err) != fault.Unavailable {
		t.Error(err)
	}
}

func TestEverySlotLiesInOfficeHours(t *testing.T) {
	location := oslo(t)
	rapid.Check(t, func(t *rapid.T) {
		after := time.Unix(rapid.Int64Range(1790000000, 1950000000).Draw(t, "after"), 0)
		slot, err := Diary{Location: location, Capacity: 1, Taken: nobody}.NextFree(after)
		if err != nil {
			t.Fatal(err)
		}
		day, minute := slot.Start.Weekday(), slot.Start.Hour()*60+slot.Start.Minute()
		if !slot.Start.After(after) || day == time.Saturday || day == time.Sunday || minute < 9*60 || minute > 14*60+40 || minute%20 != 0 || slot.Start.Sub(after) > 4*24*time.Hour {
			t.Fatalf("after %v comes %v", after, slot.Start)
		}
	})
}

var now = time.Date(2026, 11, 20, 7, 0, 0, 0, time.UTC)

func booked(t interface{ Fatal(...any) }) *Appointment {
	slot, err := Diary{Location: oslo(t), Capacity: 1, Taken: nobody}.NextFree(now)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Book(Booking{ID: "apt_1", CaseRef: "case_1", OfficeID: "SUA-OSLO", Slot: slot, At: now})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestBookingNeedsAnOpenOfficeAndASlotToCome(t *testing.T) {
	slot := booked(t).Slot()
	for name, c := range map[string]struct {
		rule    string
		booking Booking
	}{
		"unknown office": {"appointment.office", Booking{ID: "a", CaseRef: "c", OfficeID: "SUA-PARIS", Slot: slot, At: now}},
		"closed office":  {"appointment.office", Booking{ID: "a", CaseRef: "c", OfficeID: "SUA-KIRKENES", Slot: slot, At: now}},
		"slot past":      {"appointment.slot", Booking{ID: "a", CaseRef: "c", OfficeID: "SUA-OSLO", Slot: slot, At: slot.Start}},
		"slot too long":  {"appointment.slot", Booking{ID: "a", CaseRef: "c", OfficeID: "SUA-OSLO", Slot: Slot{slot.Start, slot.End.Add(1)}, At: now}},
		"no case":        {"appointment.booking", Booking{ID: "a", OfficeID: "SUA-OSLO", Slot: slot, At: now}},
	} {
		if _, err := Book(c.booking); fault.RuleOf(err) != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAttendanceCountsOnceAndCardNeedsIt(t *testing.T) {
	a := booked(t)
	if _, err := a.IssueCard("RTA0000001", now); fault.RuleOf(err) != "appointment.not-attended" {
		t.Error(err)
	}
	if _, err := a.Attend("", now); fault.RuleOf(err) != "appointment.officer" {
		t.Error(err)
	}
	if changed, err := a.Attend("officer_1", now); !changed || err != nil || a.State() != Attended {
		t.Fatal(changed, err)
	}
	if changed, err := a.Attend("officer_2", now.Add(time.Hour)); changed || err != nil || !a.AttendedAt().Equal(now) {
		t.Errorf("attended twice: %v %v", changed, err)
	}
	for _, bad := range []string{"", "RTA1", "RTA-000001", "RTA+000001", "XXX0000001", "RTA00000011"} {
		if _, err := a.IssueCard(bad, now); fault.RuleOf(err) != "appointment.card-number" {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if changed, err := a.IssueCard("RTA1234567", now); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if changed, err := a.IssueCard("RTA7654321", now); changed || err != nil || a.CardNumber() != "RTA1234567" {
		t.Errorf("a second card: %v %v", changed, err)
	}
	if changed, err := a.Attend("officer_1", now); changed || err != nil {
		t.Errorf("attended after the card: %v %v", changed, err)
	}
}

func TestNotConfirmedVisitIsFinal(t *testing.T) {
	a := booked(t)
	for i := range 2 {
		if changed, err := a.TurnAway("officer_1", now); changed != (i == 0) || err != nil || a.State() != NotConfirmed {
			t.Fatal(changed, err)
		}
	}
	if _, err := a.Attend("officer_1", now); fault.RuleOf(err) != "appointment.already-recorded" {
		t.Error(err)
	}
	if _, err := a.IssueCard("RTA0000001", now); fault.RuleOf(err) != "appointment.not-attended" {
		t.Error(err)
	}
	b := booked(t)
	_, _ = b.Attend("officer_1", now)
	if _, err := b.TurnAway("officer_1", now); fault.RuleOf(err) != "appointment.already-recorded" || b.State() != Attended {
		t.Error(err)
	}
}

func TestClaimsFitTheirSchemas(t *testing.T) {
	person := Person{GivenName: "Lisa", FamilyName: "Johnson", Birthdate: "1990-01-01", Nationalities: []string{"US"}}
	for _, office := range Offices() {
		a := booked(t)
		a.office = office
		claims := a.Claims(person)
		if err := credtype.Validate(credtype.Appointment, claims); err != nil {
			t.Errorf("%s: %v", office.ID, err)
		}
		if claims["start"] != "2026-11-20T09:00:00+01:00" {
			t.Errorf("starts %v", claims["start"])
		}
	}
	a := booked(t)
	permit := Permit{Type: "SKILLED_WORKER", DecisionID: "dec_1", ValidUntil: time.Date(2027, 12, 6, 0, 0, 0, 0, time.UTC)}
	if _, err := a.CardClaims(person, permit); fault.RuleOf(err) != "appointment.no-card" {
		t.Error(err)
	}
	_, _ = a.Attend("officer_1", now)
	_, _ = a.IssueCard("RTA0000001", now)
	claims, err := a.CardClaims(person, permit)
	if err != nil {
		t.Fatal(err)
	}
	if err := credtype.Validate(credtype.ResidenceCard, claims); err != nil {
		t.Error(err)
	}
}

func TestCardNumbersRunOut(t *testing.T) {
	for _, n := range []int{-1, 10000000} {
		if _, err := CardNumber(n); err == nil {
			t.Errorf("card %d", n)
		}
	}
	if got, err := CardNumber(42); err != nil || got != "RTA0000042" {
		t.Error(got, err)
	}
}

func TestStoredAppointmentThatCannotBeIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Snapshot){
		"unknown office":          func(s *Snapshot) { s.OfficeID = "SUA-PARIS" },
		"unknown state":           func(s *Snapshot) { s.State = "LOST" },
		"attended by nobody":      func(s *Snapshot) { s.State = Attended },
		"card without its number": func(s *Snapshot) { s.State, s.Officer = CardIssued, "o" },
		"booked with a card":      func(s *Snapshot) { s.CardNumber = "RTA0000001" },
		"no case":                 func(s *Snapshot) { s.CaseRef = "" },
	} {
		s := booked(t).Snapshot()
		spoil(&s)
		if _, err := Restore(s, oslo(t)); fault.RuleOf(err) != "appointment.stored" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAppointmentFollowsItsModel(t *testing.T) {
	location := oslo(t)
	rapid.Check(t, func(t *rapid.T) {
		a := booked(t)
		attended, card := false, ""
		t.Repeat(map[string]func(*rapid.T){
			"attend": func(t *rapid.T) {
				if changed, err := a.Attend("officer_1", now); err != nil || changed == attended {
					t.Fatal(changed, err)
				}
				attended = true
			},
			"card": func(t *rapid.T) {
				number := rapid.SampledFrom([]string{"RTA0000001", "RTA0000002"}).Draw(t, "number")
				changed, err := a.IssueCard(number, now)
				if (err == nil) != attended || changed != (attended && card == "") {
					t.Fatal(changed, err)
				}
				if changed {
					card = number
				}
			},
			"": func(t *rapid.T) {
				if a.CardNumber() != card || (a.State() == Booked) == attended {
					t.Fatalf("%s %s", a.State(), a.CardNumber())
				}
				var err error
				if a, err = Restore(a.Snapshot(), location); err != nil {
					t.Fatal(err)
				}
			},
		})
	})
}
