package casefile

import (
	"strconv"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/synthetic"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

func TestSyntheticPeopleAreProposed(t *testing.T) {
	set := rules(t)
	registrations := map[string]int{}
	for i, o := range synthetic.Offers(5, 300, on, synthetic.Employer{OrganisationNumber: "310000019"}) {
		salary, err := strconv.ParseInt(o.Employment.AnnualSalary, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		f := ruleset.Facts{
			EvaluatedOn: on.Format(isoDate), GivenName: o.GivenName, FamilyName: o.FamilyName, Birthdate: o.Birthdate,
			Nationalities: o.Nationalities, CurrentCountry: o.CurrentCountry, PassportIssuingCountry: o.Passport.IssuingCountry,
			PassportExpiry: o.Passport.DateOfExpiry, Occupation: o.Employment.Occupation, RequiredEducation: o.Employment.RequiredEducationLevel,
			StartDate: o.Employment.StartDate, EndDate: o.Employment.EndDate, PercentageHundredths: 10000, AnnualSalary: salary,
			QualificationsConfirmed: true, OrganisationNumber: "310000019", EmployerAccredited: true, AccreditedOrganisationNumber: "310000019", Signatory: ruleset.Yes,
		}
		e, err := set.Evaluate(f, ruleset.ProposeOnly)
		if err != nil || e.Outcome != ruleset.ProposeGrant {
			t.Fatalf("person %d: %v, %v", i, e, err)
		}
		p, err := granted(t, f).Permit(f, figures(t))
		if err != nil {
			t.Fatal(err)
		}
		registrations[p.Registration]++
	}
	if registrations["FNR"] == 0 || registrations["D_NUMBER"] == 0 {
		t.Errorf("registrations %v", registrations)
	}
}
