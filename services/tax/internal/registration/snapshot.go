package registration

import (
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// Snapshot is a registration as the store keeps it. What has not come is zero.
type Snapshot struct {
	CaseRef    string
	Permit     Permit
	Identified IdentityControl
	Kind       identifier.PersonNumberKind
	Standing   Standing
	Cause      string
	Edition    int64
	Order      Order
	Numbers    []Number // oldest first; the last is current
	Card       Card
}

// Snapshot is the registration for the store.
func (r *Registration) Snapshot() Snapshot {
	return Snapshot{
		CaseRef: r.caseRef, Permit: r.permit, Identified: r.identified, Kind: r.kind, Standing: r.standing, Cause: r.cause,
		Edition: r.edition, Order: r.order, Numbers: append([]Number(nil), r.numbers...), Card: r.card,
	}
}

// Restore is the reverse of Snapshot. It refuses rows that no registration can have.
func Restore(s Snapshot) (*Registration, error) {
	r := &Registration{
		caseRef: s.CaseRef, permit: s.Permit, identified: s.Identified, kind: s.Kind, standing: s.Standing, cause: s.Cause,
		edition: s.Edition, order: s.Order, numbers: s.Numbers, card: s.Card,
	}
	both := r.granted() && r.isIdentified()
	current, numbered := r.Current()
	fits := s.CaseRef != "" && s.Edition >= 1 && r.granted() == (s.Kind != "")
	switch s.Standing {
	case Active:
		fits = fits && s.Cause == ""
	case Halted, Revoked:
		fits = fits && s.Cause != ""
	default:
		fits = false
	}
	// Nothing is asked for, given or issued before both prerequisites are there.
	fits = fits && (both || s.Order.Stage == StageNone && !numbered && s.Card.ID == 0)
	fits = fits && (s.Order.Stage == StageNone) == (s.Order.Reference == "")
	fits = fits && (s.Order.Stage == StageKept) == (s.Order.Kept.Number != "")
	fits = fits && (s.Card.ID == 0 || numbered)
	for i, n := range s.Numbers {
		fits = fits && n.Number != "" && n.ReplacedAt.IsZero() == (i == len(s.Numbers)-1)
	}
	if !fits || numbered && current.Number == "" {
		return nil, fault.New(fault.Internal, "registration.stored", "a stored registration cannot be read")
	}
	return r, nil
}
