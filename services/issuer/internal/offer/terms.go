package offer

import (
	"encoding/json"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// Terms are what an employer offers, every rule held. Only Check and ParseTerms
// make them.
type Terms struct {
	form        Form
	percentage  Decimal
	weeklyHours Decimal // 0 when not given
	salary      int64   // NOK a year
	warnings    []Warning
}

// Form is the form in canonical form: ISO dates, plain numbers, E.164, NFC.
func (t Terms) Form() Form {
	form := t.form
	form.Nationalities = append([]string(nil), form.Nationalities...)
	return form
}

// AuthorisedBy fills in by what right the signatory signs, where the form left
// it empty.
func (t Terms) AuthorisedBy(right string) Terms {
	if t.form.Signatory.AuthorisedBy == "" {
		t.form.Signatory.AuthorisedBy = right
	}
	return t
}

// Warnings are what the employer should look at.
func (t Terms) Warnings() []Warning { return append([]Warning(nil), t.warnings...) }

// OrganisationNumber is the employer's.
func (t Terms) OrganisationNumber() string { return t.form.Employer.OrganisationNumber }

// Email is the worker's, for the guide.
func (t Terms) Email() string { return t.form.Email }

// storedTerms is how Terms are kept.
type storedTerms struct {
	Form     Form      `json:"form"`
	Warnings []Warning `json:"warnings,omitempty"`
}

// MarshalJSON is for the store; ParseTerms is its reverse.
func (t Terms) MarshalJSON() ([]byte, error) {
	return json.Marshal(storedTerms{Form: t.form, Warnings: t.warnings})
}

// ParseTerms reads terms that were checked when they were stored. What only a
// date decides is not asked again.
func ParseTerms(raw []byte) (Terms, error) {
	var stored storedTerms
	if err := json.Unmarshal(raw, &stored); err != nil {
		return Terms{}, fault.Wrap(err, fault.Internal, "offer.stored-terms", "stored terms cannot be read")
	}
	t := Terms{form: stored.Form, warnings: stored.Warnings}
	var percentageOK, hoursOK, salaryOK bool
	t.percentage, percentageOK = parseDecimal(t.form.Employment.PositionPercentage)
	t.salary, salaryOK = parseKroner(t.form.Employment.AnnualSalary)
	if t.weeklyHours, hoursOK = parseDecimal(t.form.Employment.WeeklyHours); t.form.Employment.WeeklyHours == "" {
		hoursOK = true
	}
	if !percentageOK || !hoursOK || !salaryOK {
		return Terms{}, fault.New(fault.Internal, "offer.stored-terms", "stored terms cannot be read")
	}
	return t, nil
}

// Issuance is what an offer adds to its terms when it becomes a credential.
type Issuance struct {
	OfferID  string
	IssuedAt time.Time
	// AccreditationRef names the employer's EmployerAccreditation. Optional.
	AccreditationRef string
	// Supersedes is the offer that this one replaces. Optional.
	Supersedes string
}

// Claims are the credentialSubject of an OfferOfEmployment, without the
// subject's id. Decimals are json.Number with at most two decimals; amounts are
// integers. Encode them with encoding/json before they are signed.
func (t Terms) Claims(i Issuance) map[string]any {
	f := t.form
	claims := map[string]any{
		"offer_id": i.OfferID,
		"employer": map[string]any{
			"organisation_number": f.Employer.OrganisationNumber,
			"legal_name":          f.Employer.LegalName,
			"identifier":          identifier.ISO6523(f.Employer.OrganisationNumber),
			"contact_email":       f.Employer.ContactEmail,
		},
		"signatory":      without(map[string]any{"name": f.Signatory.Name, "role": f.Signatory.Role, "authorised_by": f.Signatory.AuthorisedBy}),
		"given_name":     f.GivenName,
		"family_name":    f.FamilyName,
		"birthdate":      f.Birthdate,
		"sex":            f.Sex,
		"place_of_birth": map[string]any{"locality": f.PlaceOfBirth.Locality, "country": f.PlaceOfBirth.Country},
		"nationalities":  list(f.Nationalities),
		"email":          f.Email,
		"phone_number":   f.PhoneNumber,
		"passport": map[string]any{
			"document_number":   f.Passport.DocumentNumber,
			"issuing_authority": f.Passport.IssuingAuthority,
			"issuing_country":   f.Passport.IssuingCountry,
			"date_of_issuance":  f.Passport.DateOfIssuance,
			"date_of_expiry":    f.Passport.DateOfExpiry,
		},
		"employment": t.employmentClaims(),
		"declarations": map[string]any{
			"qualifications_confirmed": f.Declarations.QualificationsConfirmed,
			"information_verified":     f.Declarations.InformationVerified,
		},
		"issued_at":         i.IssuedAt.UTC().Truncate(time.Second).Format(time.RFC3339),
		"current_country":   f.CurrentCountry,
		"duf_number":        f.DUFNumber,
		"accreditation_ref": i.AccreditationRef,
		"supersedes":        i.Supersedes,
	}
	return without(claims)
}

func (t Terms) employmentClaims() map[string]any {
	e := t.form.Employment
	claims := map[string]any{
		"job_title": e.JobTitle,
		"occupation": map[string]any{
			"scheme": "STYRK-08",
			"code":   e.Occupation,
			"isco":   e.Occupation, // STYRK-08's four digits are ISCO-08's
		},
		"start_date":               e.StartDate,
		"end_date":                 e.EndDate,
		"position_percentage":      json.Number(t.percentage.String()),
		"annual_salary":            map[string]any{"amount": t.salary, "currency": "NOK", "period": "YEAR"},
		"required_education_level": e.RequiredEducationLevel,
		"collective_agreement":     e.CollectiveAgreement,
		"workplace_municipality":   e.WorkplaceMunicipality,
		"job_description":          e.JobDescription,
	}
	if t.weeklyHours > 0 {
		claims["weekly_hours"] = json.Number(t.weeklyHours.String())
	}
	return without(claims)
}

// without drops empty texts: an optional claim that is not there is left out.
func without(claims map[string]any) map[string]any {
	for name, value := range claims {
		if value == "" {
			delete(claims, name)
		}
	}
	return claims
}

func list(values []string) []any {
	items := make([]any, len(values))
	for i, v := range values {
		items[i] = v
	}
	return items
}
