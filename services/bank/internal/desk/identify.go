package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/account"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Identified records that the worker has an identifier, in the caller's
// transaction, and has the case looked at again. A repetition changes nothing.
func (d *Desk) Identified(ctx context.Context, tx *sqldb.Tx, caseRef string) error {
	return d.note(ctx, tx, caseRef, (*account.Account).Identify)
}

// Replaced records that the worker has another identifier now, which the tax
// administration is asked for.
func (d *Desk) Replaced(ctx context.Context, tx *sqldb.Tx, caseRef string) error {
	return d.note(ctx, tx, caseRef, func(a *account.Account) bool {
		a.Replace()
		return true
	})
}

func (d *Desk) note(ctx context.Context, tx *sqldb.Tx, caseRef string, verb func(*account.Account) bool) error {
	if err := d.Cases.Wake(ctx, tx, caseRef); err != nil {
		return err
	}
	found, err := d.account(ctx, tx, caseRef)
	if err != nil {
		return err
	}
	if !verb(found) {
		return nil
	}
	return d.Store.Save(ctx, tx, found)
}
