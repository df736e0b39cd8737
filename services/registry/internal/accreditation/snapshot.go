package accreditation

import (
	"maps"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Snapshot is an accreditation as the store keeps it. What has not come is zero.
type Snapshot struct {
	ID                 string
	OrganisationNumber string
	LegalName          string
	Scope              []string
	State              State
	// Criteria are those recorded, met or not.
	Criteria  map[Criterion]bool
	ValidFrom time.Time
	RevokedAt time.Time
}

// Snapshot is the accreditation for the store.
func (a *Accreditation) Snapshot() Snapshot {
	return Snapshot{
		ID: a.id, OrganisationNumber: a.organisationNumber, LegalName: a.legalName, Scope: slices.Clone(a.scope),
		State: a.state, Criteria: maps.Clone(a.met), ValidFrom: a.validFrom, RevokedAt: a.revokedAt,
	}
}

// Restore is the reverse of Snapshot. It refuses rows that no accreditation can have.
func Restore(s Snapshot) (*Accreditation, error) {
	dated := !s.ValidFrom.IsZero()
	var fits bool
	switch s.State {
	case Pending:
		fits = !dated && s.RevokedAt.IsZero()
	case Accredited, Suspended:
		fits = dated && s.RevokedAt.IsZero()
	case Revoked:
		fits = dated && !s.RevokedAt.IsZero()
	}
	if !fits || s.ID == "" || s.OrganisationNumber == "" || len(s.Scope) == 0 {
		return nil, fault.New(fault.Internal, "accreditation.stored", "a stored accreditation cannot be read")
	}
	met := maps.Clone(s.Criteria)
	if met == nil {
		met = map[Criterion]bool{}
	}
	return &Accreditation{
		id: s.ID, organisationNumber: s.OrganisationNumber, legalName: s.LegalName, scope: slices.Clone(s.Scope),
		state: s.State, met: met, validFrom: s.ValidFrom, revokedAt: s.RevokedAt,
	}, nil
}
