package police

import (
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/card"
	"github.com/kompetansespor/kompetansespor/services/police/internal/diary"
)

// What follows is the police's domain for those who book on a clock of their
// own, such as a simulation: the same rules and figures as the service's, and no
// I/O. A caller keeps a Visits for each case and counts what each slot has taken.
type (
	// Diary is one office's: the next slot with room.
	Diary = diary.Diary
	// Offices are all offices over time.
	Offices = diary.Offices
	// Office is one office as it is on a day.
	Office = diary.Office
	// Slot is a visit's time.
	Slot = diary.Slot
	// Policy are the figures that count on a day.
	Policy = appointment.Policy
	// Visits are the appointments of one case, oldest first.
	Visits = appointment.Visits
	// Appointment is one of them.
	Appointment = appointment.Appointment
	// Booking is what an appointment is made from.
	Booking = appointment.Booking
	// Origin is who had an appointment booked.
	Origin = appointment.Origin
	// Card is a residence card.
	Card = card.Card
)

// Who had an appointment booked.
const (
	BookedFirst       = appointment.First
	BookedAfterNoShow = appointment.AfterNoShow
	BookedAfterHalt   = appointment.AfterHalt
	BookedByWorker    = appointment.ByWorker
	BookedByOfficer   = appointment.ByOfficer
)

// Figures are the police's dated data.
type Figures struct {
	Offices  Offices
	Policies appointment.Policies
}

// LoadFigures reads the data that are built in. It needs the machine's time zone
// of Europe/Oslo.
func LoadFigures() (Figures, error) {
	zone, err := time.LoadLocation(diary.TimeZone)
	if err != nil {
		return Figures{}, fmt.Errorf("load time zone: %w", err)
	}
	offices, err := diary.LoadOffices(zone)
	if err != nil {
		return Figures{}, err
	}
	policies, err := appointment.LoadPolicies()
	return Figures{Offices: offices, Policies: policies}, err
}

// NewCard is the card of a worker whose identity was verified: number is
// CardNumber(n).
func NewCard(caseRef, number string, at time.Time) (*Card, error) {
	return card.New(caseRef, number, 1, at)
}

// CardNumber is the n-th card number.
func CardNumber(n int) (string, error) { return card.Number(n) }

// WorkingDay says whether public offices are open on a day.
func WorkingDay(day time.Time) bool { return diary.WorkingDay(day) }

// AddWorkingDays is the day that is n working days after a day.
func AddWorkingDays(day time.Time, n int) time.Time { return diary.AddWorkingDays(day, n) }
