// Package ruleset holds dated rules against the facts of an application.
//
// Rules only ever propose a grant, grant where that is allowed, or send the case
// to an officer; nothing here refuses (utlendingsforskriften § 17-7 a). The
// package is pure: it never verifies a credential, stores, sends or looks
// anything up.
package ruleset

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/gowebpki/jcs"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// isoDate is how claims carry dates.
const isoDate = "2006-01-02"

// Facts are everything that the rules see. Together with the rule set's version
// they determine the evaluation, so they are stored and hashed as they are.
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
}

// Application is what was presented and verified, and what others say about it.
// Claims are as encoding/json reads them.
type Application struct {
	// Offer are the claims of the OfferOfEmployment.
	Offer         map[string]any
	Accreditation Accreditation
	Signatory     Signatory
	// Supporting are the other credentials of the same holder, verified: signature,
	// status, and that their issuer may issue the type.
	Supporting []Supporting
}

// Accreditation is what the trust list says about the offer's signer.
type Accreditation struct {
	InForce            bool
	OrganisationNumber string
}

// Signatory is what is known of who signed the offer for the employer: nothing
// until it was Checked.
type Signatory struct {
	Checked, Authorised bool
}

// Supporting is a credential that was presented beside the offer.
type Supporting struct {
	Type   string // a name of credtype, such as EducationRecognition
	Claims map[string]any
	Issuer string // its DID
}

// FactsOf reads an application. on is a date in its own location. Claims of the
// offer that the schema requires and that are missing or of another type are one
// Invalid fault (case.facts). A claim that the holder kept back is missing.
func FactsOf(a Application, on time.Time) (Facts, error) {
	r := &reader{claims: a.Offer}
	f := Facts{
		EvaluatedOn:                  on.Format(isoDate),
		GivenName:                    r.text("given_name"),
		FamilyName:                   r.text("family_name"),
		Birthdate:                    r.date("birthdate"),
		Nationalities:                r.texts("nationalities"),
		CurrentCountry:               r.optional("current_country"),
		PassportIssuingCountry:       r.text("passport.issuing_country"),
		PassportExpiry:               r.date("passport.date_of_expiry"),
		Occupation:                   r.text("employment.occupation.code"),
		RequiredEducation:            r.text("employment.required_education_level"),
		StartDate:                    r.date("employment.start_date"),
		PercentageHundredths:         r.hundredths("employment.position_percentage"),
		AnnualSalary:                 r.kroner("employment.annual_salary"),
		QualificationsConfirmed:      r.confirmed("declarations.qualifications_confirmed"),
		OrganisationNumber:           r.text("employer.organisation_number"),
		EmployerAccredited:           a.Accreditation.InForce,
		AccreditedOrganisationNumber: a.Accreditation.OrganisationNumber,
	}
	if r.optional("employment.end_date") != "" {
		f.EndDate = r.date("employment.end_date")
	}
	if err := fault.Violated("case.facts", "the offer lacks claims that the rules need", r.violations); err != nil {
		return Facts{}, err
	}
	return f, nil
}

// Hash is SHA-256, in hexadecimal, over the facts and the rule set's version as
// RFC 8785 JSON. The same hash means the same evaluation.
func (f Facts) Hash(ruleSetVersion string) (string, error) {
	raw, err := json.Marshal(struct {
		Facts   Facts  `json:"facts"`
		RuleSet string `json:"rule_set"`
	}{f, ruleSetVersion})
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

// reader takes claims out and gathers what is wrong with them.
type reader struct {
	claims     map[string]any
	violations []fault.Violation
}

func (r *reader) at(path string) any {
	var value any = r.claims
	for name := range strings.SplitSeq(path, ".") {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[name]
	}
	return value
}

func (r *reader) miss(path string) {
	r.violations = append(r.violations, fault.Violation{Field: path, Rule: "case.claim", Message: "the claim is missing or of another form"})
}

func (r *reader) text(path string) string {
	s, _ := r.at(path).(string)
	if s == "" {
		r.miss(path)
	}
	return s
}

func (r *reader) optional(path string) string {
	value := r.at(path)
	s, ok := value.(string)
	if !ok && value != nil {
		r.miss(path)
	}
	return s
}

func (r *reader) date(path string) string {
	s, _ := r.at(path).(string)
	if _, err := time.Parse(isoDate, s); err != nil {
		r.miss(path)
	}
	return s
}

func (r *reader) texts(path string) []string {
	items, _ := r.at(path).([]any)
	texts := make([]string, 0, len(items))
	for _, item := range items {
		if s, ok := item.(string); ok && s != "" {
			texts = append(texts, s)
		}
	}
	if len(texts) == 0 || len(texts) != len(items) {
		r.miss(path)
	}
	return texts
}

func (r *reader) confirmed(path string) bool {
	b, ok := r.at(path).(bool)
	if !ok {
		r.miss(path)
	}
	return b
}

func (r *reader) kroner(path string) int64 {
	amount, whole := r.scaled(path+".amount", 1)
	if !whole {
		r.miss(path + ".amount")
	}
	if r.text(path+".currency") != "NOK" || r.text(path+".period") != "YEAR" {
		r.miss(path)
	}
	return amount
}

func (r *reader) hundredths(path string) int64 {
	n, whole := r.scaled(path, 100)
	if !whole {
		r.miss(path)
	}
	return n
}

// scaled is a JSON number times scale, when that is a whole number.
func (r *reader) scaled(path string, scale float64) (int64, bool) {
	var f float64
	switch v := r.at(path).(type) {
	case float64:
		f = v
	case json.Number:
		parsed, err := v.Float64()
		if err != nil {
			return 0, false
		}
		f = parsed
	default:
		return 0, false
	}
	n := math.Round(f * scale)
	if math.IsNaN(n) || math.Abs(n) > 1e15 || math.Abs(f*scale-n) > 1e-6 {
		return 0, false
	}
	return int64(n), true
}
