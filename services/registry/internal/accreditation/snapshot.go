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
	Contact            string
	Declaration        Declaration
	Signatories        []Signatory
	Attested           map[Criterion]Attestation
	Register           []Finding
	State              State
	ValidFrom          time.Time
	ValidUntil         time.Time
	BannedUntil        time.Time
	Changes            []Change
}

// Snapshot is the accreditation for the store.
func (a *Accreditation) Snapshot() Snapshot {
	return Snapshot{
		ID: a.id, OrganisationNumber: a.organisationNumber, LegalName: a.legalName, Scope: slices.Clone(a.scope), Contact: a.contact,
		Declaration: a.declaration, Signatories: slices.Clone(a.signatories), Attested: maps.Clone(a.attested), Register: slices.Clone(a.register),
		State: a.state, ValidFrom: a.validFrom, ValidUntil: a.validUntil, BannedUntil: a.bannedUntil, Changes: slices.Clone(a.changes),
	}
}

// Restore is the reverse of Snapshot. It refuses rows that no accreditation can
// have.
func Restore(s Snapshot) (*Accreditation, error) {
	dated := !s.ValidFrom.IsZero() && s.ValidUntil.After(s.ValidFrom)
	undated := s.ValidFrom.IsZero() && s.ValidUntil.IsZero()
	banned := !s.BannedUntil.IsZero()
	var fits bool
	switch s.State {
	case Pending:
		fits = undated && !banned
	case Accredited, Suspended, Expired:
		fits = dated && !banned
	case Revoked:
		fits = dated && banned
	}
	if len(s.Changes) == 0 || s.Changes[len(s.Changes)-1].To != s.State {
		fits = false
	}
	if !fits || s.ID == "" || s.OrganisationNumber == "" || len(s.Scope) == 0 {
		return nil, fault.New(fault.Internal, "accreditation.stored", "a stored accreditation cannot be read")
	}
	attested := maps.Clone(s.Attested)
	if attested == nil {
		attested = map[Criterion]Attestation{}
	}
	return &Accreditation{
		id: s.ID, organisationNumber: s.OrganisationNumber, legalName: s.LegalName, scope: slices.Clone(s.Scope), contact: s.Contact,
		declaration: s.Declaration, signatories: slices.Clone(s.Signatories), attested: attested, register: slices.Clone(s.Register),
		state: s.State, validFrom: s.ValidFrom, validUntil: s.ValidUntil, bannedUntil: s.BannedUntil, changes: slices.Clone(s.Changes),
	}, nil
}
