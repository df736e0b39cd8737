package casefile

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// isoDate is how claims carry dates.
const isoDate = "2006-01-02"

// Permit figures. Higher education gives up to three years at a time, vocational
// education one; six months make a resident (folkeregisterloven § 4-1).
const (
	yearsHigher          = 3
	yearsVocational      = 1
	residentAfterMonths  = 6
	appealDeadlineDays   = 21
	permitType           = "SKILLED_WORKER"
	permitLegalBasis     = "utlendingsforskriften § 6-1 first paragraph"
	permitWorkRight      = "TYPE_OF_WORK"
	registrationResident = "FNR"
	registrationDNumber  = "D_NUMBER"
)

// Permit is the period that a granted case gives: from the start date, or the
// decision when that is later, to the end date, the longest period or the
// passport's expiry, whichever is first. Both dates are midnights UTC.
type Permit struct {
	ValidFrom, ValidUntil time.Time
	// Registration is FNR for a permit of six months or more, else D_NUMBER.
	Registration string
}

// Permit says what a granted case gives. Rule: case.not-granted (Conflict).
func (c *Case) Permit(f ruleset.Facts) (Permit, error) {
	if c.state != Granted && c.state != Completed {
		return Permit{}, fault.New(fault.Conflict, "case.not-granted", "the case is not granted")
	}
	d, err := f.Dates()
	if err != nil {
		return Permit{}, err
	}
	p := Permit{ValidFrom: d.Start, Registration: registrationDNumber}
	year, month, day := c.decision.At.Date()
	if decided := time.Date(year, month, day, 0, 0, 0, 0, time.UTC); decided.After(p.ValidFrom) {
		p.ValidFrom = decided
	}
	years := yearsHigher
	if f.RequiredEducation == "vocational" {
		years = yearsVocational
	}
	p.ValidUntil = p.ValidFrom.AddDate(years, 0, 0)
	for _, limit := range []time.Time{d.End, d.PassportExpiry} {
		if !limit.IsZero() && limit.Before(p.ValidUntil) {
			p.ValidUntil = limit
		}
	}
	if !p.ValidUntil.After(p.ValidFrom) {
		return Permit{}, fault.New(fault.Conflict, "case.permit-period", "no day is left between the permit's first and last")
	}
	if !p.ValidUntil.Before(p.ValidFrom.AddDate(0, residentAfterMonths, 0)) {
		p.Registration = registrationResident
	}
	return p, nil
}

// PermitClaims are the ResidencePermit credential's, without the subject's id.
// Rules: case.not-granted, case.permit-period (Conflict).
func (c *Case) PermitClaims(f ruleset.Facts) (map[string]any, error) {
	p, err := c.Permit(f)
	if err != nil {
		return nil, err
	}
	nationalities := make([]any, len(f.Nationalities))
	for i, n := range f.Nationalities {
		nationalities[i] = n
	}
	return map[string]any{
		"decision_id":                  c.decision.ID,
		"case_number":                  c.number,
		"duf_number":                   c.duf,
		"given_name":                   f.GivenName,
		"family_name":                  f.FamilyName,
		"birthdate":                    f.Birthdate,
		"nationalities":                nationalities,
		"permit_type":                  permitType,
		"legal_basis":                  permitLegalBasis,
		"decision":                     string(Granted),
		"decided_at":                   c.decision.At.UTC().Truncate(time.Second).Format(time.RFC3339),
		"valid_from":                   p.ValidFrom.Format(isoDate),
		"valid_until":                  p.ValidUntil.Format(isoDate),
		"work_right":                   permitWorkRight,
		"employer":                     map[string]any{"organisation_number": f.OrganisationNumber},
		"occupation_scope":             []any{f.Occupation},
		"leads_to_permanent_residence": true,
		"resident_registration":        p.Registration,
		"appeal_deadline_days":         appealDeadlineDays,
	}, nil
}
