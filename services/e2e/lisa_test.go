package e2e

import (
	"time"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
)

// lisa is the slides' form.
func lisa(today time.Time) *issuerv1.OfferForm {
	start := today.AddDate(0, 0, 14)
	return &issuerv1.OfferForm{
		GivenName: "Lisa", FamilyName: "Johnson", Email: "lisa.johnson@example.com", PhoneNumber: "+1 212 345 6789",
		CurrentCountry: "US", Birthdate: "1990-01-01", PlaceOfBirth: &issuerv1.PlaceOfBirth{Locality: "New York", Country: "US"},
		Nationalities: []string{"US"}, Sex: issuerv1.Sex_SEX_FEMALE,
		Passport: &issuerv1.Passport{
			DocumentNumber: "123456789", IssuingAuthority: "U.S. Department of State", IssuingCountry: "US",
			DateOfIssuance: "2023-01-01", DateOfExpiry: "2033-01-01",
		},
		Employment: &issuerv1.Employment{
			JobTitle: "Researcher", Occupation: &issuerv1.Occupation{Code: "2310"},
			StartDate: start.Format(time.DateOnly), EndDate: start.AddDate(0, 12, 0).Format(time.DateOnly),
			PositionPercentage: "100", AnnualSalary: &issuerv1.AnnualSalary{Amount: "634 700"}, RequiredEducationLevel: "master",
		},
		Declarations: &issuerv1.Declarations{QualificationsConfirmed: true, InformationVerified: true},
		Signatory:    &issuerv1.Signatory{Name: "Kari Nordmann", Role: "HR manager"},
	}
}
