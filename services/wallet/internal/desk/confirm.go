package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

// pending is the secret of a collection: whether its holder is asked, and what is
// offered while the answer is awaited.
type pending struct {
	Ask   bool     `json:"ask"`
	Offer *Offered `json:"offer,omitempty"`
}

// waits keeps an offer for the holder to see, where the holder is to be asked. An
// offer that is repeated meanwhile changes nothing.
func (d *Desk) waits(ctx context.Context, tx *sqldb.Tx, exchange holding.Exchange, offer Offered) (bool, error) {
	if exchange.Kind != holding.Collection {
		return false, nil
	}
	if exchange.State() == holding.Offered {
		return true, nil
	}
	var secret pending
	if err := d.Store.Secret(ctx, tx, exchange.ID, &secret); err != nil || !secret.Ask || exchange.State() != holding.Proposed {
		return false, err
	}
	from := exchange.State()
	if err := exchange.Offer(offer.Type); err != nil {
		return false, err
	}
	if err := d.Store.SaveExchange(ctx, tx, exchange, from); err != nil {
		return false, err
	}
	return true, d.Store.SaveSecret(ctx, tx, exchange.ID, pending{Ask: true, Offer: &offer})
}

// Standing is what the trust list says of who offers something.
type Standing string

// The standings. Unclear: the list cannot be asked now.
const (
	Accredited    Standing = "ACCREDITED"
	NotAccredited Standing = "NOT_ACCREDITED"
	Unclear       Standing = "UNCLEAR"
)

// Preview is an offer as the holder sees it before it is taken.
type Preview struct {
	Offered
	Name     string // of who offers it, as the trust list has it; empty for who is not on it
	Standing Standing
}

// PreviewOf is what an exchange offers, and who; nil when nothing waits for the holder.
func (d *Desk) PreviewOf(ctx context.Context, exchange holding.Exchange) (*Preview, error) {
	if exchange.State() != holding.Offered {
		return nil, nil
	}
	var secret pending
	if err := d.Store.Secret(ctx, d.DB.Read(), exchange.ID, &secret); err != nil || secret.Offer == nil {
		return nil, err
	}
	p := &Preview{Offered: *secret.Offer, Standing: Accredited}
	by, err := d.Verification.Trust.Accredited(ctx, p.Issuer, p.Type, d.Clock.Now())
	switch {
	case err == nil:
		p.Name = by.LegalName
	case fault.KindOf(err).Permanent():
		p.Standing = NotAccredited
	default:
		p.Standing = Unclear
	}
	return p, nil
}

// Confirm takes what an exchange offers. To confirm again what was confirmed changes
// nothing.
//
// Faults: NotFound for another holder's exchange; exchange.not-offered (Conflict) when
// nothing waits for the holder.
func (d *Desk) Confirm(ctx context.Context, holder, exchangeID string) (exchange holding.Exchange, err error) {
	ctx, end := telemetry.Span(ctx, "wallet.Confirm")
	defer func() { end(err) }()
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		if exchange, err = d.Store.Exchange(ctx, tx, holder, exchangeID); err != nil {
			return err
		}
		if exchange.State() == holding.Requested || exchange.State() == holding.Held {
			return nil
		}
		var secret pending
		if exchange.State() == holding.Offered {
			if err := d.Store.Secret(ctx, tx, exchange.ID, &secret); err != nil {
				return err
			}
		}
		if secret.Offer == nil {
			return notOffered()
		}
		if err := d.Store.SaveSecret(ctx, tx, exchange.ID, nil); err != nil {
			return err
		}
		if err := d.request(ctx, tx, exchange, *secret.Offer); err != nil {
			return err
		}
		exchange, err = d.Store.Exchange(ctx, tx, holder, exchangeID)
		return err
	})
	return exchange, err
}

// declined is the rule that a declined offer ends by.
const declined = "exchange.declined"

// Decline ends an exchange without taking what it offers, and tells who offered it.
// The faults are those of Confirm.
func (d *Desk) Decline(ctx context.Context, holder, exchangeID string) (exchange holding.Exchange, err error) {
	ctx, end := telemetry.Span(ctx, "wallet.Decline")
	defer func() { end(err) }()
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		if exchange, err = d.Store.Exchange(ctx, tx, holder, exchangeID); err != nil {
			return err
		}
		from := exchange.State()
		if from != holding.Offered {
			return notOffered()
		}
		if err := exchange.Refuse(declined, "the worker declined the offer"); err != nil {
			return err
		}
		if err := d.Store.SaveExchange(ctx, tx, exchange, from); err != nil {
			return err
		}
		if err := d.Store.SaveSecret(ctx, tx, exchange.ID, nil); err != nil {
			return err
		}
		return d.Agent.Send(ctx, tx, exchange.Ours, exchange.Theirs, didcomm.Message{
			Type: didcomm.TypeProblemReport, Pthid: exchange.Thread,
			Body: object(map[string]string{"code": "e.p.msg." + declined, "comment": "The worker declined the offer."}),
		})
	})
	return exchange, err
}

func notOffered() error {
	return fault.New(fault.Conflict, "exchange.not-offered", "nothing waits for an answer in this exchange")
}
