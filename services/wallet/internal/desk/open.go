package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Open makes an empty wallet and returns its holder and the token that opens
// it; only the token's hash is kept. app is who opens it, for the limit.
func (d *Desk) Open(ctx context.Context, app, locale string) (holder, token string, err error) {
	switch locale {
	case "":
		locale = "en"
	case "nb", "nn", "en":
	default:
		return "", "", fault.Violated("wallet.locale", "the wallet cannot be opened", []fault.Violation{
			{Field: "locale", Rule: "wallet.locale", Message: "use nb, nn or en"}})
	}
	if err := d.Opening.Allow(ctx, app); err != nil {
		return "", "", err
	}
	if holder, err = d.newID("holder_"); err != nil {
		return "", "", err
	}
	if token, err = d.newID("kw_"); err != nil {
		return "", "", err
	}
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		return d.Store.AddHolder(ctx, tx, holder, rpc.HashToken(token), locale)
	})
	return holder, token, err
}
