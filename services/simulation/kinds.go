package simulation

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/synthetic"
	"github.com/kompetansespor/kompetansespor/services/issuer"
)

// Kind is a kind of case.
type Kind string

// The kinds of cases. What is true of each is known by how it was made, not by
// what the rules say of it: that is what the rules are counted against.
const (
	// Clear: everything is as the rules ask.
	Clear Kind = "clear"
	// Vocational: skilled by training; whether it is enough takes judgement.
	Vocational Kind = "vocational"
	// PartTime: between 80 and 100 per cent, with pay that is enough.
	PartTime Kind = "part-time"
	// ThirdPassport: the passport is of another country than the nationality.
	ThirdPassport Kind = "third-country-passport"
	// BiometricOnly: free of visas with a biometric passport only.
	BiometricOnly Kind = "biometric-passport-only"
	// UnusualName: a name with letters that no rule matches.
	UnusualName Kind = "unusual-name"
	// LowPay: less than the floor (utlendingsloven § 23 first paragraph (b)).
	LowPay Kind = "low-pay"
	// ShortPosition: less than 80 per cent.
	ShortPosition Kind = "under-80-per-cent"
	// InNorway: lives in Norway already, whom the pilot does not take.
	InNorway Kind = "already-in-norway"
)

// truth is what is so of a kind of case.
type truth struct {
	// refuse is the reason by which it must be refused; empty: it must be granted.
	refuse string
	// change makes a clear case one of this kind.
	change func(*synthetic.Offer)
}

var kinds = map[Kind]*truth{
	Clear:      {change: func(*synthetic.Offer) {}},
	Vocational: {change: func(o *synthetic.Offer) { o.Employment.RequiredEducationLevel = "vocational" }},
	PartTime:   {change: func(o *synthetic.Offer) { o.Employment.PositionPercentage = "90" }},
	ThirdPassport: {change: func(o *synthetic.Offer) {
		o.Passport.IssuingCountry = "CA"
		if o.Nationalities[0] == "CA" {
			o.Nationalities = []string{"US"}
		}
	}},
	BiometricOnly: {change: func(o *synthetic.Offer) {
		o.Nationalities, o.Passport.IssuingCountry, o.CurrentCountry = []string{"UA"}, "UA", "UA"
	}},
	UnusualName: {change: func(o *synthetic.Offer) { o.FamilyName = "Иваненко" }},
	LowPay: {refuse: "SALARY_TOO_LOW", change: func(o *synthetic.Offer) {
		o.Employment.AnnualSalary = "390000"
	}},
	ShortPosition: {refuse: "POSITION_UNDER_80_PERCENT", change: func(o *synthetic.Offer) {
		o.Employment.PositionPercentage = "60"
	}},
	InNorway: {refuse: "INCOMPLETE", change: func(o *synthetic.Offer) { o.CurrentCountry = "" }},
}

// employer is who signs all offers.
var employer = synthetic.Employer{OrganisationNumber: "310000019", LegalName: "University of Oslo", ContactEmail: "hr@example.com"}

// form is a person's form as HR fills it in on the day of signing. made is the
// day for which the person was made: the position's dates move with the
// signature.
func form(person synthetic.Offer, kind Kind, municipality string, made, signed time.Time) (issuer.SimulatedForm, error) {
	days := int(signed.Sub(made).Hours() / 24)
	for _, date := range []*string{&person.Employment.StartDate, &person.Employment.EndDate} {
		day, err := time.Parse(time.DateOnly, *date)
		if err != nil {
			return issuer.SimulatedForm{}, fmt.Errorf("move %q: %w", *date, err)
		}
		*date = day.AddDate(0, 0, days).Format(time.DateOnly)
	}
	person.Nationalities = append([]string(nil), person.Nationalities...)
	person.Employment.WorkplaceMunicipality = municipality
	kinds[kind].change(&person)
	if kind == PartTime { // the full-time equivalent stays what it was
		pay, err := strconv.Atoi(person.Employment.AnnualSalary)
		if err != nil {
			return issuer.SimulatedForm{}, fmt.Errorf("read the pay: %w", err)
		}
		person.Employment.AnnualSalary = strconv.Itoa(pay * 95 / 100)
	}
	raw, err := json.Marshal(person)
	if err != nil {
		return issuer.SimulatedForm{}, err
	}
	var f issuer.SimulatedForm
	return f, json.Unmarshal(raw, &f)
}
