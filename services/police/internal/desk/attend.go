package desk

import (
	"context"
	"reflect"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/identity"
)

// Attendance is what an officer saw.
type Attendance struct {
	Which
	Confirmed bool   // the person who came is the one of the passport
	Officer   string // from the token
	// Corrected is what the passport says otherwise than the application.
	Corrected []identity.Field
	// Taken are the biometrics that were taken; more may come later.
	Taken Taken
}

// Taken says which biometrics were taken. There are no images.
type Taken struct{ Fingerprints, Photo, Signature bool }

// RecordAttendance records the officer's word, once. Confirmed, the identity
// is verified, perhaps with corrections, the digital residence card is issued,
// and the plastic ordered when the biometrics are there; not confirmed, nothing
// follows until an officer books anew. The same answer again changes nothing,
// another is a Conflict.
func (d *Desk) RecordAttendance(ctx context.Context, in Attendance) (*appointment.Appointment, error) {
	now := d.now()
	var correction identity.Correction
	if len(in.Corrected) > 0 {
		var err error
		if correction, err = identity.Correct(in.Corrected, in.Officer, now); err != nil {
			return nil, err
		}
	}
	if !in.Confirmed && (in.Taken != Taken{} || !correction.None()) {
		return nil, fault.Violated("request.invalid", "the request cannot be used as it is", []fault.Violation{
			{Field: "identity_confirmed", Rule: "attendance.not-confirmed", Message: "of somebody who was not recognised nothing is corrected and nothing taken"}})
	}
	return d.change(ctx, in.Which, "appointment.Attend", func(ctx context.Context, tx *sqldb.Tx, caseRef string, visits appointment.Visits) (*appointment.Appointment, error) {
		met, err := pick(visits, in.Which)
		if err != nil {
			return nil, err
		}
		record := met.TurnAway
		if in.Confirmed {
			record = met.Attend
		}
		was := met.State()
		changed, err := record(in.Officer, now)
		if err != nil || !in.Confirmed && !changed {
			return met, err
		}
		if !changed {
			if err := d.sameCorrection(ctx, tx, caseRef, correction); err != nil {
				return nil, err
			}
			return met, d.capture(ctx, tx, met, in.Taken)
		}
		find := d.Cases.Find
		if in.Confirmed { // UDI may have stopped the case a moment ago
			find = d.standing
		}
		known, err := find(ctx, tx, caseRef)
		if err != nil {
			return nil, err
		}
		if err := d.Store.Save(ctx, tx, met, was); err != nil || !in.Confirmed {
			return met, err
		}
		if err := d.identified(ctx, tx, met, known, correction); err != nil {
			return nil, err
		}
		return met, d.capture(ctx, tx, met, in.Taken)
	})
}

// RecordBiometrics records what was taken after the identity was verified, such
// as fingerprints when the reader is mended. Conflict before.
func (d *Desk) RecordBiometrics(ctx context.Context, which Which, taken Taken) (*appointment.Appointment, error) {
	return d.change(ctx, which, "appointment.Capture", func(ctx context.Context, tx *sqldb.Tx, _ string, visits appointment.Visits) (*appointment.Appointment, error) {
		met, err := pick(visits, which)
		if err != nil {
			return nil, err
		}
		return met, d.capture(ctx, tx, met, taken)
	})
}

// identified tells the others that the worker is who the passport says, and
// issues the digital residence card. What was corrected comes first: who acts on
// the verified identity can know it.
func (d *Desk) identified(ctx context.Context, tx *sqldb.Tx, met *appointment.Appointment, known onboarding.Case, correction identity.Correction) error {
	if err := d.tell(ctx, tx, known.Ref, "appointment.attended", eventbus.Physical, nil); err != nil {
		return err
	}
	if !correction.None() {
		if err := d.Store.AddCorrection(ctx, tx, known.Ref, correction); err != nil {
			return err
		}
		if err := d.tell(ctx, tx, known.Ref, "identity.corrected", eventbus.Human, map[string]any{"fields": correction.Paths()}); err != nil {
			return err
		}
	}
	err := d.tell(ctx, tx, known.Ref, "identity.verified", eventbus.Human, map[string]any{
		"performed_at": met.RecordedAt().Truncate(time.Second).Format(time.RFC3339), "level": "IN_PERSON",
	})
	if err != nil {
		return err
	}
	return d.issueCard(ctx, tx, known, correction)
}

// sameCorrection refuses a repetition that corrects otherwise than the first.
func (d *Desk) sameCorrection(ctx context.Context, q sqldb.Querier, caseRef string, correction identity.Correction) error {
	first, err := d.Store.Correction(ctx, q, caseRef)
	if err != nil || reflect.DeepEqual(first.Fields(), correction.Fields()) {
		return err
	}
	return fault.New(fault.Conflict, "appointment.already-recorded", "the visit has been recorded with other corrections")
}

// capture records biometrics, and orders the card when they are complete.
func (d *Desk) capture(ctx context.Context, tx *sqldb.Tx, met *appointment.Appointment, taken Taken) error {
	if (taken == Taken{}) {
		return nil
	}
	known, err := d.standing(ctx, tx, met.CaseRef())
	if err != nil {
		return err
	}
	changed, err := met.Capture(taken.Fingerprints, taken.Photo, taken.Signature, d.now())
	if err != nil || !changed {
		return err
	}
	if err := d.Store.Save(ctx, tx, met, appointment.Attended); err != nil || !met.Biometrics().Complete() {
		return err
	}
	if err := d.tell(ctx, tx, known.Ref, "biometrics.captured", eventbus.Human, nil); err != nil {
		return err
	}
	return d.orderCard(ctx, tx, met)
}
