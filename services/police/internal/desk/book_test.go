package desk_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/police/internal/diary"
)

func TestGrantedCaseGetsOneAppointment(t *testing.T) {
	p := open(t)
	for range 2 {
		p.granted(t, "case_1")
		if err := p.DB.Tx(t.Context(), func(tx *sqldb.Tx) error { return p.Cases.Wake(t.Context(), tx, "case_1") }); err != nil {
			t.Fatal(err)
		}
		p.steps(t)
	}
	if visits := p.visits(t, "case_1"); len(visits) != 1 || visits[0].State() != appointment.Booked || visits[0].Origin() != appointment.First {
		t.Errorf("%+v", visits)
	}
	// A day's notice: the harness begins on Monday.
	if start := p.last(t).Slot().Start.Format(time.RFC3339); start != "2026-11-24T09:00:00+01:00" {
		t.Error(start)
	}
	p.happened(t, "appointment.booked")
	p.credentials(t, "Appointment offered")
}

func TestRefusedCaseGetsNoAppointment(t *testing.T) {
	p := open(t)
	p.event(t, "case_1", "decision.made", map[string]any{"outcome": "REFUSED"})
	p.resumed(t)
	if len(p.visits(t, "case_1")) != 0 {
		t.Error("booked")
	}
	p.happened(t)
}

func TestOfficeIsTheOneThatServesWhereTheWorkerWillLive(t *testing.T) {
	for _, c := range []struct {
		residence, workplace any
		office               string
	}{
		{nil, "4601", "SUA-BERGEN"},
		{nil, "5605", "FINNMARK"}, // Kirkenes is closed
		{"1103", "0301", "SUA-STAVANGER"},
		{"0000", "3105", "OST"},
		{nil, "9999", "SUA-OSLO"},
		{nil, nil, "SUA-OSLO"},
		{7.0, nil, "SUA-OSLO"},
	} {
		p := open(t)
		p.spoil = func(v *onboarding.View) {
			if c.residence != nil {
				claim("residence_municipality", c.residence)(v)
			}
			if c.workplace != nil {
				claim("employment", map[string]any{"workplace_municipality": c.workplace})(v)
			}
		}
		p.granted(t, "case_1")
		if got := p.last(t).Office().ID; got != c.office {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// Fifty cases that are worked on side by side never fill a slot beyond its
// capacity, and none is left out.
func TestFiftyBookingsAtOnceNeverExceedCapacity(t *testing.T) {
	p := open(t)
	for i := range 50 {
		p.take(t, "case_"+strconv.Itoa(i), "decision.made", map[string]any{"outcome": "GRANTED"})
	}
	p.steps(t)
	if n := p.number(t, `SELECT COUNT(*) FROM appointment WHERE state = 'BOOKED'`); n != 50 {
		t.Errorf("%d of 50 are booked", n)
	}
	if n := p.number(t, `SELECT MAX(n) FROM (SELECT COUNT(*) AS n FROM appointment GROUP BY office_id, start_at) AS slots`); n != 2 {
		t.Errorf("a slot for 2 took %d", n)
	}
	if n := p.number(t, `SELECT COUNT(DISTINCT start_at) FROM appointment`); n != 25 {
		t.Errorf("50 appointments in %d slots of 2", n)
	}
	// Half of them move at once.
	var waiting sync.WaitGroup
	for i := range 50 {
		waiting.Go(func() {
			_, err := p.Rebook(context.Background(), desk.Rebooking{Which: desk.Which{CaseRef: "case_" + strconv.Itoa(i)}, By: appointment.ByOfficer})
			if err != nil {
				t.Error(err)
			}
		})
	}
	waiting.Wait()
	if n := p.number(t, `SELECT MAX(n) FROM (SELECT COUNT(*) AS n FROM appointment WHERE state = 'BOOKED' GROUP BY office_id, start_at) AS slots`); n != 2 {
		t.Errorf("a slot for 2 took %d", n)
	}
	if n := p.number(t, `SELECT COUNT(*) FROM appointment WHERE state = 'BOOKED'`); n != 50 {
		t.Errorf("%d of 50 are booked", n)
	}
}

// Two who have seen the same free place: the row decides.
func TestPlaceIsTakenOnceAlsoByWhoSawItFree(t *testing.T) {
	p := open(t)
	p.granted(t, "case_1")
	first := p.last(t)
	err := p.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		other, err := appointment.Visits(nil).Book(appointment.Booking{
			ID: "apt_2", CaseRef: "case_2", Office: first.Office(), Slot: first.Slot(), Origin: appointment.First, At: p.Clock.Now(),
		})
		if err != nil {
			return err
		}
		for place, want := range []bool{false, true} {
			if free, err := p.Store.Take(t.Context(), tx, other, place); err != nil || free != want {
				t.Errorf("place %d: %v %v", place, free, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// A second open appointment of one case is no matter of places.
	err = p.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		again, err := appointment.Visits(nil).Book(appointment.Booking{
			ID: "apt_3", CaseRef: "case_1", Office: first.Office(), Slot: diary.Slot{Start: first.Slot().End, End: first.Slot().End.Add(time.Hour)},
			Origin: appointment.First, At: p.Clock.Now(),
		})
		if err != nil {
			return err
		}
		_, err = p.Store.Take(t.Context(), tx, again, 0)
		return err
	})
	if err == nil {
		t.Error("a case has two appointments to come")
	}
}

func TestFullOfficeIsAskedAgain(t *testing.T) {
	p := open(t)
	p.Capacity = 1
	p.granted(t, "case_2")
	first := p.visits(t, "case_2").Last()
	if n := p.fill(t); n < 1000 {
		t.Fatalf("full after %d", n)
	}
	p.granted(t, "case_1")
	c, err := p.Cases.Find(t.Context(), p.DB.Read(), "case_1")
	if err != nil || c.Rule != "diary.no-free-slot" || c.State == onboarding.Failed {
		t.Errorf("%+v %v", c, err)
	}
	p.Clock.Pass(25 * time.Hour) // another day opens
	p.steps(t)
	p.happened(t, "appointment.booked")

	// A missed appointment counts, also when no other can be booked at once.
	p.fill(t)
	missed, err := p.RecordNoShow(t.Context(), desk.Which{AppointmentID: first.ID()}, "officer-1")
	if err != nil || missed.State() != appointment.Missed || p.visits(t, "case_2").Open() != nil {
		t.Fatal(missed, err)
	}
	p.steps(t)
	p.Clock.Pass(24 * time.Hour)
	p.steps(t)
	if open := p.visits(t, "case_2").Open(); open == nil || open.Origin() != appointment.AfterNoShow {
		t.Error("not booked anew when there was room")
	}
}

// fill takes every slot of the office that is free.
func (p *police) fill(t *testing.T) int {
	t.Helper()
	slots, err := p.FreeSlots(t.Context(), "SUA-OSLO", time.Time{}, 5000)
	if err != nil {
		t.Fatal(err)
	}
	err = p.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		for _, slot := range slots {
			office, _ := p.Offices.Find("SUA-OSLO", slot.Start)
			id := "fill_" + slot.Start.Format(time.RFC3339)
			a, err := appointment.Visits(nil).Book(appointment.Booking{
				ID: id, CaseRef: id, Office: office, Slot: slot, Origin: appointment.First, At: p.Clock.Now(),
			})
			if err != nil {
				return err
			}
			if free, err := p.Store.Take(t.Context(), tx, a, 0); err != nil || !free {
				t.Errorf("%s: %v %v", id, free, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return len(slots)
}

func TestCaseWithoutNameIsListedAsFailed(t *testing.T) {
	p := open(t)
	p.spoil = func(v *onboarding.View) { v.Claims = nil }
	p.granted(t, "case_1")
	lines, err := p.List(t.Context(), desk.Listing{CaseRef: "case_1", After: -1, Limit: 100})
	if err != nil || len(lines) != 1 || lines[0].Appointment != nil || lines[0].Rule != "view.claims" {
		t.Errorf("%+v %v", lines, err)
	}
	p.happened(t)
}

func TestListHasPagesAndEveryAppointmentOnce(t *testing.T) {
	p := open(t)
	for i := range 7 {
		p.granted(t, "case_"+strconv.Itoa(i))
	}
	if _, err := p.Rebook(t.Context(), desk.Rebooking{Which: desk.Which{CaseRef: "case_1"}, By: appointment.ByOfficer}); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var before time.Time
	for cursor := int64(-1); ; {
		lines, err := p.List(t.Context(), desk.Listing{After: cursor, Limit: 3})
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			if start := line.Appointment.Slot().Start; start.Before(before) || seen[line.Appointment.ID()] {
				t.Errorf("%s again, or out of order", line.Appointment.ID())
			} else {
				before = start
			}
			seen[line.Appointment.ID()], cursor = true, line.Cursor
		}
		if len(lines) < 3 {
			break
		}
	}
	if len(seen) != 8 {
		t.Errorf("%d of 8 appointments", len(seen))
	}
}
