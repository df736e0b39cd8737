package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/police/internal/identity"
)

// Seen is what an officer corrected of an identity, and at which appointment the
// passport was seen.
type Seen struct {
	identity.Correction
	AppointmentID string
}

// Corrected gives what an officer corrected of a case's identity. NotFound when
// nothing was.
func (d *Desk) Corrected(ctx context.Context, caseRef string) (Seen, error) {
	found, err := d.Store.Correction(ctx, d.DB.Read(), caseRef)
	if err != nil {
		return Seen{}, err
	}
	if found.None() {
		return Seen{}, fault.New(fault.NotFound, "identity.unknown", "the police have corrected nothing in this case")
	}
	visits, err := d.Store.Visits(ctx, d.DB.Read(), caseRef)
	if err != nil {
		return Seen{}, err
	}
	seen := Seen{Correction: found}
	if met := visits.Attended(); met != nil {
		seen.AppointmentID = met.ID()
	}
	return seen, nil
}
