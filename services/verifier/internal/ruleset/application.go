package ruleset

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Application is what was presented and verified, and what others say about it.
// Claims are as encoding/json reads them.
type Application struct {
	// Offer are the claims of the OfferOfEmployment.
	Offer         map[string]any
	Accreditation Accreditation
	Signatory     Signatory
	// PassportMeets are the conditions of the list of visa-free nationalities that
	// somebody who saw the passport says it meets: BIOMETRIC, SAR, ID_NUMBER,
	// ORDINARY. The offer does not say.
	PassportMeets []string
	// Supporting are the other credentials of the same holder, verified: signature,
	// status, and that their issuer may issue the type.
	Supporting []Supporting
}

// Accreditation is what the trust list says about the offer's signer.
type Accreditation struct {
	InForce            bool
	OrganisationNumber string
	// StaffingAgency is for who knows it from the register's industry code.
	StaffingAgency Answer
}

// Signatory is what is known of who signed the offer for the employer: nothing
// until it was Checked.
type Signatory struct {
	Checked, Authorised bool
}

func (s Signatory) answer() Answer {
	switch {
	case !s.Checked:
		return Unknown
	case s.Authorised:
		return Yes
	}
	return No
}

// Supporting is a credential that was presented beside the offer.
type Supporting struct {
	Type   string // a name of credtype, such as EducationRecognition
	Claims map[string]any
	Issuer string // its DID
}

// FactsOf reads an application. on is a date in its own location. Claims of the
// offer that the schema requires and that are missing or of another type are one
// Invalid fault (case.facts): a claim that the holder kept back is missing, and
// what it would have said is never guessed. What is missing in a supporting
// credential is noted in its Document, for the officer.
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
		EmployerName:                 r.optional("employer.legal_name"),
		SignatoryName:                r.optional("signatory.name"),
		Signatory:                    a.Signatory.answer(),
		StaffingAgency:               a.Accreditation.StaffingAgency,
		CollectiveAgreement:          r.optional("employment.collective_agreement"),
		PassportMeets:                a.PassportMeets,
	}
	if r.optional("employment.end_date") != "" {
		f.EndDate = r.date("employment.end_date")
	}
	if r.at("employment.weekly_hours") != nil {
		f.WeeklyHoursHundredths = r.hundredths("employment.weekly_hours")
	}
	if err := fault.Violated("case.facts", "the offer lacks claims that the rules need", r.violations); err != nil {
		return Facts{}, err
	}
	for _, s := range a.Supporting {
		f.Documents = append(f.Documents, documentOf(s))
	}
	return f, nil
}
