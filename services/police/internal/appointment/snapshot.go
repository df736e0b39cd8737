package appointment

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/police/internal/diary"
)

// Snapshot is an appointment as the store keeps it. Times that have not come are zero.
type Snapshot struct {
	ID, CaseRef, OfficeID string
	Start, End            time.Time
	Origin                Origin
	State                 State
	Cause                 string
	BookedAt              time.Time
	Officer               string
	RecordedAt            time.Time
	Biometrics            Biometrics
	CheckIn               string
}

// Snapshot is the appointment for the store.
func (a *Appointment) Snapshot() Snapshot {
	return Snapshot{
		ID: a.id, CaseRef: a.caseRef, OfficeID: a.office.ID, Start: a.slot.Start, End: a.slot.End, Origin: a.origin, State: a.state, Cause: a.cause,
		BookedAt: a.bookedAt, Officer: a.officer, RecordedAt: a.recordedAt, Biometrics: a.biometrics, CheckIn: a.checkin,
	}
}

// Restore is the reverse of Snapshot. It refuses rows that no appointment can
// have, and takes offices that have closed.
func Restore(s Snapshot, offices diary.Offices) (*Appointment, error) {
	office, known := offices.Find(s.OfficeID, s.Start)
	if !known || !s.fits() {
		return nil, fault.New(fault.Internal, "appointment.stored", "a stored appointment cannot be read")
	}
	return &Appointment{
		id: s.ID, caseRef: s.CaseRef, office: office, slot: diary.Slot{Start: s.Start.In(offices.Zone()), End: s.End.In(offices.Zone())},
		origin: s.Origin, state: s.State, cause: s.Cause, bookedAt: s.BookedAt, officer: s.Officer, recordedAt: s.RecordedAt,
		biometrics: s.Biometrics, checkin: s.CheckIn,
	}, nil
}

func (s Snapshot) fits() bool {
	if s.ID == "" || s.CaseRef == "" || s.Start.IsZero() || !s.End.After(s.Start) || s.State != Attended && s.Biometrics != (Biometrics{}) {
		return false
	}
	switch s.Origin {
	case First, AfterNoShow, AfterHalt, ByWorker, ByOfficer:
	default:
		return false
	}
	switch s.State {
	case Booked:
		return s.Officer == "" && s.Cause == "" && s.RecordedAt.IsZero()
	case Attended, NotConfirmed, Missed:
		return s.Officer != "" && s.Cause == "" && !s.RecordedAt.IsZero()
	case Rebooked:
		return s.Officer == "" && s.Cause == "" && !s.RecordedAt.IsZero()
	case Cancelled:
		return s.Officer == "" && s.Cause != "" && !s.RecordedAt.IsZero()
	}
	return false
}
