package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

// Change puts a new offer in the place of a signed one: the new one names the
// old, the old is revoked and the case is told, in one transaction. The same
// key and form give the same new offer.
func (d *Desk) Change(ctx context.Context, s Signing, id string) (_ Record, code offer.CollectionCode, err error) {
	old, err := d.ofTenant(ctx, d.DB.Read(), s.Tenant, id)
	if err != nil {
		return Record{}, "", err
	}
	ctx, end := telemetry.Span(telemetry.Continue(ctx, old.Traceparent), "offer.Change")
	defer func() { end(err) }()
	return d.issue(ctx, s, &replacing{old: id, do: func(ctx context.Context, tx *sqldb.Tx, by string) error {
		old, err := d.ofTenant(ctx, tx, s.Tenant, id)
		if err != nil {
			return err
		}
		if old.Offer.Expire(d.Clock.Now()) {
			// Nobody has looked yet: its time is up all the same.
			_, err = old.Offer.Supersede(by, d.Clock.Now())
			return err
		}
		if _, err := old.Offer.Supersede(by, d.Clock.Now()); err != nil {
			return err
		}
		if err := d.Store.Save(ctx, tx, old.Offer); err != nil {
			return err
		}
		if err := d.Issuer.Withdraw(ctx, tx, old.CredentialID, "superseded by another offer"); err != nil {
			return err
		}
		return d.tell(ctx, tx, events.Happened{Type: "offer.superseded", Case: id, TimeClass: eventbus.Human, Data: map[string]any{"superseded_by": by}})
	}})
}
