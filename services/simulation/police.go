package simulation

import (
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/police"
	"github.com/kompetansespor/kompetansespor/services/simulation/queueing"
)

// slot is an appointment's time.
type slot struct{ from, until time.Time }

// slotBooking is that somebody has a slot at an office with this many counters.
type slotBooking struct {
	office police.Office
	from   time.Time
	room   int
}

// check wants each office of the staffing to be the police's own for its
// municipality.
func (a *agencies) check(s Staffing) error {
	start, err := time.ParseInLocation(time.DateOnly, s.Start, a.zone)
	if err != nil {
		return err
	}
	for _, o := range s.Police {
		if office, ok := a.police.Offices.For(o.Municipality, start); !ok || office.ID != o.ID {
			return fmt.Errorf("municipality %s is served by %q, not by %q", o.Municipality, office.ID, o.ID)
		}
	}
	return nil
}

// book takes the first free slot, with the police's notice, in the office of the
// municipality where the worker will live, and not before a time. A slot has as
// many visits as the day's roster has counters.
func (a *agencies) book(c *life, desk *queueing.Desk, from, now time.Time) (slot, error) {
	policy := a.police.Policies.At(now)
	office, ok := a.police.Offices.For(c.office.Municipality, now)
	if !ok {
		return slot{}, fmt.Errorf("no office serves %s", c.office.Municipality)
	}
	if a.taken[office.ID] == nil {
		a.taken[office.ID] = map[int64]int{}
	}
	taken, counters := a.taken[office.ID], desk.Members()
	diary := police.Diary{Offices: a.police.Offices, OfficeID: office.ID, Horizon: policy.HorizonDays, Capacity: counters, Taken: func(start time.Time) int {
		return taken[start.Unix()] + counters - desk.OnRoster(start)
	}}
	free, err := diary.NextFree(latest(policy.Earliest(now, a.zone), from))
	if err != nil {
		return slot{}, err
	}
	origin, due := c.visitsBooked.Due(policy)
	if !due {
		origin = police.BookedByOfficer
	}
	if !due && c.visitsBooked.Open() != nil {
		if err := c.visitsBooked.Move(origin, policy, now); err != nil {
			return slot{}, err
		}
	}
	booked, err := c.visitsBooked.Book(police.Booking{
		ID: fmt.Sprintf("apt_%06d_%d", c.number, len(c.visitsBooked)), CaseRef: c.ref(), Office: office, Slot: free, Origin: origin, At: now,
	})
	if err != nil {
		return slot{}, err
	}
	taken[free.Start.Unix()]++
	a.booked = append(a.booked, slotBooking{office: office, from: free.Start, room: desk.OnRoster(free.Start)})
	c.visitsBooked = append(c.visitsBooked, booked)
	return slot{from: free.Start, until: free.End}, nil
}

// miss records that nobody came.
func (a *agencies) miss(c *life, at time.Time) error {
	_, err := c.visitsBooked.Last().Miss("officer", at)
	return err
}

// putOff records that the office could not take the worker that day: an officer
// moves the appointment.
func (a *agencies) putOff(c *life, at time.Time) error {
	return c.visitsBooked.Move(police.BookedByOfficer, a.police.Policies.At(at), at)
}

// attend records the visit with its biometrics, and orders the card.
func (a *agencies) attend(c *life, at, expected time.Time) error {
	visit := c.visitsBooked.Last()
	changed, err := visit.Attend("officer", at)
	if err != nil {
		return err
	}
	if changed {
		c.attended++
	}
	if _, err := visit.Capture(true, true, true, at); err != nil {
		return err
	}
	number, err := police.CardNumber(a.cards)
	if err != nil {
		return err
	}
	a.cards++
	if c.plastic, err = police.NewCard(c.ref(), number, at); err != nil {
		return err
	}
	_, err = c.plastic.Order(at, expected)
	return err
}
