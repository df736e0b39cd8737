// Package appointment is the worker's one visit to the police: the time that
// is booked, moved, missed, cancelled or attended, and what was taken at it.
// A case may have several appointments one after the other, and at most one
// that was attended.
//
// It is pure: it never stores or sends, and is told the time.
package appointment

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/police/internal/diary"
)

// State is where an appointment stands.
type State string

const (
	// Booked: the worker has a time.
	Booked State = "BOOKED"
	// Attended: the worker came, and the identity is verified.
	Attended State = "ATTENDED"
	// NotConfirmed: somebody came who was not recognised.
	NotConfirmed State = "NOT_CONFIRMED"
	// Rebooked: another time took its place.
	Rebooked State = "REBOOKED"
	// Missed: nobody came.
	Missed State = "MISSED"
	// Cancelled: what it was for fell away; Cause says why.
	Cancelled State = "CANCELLED"
)

// Origin is who had an appointment booked.
type Origin string

const (
	// First is the machine's, when the case is granted.
	First Origin = "FIRST"
	// AfterNoShow is the machine's, after a missed one.
	AfterNoShow Origin = "NO_SHOW"
	// AfterHalt is the machine's, when a halted case goes on.
	AfterHalt Origin = "RESUMED"
	// ByWorker is the worker's own.
	ByWorker Origin = "WORKER"
	// ByOfficer is an officer's.
	ByOfficer Origin = "OFFICER"
)

// Appointment is one time at one office. Its verbs report whether they changed
// anything; a repeated message has no second effect and is no error.
type Appointment struct {
	id, caseRef string
	office      diary.Office
	slot        diary.Slot
	origin      Origin
	state       State
	cause       string
	bookedAt    time.Time
	officer     string
	recordedAt  time.Time
	biometrics  Biometrics
	checkin     string
}

// Biometrics are when each was taken; zero when it was not. There are no
// images.
type Biometrics struct{ Fingerprints, Photo, Signature time.Time }

// Complete says whether all three are there: the residence card needs them
// (Reg. (EC) 1030/2002 article 4a; utlendingsloven § 100).
func (b Biometrics) Complete() bool {
	return !b.Fingerprints.IsZero() && !b.Photo.IsZero() && !b.Signature.IsZero()
}

// Attend records that the worker came and that the officer verified the identity.
// Who comes early is served early. Rules: appointment.officer (Invalid),
// appointment.already-recorded, appointment.closed (Conflict).
func (a *Appointment) Attend(officer string, at time.Time) (changed bool, err error) {
	return a.record(attend, officer, at)
}

// TurnAway records that somebody came whom the officer did not recognise as the
// person of the passport. Rules as Attend.
func (a *Appointment) TurnAway(officer string, at time.Time) (changed bool, err error) {
	return a.record(turnAway, officer, at)
}

// Miss records that nobody came. Rules as Attend, and appointment.not-yet
// (Conflict) before it has begun.
func (a *Appointment) Miss(officer string, at time.Time) (changed bool, err error) {
	if a.state == Booked && at.Before(a.slot.Start) {
		return false, fault.New(fault.Conflict, "appointment.not-yet", "the appointment has not begun: nobody has missed it")
	}
	return a.record(miss, officer, at)
}

// Cancel ends an appointment that was not attended, with a cause. Whatever has
// become of it already stays: then nothing changes.
func (a *Appointment) Cancel(cause string, at time.Time) (changed bool, err error) {
	if a.state != Booked {
		return false, nil
	}
	if changed, err = a.move(cancel); changed {
		a.cause, a.recordedAt = cause, at.UTC()
	}
	return changed, err
}

// giveUp ends an appointment for another one.
func (a *Appointment) giveUp(at time.Time) error {
	changed, err := a.move(rebook)
	if changed {
		a.recordedAt = at.UTC()
	}
	return err
}

// Capture records which biometrics were taken at the visit, each once: the first
// instant stays. Rule: appointment.not-attended (Conflict).
func (a *Appointment) Capture(fingerprints, photo, signature bool, at time.Time) (changed bool, err error) {
	if a.state != Attended {
		return false, fault.New(fault.Conflict, "appointment.not-attended", "biometrics are taken of a worker who came and was recognised")
	}
	before := a.biometrics
	for _, one := range []struct {
		taken bool
		when  *time.Time
	}{{fingerprints, &a.biometrics.Fingerprints}, {photo, &a.biometrics.Photo}, {signature, &a.biometrics.Signature}} {
		if one.taken && one.when.IsZero() {
			*one.when = at.UTC()
		}
	}
	return a.biometrics != before, nil
}

func (a *Appointment) record(v verb, officer string, at time.Time) (bool, error) {
	if officer == "" {
		return false, fault.New(fault.Invalid, "appointment.officer", "what happened at an appointment needs the officer who saw it")
	}
	changed, err := a.move(v)
	if changed {
		a.officer, a.recordedAt = officer, at.UTC()
	}
	return changed, err
}

type verb int

const (
	attend verb = iota
	turnAway
	miss
	cancel
	rebook
)

// leads is where each verb leads to from Booked.
var leads = [...]State{attend: Attended, turnAway: NotConfirmed, miss: Missed, cancel: Cancelled, rebook: Rebooked}

// move is the one place where an appointment's state changes: a booked one ends
// once, and for good.
func (a *Appointment) move(v verb) (changed bool, err error) {
	switch a.state {
	case Booked:
		a.state = leads[v]
		return true, nil
	case leads[v]:
		return false, nil
	case Attended, NotConfirmed, Missed:
		return false, fault.New(fault.Conflict, "appointment.already-recorded", "the visit has been recorded with another answer")
	}
	return false, fault.New(fault.Conflict, "appointment.closed", "the appointment has been moved or cancelled: see the case's newest one")
}

// ID is the appointment's id.
func (a *Appointment) ID() string { return a.id }

// CaseRef is the case that it belongs to.
func (a *Appointment) CaseRef() string { return a.caseRef }

// Office is where.
func (a *Appointment) Office() diary.Office { return a.office }

// Slot is when.
func (a *Appointment) Slot() diary.Slot { return a.slot }

// State is where it stands.
func (a *Appointment) State() State { return a.state }

// Origin is who had it booked.
func (a *Appointment) Origin() Origin { return a.origin }

// Cause is why it was cancelled; empty when it was not.
func (a *Appointment) Cause() string { return a.cause }

// RecordedAt is when it ended, one way or another; zero before.
func (a *Appointment) RecordedAt() time.Time { return a.recordedAt }

// Officer is who recorded the visit; empty when nobody did.
func (a *Appointment) Officer() string { return a.officer }

// Biometrics are what was taken at the visit.
func (a *Appointment) Biometrics() Biometrics { return a.biometrics }

// CheckIn reports whether a fingerprint is that of the code in the worker's
// Appointment credential.
func (a *Appointment) CheckIn(fingerprint string) bool {
	return a.checkin != "" && a.checkin == fingerprint
}
