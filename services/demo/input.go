package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
)

// Input is the slides' form, as deploy/demo/lisa-johnson.json has it. Dates
// of the employment may be relative: "+14d" from today, "+12m" from the start.
type Input struct {
	Employer struct {
		OrganisationNumber string `json:"organisation_number"`
		LegalName          string `json:"legal_name"`
		ContactEmail       string `json:"contact_email"`
	} `json:"employer"`
	Signatory struct {
		Name         string `json:"name"`
		Role         string `json:"role"`
		AuthorisedBy string `json:"authorised_by"`
	} `json:"signatory"`
	GivenName    string `json:"given_name"`
	FamilyName   string `json:"family_name"`
	Email        string `json:"email"`
	PhoneNumber  string `json:"phone_number"`
	Birthdate    string `json:"birthdate"`
	PlaceOfBirth struct {
		Locality string `json:"locality"`
		Country  string `json:"country"`
	} `json:"place_of_birth"`
	Nationalities  []string `json:"nationalities"`
	Sex            int32    `json:"sex"`
	CurrentCountry string   `json:"current_country"`
	DUFNumber      string   `json:"duf_number"`
	Passport       struct {
		DocumentNumber   string `json:"document_number"`
		IssuingAuthority string `json:"issuing_authority"`
		IssuingCountry   string `json:"issuing_country"`
		DateOfIssuance   string `json:"date_of_issuance"`
		DateOfExpiry     string `json:"date_of_expiry"`
	} `json:"passport"`
	Employment struct {
		JobTitle               string `json:"job_title"`
		Occupation             string `json:"occupation"`
		StartDate              string `json:"start_date"`
		EndDate                string `json:"end_date"`
		PositionPercentage     string `json:"position_percentage"`
		AnnualSalary           string `json:"annual_salary"`
		RequiredEducationLevel string `json:"required_education_level"`
		WeeklyHours            string `json:"weekly_hours"`
		CollectiveAgreement    string `json:"collective_agreement"`
		WorkplaceMunicipality  string `json:"workplace_municipality"`
		JobDescription         string `json:"job_description"`
	} `json:"employment"`
	Declarations struct {
		QualificationsConfirmed bool `json:"qualifications_confirmed"`
		InformationVerified     bool `json:"information_verified"`
	} `json:"declarations"`
}

// ReadInput reads an input file and makes its relative dates absolute.
func ReadInput(path string, today time.Time) (Input, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return Input{}, fmt.Errorf("read input: %w", err)
	}
	in, err := ParseInput(raw, today)
	if err != nil {
		return Input{}, fmt.Errorf("read input %s: %w", path, err)
	}
	return in, nil
}

// ParseInput reads an input and makes its relative dates absolute.
func ParseInput(raw []byte, today time.Time) (Input, error) {
	var in Input
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return Input{}, err
	}
	start, err := absolute(in.Employment.StartDate, today)
	if err != nil {
		return Input{}, fmt.Errorf("employment.start_date: %w", err)
	}
	from := today
	if day, err := time.Parse(time.DateOnly, start); err == nil {
		from = day
	}
	end, err := absolute(in.Employment.EndDate, from)
	if err != nil {
		return Input{}, fmt.Errorf("employment.end_date: %w", err)
	}
	in.Employment.StartDate, in.Employment.EndDate = start, end
	return in, nil
}

// absolute makes "+14d" or "+12m" a date after from; other texts stay.
func absolute(date string, from time.Time) (string, error) {
	relative, ok := strings.CutPrefix(date, "+")
	if !ok || len(relative) < 2 {
		return date, nil
	}
	n, err := strconv.Atoi(relative[:len(relative)-1])
	if err != nil {
		return "", fmt.Errorf("%q is not a relative date such as +14d or +12m", date)
	}
	switch relative[len(relative)-1] {
	case 'd':
		return from.AddDate(0, 0, n).Format(time.DateOnly), nil
	case 'm':
		return from.AddDate(0, n, 0).Format(time.DateOnly), nil
	}
	return "", fmt.Errorf("%q is not a relative date such as +14d or +12m", date)
}

// form is the input as the issuer's contract has it. The employer's own data
// follow from its token.
func (in Input) form() *issuerv1.OfferForm {
	e, p := in.Employment, in.Passport
	return &issuerv1.OfferForm{
		GivenName: in.GivenName, FamilyName: in.FamilyName, Email: in.Email, PhoneNumber: in.PhoneNumber,
		CurrentCountry: in.CurrentCountry, DufNumber: in.DUFNumber, Birthdate: in.Birthdate,
		PlaceOfBirth:  &issuerv1.PlaceOfBirth{Locality: in.PlaceOfBirth.Locality, Country: in.PlaceOfBirth.Country},
		Nationalities: in.Nationalities, Sex: issuerv1.Sex(in.Sex),
		Passport: &issuerv1.Passport{
			DocumentNumber: p.DocumentNumber, IssuingAuthority: p.IssuingAuthority, IssuingCountry: p.IssuingCountry,
			DateOfIssuance: p.DateOfIssuance, DateOfExpiry: p.DateOfExpiry,
		},
		Employment: &issuerv1.Employment{
			JobTitle: e.JobTitle, Occupation: &issuerv1.Occupation{Code: e.Occupation}, StartDate: e.StartDate, EndDate: e.EndDate,
			PositionPercentage: e.PositionPercentage, WeeklyHours: e.WeeklyHours,
			AnnualSalary:           &issuerv1.AnnualSalary{Amount: e.AnnualSalary},
			RequiredEducationLevel: e.RequiredEducationLevel, WorkplaceMunicipality: e.WorkplaceMunicipality,
			CollectiveAgreement: e.CollectiveAgreement, JobDescription: e.JobDescription,
		},
		Declarations: &issuerv1.Declarations{
			QualificationsConfirmed: in.Declarations.QualificationsConfirmed, InformationVerified: in.Declarations.InformationVerified,
		},
		Signatory: &issuerv1.Signatory{Name: in.Signatory.Name, Role: in.Signatory.Role, AuthorisedBy: in.Signatory.AuthorisedBy},
	}
}
