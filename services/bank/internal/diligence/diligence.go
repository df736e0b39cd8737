// Package diligence is customer due diligence as a bank owes it before it takes
// a customer (hvitvaskingsloven, lov 1. juni 2018 nr. 23, chapter 4: § 10 when,
// § 12 of whom and what, § 17 enhanced measures, § 18 politically exposed
// persons, § 21 no customer without it). Whom nothing speaks against is taken
// by machine; everybody else is for a clerk. It never declines anybody.
//
// It is pure. Its figures and countries are dated data: parameters.yaml.
package diligence

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/sanctions"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// Level is how thorough the due diligence was, as the confirmation spells it.
type Level string

const (
	// Standard: ordinary measures were enough.
	Standard Level = "STANDARD"
	// Enhanced: a clerk looked.
	Enhanced Level = "ENHANCED"
)

// Customer is what the bank knows of the person.
type Customer struct {
	GivenName, FamilyName string
	Birthdate             time.Time
	// Nationalities and Residence are ISO 3166-1 alpha-2; Residence may be
	// empty.
	Nationalities []string
	Residence     string
	// Kind is which number the customer has; empty while there is none.
	Kind identifier.PersonNumberKind
}

// Finding is why a clerk must look.
type Finding struct {
	// Rule is the rule's id in parameters.yaml.
	Rule string `json:"rule"`
	// Entry is the list's entry that the customer may be; empty for a rule of
	// risk.
	Entry string `json:"entry,omitempty"`
}

// Listed says that the finding is of somebody on a sanctions list.
func (f Finding) Listed() bool {
	return f.Rule == ruleHit || f.Rule == rulePossible
}

// The rules that a list answers, by kind and strength.
const (
	ruleHit      = "sanctions-hit"
	rulePossible = "sanctions-possible"
	rulePEP      = "politically-exposed"
)

// DuplicateCustomer is found by comparing with the bank's other customers.
const DuplicateCustomer = "duplicate-customer"

// Assessment is what one due diligence found, by which rules and which list.
type Assessment struct {
	Level    Level     `json:"level"`
	Findings []Finding `json:"findings,omitempty"`
	// Rules is the version of the parameters; ListVersion and ListHash (SHA-256,
	// hexadecimal) are of the list's file.
	Rules       string    `json:"rules"`
	ListVersion string    `json:"list_version"`
	ListHash    string    `json:"list_hash"`
	At          time.Time `json:"at"`
}

// ByMachine says that nobody has to look before an account is opened.
func (a Assessment) ByMachine() bool { return a.Level == Standard && len(a.Findings) == 0 }

// Listed says whether any finding is of somebody on a sanctions list.
func (a Assessment) Listed() bool { return slices.ContainsFunc(a.Findings, Finding.Listed) }

// Within says whether every finding stands in another assessment too: who
// decided on that one has decided on this.
func (a Assessment) Within(other Assessment) bool {
	for _, f := range a.Findings {
		if !slices.Contains(other.Findings, f) {
			return false
		}
	}
	return true
}

// Assess finds what speaks against taking a customer by machine, at a time. own
// are the ids of optional rules that the bank has switched on.
//
// It fails closed. Rules: sanctions.list-missing, sanctions.list-stale
// (Unavailable), diligence.unknown (Invalid: name, birth date or nationality is
// not known, § 12), diligence.no-parameters (Unavailable: no figures for that day).
func (p Parameters) Assess(c Customer, list *sanctions.List, at time.Time, own []string) (Assessment, error) {
	if err := list.Check(at); err != nil {
		return Assessment{}, err
	}
	if err := c.check(); err != nil {
		return Assessment{}, err
	}
	near, ok := p.nearness(at)
	if !ok {
		return Assessment{}, fault.New(fault.Unavailable, "diligence.no-parameters", "there are no parameters of due diligence for this day")
	}
	a := Assessment{Level: Standard, Rules: p.Version, ListVersion: list.Version, ListHash: list.Hash, At: at.UTC()}
	for _, r := range p.rules {
		if r.in(at) && (!r.Optional || slices.Contains(own, r.ID)) && p.applies(r, c, at) {
			a.Findings = append(a.Findings, Finding{Rule: r.ID})
		}
	}
	person := sanctions.Person{GivenName: c.GivenName, FamilyName: c.FamilyName, Birthdate: c.Birthdate}
	for _, m := range list.Screen(person, near) {
		a.Findings = append(a.Findings, Finding{Rule: ruleOf(m), Entry: m.Entry})
	}
	slices.SortFunc(a.Findings, func(x, y Finding) int { return cmp.Or(cmp.Compare(x.Rule, y.Rule), cmp.Compare(x.Entry, y.Entry)) })
	if len(a.Findings) > 0 {
		a.Level = Enhanced
	}
	return a, nil
}

func ruleOf(m sanctions.Match) string {
	switch {
	case m.Kind == sanctions.PEP:
		return rulePEP
	case m.Strength == sanctions.Hit:
		return ruleHit
	}
	return rulePossible
}

// check names all that § 12 asks for and that is not known.
func (c Customer) check() error {
	var lacking []fault.Violation
	lack := func(missing bool, field string) {
		if missing {
			lacking = append(lacking, fault.Violation{Field: field, Rule: "diligence." + field, Message: "is not known of the customer"})
		}
	}
	lack(strings.TrimSpace(c.GivenName) == "" && strings.TrimSpace(c.FamilyName) == "", "name")
	lack(c.Birthdate.IsZero(), "birthdate")
	lack(len(c.Nationalities) == 0, "nationalities")
	return fault.Violated("diligence.unknown", "the customer due diligence is not complete", lacking)
}

// applies says whether a rule of risk finds something.
func (p Parameters) applies(r rule, c Customer, at time.Time) bool {
	switch r.Field {
	case "nationality":
		return slices.ContainsFunc(c.Nationalities, func(n string) bool { return p.onList(r.List, n, at) })
	case "residence":
		return c.Residence != "" && p.onList(r.List, c.Residence, at)
	case "age":
		return c.Birthdate.AddDate(r.Below, 0, 0).After(at)
	case "identifier":
		return string(c.Kind) == r.Is
	case "name":
		return sanctions.Unusual(c.GivenName) || sanctions.Unusual(c.FamilyName)
	}
	return true // a rule that nobody here understands lets nobody through
}
