package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

// Find gives the invitation of an offer to who knows its number and its code,
// where no link can be opened. Nobody else learns whether there is such an
// offer: a wrong number, a wrong code and a number at which too many codes have
// been tried have one answer, and each writes the same. After as many wrong
// codes as an offer bears its number opens it no more; its link still does.
func (d *Desk) Find(ctx context.Context, number string, code offer.CollectionCode) (*didcomm.Message, error) {
	parsed, _ := offer.ParseNumber(number) // what is no number is nobody's
	most := offer.FiguresAt(d.Clock.Now()).CodeAttempts
	found := ""
	err := d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		found = ""
		lock, err := d.Store.Attempt(ctx, tx, parsed, most)
		if err != nil || !lock.Opens(code) {
			return err
		}
		found = lock.OfferID
		return d.Store.Forgive(ctx, tx, found)
	})
	if err != nil {
		return nil, err
	}
	if found == "" {
		return nil, fault.New(fault.NotFound, "offer.number-or-code", "there is no offer with this number and this code: look at both again, or ask the employer")
	}
	return d.Invitation(ctx, found)
}
