package desk

import (
	"context"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// OfferWithdrawn stops the case of an offer that its employer took back; event
// is the issuer's, whose case is the offer. An offer that has opened no case
// needs no mark: its status stops it at the door.
func (d *Desk) OfferWithdrawn(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
	return d.offerStopped(ctx, tx, casefile.CauseOfferWithdrawn, event)
}

// OfferSuperseded has the case of an offer wait for the new one. An offer that
// is not the case's any more changes nothing.
func (d *Desk) OfferSuperseded(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
	return d.offerStopped(ctx, tx, casefile.CauseOfferSuperseded, event)
}

func (d *Desk) offerStopped(ctx context.Context, tx *sqldb.Tx, cause casefile.Cause, event *eventbus.Event) error {
	records, err := d.Store.ByOffer(ctx, tx, event.Case)
	if err != nil {
		return err
	}
	for _, record := range records {
		if err := d.impede(ctx, tx, record, cause, event.Time, event); err != nil {
			return err
		}
	}
	return nil
}

// EmployerStopped stops every case of an employer whose accreditation is
// suspended or revoked, also those that come later.
func (d *Desk) EmployerStopped(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
	return d.employer(ctx, tx, event, employerCause(event))
}

// EmployerStands lets the cases of an employer go on whose suspension is lifted,
// or who is accredited again. What a revocation stopped an officer resumes.
func (d *Desk) EmployerStands(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
	return d.employer(ctx, tx, event, "")
}

// Bankruptcy reaches the register as a suspension with this reason.
const reasonBankrupt = "BANKRUPT"

func employerCause(event *eventbus.Event) casefile.Cause {
	reason, _ := event.Data["reason"].(string)
	switch {
	case reason == reasonBankrupt:
		return casefile.CauseEmployerBankrupt
	case event.Name() == "employer.revoked":
		return casefile.CauseEmployerRevoked
	}
	return casefile.CauseEmployerSuspended
}

// Standing is how an employer stands with the programme, as its last event said.
type Standing struct {
	OrganisationNumber string
	Cause              casefile.Cause // "" in good standing
	At                 time.Time
}

func (d *Desk) employer(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event, cause casefile.Cause) error {
	number, _ := event.Data["organisation_number"].(string)
	if number == "" {
		return fault.New(fault.Invalid, "event.data", "the event names no organisation number")
	}
	newer, err := d.Store.PutStanding(ctx, tx, Standing{OrganisationNumber: number, Cause: cause, At: event.Time})
	if err != nil || !newer {
		return err
	}
	affected, err := d.Store.ByEmployer(ctx, tx, number)
	if err != nil {
		return err
	}
	for _, record := range affected {
		if cause != "" {
			err = d.impede(ctx, tx, record, cause, event.Time, event)
		} else {
			err = d.lift(ctx, tx, record, []casefile.Cause{casefile.CauseEmployerSuspended, casefile.CauseEmployerBankrupt}, event.Time, event)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// impede has a case feel what stands in its way, and stops what was granted: the
// permit is suspended, the agencies are told.
func (d *Desk) impede(ctx context.Context, tx *sqldb.Tx, record Record, cause casefile.Cause, at time.Time, told *eventbus.Event) (err error) {
	ctx, end := telemetry.Span(telemetry.Continue(ctx, record.Traceparent), "case.Halt", telemetry.Case.String(record.Case.ID()))
	defer func() { end(err) }()
	changed, halted, err := record.Case.Impede(cause, at)
	if err != nil || !changed {
		return err
	}
	if !halted {
		if cause == casefile.CauseOfferSuperseded && record.Case.Undecided() {
			if err := d.notify(ctx, tx, record, casefile.NoticeNewOffer, nil); err != nil {
				return err
			}
		}
		return d.save(ctx, tx, record, told)
	}
	event, err := d.stop(ctx, tx, record, cause)
	if err != nil {
		return err
	}
	return d.save(ctx, tx, record, told, event)
}

// stop suspends the permit of a case that is halted, and tells of it.
func (d *Desk) stop(ctx context.Context, tx *sqldb.Tx, record Record, cause casefile.Cause) (*eventbus.Event, error) {
	if _, err := d.Issuer.SuspendOf(ctx, tx, record.Case.ID(), credtype.ResidencePermit, string(cause)); err != nil {
		return nil, err
	}
	if err := d.notify(ctx, tx, record, casefile.NoticeHalted, nil); err != nil {
		return nil, err
	}
	return d.Outbox.Append(ctx, tx, events.Happened{
		Type: "case.halted", Case: record.Case.ID(), TimeClass: eventbus.Machine, Data: map[string]any{"cause": string(cause)},
	})
}

// lift takes causes away; a case that nothing stops any more goes on.
func (d *Desk) lift(ctx context.Context, tx *sqldb.Tx, record Record, causes []casefile.Cause, at time.Time, told ...*eventbus.Event) (err error) {
	ctx, end := telemetry.Span(telemetry.Continue(ctx, record.Traceparent), "case.Resume", telemetry.Case.String(record.Case.ID()))
	defer func() { end(err) }()
	lifted := false
	for _, cause := range causes {
		changed, resumed, completed, err := record.Case.Lift(cause, at)
		if err != nil {
			return err
		}
		lifted = lifted || changed
		if !resumed {
			continue
		}
		if _, err := d.Issuer.ReinstateOf(ctx, tx, record.Case.ID(), credtype.ResidencePermit, string(cause)); err != nil {
			return err
		}
		event, err := d.Outbox.Append(ctx, tx, events.Happened{
			Type: "case.resumed", Case: record.Case.ID(), TimeClass: eventbus.Machine, Data: map[string]any{"cause": string(cause)},
		})
		if err != nil {
			return err
		}
		told = append(told, event)
		if completed {
			if event, err = d.completed(ctx, tx, record); err != nil {
				return err
			}
			told = append(told, event)
		}
		if err := d.notify(ctx, tx, record, casefile.NoticeResumed, nil); err != nil {
			return err
		}
	}
	if !lifted {
		return nil
	}
	return d.save(ctx, tx, record, told...)
}

func (d *Desk) completed(ctx context.Context, tx *sqldb.Tx, record Record) (*eventbus.Event, error) {
	return d.Outbox.Append(ctx, tx, events.Happened{Type: "case.completed", Case: record.Case.ID(), TimeClass: eventbus.Machine})
}

// Resume is an officer's: what stops the case, or would stop a grant, is looked
// at and gone. The offer that the case rests on must stand, and its employer be
// accredited, asked anew. A case in whose way nothing stands stays as it is.
//
// Rules: those of the checks before a grant.
func (d *Desk) Resume(ctx context.Context, caseRef string) (Record, error) {
	record, err := d.Get(ctx, caseRef)
	if err != nil || len(record.Case.Causes()) == 0 {
		return record, err
	}
	if err := d.stillStands(ctx, record.File); err != nil {
		return Record{}, err
	}
	checked := record
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		record, err := d.Store.ByRef(ctx, tx, caseRef)
		if err != nil {
			return err
		}
		// What came since was not looked at: it is not lifted.
		if record.OfferID != checked.OfferID || !slices.Equal(record.Case.Causes(), checked.Case.Causes()) {
			return changedMeanwhile()
		}
		if standing, err := d.Store.Standing(ctx, tx, record.File.Facts.OrganisationNumber); err != nil || standing.Cause != "" {
			return notInStanding(err, standing.Cause)
		}
		changed := record.Case.State() == casefile.Halted && record.Case.Impeded(casefile.CauseOfferSuperseded)
		if err := d.lift(ctx, tx, record, record.Case.Causes(), d.Clock.Now()); err != nil || !changed {
			return err
		}
		return d.onNewOffer(ctx, tx, record)
	})
	if err != nil {
		return Record{}, err
	}
	return d.Get(ctx, caseRef)
}

// onNewOffer issues the permit of a case that goes on with a changed offer anew,
// and has the agencies read again.
func (d *Desk) onNewOffer(ctx context.Context, tx *sqldb.Tx, record Record) error {
	if err := d.replacePermit(ctx, tx, record, string(casefile.CauseOfferSuperseded)); err != nil {
		return err
	}
	_, err := d.Outbox.Append(ctx, tx, events.Happened{
		Type: "case.corrected", Case: record.Case.ID(), TimeClass: eventbus.Human, Data: map[string]any{"fields": []any{"employment"}},
	})
	return err
}

func changedMeanwhile() error {
	return fault.New(fault.Conflict, "case.changed-meanwhile", "something came in the meantime: look at the case again")
}

func notInStanding(err error, cause casefile.Cause) error {
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, "case.employer-stopped", "the programme has not taken back what stops the employer: %s", cause)
}
