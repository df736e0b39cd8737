package desk

import (
	"context"
	"unicode/utf8"

	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

// maxGrounds is how long the grounds of an appeal may be, in characters.
const maxGrounds = 10_000

// Appeal sends the authority an appeal of its decision (forvaltningsloven § 28),
// in the thread of the application.
func (d *Desk) Appeal(ctx context.Context, holder, exchangeID, grounds string) (holding.Exchange, error) {
	if n := utf8.RuneCountInString(grounds); n == 0 || n > maxGrounds || !utf8.ValidString(grounds) {
		return holding.Exchange{}, fault.New(fault.Invalid, "appeal.grounds", "say why the decision is wrong, in at most 10,000 characters")
	}
	return d.say(ctx, holder, exchangeID, didcomm.TypeAppeal, map[string]string{"grounds": grounds})
}

// Paid tells the authority that the fee was paid: it finds out for itself, and
// sooner.
func (d *Desk) Paid(ctx context.Context, holder, exchangeID string) (holding.Exchange, error) {
	return d.say(ctx, holder, exchangeID, didcomm.TypePaid, map[string]string{})
}

// say writes to the authority about the case of an application.
func (d *Desk) say(ctx context.Context, holder, exchangeID, kind string, body map[string]string) (exchange holding.Exchange, err error) {
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		if exchange, err = d.Store.Exchange(ctx, tx, holder, exchangeID); err != nil {
			return err
		}
		if exchange.Kind != holding.Application || exchange.State() != holding.Accepted {
			return fault.New(fault.Conflict, "application.not-taken", "this is no application that the authority has taken")
		}
		var secret application
		if err := d.Store.Secret(ctx, tx, exchange.ID, &secret); err != nil {
			return err
		}
		body["case_ref"] = secret.CaseRef
		return d.Agent.Send(ctx, tx, exchange.Ours, exchange.Theirs, didcomm.Message{Type: kind, Thid: exchange.Thread, Body: object(body)})
	})
	return exchange, err
}
