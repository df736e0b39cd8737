// Package registration is a worker's entry at the tax administration: which
// number the permit gives, its assignment once the identity is verified, and the
// tax card.
//
// It is pure: it never stores, sends or allocates; which numbers are free is the
// store's to know.
package registration

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// State is where a registration stands.
type State string

const (
	// Waiting: the permit or the identity control is still to come.
	Waiting State = "WAITING"
	// Ready: both are there, and a number may be assigned.
	Ready State = "READY"
	// Assigned: the worker has a number.
	Assigned State = "ASSIGNED"
	// CardIssued: and a tax card.
	CardIssued State = "CARD_ISSUED"
)

// residentAfterMonths: who may stay this long becomes resident and gets a
// fødselsnummer (folkeregisterloven § 4-1).
const residentAfterMonths = 6

// KindFor is which number a permit gives. Dates only.
func KindFor(validFrom, validUntil time.Time) identifier.PersonNumberKind {
	if validUntil.Before(validFrom.AddDate(0, residentAfterMonths, 0)) {
		return identifier.DNumber
	}
	return identifier.BirthNumber
}

// Registration is one case's. Events may reach it in any order; its verbs report
// whether they changed anything, and a repetition has no second effect.
type Registration struct {
	caseRef    string
	state      State
	permit     Permit
	identified IdentityControl
	kind       identifier.PersonNumberKind
	number     string
	deviates   bool
	assignedAt time.Time
	cardID     int64
	cardAt     time.Time
}

// Permit is the period that a granted case gives. Dates.
type Permit struct{ ValidFrom, ValidUntil time.Time }

// IdentityControl is who verified the identity in person, and when.
type IdentityControl struct {
	PerformedBy string
	PerformedAt time.Time
}

// New starts a case's registration, whichever event is first.
func New(caseRef string) (*Registration, error) {
	if caseRef == "" {
		return nil, fault.New(fault.Internal, "registration.case", "a registration needs a case")
	}
	return &Registration{caseRef: caseRef, state: Waiting}, nil
}

// Grant records the permit. Rule: registration.permit (Invalid).
func (r *Registration) Grant(p Permit) (changed bool, err error) {
	if p.ValidFrom.IsZero() || !p.ValidUntil.After(p.ValidFrom) {
		return false, fault.New(fault.Invalid, "registration.permit", "a permit has a first and a later last day")
	}
	if r.granted() {
		return false, nil
	}
	r.permit, r.kind = p, KindFor(p.ValidFrom, p.ValidUntil)
	return true, r.move(learn)
}

// Identify records the identity control. Rule: registration.identity (Invalid).
func (r *Registration) Identify(c IdentityControl) (changed bool, err error) {
	if c.PerformedBy == "" || c.PerformedAt.IsZero() {
		return false, fault.New(fault.Invalid, "registration.identity", "an identity control has an authority and a time")
	}
	if r.isIdentified() {
		return false, nil
	}
	r.identified = IdentityControl{PerformedBy: c.PerformedBy, PerformedAt: c.PerformedAt.UTC()}
	return true, r.move(learn)
}

// Assign gives the worker a number of the kind that the permit gives. Once
// assigned, the first number stays: nobody gets a second.
//
// Rules: registration.number (Invalid), registration.not-ready (Conflict).
func (r *Registration) Assign(c identifier.Candidate, at time.Time) (changed bool, err error) {
	if r.number != "" {
		return false, nil
	}
	if r.state != Ready {
		return false, fault.New(fault.Conflict, "registration.not-ready", "the permit or the identity control is still to come")
	}
	kind, err := identifier.CheckPersonNumber(c.Number, identifier.Synthetic, identifier.ControlRuleAt(at))
	if err != nil || kind != r.kind {
		return false, fault.New(fault.Invalid, "registration.number", "this is no number of the kind that the permit gives")
	}
	if err := r.move(assign); err != nil {
		return false, err
	}
	r.number, r.deviates, r.assignedAt = c.Number, c.DateDeviates, at.UTC()
	return true, nil
}

// IssueCard records the tax card. Rules: registration.card (Invalid),
// registration.not-assigned (Conflict).
func (r *Registration) IssueCard(id int64, at time.Time) (changed bool, err error) {
	if id < 1 {
		return false, fault.New(fault.Invalid, "registration.card", "a tax card has an id")
	}
	if r.state == CardIssued {
		return false, nil
	}
	if err := r.move(issueCard); err != nil {
		return false, err
	}
	r.cardID, r.cardAt = id, at.UTC()
	return true, nil
}

type verb int

const (
	learn verb = iota
	assign
	issueCard
)

// move is the one place where a registration's state changes.
func (r *Registration) move(v verb) error {
	switch {
	case v == learn && r.state == Waiting:
		if r.granted() && r.isIdentified() {
			r.state = Ready
		}
	case v == assign && r.state == Ready:
		r.state = Assigned
	case v == issueCard && r.state == Assigned:
		r.state = CardIssued
	case v == issueCard:
		return fault.New(fault.Conflict, "registration.not-assigned", "there is no number to issue a tax card for")
	default:
		return fault.New(fault.Conflict, "registration.state", "the registration is in another state than this needs")
	}
	return nil
}

func (r *Registration) granted() bool      { return !r.permit.ValidFrom.IsZero() }
func (r *Registration) isIdentified() bool { return r.identified.PerformedBy != "" }

// CaseRef is the case that it belongs to.
func (r *Registration) CaseRef() string { return r.caseRef }

// State is where it stands.
func (r *Registration) State() State { return r.state }

// Kind is which number the permit gives; empty before it is known.
func (r *Registration) Kind() identifier.PersonNumberKind { return r.kind }

// Number is the assigned number; empty before.
func (r *Registration) Number() string { return r.number }
