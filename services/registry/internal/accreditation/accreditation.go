// Package accreditation is an employer's accreditation by the programme: what
// it applied with, the criteria and what is known of each, who may sign for it,
// and its life from application to revocation with every change kept.
//
// It is pure: it never looks an employer up, signs or publishes.
package accreditation

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// State is where an accreditation stands.
type State string

const (
	// Pending: applied for, and not decided.
	Pending State = "PENDING"
	// Accredited: every criterion was met; in force between its dates.
	Accredited State = "ACCREDITED"
	// Suspended: not in force until reinstated.
	Suspended State = "SUSPENDED"
	// Revoked: ended. The employer may not apply again before its ban is over.
	Revoked State = "REVOKED"
	// Expired: its last day is over.
	Expired State = "EXPIRED"
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
	contact            string
	declaration        Declaration
	signatories        []Signatory
	attested           map[Criterion]Attestation
	register           []Finding // of EMP-1 to EMP-4, as last looked up
	state              State
	validFrom          time.Time
	validUntil         time.Time
	bannedUntil        time.Time
	changes            []Change
}

// Application is what an employer applies with.
type Application struct {
	ID                 string
	OrganisationNumber string
	LegalName          string
	// Contact is an e-mail address of the employer's office; it may be empty.
	Contact string
	// DeclaredBy is the name of who declares normal pay and conditions; empty
	// when nobody has.
	DeclaredBy  string
	Signatories []Signatory
	// Scope is ScopeOffer when empty.
	Scope []string
	Mode  identifier.Mode
}

// Apply opens an accreditation at d.At. Rules: accreditation.organisation-number,
// accreditation.legal-name, accreditation.signatory (Invalid).
func Apply(a Application, d Decision) (*Accreditation, error) {
	if a.ID == "" {
		return nil, fault.New(fault.Internal, "accreditation.id", "an accreditation needs an id")
	}
	if err := identifier.CheckOrganisationNumber(a.OrganisationNumber, a.Mode); err != nil {
		return nil, fault.New(fault.Invalid, "accreditation.organisation-number", "this is no organisation number that is accepted here")
	}
	scope := slices.Clone(a.Scope)
	if len(scope) == 0 {
		scope = []string{ScopeOffer}
	}
	made := &Accreditation{id: a.ID, organisationNumber: a.OrganisationNumber, scope: scope, attested: map[Criterion]Attestation{}}
	if err := made.fill(a, d.At); err != nil {
		return nil, err
	}
	d.Code = codeApplied
	return made, made.move(apply, d)
}

// Amend replaces what a pending accreditation was applied for with. What
// officers have attested stays. Rule: accreditation.state (Conflict) once it is
// decided.
func (a *Accreditation) Amend(with Application, at time.Time) error {
	if a.state != Pending {
		return fault.New(fault.Conflict, "accreditation.state", "the accreditation is no longer pending")
	}
	return a.fill(with, at)
}

func (a *Accreditation) fill(with Application, at time.Time) error {
	if strings.TrimSpace(with.LegalName) == "" {
		return fault.New(fault.Invalid, "accreditation.legal-name", "an employer has a legal name")
	}
	var signatories []Signatory
	for _, s := range with.Signatories {
		s.From, s.Until = at, time.Time{}
		if err := s.check(); err != nil {
			return err
		}
		if !slices.ContainsFunc(signatories, s.is) {
			signatories = append(signatories, s)
		}
	}
	a.legalName, a.contact, a.signatories = with.LegalName, with.Contact, signatories
	a.declaration = Declaration{}
	if with.DeclaredBy != "" {
		a.declaration = Declaration{By: with.DeclaredBy, At: at}
	}
	return nil
}

// Decision is who changes the state, why and when.
type Decision struct {
	// By is the officer, or the machine.
	By string
	// Code is one of the verb's codes: see SuspendCodes and the others.
	Code string
	// Reason is in words, at most 500 characters: for the employer, never for
	// an event.
	Reason string
	At     time.Time
}

// The codes that the verbs themselves give.
const (
	codeApplied     = "APPLIED"
	codeCriteriaMet = "CRITERIA_MET"
	codeExpired     = "EXPIRED"
)

// Why an accreditation is suspended, reinstated or revoked.
var (
	SuspendCodes = []string{
		"BANKRUPT", "DISSOLVING", "FORCED_DISSOLUTION", "DELETED", "CRITERIA_NOT_MET", "TAX_ARREARS", "SANCTIONED",
		"PAY_NOT_NORMAL", "AT_OWN_REQUEST", "OTHER",
	}
	ReinstateCodes = []string{"CAUSE_REMOVED", "SUSPENDED_IN_ERROR", "OTHER"}
	RevokeCodes    = append(slices.Clone(SuspendCodes), "FALSE_INFORMATION")
)

func (d Decision) check(codes []string) error {
	var wrong []fault.Violation
	if !slices.Contains(codes, d.Code) {
		wrong = append(wrong, fault.Violation{Field: "reason_code", Rule: "accreditation.reason-code", Message: "give one of " + strings.Join(codes, ", ")})
	}
	if n := utf8.RuneCountInString(d.Reason); strings.TrimSpace(d.Reason) == "" || n > 500 || !utf8.ValidString(d.Reason) {
		wrong = append(wrong, fault.Violation{Field: "reason", Rule: "accreditation.reason", Message: "give the reason, 1 to 500 characters"})
	}
	return fault.Violated("accreditation.invalid", "the accreditation cannot be changed as asked", wrong)
}

// Accredit puts the accreditation in force from d.At's date. All criteria that
// are not met come at once in one fault (accreditation.criteria, Invalid).
func (a *Accreditation) Accredit(p Parameters, d Decision) (changed bool, err error) {
	if a.state == Accredited {
		return false, nil
	}
	if a.state == Pending {
		if err := a.unmet(p, d.At); err != nil {
			return false, err
		}
	}
	d.Code = codeCriteriaMet
	if err := a.move(accredit, d); err != nil {
		return false, err
	}
	a.validFrom = day(d.At)
	a.validUntil = a.validFrom.AddDate(p.AccreditedYears, 0, -1)
	return true, nil
}

// Suspend takes it out of force until Reinstate. Rules: accreditation.invalid
// (Invalid) without a code of SuspendCodes and a reason.
func (a *Accreditation) Suspend(d Decision) (changed bool, err error) {
	if err := d.check(SuspendCodes); err != nil || a.state == Suspended {
		return false, err
	}
	return change(a.move(suspend, d))
}

// Reinstate puts a suspended accreditation back in force, with its old dates,
// when all criteria are met again: see Accredit.
func (a *Accreditation) Reinstate(p Parameters, d Decision) (changed bool, err error) {
	if err := d.check(ReinstateCodes); err != nil || a.state == Accredited {
		return false, err
	}
	if a.state == Suspended {
		if a.over(d.At) {
			return false, fault.New(fault.Conflict, "accreditation.over", "the accreditation's last day is over: the employer applies anew")
		}
		if err := a.unmet(p, d.At); err != nil {
			return false, err
		}
	}
	return change(a.move(reinstate, d))
}

// Revoke ends it for good; the ban begins.
func (a *Accreditation) Revoke(p Parameters, d Decision) (changed bool, err error) {
	if err := d.check(RevokeCodes); err != nil || a.state == Revoked {
		return false, err
	}
	if err := a.move(revoke, d); err != nil {
		return false, err
	}
	a.bannedUntil = d.At.UTC().AddDate(p.BannedYears, 0, 0)
	return true, nil
}

// Expire ends an accreditation whose last day is over; before that it changes
// nothing.
func (a *Accreditation) Expire(by string, at time.Time) (changed bool, err error) {
	if a.state == Expired || (a.state == Accredited || a.state == Suspended) && !a.over(at) {
		return false, nil
	}
	return change(a.move(expire, Decision{By: by, Code: codeExpired, At: at}))
}

func (a *Accreditation) over(at time.Time) bool { return !at.Before(a.End()) }

func change(err error) (bool, error) { return err == nil, err }

type verb int

const (
	apply verb = iota
	accredit
	suspend
	reinstate
	revoke
	expire
)

// move is the one place where an accreditation's state changes; each change is
// kept.
func (a *Accreditation) move(v verb, d Decision) error {
	from := a.state
	switch {
	case v == apply && a.state == "":
		a.state = Pending
	case v == accredit && a.state == Pending:
		a.state = Accredited
	case v == suspend && a.state == Accredited:
		a.state = Suspended
	case v == reinstate && a.state == Suspended:
		a.state = Accredited
	case v == revoke && (a.state == Accredited || a.state == Suspended):
		a.state = Revoked
	case v == expire && (a.state == Accredited || a.state == Suspended):
		a.state = Expired
	default:
		return fault.New(fault.Conflict, "accreditation.state", "the accreditation is in another state than this needs")
	}
	a.changes = append(a.changes, Change{From: from, To: a.state, Code: d.Code, Reason: d.Reason, By: d.By, At: d.At.UTC()})
	return nil
}

// InForce reports whether the employer may issue under the scope on at's date.
func (a *Accreditation) InForce(scope string, at time.Time) bool {
	return a.state == Accredited && slices.Contains(a.scope, scope) && !day(at).Before(a.validFrom) && !a.over(at)
}

// day is midnight of an instant's date, in UTC as the dates of credentials are.
func day(at time.Time) time.Time {
	year, month, date := at.UTC().Date()
	return time.Date(year, month, date, 0, 0, 0, 0, time.UTC)
}

// ID is the accreditation's id.
func (a *Accreditation) ID() string { return a.id }

// OrganisationNumber is the employer's.
func (a *Accreditation) OrganisationNumber() string { return a.organisationNumber }

// LegalName is the employer's.
func (a *Accreditation) LegalName() string { return a.legalName }

// Contact is the e-mail address of the employer's office; it may be empty.
func (a *Accreditation) Contact() string { return a.contact }

// Scope is what the employer may issue.
func (a *Accreditation) Scope() []string { return slices.Clone(a.scope) }

// State is where it stands.
func (a *Accreditation) State() State { return a.state }

// ValidFrom is its first day; zero while pending.
func (a *Accreditation) ValidFrom() time.Time { return a.validFrom }

// ValidUntil is its last day; zero while pending.
func (a *Accreditation) ValidUntil() time.Time { return a.validUntil }

// End is the instant at which its last day is over; zero while pending.
func (a *Accreditation) End() time.Time {
	if a.validUntil.IsZero() {
		return time.Time{}
	}
	return a.validUntil.AddDate(0, 0, 1)
}

// BannedUntil is when a revoked employer may apply again; zero for others.
func (a *Accreditation) BannedUntil() time.Time { return a.bannedUntil }
