package appointment_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
)

// history books and ends appointments of one case.
type history struct {
	fataler
	visits appointment.Visits
	at     time.Time
}

func (h *history) book(origin appointment.Origin) *appointment.Appointment {
	b := wanted(h.fataler, origin, h.at)
	b.ID = fmt.Sprintf("apt_%d", len(h.visits))
	a, err := h.visits.Book(b)
	if err != nil {
		h.Fatal(err)
	}
	h.visits = append(h.visits, a)
	return a
}

func (h *history) miss() {
	last := h.visits.Last()
	h.at = last.Slot().End
	if _, err := last.Miss("officer_1", h.at); err != nil {
		h.Fatal(err)
	}
}

func TestMachineBooksAnewAfterAHaltAndOneMissedVisit(t *testing.T) {
	h := &history{fataler: t, at: now}
	p := policy(t)
	due := func(want appointment.Origin) {
		t.Helper()
		if got, ok := h.visits.Due(p); got != want || ok != (want != "") {
			t.Errorf("due %q %v, want %q", got, ok, want)
		}
	}
	due(appointment.First)
	h.book(appointment.First)
	due("")
	_, _ = h.visits.Last().Cancel("OFFER_WITHDRAWN", now)
	due(appointment.AfterHalt)
	h.book(appointment.AfterHalt)
	h.miss()
	due(appointment.AfterNoShow)
	h.book(appointment.AfterNoShow)
	h.miss()
	due("") // the worker must ask
	if err := h.visits.Move(appointment.ByWorker, p, h.at); err != nil {
		t.Error(err)
	}
	h.book(appointment.ByWorker)
	h.miss()
	due("")
	h.book(appointment.ByOfficer)
	_, _ = h.visits.Last().TurnAway("officer_1", h.at)
	due("")
	h.book(appointment.ByOfficer)
	_, _ = h.visits.Last().Attend("officer_1", h.at)
	due("")
	p.NoShowRebookings = 0
	g := &history{fataler: t, at: now}
	g.book(appointment.First)
	g.miss()
	if _, ok := g.visits.Due(p); ok {
		t.Error("the figure of rebookings after a no-show does not count")
	}
}

func TestWorkerMovesAFewTimesAndInGoodTime(t *testing.T) {
	h := &history{fataler: t, at: now}
	p := policy(t)
	if err := h.visits.Move(appointment.ByWorker, p, now); fault.RuleOf(err) != "appointment.none" {
		t.Error(err)
	}
	for range p.WorkerRebookings {
		h.visits = append(h.visits[:0:0], h.visits...)
		if len(h.visits) == 0 {
			h.book(appointment.First)
		}
		if err := h.visits.Move(appointment.ByWorker, p, now); err != nil {
			t.Fatal(err)
		}
		h.book(appointment.ByWorker)
	}
	if err := h.visits.Move(appointment.ByWorker, p, now); fault.RuleOf(err) != "appointment.rebooking-limit" {
		t.Error(err)
	}
	if err := h.visits.Move(appointment.ByOfficer, p, now); err != nil {
		t.Error("an officer may always:", err)
	}

	h = &history{fataler: t, at: now}
	start := h.book(appointment.First).Slot().Start
	if err := h.visits.Move(appointment.ByWorker, p, start.Add(-p.WorkerNotice).Add(1)); fault.RuleOf(err) != "appointment.too-late" {
		t.Error(err)
	}
	if err := h.visits.Move(appointment.ByWorker, p, start.Add(-p.WorkerNotice)); err != nil || h.visits.Last().State() != appointment.Rebooked {
		t.Error(err)
	}
}

func TestWhoMayMoveWhat(t *testing.T) {
	p := policy(t)
	for name, c := range map[string]struct {
		end             func(a *appointment.Appointment)
		worker, officer string
	}{
		"attended":      {func(a *appointment.Appointment) { _, _ = a.Attend("o", now) }, "appointment.already-attended", "appointment.already-attended"},
		"cancelled":     {func(a *appointment.Appointment) { _, _ = a.Cancel("EMPLOYER_BANKRUPT", now) }, "appointment.closed", "appointment.closed"},
		"not confirmed": {func(a *appointment.Appointment) { _, _ = a.TurnAway("o", now) }, "appointment.officer-only", ""},
		"missed":        {func(a *appointment.Appointment) { _, _ = a.Miss("o", a.Slot().Start) }, "", ""},
	} {
		for by, rule := range map[appointment.Origin]string{appointment.ByWorker: c.worker, appointment.ByOfficer: c.officer} {
			a := booked(t)
			c.end(a)
			err := appointment.Visits{a}.Move(by, p, now)
			if rule == "" && err != nil || rule != "" && (fault.RuleOf(err) != rule || fault.KindOf(err) != fault.Conflict) {
				t.Errorf("%s, %s: %v", name, by, err)
			}
		}
	}
}

// A case has one appointment to come at most and one that was attended ever (I1),
// whatever is asked in whatever order, and what has ended never changes.
func TestVisitsKeepTheirPromises(t *testing.T) {
	all := offices(t)
	p := policy(t)
	rapid.Check(t, func(t *rapid.T) {
		h := &history{fataler: t, at: now}
		ended := map[string]appointment.Snapshot{}
		last := func() *appointment.Appointment { return h.visits.Last() }
		act := func(verb func(a *appointment.Appointment) error) func(*rapid.T) {
			return func(t *rapid.T) {
				if len(h.visits) == 0 {
					t.Skip("nothing booked")
				}
				_ = verb(rapid.SampledFrom(h.visits).Draw(t, "which"))
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"time": func(t *rapid.T) { h.at = h.at.Add(time.Duration(rapid.IntRange(0, 72).Draw(t, "hours")) * time.Hour) },
			"machine books": func(t *rapid.T) {
				if origin, ok := h.visits.Due(p); ok {
					h.book(origin)
				}
			},
			"anybody books": func(t *rapid.T) {
				b := wanted(t, appointment.ByOfficer, h.at)
				b.ID = fmt.Sprintf("apt_%d", len(h.visits))
				a, err := h.visits.Book(b)
				if (err == nil) == (h.visits.Open() != nil || h.visits.Attended() != nil) {
					t.Fatalf("booked beside another: %v", err)
				}
				if err == nil {
					h.visits = append(h.visits, a)
				}
			},
			"move": func(t *rapid.T) {
				by := rapid.SampledFrom([]appointment.Origin{appointment.ByWorker, appointment.ByOfficer}).Draw(t, "by")
				if h.visits.Move(by, p, h.at) == nil {
					h.book(by)
				}
			},
			"attend":    act(func(a *appointment.Appointment) error { _, err := a.Attend("o", h.at); return err }),
			"turn away": act(func(a *appointment.Appointment) error { _, err := a.TurnAway("o", h.at); return err }),
			"miss":      act(func(a *appointment.Appointment) error { _, err := a.Miss("o", h.at); return err }),
			"cancel":    act(func(a *appointment.Appointment) error { _, err := a.Cancel("OFFER_WITHDRAWN", h.at); return err }),
			"": func(t *rapid.T) {
				open, attended, worker, noShow := 0, 0, 0, 0
				for i, a := range h.visits {
					again, err := appointment.Restore(a.Snapshot(), all)
					if err != nil || again.Snapshot() != a.Snapshot() {
						t.Fatal("cannot be stored", err)
					}
					h.visits[i] = again
					switch a.State() {
					case appointment.Booked:
						open++
						if a != last() && again.ID() != last().ID() {
							t.Fatal("an old one is open")
						}
						continue
					case appointment.Attended:
						attended++
					}
					if before, known := ended[a.ID()]; known && before != a.Snapshot() {
						t.Fatalf("an ended one changed: %+v, %+v", before, a.Snapshot())
					}
					ended[a.ID()] = a.Snapshot()
				}
				for _, a := range h.visits {
					if a.Origin() == appointment.ByWorker {
						worker++
					}
					if a.Origin() == appointment.AfterNoShow {
						noShow++
					}
				}
				if open > 1 || attended > 1 || open+attended > 1 || worker > p.WorkerRebookings || noShow > p.NoShowRebookings {
					t.Fatalf("%d open, %d attended, %d by the worker, %d after a no-show", open, attended, worker, noShow)
				}
			},
		})
	})
}
