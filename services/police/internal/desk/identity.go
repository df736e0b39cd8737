package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/police/internal/identity"
)

// Corrected gives what an officer corrected of a case's identity. NotFound when
// nothing was.
func (d *Desk) Corrected(ctx context.Context, caseRef string) (identity.Correction, error) {
	found, err := d.Store.Correction(ctx, d.DB.Read(), caseRef)
	if err == nil && found.None() {
		return found, fault.New(fault.NotFound, "identity.unknown", "the police have corrected nothing in this case")
	}
	return found, err
}
