package desk

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
)

// Book gives a granted case the next free time at the office, and the worker
// the Appointment credential. A case gets one.
func (d *Desk) Book(_ context.Context, c onboarding.Case) (onboarding.Effect, error) {
	who, err := person(c.View)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *sqldb.Tx) (err error) {
		ctx, end := telemetry.Span(ctx, "appointment.Book", telemetry.Case.String(c.Ref))
		defer func() { end(err) }()
		_, err = d.Store.ByCase(ctx, tx, c.Ref)
		if err == nil || fault.KindOf(err) != fault.NotFound {
			return err
		}
		made, place, err := d.nextFree(ctx, tx, c.Ref)
		if err != nil {
			return err
		}
		if err := d.Store.Add(ctx, tx, made, place); err != nil {
			return err
		}
		err = d.deliver(ctx, tx, c.View, issuance.Draft{Type: credtype.Appointment, Claims: made.Claims(who), ValidUntil: made.Slot().End})
		if err != nil {
			return err
		}
		_, err = d.Outbox.Append(ctx, tx, events.Happened{Type: "appointment.booked", Case: c.Ref, TimeClass: eventbus.Machine})
		return err
	}, nil
}

// nextFree books the next slot with room, and says which of its places.
func (d *Desk) nextFree(ctx context.Context, tx *sqldb.Tx, caseRef string) (*appointment.Appointment, int, error) {
	now := d.Clock.Now()
	taken, err := d.Store.Taken(ctx, tx, d.Office, now)
	if err != nil {
		return nil, 0, err
	}
	full := func(start time.Time) int { return taken[start.Unix()] }
	slot, err := appointment.Diary{Location: d.Zone, Capacity: d.Capacity, Taken: full}.NextFree(now)
	if err != nil {
		return nil, 0, err
	}
	id, err := d.newID("apt_")
	if err != nil {
		return nil, 0, err
	}
	made, err := appointment.Book(appointment.Booking{ID: id, CaseRef: caseRef, OfficeID: d.Office, Slot: slot, At: now})
	return made, full(slot.Start), err
}
