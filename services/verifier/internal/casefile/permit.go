package casefile

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// isoDate is how claims carry dates.
const isoDate = "2006-01-02"

// What a permit says.
const (
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
	// Registration is FNR for a permit long enough to make a resident, else
	// D_NUMBER.
	Registration string
}

// Permit says what a granted case gives, by the figures of the decision's day,
// also while it is halted.
//
// Rules: case.not-granted, case.permit-period (Conflict), case.no-figure
// (Unavailable).
func (c *Case) Permit(f ruleset.Facts, figures *Parameters) (Permit, error) {
	if c.state != Granted && c.state != Completed && c.state != Halted {
		return Permit{}, fault.New(fault.Conflict, "case.not-granted", "the case is not granted")
	}
	return permitOf(f, c.Decision().At, figures)
}

func permitOf(f ruleset.Facts, decided time.Time, figures *Parameters) (Permit, error) {
	d, err := f.Dates()
	if err != nil {
		return Permit{}, err
	}
	longest := YearsHigherEducation
	if f.RequiredEducation == "vocational" {
		longest = YearsVocational
	}
	years, err := figures.At(longest, decided)
	if err != nil {
		return Permit{}, err
	}
	resident, err := figures.At(ResidentAfterMonths, decided)
	if err != nil {
		return Permit{}, err
	}
	p := Permit{ValidFrom: d.Start, Registration: registrationDNumber}
	year, month, day := decided.Date()
	if on := time.Date(year, month, day, 0, 0, 0, 0, time.UTC); on.After(p.ValidFrom) {
		p.ValidFrom = on
	}
	p.ValidUntil = p.ValidFrom.AddDate(int(years.Value), 0, 0)
	for _, limit := range []time.Time{d.End, d.PassportExpiry} {
		if !limit.IsZero() && limit.Before(p.ValidUntil) {
			p.ValidUntil = limit
		}
	}
	if !p.ValidUntil.After(p.ValidFrom) {
		return Permit{}, fault.New(fault.Conflict, "case.permit-period", "no day is left between the permit's first and last")
	}
	if !p.ValidUntil.Before(p.ValidFrom.AddDate(0, int(resident.Value), 0)) {
		p.Registration = registrationResident
	}
	return p, nil
}

// PermitClaims are the ResidencePermit credential's, without the subject's id.
// Its rules are those of Permit.
func (c *Case) PermitClaims(f ruleset.Facts, figures *Parameters) (map[string]any, error) {
	p, err := c.Permit(f, figures)
	if err != nil {
		return nil, err
	}
	decision := c.Decision()
	weeks, err := figures.At(AppealWeeks, decision.At)
	if err != nil {
		return nil, err
	}
	nationalities := make([]any, len(f.Nationalities))
	for i, n := range f.Nationalities {
		nationalities[i] = n
	}
	return map[string]any{
		"decision_id":                  decision.ID,
		"case_number":                  c.number,
		"duf_number":                   c.duf,
		"given_name":                   f.GivenName,
		"family_name":                  f.FamilyName,
		"birthdate":                    f.Birthdate,
		"nationalities":                nationalities,
		"permit_type":                  permitType,
		"legal_basis":                  permitLegalBasis,
		"decision":                     string(Granted),
		"decided_at":                   decision.At.UTC().Truncate(time.Second).Format(time.RFC3339),
		"valid_from":                   p.ValidFrom.Format(isoDate),
		"valid_until":                  p.ValidUntil.Format(isoDate),
		"work_right":                   permitWorkRight,
		"employer":                     map[string]any{"organisation_number": f.OrganisationNumber},
		"occupation_scope":             []any{f.Occupation},
		"leads_to_permanent_residence": true,
		"resident_registration":        p.Registration,
		"appeal_deadline_days":         7 * weeks.Value,
	}, nil
}
