// Package accreditation is an employer's accreditation by the programme: the
// criteria that were looked at, the level, and its life from application to
// revocation.
//
// It is pure: it never looks an employer up, signs or publishes.
package accreditation

import (
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// Criterion is one of the programme's criteria for employers.
type Criterion string

// Criteria are all of them, with what they ask.
var Criteria = map[Criterion]string{
	"EMP-1": "registered, not bankrupt and not being wound up",
	"EMP-2": "at least ten employees",
	"EMP-3": "registered as a business and as an employer",
	"EMP-4": "registered for VAT, or a public body",
	"EMP-5": "no tax arrears",
	"EMP-6": "no sanction by the labour inspectorate or UDI in 24 months",
	"EMP-7": "has declared normal pay and conditions",
	"EMP-8": "has named a signatory with a role",
}

// State is where an accreditation stands.
type State string

const (
	// Pending: criteria are being recorded.
	Pending State = "PENDING"
	// Accredited: every criterion is met; in force between its dates.
	Accredited State = "ACCREDITED"
	// Suspended: not in force until reinstated.
	Suspended State = "SUSPENDED"
	// Revoked: ended. The employer may not apply for two years.
	Revoked State = "REVOKED"
)

const (
	years    = 4 // an accreditation holds
	banYears = 2 // after a revocation
)

// ScopeOffer lets an employer issue offers of employment.
const ScopeOffer = "offer-of-employment"

// Accreditation is one employer's. Its verbs report whether they changed
// anything; a repetition has no second effect.
type Accreditation struct {
	id                 string
	organisationNumber string
	legalName          string
	scope              []string
	state              State
	met                map[Criterion]bool
	validFrom          time.Time
	revokedAt          time.Time
}

// Application is what an employer applies with.
type Application struct {
	ID                 string
	OrganisationNumber string
	LegalName          string
	// Scope is ScopeOffer when empty.
	Scope []string
	Mode  identifier.Mode
}

// Apply opens an accreditation. Rules: accreditation.organisation-number,
// accreditation.legal-name (Invalid).
func Apply(a Application) (*Accreditation, error) {
	if a.ID == "" {
		return nil, fault.New(fault.Internal, "accreditation.id", "an accreditation needs an id")
	}
	if err := identifier.CheckOrganisationNumber(a.OrganisationNumber, a.Mode); err != nil {
		return nil, fault.New(fault.Invalid, "accreditation.organisation-number", "this is no organisation number that is accepted here")
	}
	if a.LegalName == "" {
		return nil, fault.New(fault.Invalid, "accreditation.legal-name", "an employer has a legal name")
	}
	scope := slices.Clone(a.Scope)
	if len(scope) == 0 {
		scope = []string{ScopeOffer}
	}
	return &Accreditation{
		id: a.ID, organisationNumber: a.OrganisationNumber, legalName: a.LegalName, scope: scope,
		state: Pending, met: map[Criterion]bool{},
	}, nil
}

// Record notes whether a criterion is met. Rules: accreditation.criterion
// (Invalid), accreditation.state (Conflict) once it is no longer pending.
func (a *Accreditation) Record(c Criterion, met bool) error {
	if _, ok := Criteria[c]; !ok {
		return fault.New(fault.Invalid, "accreditation.criterion", "there is no such criterion")
	}
	if a.state != Pending {
		return fault.New(fault.Conflict, "accreditation.state", "the accreditation is no longer pending")
	}
	a.met[c] = met
	return nil
}

// Accredit puts the accreditation in force for four years from at's date. All
// criteria that are not recorded as met come at once in one fault
// (accreditation.criteria, Invalid).
func (a *Accreditation) Accredit(at time.Time) (changed bool, err error) {
	if a.state == Accredited {
		return false, nil
	}
	var missing []fault.Violation
	for _, c := range sortedCriteria() {
		if !a.met[c] {
			missing = append(missing, fault.Violation{Field: string(c), Rule: "accreditation.criterion-not-met", Message: "not recorded as met: " + Criteria[c]})
		}
	}
	if err := fault.Violated("accreditation.criteria", "one or more criteria are not met", missing); err != nil {
		return false, err
	}
	if err := a.move(accredit); err != nil {
		return false, err
	}
	year, month, day := at.Date()
	a.validFrom = time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return true, nil
}

// Suspend takes it out of force until Reinstate.
func (a *Accreditation) Suspend() (changed bool, err error) {
	if a.state == Suspended {
		return false, nil
	}
	return change(a.move(suspend))
}

// Reinstate puts a suspended accreditation back in force, with its old dates.
func (a *Accreditation) Reinstate() (changed bool, err error) {
	if a.state == Accredited {
		return false, nil
	}
	return change(a.move(reinstate))
}

// Revoke ends it for good.
func (a *Accreditation) Revoke(at time.Time) (changed bool, err error) {
	if a.state == Revoked {
		return false, nil
	}
	if err := a.move(revoke); err != nil {
		return false, err
	}
	a.revokedAt = at.UTC()
	return true, nil
}

func change(err error) (bool, error) { return err == nil, err }

type verb int

const (
	accredit verb = iota
	suspend
	reinstate
	revoke
)

// move is the one place where an accreditation's state changes.
func (a *Accreditation) move(v verb) error {
	switch {
	case v == accredit && a.state == Pending:
		a.state = Accredited
	case v == suspend && a.state == Accredited:
		a.state = Suspended
	case v == reinstate && a.state == Suspended:
		a.state = Accredited
	case v == revoke && (a.state == Accredited || a.state == Suspended):
		a.state = Revoked
	default:
		return fault.New(fault.Conflict, "accreditation.state", "the accreditation is in another state than this needs")
	}
	return nil
}

// InForce reports whether the employer may issue under the scope on at's date.
func (a *Accreditation) InForce(scope string, at time.Time) bool {
	year, month, day := at.Date()
	on := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return a.state == Accredited && slices.Contains(a.scope, scope) && !on.Before(a.validFrom) && !on.After(a.ValidUntil())
}

// MayApplyFrom is when a revoked employer may apply again; zero for others.
func (a *Accreditation) MayApplyFrom() time.Time {
	if a.state != Revoked {
		return time.Time{}
	}
	return a.revokedAt.AddDate(banYears, 0, 0)
}

func sortedCriteria() []Criterion {
	all := make([]Criterion, 0, len(Criteria))
	for c := range Criteria {
		all = append(all, c)
	}
	slices.Sort(all)
	return all
}

// ID is the accreditation's id.
func (a *Accreditation) ID() string { return a.id }

// OrganisationNumber is the employer's.
func (a *Accreditation) OrganisationNumber() string { return a.organisationNumber }

// LegalName is the employer's.
func (a *Accreditation) LegalName() string { return a.legalName }

// Scope is what the employer may issue.
func (a *Accreditation) Scope() []string { return slices.Clone(a.scope) }

// State is where it stands.
func (a *Accreditation) State() State { return a.state }

// ValidFrom is its first day; zero while pending.
func (a *Accreditation) ValidFrom() time.Time { return a.validFrom }

// ValidUntil is its last day; zero while pending.
func (a *Accreditation) ValidUntil() time.Time {
	if a.validFrom.IsZero() {
		return time.Time{}
	}
	return a.validFrom.AddDate(years, 0, -1)
}
