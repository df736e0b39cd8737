package desk

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/progress"
)

// Why an offer was withdrawn, as offer.withdrawn says it. What the employer
// wrote about it stays here.
const (
	reasonEmployer = "OFFER_WITHDRAWN"
	reasonRevoked  = "EMPLOYER_REVOKED"
)

// Withdraw takes an offer back: it can no longer be collected, and the status
// bit of its credential is set. Again, it changes nothing.
func (d *Desk) Withdraw(ctx context.Context, tenant, id, reason string) (record Record, err error) {
	ctx, end := telemetry.Span(ctx, "offer.Withdraw")
	defer func() { end(err) }()
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		if record, err = d.ofTenant(ctx, tx, tenant, id); err != nil {
			return err
		}
		return d.withdraw(ctx, tx, record, withdrawal{words: reason, reason: reasonEmployer, class: eventbus.Human})
	})
	return record, err
}

type withdrawal struct {
	words  string // for the employer
	reason string // for everybody
	class  eventbus.TimeClass
}

func (d *Desk) withdraw(ctx context.Context, tx *sqldb.Tx, record Record, w withdrawal) error {
	changed, err := record.Offer.Withdraw(w.words, d.Clock.Now())
	if err != nil || !changed {
		return err
	}
	if err := d.Store.Save(ctx, tx, record.Offer); err != nil {
		return err
	}
	if err := d.Issuer.Withdraw(ctx, tx, record.CredentialID, w.reason); err != nil {
		return err
	}
	return d.tell(telemetry.Continue(ctx, record.Traceparent), tx, events.Happened{
		Type: "offer.withdrawn", Case: record.Offer.ID(), TimeClass: w.class, Data: map[string]any{"reason": w.reason},
	})
}

// RevokedEmployer is an employer that has lost its accreditation.
type RevokedEmployer struct {
	EventID            string // that told of it
	OrganisationNumber string
	At                 time.Time
}

// EmployerRevoked takes employer.revoked of the registry: the employer's open
// offers are to be withdrawn. A suspension touches no offer; nothing can be
// signed while it lasts, since the employer is not accredited then.
func (d *Desk) EmployerRevoked(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
	number, _ := event.Data["organisation_number"].(string)
	if number == "" {
		return fault.New(fault.Invalid, "employer.organisation-number", "the event does not say which employer it is about")
	}
	if _, err := d.tenant(number); err != nil {
		return nil // it issues elsewhere
	}
	tx.OnCommit(d.revoked.Ring)
	return d.Store.AddRevokedEmployer(ctx, tx, RevokedEmployer{EventID: event.ID, OrganisationNumber: number, At: event.Time})
}

// revokedAtOnce is how many offers one step withdraws.
const revokedAtOnce = 32

// RevokedStep withdraws open offers of an employer that has lost its
// accreditation: those that have led to no permit. What UDI has granted it
// judges itself.
func (d *Desk) RevokedStep(ctx context.Context) (bool, error) {
	revoked, err := d.Store.NextRevokedEmployer(ctx, d.DB.Read())
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	open, err := d.Store.OpenOffers(ctx, d.DB.Read(), revoked.OrganisationNumber, revoked.At, revokedAtOnce)
	if err != nil {
		return false, err
	}
	if len(open) == 0 {
		return true, d.DB.Tx(ctx, func(tx *sqldb.Tx) error { return d.Store.RevokedEmployerDone(ctx, tx, revoked.EventID) })
	}
	for _, id := range open {
		if err := d.DB.Tx(ctx, func(tx *sqldb.Tx) error { return d.withdrawRevoked(ctx, tx, id) }); err != nil {
			return true, err
		}
	}
	return true, nil
}

func (d *Desk) withdrawRevoked(ctx context.Context, tx *sqldb.Tx, id string) error {
	record, err := d.Store.ByID(ctx, tx, id)
	if err != nil || !record.Offer.State().Open() {
		return err
	}
	if granted, err := d.granted(ctx, tx, id); err != nil || granted {
		return err
	}
	return d.withdraw(ctx, tx, record, withdrawal{words: reasonRevoked, reason: reasonRevoked, class: eventbus.Machine})
}

// granted reports whether an offer has led to a permit.
func (d *Desk) granted(ctx context.Context, q sqldb.Querier, offerID string) (bool, error) {
	c, err := d.Store.CaseOf(ctx, q, offerID)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return false, nil
	}
	return c.GrantedOnce(), err
}

// CaseOf gives the case that rests on an offer; nil when there is none.
func (d *Desk) CaseOf(ctx context.Context, offerID string) (*progress.Case, error) {
	c, err := d.Store.CaseOf(ctx, d.DB.Read(), offerID)
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return nil, nil
		}
		return nil, err
	}
	return &c, nil
}
