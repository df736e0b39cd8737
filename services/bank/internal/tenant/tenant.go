// Package tenant is a bank: who it is, and the rules of its own by which it
// takes customers, each with the day from which it holds. Several banks live in
// one service. It is pure.
package tenant

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// Bank is a bank as its customers know it.
type Bank struct {
	// DID is what it issues and is named in consents with.
	DID                string
	OrganisationNumber string
	Name               string
	// BIC is ISO 9362; Code the four digits that its account numbers begin with.
	BIC  string
	Code string
	// Rules rise by ValidFrom.
	Rules []Rules
}

// Rules are a bank's own, from a day on.
type Rules struct {
	ValidFrom time.Time
	// Source says where the bank has it from.
	Source string
	// TakesDNumber: a customer with a D-number gets an account. Otherwise it
	// waits for a fødselsnummer.
	TakesDNumber bool
	// OffersBankID: the bank gives its customers a BankID.
	OffersBankID bool
	// PoliceIdentify: the police's identity control counts as having seen the
	// customer in person, together with the bank's due diligence. Otherwise a
	// clerk confirms it.
	PoliceIdentify bool
	// Enhanced are optional rules of due diligence that the bank has switched on.
	Enhanced []string
	// Confirmation is what the account's confirmation says.
	Confirmation Confirmation
}

// Confirmation is what a BankAccountConfirmation says, and for how long.
type Confirmation struct {
	Days   int
	BBAN   bool
	BankID bool
}

var code = regexp.MustCompile(`^[0-9]{4}$`)

// Check names all that is wrong with a bank. optional says which rules of due
// diligence can be switched on.
func (b Bank) Check(mode identifier.Mode, optional func(id string) bool) []fault.Violation {
	var all []fault.Violation
	when := func(broken bool, field, message string) {
		if broken {
			all = append(all, fault.Violation{Field: field, Rule: "bank." + field, Message: message})
		}
	}
	when(identifier.CheckOrganisationNumber(b.OrganisationNumber, mode) != nil, "organisation_number", "is not a valid organisation number")
	when(strings.TrimSpace(b.Name) == "", "name", "is missing")
	when(identifier.CheckBIC(b.BIC) != nil, "bic", "is not a Norwegian bank identifier code")
	when(!code.MatchString(b.Code), "code", `must be four digits in quotes, such as "9999"`)
	when(len(b.Rules) == 0, "rules", "are missing: a bank takes nobody without rules")
	for i, r := range b.Rules {
		when(r.ValidFrom.IsZero() || i > 0 && !r.ValidFrom.After(b.Rules[i-1].ValidFrom), "rules.valid_from", "must be a day, and rise")
		when(strings.TrimSpace(r.Source) == "", "rules.source", "is missing: say where the bank has the rule from")
		when(r.Confirmation.Days < 1 || r.Confirmation.Days > 365, "rules.confirmation.days", "must be 1 to 365")
		for _, id := range r.Enhanced {
			when(!optional(id), "rules.enhanced", "names a rule of due diligence that cannot be switched on")
		}
	}
	return all
}

// At is the rules of a day.
//
// Rule: bank.no-rules (Unavailable): the bank has none yet.
func (b Bank) At(t time.Time) (Rules, error) {
	var found *Rules
	for i, r := range b.Rules {
		if !t.Before(r.ValidFrom) {
			found = &b.Rules[i]
		}
	}
	if found == nil {
		return Rules{}, fault.New(fault.Unavailable, "bank.no-rules", "the bank has no rules for this day")
	}
	return *found, nil
}

// Default are the rules of a bank that says none: the pilot's.
func Default() []Rules {
	return []Rules{{
		ValidFrom: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Source: "the pilot's bank, no bank's own terms",
		TakesDNumber: true, OffersBankID: true, PoliceIdentify: true,
		Confirmation: Confirmation{Days: 30, BBAN: true, BankID: true},
	}}
}

// Banks are the tenants of the service.
type Banks []Bank

// Check names all that is wrong with the banks together: each has an
// organisation number, a DID and a bank code of its own.
func (all Banks) Check() []fault.Violation {
	var wrong []fault.Violation
	for i, b := range all {
		for _, other := range all[:i] {
			if b.DID == other.DID || b.OrganisationNumber == other.OrganisationNumber || b.Code == other.Code {
				wrong = append(wrong, fault.Violation{Field: "banks", Rule: "bank.twice", Message: "two banks have the same DID, organisation number or code"})
			}
		}
	}
	return wrong
}

// ByDID finds the bank that a worker's consent names. A consent that names none
// is for the one bank of a service that has only one.
//
// Rules: bank.unnamed, bank.unknown (Invalid).
func (all Banks) ByDID(did string) (Bank, error) {
	if did == "" {
		if len(all) == 1 {
			return all[0], nil
		}
		return Bank{}, fault.New(fault.Invalid, "bank.unnamed", "the consent does not say which of the banks it is for")
	}
	i := slices.IndexFunc(all, func(b Bank) bool { return b.DID == did })
	if i < 0 {
		return Bank{}, fault.New(fault.Invalid, "bank.unknown", "the consent names a bank that is not one of ours")
	}
	return all[i], nil
}

// Clerk is somebody at a bank.
type Clerk struct {
	Bank Bank
	Name string
}

// Clerk reads the subject of a clerk's token: the bank's organisation number, a
// slash and who it is. Without one it is somebody at the one bank of a service
// that has only one.
//
// Rule: bank.clerk (Denied).
func (all Banks) Clerk(subject string) (Clerk, error) {
	number, name, named := strings.Cut(subject, "/")
	if !named && len(all) == 1 && subject != "" {
		return Clerk{all[0], subject}, nil
	}
	for _, b := range all {
		if named && b.OrganisationNumber == number && strings.TrimSpace(name) != "" {
			return Clerk{b, name}, nil
		}
	}
	return Clerk{}, fault.New(fault.Denied, "bank.clerk", "this token is of no bank here: its subject must be <organisation number>/<name>")
}
