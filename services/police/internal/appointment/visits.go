package appointment

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/police/internal/diary"
)

// Visits are the appointments of one case, oldest first. What may be booked next
// follows from them alone.
type Visits []*Appointment

// Booking is what an appointment is made from.
type Booking struct {
	ID, CaseRef string
	// Office is active, Slot one of its slots to come.
	Office diary.Office
	Slot   diary.Slot
	Origin Origin
	// CheckIn is the fingerprint of the code by which the worker may move the
	// appointment.
	CheckIn string
	At      time.Time
}

// Book makes the case's next appointment. A case has one to come at most, and
// none after one that was attended. Rules: appointment.booking (Internal),
// appointment.office, appointment.slot (Invalid), appointment.already-attended,
// appointment.already-booked (Conflict).
func (v Visits) Book(b Booking) (*Appointment, error) {
	switch {
	case b.ID == "" || b.CaseRef == "" || b.At.IsZero() || b.Origin == "":
		return nil, fault.New(fault.Internal, "appointment.booking", "an appointment needs an id, a case, an origin and a time")
	case !b.Office.Active:
		return nil, fault.New(fault.Invalid, "appointment.office", "the office takes no appointments")
	case !b.Slot.Start.After(b.At) || !b.Slot.End.After(b.Slot.Start):
		return nil, fault.New(fault.Invalid, "appointment.slot", "the time is no slot to come")
	case v.Attended() != nil:
		return nil, fault.New(fault.Conflict, "appointment.already-attended", "the worker has been there: one visit is enough")
	case v.Open() != nil:
		return nil, fault.New(fault.Conflict, "appointment.already-booked", "the case has an appointment to come")
	}
	return &Appointment{
		id: b.ID, caseRef: b.CaseRef, office: b.Office, slot: b.Slot, origin: b.Origin, state: Booked, bookedAt: b.At.UTC(), checkin: b.CheckIn,
	}, nil
}

// Last is the newest appointment, nil when there is none.
func (v Visits) Last() *Appointment {
	if len(v) == 0 {
		return nil
	}
	return v[len(v)-1]
}

// Open is the appointment to come, nil when there is none.
func (v Visits) Open() *Appointment { return v.in(Booked) }

// Attended is the one that was attended, nil when none was.
func (v Visits) Attended() *Appointment { return v.in(Attended) }

func (v Visits) in(state State) *Appointment {
	for _, a := range v {
		if a.state == state {
			return a
		}
	}
	return nil
}

func (v Visits) count(origin Origin) (n int) {
	for _, a := range v {
		if a.origin == origin {
			n++
		}
	}
	return n
}

// Due says whether the machine is to book by itself for a case that stands, and
// as what: the first time, again after a halt, and after as many missed ones as
// the figures say. Anything else waits for a person.
func (v Visits) Due(p Policy) (Origin, bool) {
	last := v.Last()
	switch {
	case last == nil:
		return First, true
	case v.Attended() != nil:
	case last.state == Cancelled:
		return AfterHalt, true
	case last.state == Missed && v.count(AfterNoShow) < p.NoShowRebookings:
		return AfterNoShow, true
	}
	return "", false
}

// Move gives up the appointment to come, if there is one, so that another can be
// booked: by the worker a few times and in good time, by an officer always. Who
// was not recognised needs an officer. Rules (Conflict): appointment.none,
// appointment.already-attended, appointment.closed, appointment.officer-only,
// appointment.rebooking-limit, appointment.too-late.
func (v Visits) Move(by Origin, p Policy, at time.Time) error {
	last := v.Last()
	switch {
	case last == nil:
		return fault.New(fault.Conflict, "appointment.none", "the case has no appointment that could be moved")
	case v.Attended() != nil:
		return fault.New(fault.Conflict, "appointment.already-attended", "the worker has been there: one visit is enough")
	case last.state == Cancelled:
		return fault.New(fault.Conflict, "appointment.closed", "the appointment is cancelled; another is booked when the case goes on")
	case by == ByWorker && last.state == NotConfirmed:
		return fault.New(fault.Conflict, "appointment.officer-only", "the identity was not confirmed: ask the police for another time")
	case by == ByWorker && v.count(ByWorker) >= p.WorkerRebookings:
		return fault.New(fault.Conflict, "appointment.rebooking-limit", "the appointment has been moved %d times: ask the police for another time", p.WorkerRebookings)
	case by == ByWorker && last.state == Booked && at.Add(p.WorkerNotice).After(last.slot.Start):
		return fault.New(fault.Conflict, "appointment.too-late", "it is too late to move the appointment: come, or ask the police for another time")
	case last.state == Booked:
		return last.giveUp(at)
	}
	return nil
}
