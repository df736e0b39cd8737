package desk

import "context"

// Get gives an officer a case.
func (d *Desk) Get(ctx context.Context, caseRef string) (Record, error) {
	return d.Store.ByRef(ctx, d.DB.Read(), caseRef)
}

// List gives an officer a page of cases, oldest first.
func (d *Desk) List(ctx context.Context, l Listing) ([]Record, error) {
	return d.Store.List(ctx, d.DB.Read(), l)
}
