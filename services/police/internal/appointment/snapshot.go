package appointment

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Snapshot is an appointment as the store keeps it. Times that have not come are zero.
type Snapshot struct {
	ID         string
	CaseRef    string
	OfficeID   string
	Start      time.Time
	State      State
	BookedAt   time.Time
	Officer    string
	AttendedAt time.Time
	CardNumber string
	CardAt     time.Time
}

// Snapshot is the appointment for the store.
func (a *Appointment) Snapshot() Snapshot {
	return Snapshot{
		ID: a.id, CaseRef: a.caseRef, OfficeID: a.office.ID, Start: a.slot.Start, State: a.state, BookedAt: a.bookedAt,
		Officer: a.officer, AttendedAt: a.attendedAt, CardNumber: a.cardNumber, CardAt: a.cardAt,
	}
}

// Restore is the reverse of Snapshot; location is where the office's clock hangs.
// It refuses rows that no appointment can have, and takes offices that have closed.
func Restore(s Snapshot, location *time.Location) (*Appointment, error) {
	var office Office
	for _, o := range offices {
		if o.ID == s.OfficeID {
			office = o
		}
	}
	var fits bool
	switch s.State {
	case Booked:
		fits = s.Officer == "" && s.CardNumber == ""
	case Attended, NotConfirmed:
		fits = s.Officer != "" && s.CardNumber == ""
	case CardIssued:
		fits = s.Officer != "" && cardNumber(s.CardNumber)
	}
	if !fits || s.ID == "" || s.CaseRef == "" || office.ID == "" || s.Start.IsZero() {
		return nil, fault.New(fault.Internal, "appointment.stored", "a stored appointment cannot be read")
	}
	start := s.Start.In(location)
	return &Appointment{
		id: s.ID, caseRef: s.CaseRef, office: office, slot: Slot{Start: start, End: start.Add(SlotLength)}, state: s.State,
		bookedAt: s.BookedAt, officer: s.Officer, attendedAt: s.AttendedAt, cardNumber: s.CardNumber, cardAt: s.CardAt,
	}, nil
}
