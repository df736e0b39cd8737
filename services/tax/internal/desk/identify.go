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
	record, err := d.record(ctx, tx, caseRef)
	if err != nil {
		return err
	}
	changed, err := record.Registration.Identify(registration.IdentityControl{PerformedBy: "police", PerformedAt: at})
	if err != nil || !changed {
		return err
	}
	return d.Store.Save(ctx, tx, record)
}

// record finds a case's registration, or begins it.
func (d *Desk) record(ctx context.Context, tx *sqldb.Tx, caseRef string) (Record, error) {
	record, err := d.Store.ByCase(ctx, tx, caseRef)
	if err != nil && fault.KindOf(err) == fault.NotFound {
		record.Registration, err = registration.New(caseRef)
	}
	return record, err
}
