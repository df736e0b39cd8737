package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

// Open makes an empty wallet and returns its holder and the token that opens
// it; only the token's hash is kept. app is who opens it, for the limit.
func (d *Desk) Open(ctx context.Context, app string, wishes holding.Wishes) (holder, token string, err error) {
	if wishes, err = wishes.Check(); err != nil {
		return "", "", err
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
		return d.Store.AddHolder(ctx, tx, holder, rpc.HashToken(token), wishes)
	})
	return holder, token, err
}
