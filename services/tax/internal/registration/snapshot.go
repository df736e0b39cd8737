package registration

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// Snapshot is a registration as the store keeps it. What has not come is zero.
type Snapshot struct {
	CaseRef      string
	State        State
	Permit       Permit
	Identified   IdentityControl
	Kind         identifier.PersonNumberKind
	Number       string
	DateDeviates bool
	AssignedAt   time.Time
	CardID       int64
	CardAt       time.Time
}

// Snapshot is the registration for the store.
func (r *Registration) Snapshot() Snapshot {
	return Snapshot{
		CaseRef: r.caseRef, State: r.state, Permit: r.permit, Identified: r.identified, Kind: r.kind,
		Number: r.number, DateDeviates: r.deviates, AssignedAt: r.assignedAt, CardID: r.cardID, CardAt: r.cardAt,
	}
}

// Restore is the reverse of Snapshot. It refuses rows that no registration can have.
func Restore(s Snapshot) (*Registration, error) {
	r := &Registration{
		caseRef: s.CaseRef, state: s.State, permit: s.Permit, identified: s.Identified, kind: s.Kind,
		number: s.Number, deviates: s.DateDeviates, assignedAt: s.AssignedAt, cardID: s.CardID, cardAt: s.CardAt,
	}
	both, numbered, carded := r.granted() && r.isIdentified(), s.Number != "", s.CardID > 0
	var fits bool
	switch s.State {
	case Waiting:
		fits = !both && !numbered && !carded
	case Ready:
		fits = both && !numbered && !carded
	case Assigned:
		fits = both && numbered && !carded
	case CardIssued:
		fits = both && numbered && carded
	}
	if !fits || s.CaseRef == "" || r.granted() != (s.Kind != "") {
		return nil, fault.New(fault.Internal, "registration.stored", "a stored registration cannot be read")
	}
	return r, nil
}
