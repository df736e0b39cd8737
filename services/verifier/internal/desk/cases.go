package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Get gives a case as it stands, its timeline with it.
func (d *Desk) Get(ctx context.Context, caseRef string) (record Record, err error) {
	err = d.DB.Snapshot(ctx, func(q sqldb.Querier) error {
		record, err = d.Store.ByRef(ctx, q, caseRef)
		return err
	})
	return record, err
}

// List gives an officer a page of cases, oldest first.
func (d *Desk) List(ctx context.Context, l Listing) (records []Record, err error) {
	if l.Number != "" {
		record, err := d.ByNumber(ctx, l.Number)
		if fault.KindOf(err) == fault.NotFound && err != nil {
			return nil, nil
		}
		return []Record{record}, err
	}
	err = d.DB.Snapshot(ctx, func(q sqldb.Querier) error {
		records, err = d.Store.List(ctx, q, l)
		return err
	})
	return records, err
}

// ByNumber finds a case by its number or its applicant's DUF number.
func (d *Desk) ByNumber(ctx context.Context, number string) (record Record, err error) {
	err = d.DB.Snapshot(ctx, func(q sqldb.Querier) error {
		record, err = d.Store.ByNumber(ctx, q, number)
		return err
	})
	return record, err
}
