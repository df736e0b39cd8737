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

// formOf shows a form as it was typed, or signed.
func formOf(f offer.Form) *issuerv1.OfferForm {
	e, p := f.Employment, f.Passport
	return &issuerv1.OfferForm{
		Signatory: &issuerv1.Signatory{Name: f.Signatory.Name, Role: f.Signatory.Role, AuthorisedBy: f.Signatory.AuthorisedBy},
		GivenName: f.GivenName, FamilyName: f.FamilyName, Email: f.Email, PhoneNumber: f.PhoneNumber, Birthdate: f.Birthdate,
		PlaceOfBirth:  &issuerv1.PlaceOfBirth{Locality: f.PlaceOfBirth.Locality, Country: f.PlaceOfBirth.Country},
		Nationalities: f.Nationalities, Sex: issuerv1.Sex(f.Sex), CurrentCountry: f.CurrentCountry, DufNumber: f.DUFNumber,
		Passport: &issuerv1.Passport{
			DocumentNumber: p.DocumentNumber, IssuingAuthority: p.IssuingAuthority, IssuingCountry: p.IssuingCountry,
			DateOfIssuance: p.DateOfIssuance, DateOfExpiry: p.DateOfExpiry,
		},
		Employment: &issuerv1.Employment{
			JobTitle: e.JobTitle, Occupation: &issuerv1.Occupation{Code: e.Occupation}, StartDate: e.StartDate, EndDate: e.EndDate,
			PositionPercentage: e.PositionPercentage, AnnualSalary: &issuerv1.AnnualSalary{Amount: e.AnnualSalary},
			RequiredEducationLevel: e.RequiredEducationLevel, WeeklyHours: e.WeeklyHours,
			CollectiveAgreement: e.CollectiveAgreement, WorkplaceMunicipality: e.WorkplaceMunicipality, JobDescription: e.JobDescription,
		},
		Declarations: &issuerv1.Declarations{
			QualificationsConfirmed: f.Declarations.QualificationsConfirmed, InformationVerified: f.Declarations.InformationVerified,
		},
	}
}
