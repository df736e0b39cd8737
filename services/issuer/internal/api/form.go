package api

import (
	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

// form reads the form as it came: what is wrong with it, the domain says, all
// at once.
func form(f *issuerv1.OfferForm) offer.Form {
	e, p := f.GetEmployment(), f.GetPassport()
	return offer.Form{
		Signatory: offer.Signatory{
			Name: f.GetSignatory().GetName(), Role: f.GetSignatory().GetRole(), AuthorisedBy: f.GetSignatory().GetAuthorisedBy(),
		},
		GivenName: f.GetGivenName(), FamilyName: f.GetFamilyName(), Email: f.GetEmail(), PhoneNumber: f.GetPhoneNumber(),
		Birthdate:     f.GetBirthdate(),
		PlaceOfBirth:  offer.PlaceOfBirth{Locality: f.GetPlaceOfBirth().GetLocality(), Country: f.GetPlaceOfBirth().GetCountry()},
		Nationalities: f.GetNationalities(), Sex: int(f.GetSex()),
		CurrentCountry: f.GetCurrentCountry(), DUFNumber: f.GetDufNumber(),
		Passport: offer.Passport{
			DocumentNumber: p.GetDocumentNumber(), IssuingAuthority: p.GetIssuingAuthority(), IssuingCountry: p.GetIssuingCountry(),
			DateOfIssuance: p.GetDateOfIssuance(), DateOfExpiry: p.GetDateOfExpiry(),
		},
		Employment: offer.Employment{
			JobTitle: e.GetJobTitle(), Occupation: e.GetOccupation().GetCode(), StartDate: e.GetStartDate(), EndDate: e.GetEndDate(),
			PositionPercentage: e.GetPositionPercentage(), AnnualSalary: e.GetAnnualSalary().GetAmount(),
			RequiredEducationLevel: e.GetRequiredEducationLevel(), WeeklyHours: e.GetWeeklyHours(),
			CollectiveAgreement: e.GetCollectiveAgreement(), WorkplaceMunicipality: e.GetWorkplaceMunicipality(),
			JobDescription: e.GetJobDescription(),
		},
		Declarations: offer.Declarations{
			QualificationsConfirmed: f.GetDeclarations().GetQualificationsConfirmed(),
			InformationVerified:     f.GetDeclarations().GetInformationVerified(),
		},
	}
}
