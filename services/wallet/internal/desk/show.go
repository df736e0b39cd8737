package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

// Numbers counts what left the wallet, what came, and what it holds.
func (d *Desk) Numbers(ctx context.Context, holder string) (sent, received, held int64, err error) {
	return d.Store.Traffic(ctx, d.DB.Read(), holder)
}

// Exchange gives one of the holder's exchanges.
func (d *Desk) Exchange(ctx context.Context, holder, id string) (holding.Exchange, error) {
	return d.Store.Exchange(ctx, d.DB.Read(), holder, id)
}

// Exchanges lists the holder's exchanges that began before an instant
// (microseconds), newest first.
func (d *Desk) Exchanges(ctx context.Context, holder string, before int64, limit int) ([]holding.Exchange, error) {
	return d.Store.Exchanges(ctx, d.DB.Read(), holder, before, limit)
}

// Credential gives one of the holder's credentials.
func (d *Desk) Credential(ctx context.Context, holder, id string) (holding.Credential, error) {
	return d.Store.Credential(ctx, d.DB.Read(), holder, id)
}

// Credentials lists what came after an instant (microseconds), oldest first.
func (d *Desk) Credentials(ctx context.Context, holder string, after int64, limit int) ([]holding.Credential, error) {
	return d.Store.Credentials(ctx, d.DB.Read(), holder, after, limit)
}

// Outcome is what came of an exchange.
type Outcome struct {
	Credentials []string // that are now held
	CaseRef     string   // that was opened
	PaymentURL  string   // where its fee is paid, empty when nothing is
}

// OutcomeOf tells what came of an exchange; nothing before it is done.
func (d *Desk) OutcomeOf(ctx context.Context, e holding.Exchange) (Outcome, error) {
	switch e.State() {
	case holding.Held:
		held, err := d.Store.FromExchange(ctx, d.DB.Read(), e.ID)
		return Outcome{Credentials: held}, err
	case holding.Accepted:
		var secret application
		err := d.Store.Secret(ctx, d.DB.Read(), e.ID, &secret)
		return Outcome{CaseRef: secret.CaseRef, PaymentURL: secret.PaymentURL}, err
	}
	return Outcome{}, nil
}
