package web

import (
	"slices"
	"strconv"
	"strings"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// Section is a part of the offer form, with the fields that stand in it.
type Section struct {
	Key    string
	Fields []Field
}

// Field is one field of the form: its name is its path in the contract, and its
// texts are form.<name> and, where Help is set, form.<name>.help.
type Field struct {
	page.Field
	Kind string // input, select, country, radio, area, check, date, number
	Help bool
}

func field(name, kind string, more ...func(*Field)) Field {
	f := Field{Field: page.Field{Name: name}, Kind: kind}
	for _, change := range more {
		change(&f)
	}
	return f
}

func optional(f *Field) { f.Optional = true }
func helped(f *Field)   { f.Help = true }
func wide(n int) func(*Field) {
	return func(f *Field) { f.Width = n }
}
func fills(token string) func(*Field) {
	return func(f *Field) { f.Autocomplete = token }
}
func typed(kind, mode string) func(*Field) {
	return func(f *Field) { f.Type, f.Mode = kind, mode }
}
func suffix(text string) func(*Field) {
	return func(f *Field) { f.Suffix = text }
}

// Of the up to five nationalities the page has fields for two. More of them, which
// another system has written, ride along in a hidden field, parted by spaces: whoever
// changes a form here takes none away without seeing it.
const (
	second = "nationalities.second"
	others = "nationalities.others"
)

// sections are the form as the pilot's slides have it, and what UDI's own form asks
// for besides. Nobody but the employer types: nothing is filled in by a browser from
// its owner's own data.
var sections = []Section{
	{"worker", []Field{
		field("given_name", "input", fills("off")), field("family_name", "input", fills("off")),
		field("email", "input", typed("email", "email"), helped, fills("off")),
		field("phone_number", "input", typed("tel", "tel"), helped, wide(20), fills("off")),
		field("current_country", "country", optional, helped),
		field("duf_number", "input", typed("", "numeric"), optional, helped, wide(14), fills("off")),
	}},
	{"employment", []Field{
		field("employment.job_title", "input"),
		field("employment.occupation", "input", typed("", "numeric"), helped, wide(6)),
		field("employment.start_date", "date", helped, wide(12)), field("employment.end_date", "date", optional, helped, wide(12)),
		field("employment.position_percentage", "input", typed("", "decimal"), helped, wide(6), suffix("%")),
		field("employment.annual_salary", "input", typed("", "numeric"), helped, wide(12), suffix("NOK")),
		field("employment.weekly_hours", "input", typed("", "decimal"), optional, helped, wide(6)),
		field("employment.required_education_level", "radio"),
		field("employment.workplace_municipality", "input", typed("", "numeric"), optional, helped, wide(6)),
		field("employment.collective_agreement", "input", optional),
		field("employment.job_description", "area", optional),
	}},
	{"passport", []Field{
		field("passport.document_number", "input", helped, wide(12), fills("off")),
		field("passport.issuing_authority", "input"), field("passport.issuing_country", "country"),
		field("passport.date_of_issuance", "date", wide(12)), field("passport.date_of_expiry", "date", wide(12)),
		field("birthdate", "date", wide(12), fills("off")),
		field("place_of_birth.locality", "input", fills("off")), field("place_of_birth.country", "country"),
		field("nationalities", "country", helped), field(second, "country", optional), field("sex", "radio"),
	}},
	{"declarations", []Field{
		field("declarations.qualifications_confirmed", "check"), field("declarations.information_verified", "check"),
	}},
	{"signatory", []Field{field("signatory.role", "input", helped)}},
}

// educations and sexes are the choices of two fields.
var (
	educations = []string{"bachelor", "master", "vocational"}
	sexes      = []issuerv1.Sex{issuerv1.Sex_SEX_FEMALE, issuerv1.Sex_SEX_MALE, issuerv1.Sex_SEX_OTHER}
)

// shown is a field with its texts and choices.
func (f Field) shown(c *page.Call) page.Field {
	one := f.Field
	one.Label = c.T("form." + f.Name)
	if f.Help {
		one.Help = c.T("form." + f.Name + ".help")
	}
	switch f.Name {
	case "employment.required_education_level":
		for _, level := range educations {
			one.Options = append(one.Options, page.Option{Value: level, Label: c.T("form.education." + level)})
		}
	case "sex":
		for _, s := range sexes {
			n := strconv.Itoa(int(s))
			one.Options = append(one.Options, page.Option{Value: n, Label: c.T("form.sex." + n)})
		}
	}
	if f.Kind == "country" {
		none := "form.country.choose"
		if f.Name == "current_country" {
			none = "form.country.norway"
		}
		one.Options = c.Countries(c.T(none))
	}
	return one
}

// signingRight is the right by which people sign offers; Ansattporten says who has
// it.
const signingRight = "urn:altinn:resource:kompetansespor-issue"

// read makes the contract's form of the page's. Who signs is who is signed in.
func read(c *page.Call, f *page.Form) *issuerv1.OfferForm {
	sex, _ := strconv.Atoi(f.Get("sex")) // nothing chosen is a violation
	nationalities := strings.Fields(f.Get("nationalities") + " " + f.Get(second) + " " + f.Get(others))
	day := func(name string) string { return f.Day(c, name) }
	return &issuerv1.OfferForm{
		GivenName: f.Get("given_name"), FamilyName: f.Get("family_name"), Email: f.Get("email"), PhoneNumber: f.Get("phone_number"),
		CurrentCountry: f.Get("current_country"), DufNumber: strings.ReplaceAll(f.Get("duf_number"), " ", ""), Birthdate: day("birthdate"),
		PlaceOfBirth:  &issuerv1.PlaceOfBirth{Locality: f.Get("place_of_birth.locality"), Country: f.Get("place_of_birth.country")},
		Nationalities: nationalities, Sex: issuerv1.Sex(sex),
		Passport: &issuerv1.Passport{
			DocumentNumber: f.Get("passport.document_number"), IssuingAuthority: f.Get("passport.issuing_authority"),
			IssuingCountry: f.Get("passport.issuing_country"), DateOfIssuance: day("passport.date_of_issuance"), DateOfExpiry: day("passport.date_of_expiry"),
		},
		Employment: &issuerv1.Employment{
			JobTitle: f.Get("employment.job_title"), Occupation: &issuerv1.Occupation{Code: f.Get("employment.occupation")},
			StartDate: day("employment.start_date"), EndDate: day("employment.end_date"),
			PositionPercentage: strings.TrimSpace(strings.TrimSuffix(f.Get("employment.position_percentage"), "%")),
			WeeklyHours:        f.Get("employment.weekly_hours"), AnnualSalary: &issuerv1.AnnualSalary{Amount: strings.ReplaceAll(f.Get("employment.annual_salary"), ".", "")},
			RequiredEducationLevel: f.Get("employment.required_education_level"), WorkplaceMunicipality: f.Get("employment.workplace_municipality"),
			CollectiveAgreement: f.Get("employment.collective_agreement"), JobDescription: f.Get("employment.job_description"),
		},
		Declarations: &issuerv1.Declarations{
			QualificationsConfirmed: f.Has("declarations.qualifications_confirmed", "yes"), InformationVerified: f.Has("declarations.information_verified", "yes"),
		},
		Signatory: &issuerv1.Signatory{Name: c.Session.Name, Role: f.Get("signatory.role"), AuthorisedBy: signingRight},
	}
}

// write fills the page's form with the contract's.
func write(c *page.Call, o *issuerv1.OfferForm) *page.Form {
	e, p := o.GetEmployment(), o.GetPassport()
	yes := map[bool]string{true: "yes"}
	sex := ""
	if o.GetSex() != 0 {
		sex = strconv.Itoa(int(o.GetSex()))
	}
	nationalities := append(slices.Clone(o.GetNationalities()), "", "")
	return page.NewForm(
		"given_name", o.GetGivenName(), "family_name", o.GetFamilyName(), "email", o.GetEmail(), "phone_number", o.GetPhoneNumber(),
		"current_country", alpha2(o.GetCurrentCountry()), "duf_number", o.GetDufNumber(), "birthdate", typedDay(o.GetBirthdate()),
		"place_of_birth.locality", o.GetPlaceOfBirth().GetLocality(), "place_of_birth.country", o.GetPlaceOfBirth().GetCountry(),
		"nationalities", nationalities[0], second, nationalities[1], others, strings.TrimSpace(strings.Join(nationalities[2:], " ")), "sex", sex,
		"passport.document_number", p.GetDocumentNumber(), "passport.issuing_authority", p.GetIssuingAuthority(),
		"passport.issuing_country", p.GetIssuingCountry(), "passport.date_of_issuance", typedDay(p.GetDateOfIssuance()),
		"passport.date_of_expiry", typedDay(p.GetDateOfExpiry()),
		"employment.job_title", e.GetJobTitle(), "employment.occupation", e.GetOccupation().GetCode(),
		"employment.start_date", typedDay(e.GetStartDate()), "employment.end_date", typedDay(e.GetEndDate()),
		"employment.position_percentage", e.GetPositionPercentage(), "employment.weekly_hours", e.GetWeeklyHours(),
		"employment.annual_salary", e.GetAnnualSalary().GetAmount(), "employment.required_education_level", e.GetRequiredEducationLevel(),
		"employment.workplace_municipality", e.GetWorkplaceMunicipality(), "employment.collective_agreement", e.GetCollectiveAgreement(),
		"employment.job_description", e.GetJobDescription(),
		"declarations.qualifications_confirmed", yes[o.GetDeclarations().GetQualificationsConfirmed()],
		"declarations.information_verified", yes[o.GetDeclarations().GetInformationVerified()],
		"signatory.role", orText(o.GetSignatory().GetRole(), c.T("form.signatory.role.usual")),
	)
}

// alpha2 is a country as the form's list has it; a draft that another system has made
// may have it by three letters.
func alpha2(country string) string {
	if short, ok := identifier.Alpha2(country); ok {
		return short
	}
	return country
}

// typedDay is a date as people type it.
func typedDay(iso string) string {
	year, rest, ok := strings.Cut(iso, "-")
	month, day, more := strings.Cut(rest, "-")
	if !ok || !more || len(year) != 4 {
		return iso
	}
	return day + "." + month + "." + year
}

// facts are a section as it is read, field by field.
func (s Section) facts(c *page.Call, f *page.Form) (all []page.Fact) {
	for _, one := range s.Fields {
		value := f.Get(one.Name)
		switch {
		case one.Name == second:
			value = countries(c, value+" "+f.Get(others))
		case one.Name == "current_country" && value == "":
			value = c.T("form.country.norway")
		case one.Kind == "country" && value != "":
			value = c.Country(value)
		case one.Kind == "check":
			value = c.T("form.yes")
			if !f.Has(one.Name, "yes") {
				value = c.T("form.not-yet")
			}
		case one.Kind == "date":
			value = c.Day(f.Day(c, one.Name))
		case one.Name == "sex" && value != "":
			value = c.T("form.sex." + value)
		case one.Name == "employment.required_education_level" && value != "":
			value = c.T("form.education." + value)
		case one.Name == "employment.annual_salary":
			if n := f.Number(c, one.Name); n > 0 {
				value = c.Number(n) + " NOK"
			}
		case one.Suffix != "" && value != "":
			value += " " + one.Suffix
		}
		all = append(all, page.Fact{Name: c.T("form." + one.Name), Value: value})
	}
	return all
}

// countries are the names of countries whose codes are parted by spaces.
func countries(c *page.Call, codes string) string {
	var names []string
	for _, code := range strings.Fields(codes) {
		names = append(names, c.Country(code))
	}
	return strings.Join(names, ", ")
}
