package appointment

import (
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// State is where an appointment stands.
type State string

const (
	// Booked: the worker has a time.
	Booked State = "BOOKED"
	// Attended: the worker came, and the identity is verified.
	Attended State = "ATTENDED"
	// CardIssued: the residence card is made.
	CardIssued State = "CARD_ISSUED"
	// NotConfirmed: somebody came who was not recognised. Nothing follows.
	NotConfirmed State = "NOT_CONFIRMED"
)

// Appointment is the one visit of a case. Its verbs report whether they changed
// anything; a repeated message has no second effect and is no error.
type Appointment struct {
	id         string
	caseRef    string
	office     Office
	slot       Slot
	state      State
	bookedAt   time.Time
	officer    string
	attendedAt time.Time
	cardNumber string
	cardAt     time.Time
}

// Booking is what an appointment is made from.
type Booking struct {
	ID      string
	CaseRef string
	// OfficeID names an active office.
	OfficeID string
	Slot     Slot
	At       time.Time
}

// Book makes an appointment. Rules: appointment.office, appointment.slot (Invalid).
func Book(b Booking) (*Appointment, error) {
	if b.ID == "" || b.CaseRef == "" || b.At.IsZero() {
		return nil, fault.New(fault.Internal, "appointment.booking", "an appointment needs an id, a case and a time")
	}
	office, ok := FindOffice(b.OfficeID)
	if !ok {
		return nil, fault.New(fault.Invalid, "appointment.office", "there is no such office")
	}
	if !b.Slot.Start.After(b.At) || !b.Slot.End.Equal(b.Slot.Start.Add(SlotLength)) {
		return nil, fault.New(fault.Invalid, "appointment.slot", "the time is no slot to come")
	}
	return &Appointment{id: b.ID, caseRef: b.CaseRef, office: office, slot: b.Slot, state: Booked, bookedAt: b.At.UTC()}, nil
}

// Attend records that the worker came and that the officer verified the identity.
// Who comes early is served early. Rules: appointment.officer (Invalid),
// appointment.already-recorded (Conflict) when the identity was not verified.
func (a *Appointment) Attend(officer string, at time.Time) (changed bool, err error) {
	if officer == "" {
		return false, fault.New(fault.Invalid, "appointment.officer", "an attendance needs the officer who verified the identity")
	}
	changed, err = a.move(attend)
	if changed {
		a.officer, a.attendedAt = officer, at.UTC()
	}
	return changed, err
}

// TurnAway records that somebody came whom the officer did not recognise as the
// person of the passport. Nothing follows from it.
// Rules: appointment.officer (Invalid), appointment.already-recorded (Conflict).
func (a *Appointment) TurnAway(officer string, at time.Time) (changed bool, err error) {
	if officer == "" {
		return false, fault.New(fault.Invalid, "appointment.officer", "an attendance needs the officer who looked at the passport")
	}
	changed, err = a.move(turnAway)
	if changed {
		a.officer, a.attendedAt = officer, at.UTC()
	}
	return changed, err
}

// IssueCard records the residence card's number. Once issued, the first number stays.
// Rules: appointment.card-number (Invalid), appointment.not-attended (Conflict).
func (a *Appointment) IssueCard(number string, at time.Time) (changed bool, err error) {
	if !cardNumber(number) {
		return false, fault.New(fault.Invalid, "appointment.card-number", "a card number is RTA and seven digits")
	}
	changed, err = a.move(issueCard)
	if changed {
		a.cardNumber, a.cardAt = number, at.UTC()
	}
	return changed, err
}

type verb int

const (
	attend verb = iota
	turnAway
	issueCard
)

// move is the one place where an appointment's state changes.
func (a *Appointment) move(v verb) (changed bool, err error) {
	switch {
	case v == attend && a.state == Booked:
		a.state = Attended
	case v == turnAway && a.state == Booked:
		a.state = NotConfirmed
	case v == issueCard && a.state == Attended:
		a.state = CardIssued
	case v == turnAway && a.state == NotConfirmed, v == attend && a.state != NotConfirmed, v == issueCard && a.state == CardIssued:
		return false, nil
	case v != issueCard:
		return false, fault.New(fault.Conflict, "appointment.already-recorded", "the visit has been recorded with the other answer")
	default:
		return false, fault.New(fault.Conflict, "appointment.not-attended", "the worker has not been there yet")
	}
	return true, nil
}

// cardPrefix starts every synthetic card number.
const cardPrefix = "RTA"

// CardNumber is the n-th card number, n from 0 to 9999999. A caller with a UNIQUE
// column goes on to n+1 when the n-th is taken.
func CardNumber(n int) (string, error) {
	if n < 0 || n > 9999999 {
		return "", fault.New(fault.Internal, "appointment.card-number", "there are no more card numbers")
	}
	return fmt.Sprintf("%s%07d", cardPrefix, n), nil
}

func cardNumber(s string) bool {
	var n int
	if len(s) != len(cardPrefix)+7 {
		return false
	}
	_, err := fmt.Sscanf(s[len(cardPrefix):], "%d", &n)
	again, rangeErr := CardNumber(n)
	return err == nil && rangeErr == nil && again == s
}

// ID is the appointment's id.
func (a *Appointment) ID() string { return a.id }

// CaseRef is the case that it belongs to.
func (a *Appointment) CaseRef() string { return a.caseRef }

// Office is where.
func (a *Appointment) Office() Office { return a.office }

// Slot is when.
func (a *Appointment) Slot() Slot { return a.slot }

// State is where it stands.
func (a *Appointment) State() State { return a.state }

// AttendedAt is when the visit was recorded; zero before.
func (a *Appointment) AttendedAt() time.Time { return a.attendedAt }

// CardNumber is the residence card's number; empty before.
func (a *Appointment) CardNumber() string { return a.cardNumber }
