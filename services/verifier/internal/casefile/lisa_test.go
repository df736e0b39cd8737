package casefile

import (
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

var on = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

var loadOnce = sync.OnceValues(ruleset.Current)

func rules(t interface{ Fatal(...any) }) *ruleset.RuleSet {
	s, err := loadOnce()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// lisa passes every rule.
func lisa() ruleset.Facts {
	return ruleset.Facts{
		EvaluatedOn: "2026-11-22", GivenName: "Lisa", FamilyName: "Johnson", Birthdate: "1990-01-01",
		Nationalities: []string{"US"}, CurrentCountry: "US", PassportIssuingCountry: "US", PassportExpiry: "2033-01-01",
		Occupation: "2512", RequiredEducation: "master", StartDate: "2026-12-06", EndDate: "2027-12-06",
		PercentageHundredths: 10000, AnnualSalary: 634700, QualificationsConfirmed: true,
		OrganisationNumber: "310000019", EmployerAccredited: true, AccreditedOrganisationNumber: "310000019", Signatory: ruleset.Yes,
	}
}

var loadFigures = sync.OnceValues(LoadParameters)

func figures(t interface{ Fatal(...any) }) *Parameters {
	p, err := loadFigures()
	if err != nil {
		t.Fatal(err)
	}
	return p
}
