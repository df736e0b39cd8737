package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// expireAtOnce is how many offers one step looks at.
const expireAtOnce = 32

// ExpireStep closes offers whose time is up.
func (d *Desk) ExpireStep(ctx context.Context) (bool, error) {
	due, err := d.Store.Due(ctx, d.DB.Read(), d.Clock.Now(), expireAtOnce)
	if err != nil || len(due) == 0 {
		return false, err
	}
	for _, id := range due {
		err := d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
			record, err := d.Store.ByID(ctx, tx, id)
			if err != nil || !record.Offer.Expire(d.Clock.Now()) {
				return err // somebody else was quicker
			}
			return d.expired(ctx, tx, record)
		})
		if err != nil {
			return true, err
		}
	}
	return true, nil
}

// expired saves an offer that has just expired, and tells of it.
func (d *Desk) expired(ctx context.Context, tx *sqldb.Tx, record Record) error {
	if err := d.Store.Save(ctx, tx, record.Offer); err != nil {
		return err
	}
	return d.tell(telemetry.Continue(ctx, record.Traceparent), tx, events.Happened{Type: "offer.expired", Case: record.Offer.ID(), TimeClass: eventbus.Candidate})
}
