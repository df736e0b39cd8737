package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// rescreenPage is how many customers one step has looked at again.
const rescreenPage = 100

// Rescreen has the customers with an open account compared with the list when
// there is another one (hvitvaskingsloven § 24, ongoing follow-up): the verb is
// called again for each. One goroutine calls it. While there is no list to
// compare with nothing is opened, and there is nothing to do here.
func (d *Desk) Rescreen(ctx context.Context) (bool, error) {
	list, err := d.Lists.List(ctx)
	if err != nil {
		return false, nil
	}
	refs, err := d.Store.Unscreened(ctx, d.DB.Read(), list.Hash, d.rescreened, rescreenPage)
	if err != nil {
		return false, err
	}
	for _, ref := range refs {
		if err := d.DB.Tx(ctx, func(tx *sqldb.Tx) error { return d.Cases.Wake(ctx, tx, ref) }); err != nil {
			return false, err
		}
		d.rescreened = ref
	}
	if len(refs) < rescreenPage {
		d.rescreened = "" // from the beginning, the next time
		return false, nil
	}
	return true, nil
}
