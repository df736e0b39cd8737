// Package account is a worker's salary account at a bank: what customer due
// diligence needs before it opens (hvitvaskingsloven § 12), the account and its
// confirmation.
//
// It is pure: it never stores, sends or allocates; which account numbers are free
// is the store's to know.
package account

import (
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// State is where an account stands.
type State string

const (
	// Waiting: the grant or the identifier is still to come.
	Waiting State = "WAITING"
	// Ready: both are known, and the bank may fetch its view and open.
	Ready State = "READY"
	// Opened: the worker has an account.
	Opened State = "OPENED"
)

// Account is one case's. Events may reach it in any order; its verbs report
// whether they changed anything, and a repetition has no second effect.
type Account struct {
	caseRef    string
	state      State
	granted    bool
	identified bool
	bban       string
	holder     string
	kind       identifier.PersonNumberKind
	openedAt   time.Time
}

// New starts a case's account, whichever event is first.
func New(caseRef string) (*Account, error) {
	if caseRef == "" {
		return nil, fault.New(fault.Internal, "account.case", "an account needs a case")
	}
	return &Account{caseRef: caseRef, state: Waiting}, nil
}

// Grant records that the permit is granted.
func (a *Account) Grant() (changed bool) {
	if a.granted {
		return false
	}
	a.granted = true
	_ = a.move(learn) // learning is allowed in every state
	return true
}

// Identify records that the worker has an identifier. The number itself comes
// with the view.
func (a *Account) Identify() (changed bool) {
	if a.identified {
		return false
	}
	a.identified = true
	_ = a.move(learn)
	return true
}

// Customer is the bank's view of the worker.
type Customer struct {
	GivenName, FamilyName string
	// Identifier is the fødselsnummer or D-number.
	Identifier string
	// PermitGranted is the permit's decision.
	PermitGranted bool
}

// DueDiligence is the least that a bank must know. All that lacks comes at once
// in one Invalid fault (account.due-diligence). The kind of identifier is what
// the number says that it is.
func DueDiligence(c Customer, mode identifier.Mode, at time.Time) (identifier.PersonNumberKind, error) {
	var lacking []fault.Violation
	if strings.TrimSpace(c.GivenName) == "" {
		lacking = append(lacking, fault.Violation{Field: "given_name", Rule: "account.name", Message: "the customer's name is not known"})
	}
	if strings.TrimSpace(c.FamilyName) == "" {
		lacking = append(lacking, fault.Violation{Field: "family_name", Rule: "account.name", Message: "the customer's name is not known"})
	}
	kind, err := identifier.CheckPersonNumber(c.Identifier, mode, identifier.ControlRuleAt(at))
	if err != nil {
		lacking = append(lacking, fault.Violation{Field: "identifier", Rule: "account.identifier", Message: "the customer has no valid fødselsnummer or D-number"})
	}
	if !c.PermitGranted {
		lacking = append(lacking, fault.Violation{Field: "decision", Rule: "account.permit", Message: "the customer has no residence permit"})
	}
	return kind, fault.Violated("account.due-diligence", "the customer due diligence is not complete", lacking)
}

// Opening is what an account is opened from.
type Opening struct {
	Customer Customer
	Mode     identifier.Mode
	// BBAN is a free account number.
	BBAN string
	At   time.Time
}

// Open opens the account. Once opened, the first number stays: nobody gets a second.
//
// Rules: account.not-ready (Conflict), account.due-diligence,
// identifier.bban-format and -check-digit (Invalid).
func (a *Account) Open(o Opening) (changed bool, err error) {
	if a.state == Opened {
		return false, nil
	}
	if a.state != Ready {
		return false, fault.New(fault.Conflict, "account.not-ready", "the grant or the identifier is still to come")
	}
	kind, err := DueDiligence(o.Customer, o.Mode, o.At)
	if err != nil {
		return false, err
	}
	bban, err := identifier.ParseBBAN(o.BBAN)
	if err != nil {
		return false, err
	}
	if err := a.move(open); err != nil {
		return false, err
	}
	a.bban, a.kind, a.openedAt = bban, kind, o.At.UTC()
	a.holder = strings.TrimSpace(o.Customer.GivenName) + " " + strings.TrimSpace(o.Customer.FamilyName)
	return true, nil
}

type verb int

const (
	learn verb = iota
	open
)

// move is the one place where an account's state changes.
func (a *Account) move(v verb) error {
	switch {
	case v == learn && a.state == Waiting && a.granted && a.identified:
		a.state = Ready
	case v == learn:
	case v == open && a.state == Ready:
		a.state = Opened
	default:
		return fault.New(fault.Conflict, "account.state", "the account is in another state than this needs")
	}
	return nil
}

// CaseRef is the case that it belongs to.
func (a *Account) CaseRef() string { return a.caseRef }

// State is where it stands.
func (a *Account) State() State { return a.state }

// BBAN is the account number; empty before.
func (a *Account) BBAN() string { return a.bban }
