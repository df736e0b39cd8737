package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

// Collect gives the credential of an invitation to the first connection that
// shows the collection code. A wrong code is counted and refused; so is every
// connection after the first.
func (d *Desk) Collect(ctx context.Context, in agent.Received, invitation, code string) (agent.Effect, error) {
	record, err := d.Store.ByID(ctx, d.DB.Read(), invitation)
	if err != nil {
		return nil, err
	}
	tenant, err := d.tenant(record.Tenant)
	if err != nil || tenant.DID != in.Recipient {
		return nil, fault.New(fault.NotFound, "offer.unknown", "there is no such offer")
	}
	ctx = telemetry.Continue(ctx, record.Traceparent)
	ctx, end := telemetry.Span(ctx, "offer.Collect")
	end(nil)
	trace := telemetry.Traceparent(ctx)
	return func(ctx context.Context, tx *sqldb.Tx) error {
		ctx = telemetry.Continue(ctx, trace)
		record, err := d.Store.ByID(ctx, tx, invitation)
		if err != nil {
			return err
		}
		changed, refused := record.Offer.Collect(in.Sender, offer.CollectionCode(code), d.Clock.Now())
		switch {
		case changed && record.Offer.State() == offer.Expired:
			err = d.expired(ctx, tx, record)
		case changed:
			err = d.Store.Save(ctx, tx, record.Offer)
		}
		if err != nil {
			return err
		}
		if refused != nil {
			return agent.Refuse(refused)
		}
		return d.Issuer.Offer(ctx, tx, record.CredentialID, issuance.Party{Thread: in.Message.Thread(), Ours: in.Recipient, Theirs: in.Sender})
	}, nil
}

// Delivered records that the worker's wallet holds the credential: the
// issuer's hook.
func (d *Desk) Delivered(ctx context.Context, tx *sqldb.Tx, c issuance.Credential) error {
	record, err := d.Store.ByCredential(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	changed, err := record.Offer.Delivered(d.Clock.Now())
	if err != nil || !changed {
		return err
	}
	if err := d.Store.Save(ctx, tx, record.Offer); err != nil {
		return err
	}
	return d.tell(telemetry.Continue(ctx, record.Traceparent), tx, events.Happened{Type: "offer.collected", Case: record.Offer.ID(), TimeClass: eventbus.Candidate})
}
