package account

import (
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/diligence"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// Customer is the bank's view of the worker.
type Customer struct {
	GivenName, FamilyName string
	// Identifier is the fødselsnummer or D-number.
	Identifier string
	// PermitGranted is the permit's decision.
	PermitGranted bool
}

// Identity is the least that a bank must know of whom it takes
// (hvitvaskingsloven § 12). All that lacks comes at once in one Invalid fault
// (account.due-diligence). The kind of identifier is what the number says that
// it is.
func Identity(c Customer, mode identifier.Mode, at time.Time) (identifier.PersonNumberKind, error) {
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
	// Holder is the customer's name.
	Holder string
	// BBAN is a free account number.
	BBAN string
	At   time.Time
}

// HolderName writes a customer's name as the account has it.
func HolderName(given, family string) string {
	return strings.TrimSpace(given) + " " + strings.TrimSpace(family)
}

// Open opens the account. Once opened, the first number stays: nobody gets a
// second.
//
// Rules: account.not-ready (Conflict), account.not-assessed (Conflict),
// identifier.bban-format and -check-digit (Invalid).
func (a *Account) Open(o Opening) ([]Notice, error) {
	if a.bban != "" {
		return nil, nil
	}
	if err := a.mayOpen(o.Holder); err != nil {
		return nil, err
	}
	bban, err := identifier.ParseBBAN(o.BBAN)
	if err != nil {
		return nil, err
	}
	a.bban, a.openedAt, a.level = bban, o.At.UTC(), a.assessment.Level
	a.holder = o.Holder
	return []Notice{{Name: "bankaccount.opened", Human: a.decision != nil}}, nil
}

// Share gives the case the account that the same person has at the bank
// already, from another case. It is as open as if it had been opened here.
//
// Rules: account.not-ready, account.not-assessed, account.not-open, account.another-bank
// (Conflict).
func (a *Account) Share(other *Account, holder string) ([]Notice, error) {
	if a.bban != "" {
		return nil, nil
	}
	if err := a.mayOpen(holder); err != nil {
		return nil, err
	}
	switch {
	case other.bban == "" || other.State() == Closed:
		return nil, fault.New(fault.Conflict, "account.not-open", "the person's other account is not open")
	case other.bank != a.bank:
		return nil, fault.New(fault.Conflict, "account.another-bank", "the person's other account is another bank's")
	}
	a.bban, a.openedAt, a.level, a.sameAs = other.bban, other.openedAt, a.assessment.Level, other.Root()
	a.holder = holder
	return []Notice{{Name: "bankaccount.opened", Human: a.decision != nil}}, nil
}

func (a *Account) mayOpen(holder string) error {
	switch {
	case a.State() != Ready || a.kind == "" || a.bank == "" || strings.TrimSpace(holder) == "":
		return fault.New(fault.Conflict, "account.not-ready", "the grant, the identifier or a clerk's decision is still to come")
	case a.assessment == nil:
		return fault.New(fault.Conflict, "account.not-assessed", "there was no due diligence")
	}
	return nil
}

// Rename gives the account its holder's corrected name.
func (a *Account) Rename(holder string) (changed bool) {
	if a.bban == "" || a.holder == holder || strings.TrimSpace(holder) == "" || a.State() == Closed {
		return false
	}
	a.holder = holder
	return true
}

// Duplicate records that the person turns out to have another account at the
// bank: a clerk must look. It is told once.
func (a *Account) Duplicate() []Notice {
	if a.assessment == nil {
		a.assessment = &diligence.Assessment{Level: a.level}
	}
	again := diligence.Finding{Rule: diligence.DuplicateCustomer}
	for _, f := range a.assessment.Findings {
		if f == again {
			return nil
		}
	}
	a.assessment.Findings = append(a.assessment.Findings, again)
	return []Notice{{Name: "duediligence.queued"}}
}
