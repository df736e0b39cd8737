package desk

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

// Withdraw takes an offer back: it can no longer be collected, and the status
// bit of its credential is set. Again, it changes nothing.
func (d *Desk) Withdraw(ctx context.Context, tenant, id, reason string) (_ Record, err error) {
	ctx, end := telemetry.Span(ctx, "offer.Withdraw")
	defer func() { end(err) }()
	var record Record
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		var err error
		if record, err = d.ofTenant(ctx, tx, tenant, id); err != nil {
			return err
		}
		changed, err := record.Offer.Withdraw(reason, d.Clock.Now())
		if err != nil || !changed {
			return err
		}
		if err := d.Store.Save(ctx, tx, record.Offer); err != nil {
			return err
		}
		if err := d.Issuer.Withdraw(ctx, tx, record.CredentialID, "withdrawn by the employer"); err != nil {
			return err
		}
		return d.happened(telemetry.Continue(ctx, record.Traceparent), tx, id, "offer.withdrawn", eventbus.Human)
	})
	return record, err
}

// Get gives one of the tenant's offers with its timeline.
func (d *Desk) Get(ctx context.Context, tenant, id string) (Record, []Step, error) {
	record, err := d.ofTenant(ctx, d.DB.Read(), tenant, id)
	if err != nil {
		return record, nil, err
	}
	steps, err := d.Store.Steps(ctx, d.DB.Read(), id)
	return record, steps, err
}

// List gives the tenant's offers that were issued before an instant, newest first.
func (d *Desk) List(ctx context.Context, tenant string, state offer.State, before time.Time, limit int) ([]Record, error) {
	return d.Store.List(ctx, d.DB.Read(), tenant, state, before, limit)
}

// ofTenant finds an offer; another tenant's does not exist.
func (d *Desk) ofTenant(ctx context.Context, q sqldb.Querier, tenant, id string) (Record, error) {
	record, err := d.Store.ByID(ctx, q, id)
	if err == nil && record.Tenant != tenant {
		err = fault.New(fault.NotFound, "offer.unknown", "there is no such offer")
	}
	return record, err
}
