package offer

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// Rules are the figures that the form's rules take.
type Rules struct {
	// Mode says whether organisation numbers must be real or synthetic.
	Mode identifier.Mode
	// MinimumAge is in whole years on the start date (utlendingsforskriften § 6-1).
	MinimumAge int
	// PastStartDays is how many days ago a start date may lie before a warning.
	PastStartDays int
	// FullTimePercent is the least percentage that counts as full time.
	FullTimePercent int
}

// DefaultRules are the rules of the pilot.
func DefaultRules(mode identifier.Mode) Rules {
	return Rules{Mode: mode, MinimumAge: 18, PastStartDays: 30, FullTimePercent: 80}
}

// Warning is something that the employer should look at and may leave. It
// carries no values.
type Warning struct {
	Field   string `json:"field"`
	Rule    string `json:"rule"`
	Message string `json:"message"`
}

// Check holds a form against every rule and gives the terms in canonical form.
// All broken rules come at once in one Invalid fault (offer.form), one violation
// per field and rule. today is the date in today's own location.
func Check(form Form, today time.Time, rules Rules) (Terms, error) {
	c := &checking{rules: rules, today: dateOf(today)}
	t := Terms{form: form}
	c.employer(&t.form)
	c.person(&t.form)
	c.passport(&t.form)
	c.employment(&t)
	c.declarations(t.form.Declarations)
	if err := fault.Violated("offer.form", "the offer breaks one or more rules", c.violations); err != nil {
		return Terms{}, err
	}
	t.warnings = c.warnings
	return t, nil
}

// checking gathers what one form breaks.
type checking struct {
	rules      Rules
	today      time.Time
	violations []fault.Violation
	warnings   []Warning

	birth, start, expiry time.Time // zero when missing or unreadable
}

func (c *checking) violate(field, rule, message string) {
	c.violations = append(c.violations, fault.Violation{Field: field, Rule: rule, Message: message})
}

func (c *checking) warn(field, rule, message string) {
	c.warnings = append(c.warnings, Warning{Field: field, Rule: rule, Message: message})
}

// required reports whether there is a value, and violates when there is none.
func (c *checking) required(field, value string) bool {
	if value == "" {
		c.violate(field, "offer.required", "this must be filled in")
		return false
	}
	return true
}

func (c *checking) declarations(d Declarations) {
	if !d.QualificationsConfirmed {
		c.violate("declarations.qualifications_confirmed", "offer.declaration-qualifications", "the employer must confirm the formal qualifications")
	}
	if !d.InformationVerified {
		c.violate("declarations.information_verified", "offer.declaration-information", "the employer must confirm that the information is checked and correct")
	}
}
