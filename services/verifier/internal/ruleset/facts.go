// Package ruleset holds dated rules against the facts of an application.
//
// Rules only ever propose a grant, grant where that is allowed, or send the case
// to an officer; nothing here refuses (utlendingsforskriften § 17-7 a). A rule is
// data: a CEL expression over facts and dated parameters, in a version of the
// rule set that never changes. The package is pure: it never verifies a
// credential, stores, sends or looks anything up.
package ruleset

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gowebpki/jcs"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// isoDate is how claims carry dates.
const isoDate = "2006-01-02"

// Facts are everything that the rules see. Together with the rule set's version
// they determine the evaluation, so they are stored and hashed as they are: a
// field that is added is left out when empty, or old hashes would change.
// Dates are ISO 8601; countries alpha-2.
type Facts struct {
	// EvaluatedOn is the date that the rules are asked about.
	EvaluatedOn   string   `json:"evaluated_on"`
	GivenName     string   `json:"given_name"`
	FamilyName    string   `json:"family_name"`
	Birthdate     string   `json:"birthdate"`
	Nationalities []string `json:"nationalities"`
	// CurrentCountry is empty for someone who is in Norway.
	CurrentCountry         string `json:"current_country"`
	PassportIssuingCountry string `json:"passport_issuing_country"`
	PassportExpiry         string `json:"passport_expiry"`
	Occupation             string `json:"occupation"`
	RequiredEducation      string `json:"required_education"`
	StartDate              string `json:"start_date"`
	// EndDate is empty for a permanent position.
	EndDate string `json:"end_date"`
	// PercentageHundredths is 10000 for full time.
	PercentageHundredths int64 `json:"percentage_hundredths"`
	// AnnualSalary is NOK.
	AnnualSalary            int64 `json:"annual_salary"`
	QualificationsConfirmed bool  `json:"qualifications_confirmed"`
	// OrganisationNumber is the offer's employer.
	OrganisationNumber string `json:"organisation_number"`
	// EmployerAccredited says that the offer's signer held an accreditation in
	// force; AccreditedOrganisationNumber is the one that it names.
	EmployerAccredited           bool   `json:"employer_accredited"`
	AccreditedOrganisationNumber string `json:"accredited_organisation_number"`

	// What follows is not in the facts of cases before rule set 2026-11-26.

	// EmployerName and SignatoryName are only looked at for what hides in them.
	EmployerName  string `json:"employer_name,omitempty"`
	SignatoryName string `json:"signatory_name,omitempty"`
	// Signatory says whether who signed may sign for the employer; Unknown when
	// nobody has checked.
	Signatory Answer `json:"signatory,omitempty"`
	// StaffingAgency says whether the employer hires the worker out.
	StaffingAgency Answer `json:"staffing_agency,omitempty"`
	// WeeklyHoursHundredths is 3750 for 37.5 hours; 0 when the offer does not say.
	WeeklyHoursHundredths int64 `json:"weekly_hours_hundredths,omitempty"`
	// CollectiveAgreement is the one that the offer names.
	CollectiveAgreement string `json:"collective_agreement,omitempty"`
	// PassportMeets are the conditions of the list of visa-free nationalities that
	// the passport is known to meet, such as BIOMETRIC.
	PassportMeets []string `json:"passport_meets,omitempty"`
	// Documents are the credentials that support the offer, as presented.
	Documents []Document `json:"documents,omitempty"`
}

// Answer is yes, no, or that nobody has said.
type Answer string

// The answers.
const (
	Unknown Answer = ""
	Yes     Answer = "YES"
	No      Answer = "NO"
)

// Hash is SHA-256, in hexadecimal, over the facts, the rule set's version and the
// mode as RFC 8785 JSON. The same hash means the same evaluation.
func (f Facts) Hash(ruleSetVersion string, mode Mode) (string, error) {
	raw, err := json.Marshal(struct {
		Facts   Facts  `json:"facts"`
		Mode    Mode   `json:"mode,omitempty"`
		RuleSet string `json:"rule_set"`
	}{f, mode, ruleSetVersion})
	if err != nil {
		return "", fmt.Errorf("encode facts: %w", err)
	}
	canonical, err := jcs.Transform(raw)
	if err != nil {
		return "", fmt.Errorf("canonicalise facts: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:]), nil
}

// Dates are a Facts' dates as midnights UTC. End is zero for a permanent position.
type Dates struct{ On, Birth, Start, End, PassportExpiry time.Time }

// Dates reads the dates. Rule: case.facts (Invalid), also for an end that is not
// after the start.
func (f Facts) Dates() (Dates, error) {
	var d Dates
	for _, field := range []struct {
		name, text string
		into       *time.Time
	}{
		{"evaluated_on", f.EvaluatedOn, &d.On},
		{"birthdate", f.Birthdate, &d.Birth},
		{"employment.start_date", f.StartDate, &d.Start},
		{"passport.date_of_expiry", f.PassportExpiry, &d.PassportExpiry},
		{"employment.end_date", f.EndDate, &d.End},
	} {
		if field.text == "" && field.into == &d.End {
			continue
		}
		date, err := time.Parse(isoDate, field.text)
		if err != nil {
			return Dates{}, fault.New(fault.Invalid, "case.facts", "%s is no date", field.name)
		}
		*field.into = date
	}
	if !d.End.IsZero() && !d.End.After(d.Start) {
		return Dates{}, fault.New(fault.Invalid, "case.facts", "employment.end_date is not after the start date")
	}
	return d, nil
}
