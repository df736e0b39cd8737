package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Identified records that the worker has an identifier, in the caller's
// transaction, and has the case looked at again. A repetition changes nothing.
func (d *Desk) Identified(ctx context.Context, tx *sqldb.Tx, caseRef string) error {
	if err := d.Cases.Wake(ctx, tx, caseRef); err != nil {
		return err
	}
	found, err := d.account(ctx, tx, caseRef)
	if err != nil {
		return err
	}
	if !found.Identify() {
		return nil
	}
	return d.Store.Save(ctx, tx, found)
}
