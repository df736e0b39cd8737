package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// Milestones are what each agency reports, by producer and event name.
func Milestones() map[string]map[string]casefile.Milestone {
	return map[string]map[string]casefile.Milestone{
		"police": {
			"appointment.booked":   casefile.AppointmentBooked,
			"appointment.attended": casefile.AppointmentAttended,
			"identity.verified":    casefile.IdentityVerified,
			"residencecard.issued": casefile.ResidenceCardIssued,
		},
		"tax": {
			"identifier.assigned": casefile.IdentifierAssigned,
			"taxcard.issued":      casefile.TaxCardIssued,
		},
		"bank": {
			"bankaccount.opened": casefile.AccountOpened,
		},
	}
}

// Record puts a milestone that an agency reports into the case's timeline. The
// last one completes the case and stops the clock, once.
func (d *Desk) Record(ctx context.Context, tx *sqldb.Tx, service string, milestone casefile.Milestone, event *eventbus.Event) (err error) {
	record, err := d.Store.ByRef(ctx, tx, event.Case)
	if err != nil {
		return err
	}
	ctx, end := telemetry.Span(telemetry.Continue(ctx, record.Traceparent), "case.Record", telemetry.Case.String(event.Case), telemetry.EventType.String(event.Type))
	defer func() { end(err) }()
	changed, completed, err := record.Case.Record(casefile.Step{
		Step: milestone, Service: service, At: event.Time, TimeClass: casefile.TimeClass(event.TimeClass),
	})
	if err != nil || !changed {
		return err
	}
	told := []*eventbus.Event{event}
	if completed {
		done, err := d.Outbox.Append(ctx, tx, events.Happened{Type: "case.completed", Case: event.Case, TimeClass: eventbus.Machine})
		if err != nil {
			return err
		}
		told = append(told, done)
	}
	return d.save(ctx, tx, record, told...)
}

// OfferWithdrawn marks the case of an offer that its employer took back; event
// is the issuer's, whose case is the offer. An offer that has opened no case
// needs no mark: its status stops it at the door.
func (d *Desk) OfferWithdrawn(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) (err error) {
	record, err := d.Store.ByOffer(ctx, tx, event.Case)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	ctx, end := telemetry.Span(telemetry.Continue(ctx, record.Traceparent), "case.OfferWithdrawn", telemetry.Case.String(record.Case.ID()))
	defer func() { end(err) }()
	if !record.Case.WithdrawOffer(event.Time) {
		return nil
	}
	return d.save(ctx, tx, record, event)
}
