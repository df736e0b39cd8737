package desk

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

// Identified records that the police have verified the worker's identity, in
// the caller's transaction, and has the case looked at again. A repetition
// changes nothing.
func (d *Desk) Identified(ctx context.Context, tx *sqldb.Tx, caseRef string, at time.Time) error {
	if err := d.Cases.Wake(ctx, tx, caseRef); err != nil {
		return err
	}
	r, err := d.registration(ctx, tx, caseRef)
	if err != nil {
		return err
	}
	changed, err := r.Identify(registration.IdentityControl{PerformedBy: "police", PerformedAt: at})
	if err != nil || !changed {
		return err
	}
	return d.Store.Save(ctx, tx, r)
}

// registration finds a case's registration, or begins it.
func (d *Desk) registration(ctx context.Context, tx *sqldb.Tx, caseRef string) (*registration.Registration, error) {
	r, err := d.Store.ByCase(ctx, tx, caseRef)
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return registration.Begin(caseRef)
	}
	return r, err
}
