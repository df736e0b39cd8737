// Package registration is a worker's entry at the tax administration: which
// number the permit gives, the requisition to the population register and what
// it answers, the number that is current and those that were, and the tax card.
//
// It is pure: it never stores, sends or allocates; which numbers are free is the
// register's to know.
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
	// Ready: both are there, and a number may be asked for.
	Ready State = "READY"
	// Requested: the register has been asked, or is about to be.
	Requested State = "REQUESTED"
	// Queued: the register's clerks must look at it before a deadline.
	Queued State = "QUEUED"
	// Rejected: the register gives no number.
	Rejected State = "REJECTED"
	// Assigned: the worker has a number.
	Assigned State = "ASSIGNED"
	// CardIssued: and a tax card.
	CardIssued State = "CARD_ISSUED"
)

// Standing is what became of the case at UDI.
type Standing string

const (
	// Active: the work goes on.
	Active Standing = "ACTIVE"
	// Halted: what is not done yet waits.
	Halted Standing = "HALTED"
	// Revoked: the permit is gone, for good.
	Revoked Standing = "REVOKED"
)

// Registration is one case's. Events may reach it in any order; its verbs report
// whether they changed anything, and a repetition has no second effect.
type Registration struct {
	caseRef    string
	permit     Permit
	identified IdentityControl
	kind       identifier.PersonNumberKind
	standing   Standing
	cause      string
	edition    int64
	order      Order
	numbers    []Number // the last is current
	card       Card
}

// Permit is the period that a granted case gives. Dates.
type Permit struct{ ValidFrom, ValidUntil time.Time }

// IdentityControl is who verified the identity in person, and when.
type IdentityControl struct {
	PerformedBy string
	PerformedAt time.Time
}

// How is how a number became the worker's.
type How string

const (
	// New: the register assigned it.
	New How = "ASSIGNED"
	// Existing: the worker had it before.
	Existing How = "EXISTING"
)

// Number is a number of the worker's. ReplacedAt is zero for the current one.
type Number struct {
	Kind                   identifier.PersonNumberKind
	Number                 string
	DateDeviates           bool
	How                    How
	AssignedAt, ReplacedAt time.Time
}

// Begin starts a case's registration, whichever event is first.
func Begin(caseRef string) (*Registration, error) {
	if caseRef == "" {
		return nil, fault.New(fault.Internal, "registration.case", "a registration needs a case")
	}
	return &Registration{caseRef: caseRef, standing: Active, edition: 1}, nil
}

// State is the one place that says where a registration stands.
func (r *Registration) State() State {
	numbered := len(r.numbers) > 0
	switch {
	case numbered && r.card.valid():
		return CardIssued
	case numbered:
		return Assigned
	case r.order.Stage == StageQueued:
		return Queued
	case r.order.Stage == StageRefused:
		return Rejected
	case r.order.open():
		return Requested
	case r.granted() && r.isIdentified():
		return Ready
	}
	return Waiting
}

// Grant records the permit and the kind of number that it gives. A permit that
// was prolonged may give another kind. Rule: registration.permit (Invalid).
func (r *Registration) Grant(p Permit, kind identifier.PersonNumberKind) (changed bool, err error) {
	if p.ValidFrom.IsZero() || !p.ValidUntil.After(p.ValidFrom) || kind != identifier.BirthNumber && kind != identifier.DNumber {
		return false, fault.New(fault.Invalid, "registration.permit", "a permit has a first and a later last day")
	}
	// Who has become resident stays it: a fødselsnummer is for life.
	if r.kind == identifier.BirthNumber {
		kind = identifier.BirthNumber
	}
	if r.permit.ValidFrom.Equal(p.ValidFrom) && r.permit.ValidUntil.Equal(p.ValidUntil) && r.kind == kind {
		return false, nil
	}
	r.permit, r.kind = p, kind
	return true, nil
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
	return true, nil
}

// BecomeResident records that the worker is to have a fødselsnummer, although
// the permit alone gives a D-number (folkeregisterloven § 4-1): a clerk has found
// that the stay will be that long after all.
//
// Rules: registration.not-assigned (Conflict) before there is a number to
// replace, registration.standing (Conflict) while the case is halted or revoked.
func (r *Registration) BecomeResident() (changed bool, err error) {
	switch {
	case r.standing != Active:
		return false, fault.New(fault.Conflict, "registration.standing", "the case is halted or its permit revoked: nothing is replaced")
	case len(r.numbers) == 0:
		return false, fault.New(fault.Conflict, "registration.not-assigned", "there is no number to replace")
	case r.kind != identifier.BirthNumber:
		r.kind = identifier.BirthNumber
		return true, nil
	case r.order.Stage == StageRefused:
		// The register refused to replace the number: the clerk asks again.
		r.order.Stage, r.order.Refusal = StageWithdrawn, ""
		return true, nil
	}
	return false, nil
}

// Stand records what became of the case: halted and active take turns, revoked
// is for good. It reports whether anything changed, and whether the worker had
// nothing yet that stays: then the agency says that it stopped.
func (r *Registration) Stand(standing Standing, cause string) (changed, stopped bool) {
	if r.standing == standing || r.standing == Revoked {
		return false, false
	}
	r.standing, r.cause = standing, cause
	if standing == Active {
		r.cause = ""
		return true, false
	}
	if r.order.Stage == StageOpen {
		r.order.Stage = StageWithdrawn
	}
	return true, len(r.numbers) == 0
}

// Correct records that UDI has corrected the case: what was issued by an earlier
// edition of the view is to be issued again, and what the register refused may be
// asked for again.
func (r *Registration) Correct(edition int64) (changed bool) {
	if edition <= r.edition {
		return false
	}
	r.edition = edition
	if r.order.Stage == StageRefused {
		r.order.Stage, r.order.Refusal = StageWithdrawn, ""
	}
	return true
}

func (r *Registration) granted() bool      { return !r.permit.ValidFrom.IsZero() }
func (r *Registration) isIdentified() bool { return r.identified.PerformedBy != "" }

// CaseRef is the case that it belongs to.
func (r *Registration) CaseRef() string { return r.caseRef }

// Standing is what became of the case at UDI, and why.
func (r *Registration) Standing() (Standing, string) { return r.standing, r.cause }

// Kind is which number the worker is to have; empty before it is known.
func (r *Registration) Kind() identifier.PersonNumberKind { return r.kind }

// Current is the number that counts; false before there is one.
func (r *Registration) Current() (Number, bool) {
	if len(r.numbers) == 0 {
		return Number{}, false
	}
	return r.numbers[len(r.numbers)-1], true
}

// Former are the numbers that were, oldest first.
func (r *Registration) Former() []Number {
	if len(r.numbers) == 0 {
		return nil
	}
	return append([]Number(nil), r.numbers[:len(r.numbers)-1]...)
}

// Order is the requisition under way, or the last.
func (r *Registration) Order() Order { return r.order }
