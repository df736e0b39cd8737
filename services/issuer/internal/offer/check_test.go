package offer

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// The slide's offer was filled in before its start date.
var slideToday = time.Date(2023, 6, 1, 12, 0, 0, 0, time.UTC)

// slide is the form as the pilot's slides show it, with what the form lacks and
// without the DUF number, which is none.
func slide() Form {
	return Form{
		Employer:       Employer{OrganisationNumber: "310000019", LegalName: "University of Oslo", ContactEmail: "hr@example.com"},
		Signatory:      Signatory{Name: "Kari Nordmann", Role: "HR manager"},
		GivenName:      "Lisa",
		FamilyName:     "Johnson",
		Email:          "lisa.johnson@example.com",
		PhoneNumber:    "+1 212 345 6789",
		Birthdate:      "01.01.1990",
		PlaceOfBirth:   PlaceOfBirth{Locality: "New York", Country: "US"},
		Nationalities:  []string{"US"},
		Sex:            2,
		CurrentCountry: "USA",
		Passport: Passport{
			DocumentNumber: "123456789", IssuingAuthority: "U.S. Department of State", IssuingCountry: "US",
			DateOfIssuance: "01.01.2023", DateOfExpiry: "01.01.2033",
		},
		Employment: Employment{
			JobTitle: "Researcher", Occupation: "2512", StartDate: "01.08.2023", EndDate: "01.08.2024",
			PositionPercentage: "100 %", AnnualSalary: "634 700 NOK", RequiredEducationLevel: "master",
		},
		Declarations: Declarations{QualificationsConfirmed: true, InformationVerified: true},
	}
}

func checkSlide(change func(*Form)) (Terms, error) {
	form := slide()
	if change != nil {
		change(&form)
	}
	return Check(form, slideToday, DefaultRules(identifier.Synthetic))
}

func TestTheSlidesOfferIsAccepted(t *testing.T) {
	terms, err := checkSlide(nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(terms.Warnings()) != 0 {
		t.Errorf("warnings: %v", terms.Warnings())
	}
	f := terms.Form()
	for what, got := range map[string]string{
		"1990-01-01": f.Birthdate, "2023-08-01": f.Employment.StartDate, "2024-08-01": f.Employment.EndDate,
		"634700": f.Employment.AnnualSalary, "100": f.Employment.PositionPercentage, "+12123456789": f.PhoneNumber,
		"US": f.CurrentCountry, "2023-01-01": f.Passport.DateOfIssuance, "2033-01-01": f.Passport.DateOfExpiry,
	} {
		if got != what {
			t.Errorf("got %q, want %q", got, what)
		}
	}
}

func TestTheSlidesDUFNumberIsRefused(t *testing.T) {
	_, err := checkSlide(func(f *Form) { f.DUFNumber = "123456789" })
	mustViolate(t, err, "duf_number", "offer.duf-format")
}

func mustViolate(t *testing.T, err error, field, rule string) {
	t.Helper()
	violations := fault.From(err).Violations
	if fault.RuleOf(err) != "offer.form" || fault.KindOf(err) != fault.Invalid || len(violations) != 1 || violations[0].Field != field || violations[0].Rule != rule {
		t.Errorf("want %s at %s alone, got %v", rule, field, err)
	}
}

func TestEveryRuleOfTheForm(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n) }
	for _, c := range []struct {
		name, field, rule string
		change            func(*Form)
	}{
		{"organisation number missing", "employer.organisation_number", "offer.required", func(f *Form) { f.Employer.OrganisationNumber = " " }},
		{"organisation number wrong", "employer.organisation_number", "offer.organisation-number", func(f *Form) { f.Employer.OrganisationNumber = "310000018" }},
		{"organisation number real", "employer.organisation_number", "offer.organisation-number", func(f *Form) { f.Employer.OrganisationNumber = "974760673" }},
		{"legal name missing", "employer.legal_name", "offer.required", func(f *Form) { f.Employer.LegalName = "" }},
		{"contact e-mail missing", "employer.contact_email", "offer.required", func(f *Form) { f.Employer.ContactEmail = "" }},
		{"contact e-mail wrong", "employer.contact_email", "offer.email-format", func(f *Form) { f.Employer.ContactEmail = "hr" }},
		{"signatory missing", "signatory.name", "offer.required", func(f *Form) { f.Signatory.Name = "" }},
		{"signatory's role missing", "signatory.role", "offer.required", func(f *Form) { f.Signatory.Role = "" }},
		{"authorisation too long", "signatory.authorised_by", "offer.text-length", func(f *Form) { f.Signatory.AuthorisedBy = long(201) }},
		{"given name missing", "given_name", "offer.required", func(f *Form) { f.GivenName = "" }},
		{"given name too long", "given_name", "offer.text-length", func(f *Form) { f.GivenName = long(101) }},
		{"given name enormous", "given_name", "offer.text-length", func(f *Form) { f.GivenName = long(1 << 20) }},
		{"given name with digits", "given_name", "offer.name-characters", func(f *Form) { f.GivenName = "L1sa" }},
		{"given name with mark-up", "given_name", "offer.name-characters", func(f *Form) { f.GivenName = "<script>" }},
		{"given name without a letter", "given_name", "offer.name-characters", func(f *Form) { f.GivenName = "-" }},
		{"given name with a line break", "given_name", "offer.text-control-character", func(f *Form) { f.GivenName = "Lisa\r\nBcc" }},
		{"given name with NUL", "given_name", "offer.text-control-character", func(f *Form) { f.GivenName = "Li\x00sa" }},
		{"given name not UTF-8", "given_name", "offer.text-control-character", func(f *Form) { f.GivenName = "Li\xffsa" }},
		{"given name turned round", "given_name", "offer.text-invisible-character", func(f *Form) { f.GivenName = "\u202easiL" }},
		{"given name with zero width", "given_name", "offer.text-invisible-character", func(f *Form) { f.GivenName = "Li\u200bsa" }},
		{"given name with a joiner", "given_name", "offer.text-invisible-character", func(f *Form) { f.GivenName = "Li\u200dsa" }},
		{"given name with a byte order mark", "given_name", "offer.text-invisible-character", func(f *Form) { f.GivenName = "Li\ufeffsa" }},
		{"given name with a filler", "given_name", "offer.text-invisible-character", func(f *Form) { f.GivenName = "Li\u3164sa" }},
		{"family name missing", "family_name", "offer.required", func(f *Form) { f.FamilyName = "" }},
		{"family name with digits", "family_name", "offer.name-characters", func(f *Form) { f.FamilyName = "J0hnson" }},
		{"e-mail missing", "email", "offer.required", func(f *Form) { f.Email = "" }},
		{"e-mail wrong", "email", "offer.email-format", func(f *Form) { f.Email = "lisa.johnson" }},
		{"e-mail too long", "email", "offer.email-format", func(f *Form) { f.Email = long(250) + "@example.com" }},
		{"phone missing", "phone_number", "offer.required", func(f *Form) { f.PhoneNumber = "" }},
		{"phone without country code", "phone_number", "offer.phone-format", func(f *Form) { f.PhoneNumber = "212 345 6789" }},
		{"birth date missing", "birthdate", "offer.required", func(f *Form) { f.Birthdate = "" }},
		{"birth date no date", "birthdate", "offer.birth-date-format", func(f *Form) { f.Birthdate = "31.02.1990" }},
		{"birth date American", "birthdate", "offer.birth-date-format", func(f *Form) { f.Birthdate = "1/1/1990" }},
		{"birth date in the future", "birthdate", "offer.birth-date-range", func(f *Form) { f.Birthdate = "2023-06-02" }},
		{"birth date too far back", "birthdate", "offer.birth-date-range", func(f *Form) { f.Birthdate = "1903-05-31" }},
		{"under age on the start date", "birthdate", "offer.minimum-age", func(f *Form) { f.Birthdate = "2005-08-02" }},
		{"place of birth missing", "place_of_birth.locality", "offer.required", func(f *Form) { f.PlaceOfBirth.Locality = "" }},
		{"country of birth missing", "place_of_birth.country", "offer.required", func(f *Form) { f.PlaceOfBirth.Country = "" }},
		{"country of birth unknown", "place_of_birth.country", "offer.country", func(f *Form) { f.PlaceOfBirth.Country = "ZZ" }},
		{"nationality missing", "nationalities", "offer.required", func(f *Form) { f.Nationalities = nil }},
		{"nationality three letters", "nationalities", "offer.nationality", func(f *Form) { f.Nationalities = []string{"USA"} }},
		{"nationality empty", "nationalities", "offer.nationality", func(f *Form) { f.Nationalities = []string{"US", ""} }},
		{"nationalities too many", "nationalities", "offer.nationalities-count", func(f *Form) { f.Nationalities = []string{"US", "CA", "GB", "AU", "NZ", "JP"} }},
		{"sex missing", "sex", "offer.sex", func(f *Form) { f.Sex = 0 }},
		{"sex unknown", "sex", "offer.sex", func(f *Form) { f.Sex = 4 }},
		{"current country unknown", "current_country", "offer.country", func(f *Form) { f.CurrentCountry = "Amerika" }},
		{"DUF number too long", "duf_number", "offer.duf-format", func(f *Form) { f.DUFNumber = "2026654321070" }},
		{"passport number missing", "passport.document_number", "offer.required", func(f *Form) { f.Passport.DocumentNumber = "" }},
		{"passport number too long", "passport.document_number", "offer.passport-number", func(f *Form) { f.Passport.DocumentNumber = "1234567890" }},
		{"passport issuer missing", "passport.issuing_authority", "offer.required", func(f *Form) { f.Passport.IssuingAuthority = "" }},
		{"passport country missing", "passport.issuing_country", "offer.required", func(f *Form) { f.Passport.IssuingCountry = "" }},
		{"passport country unknown", "passport.issuing_country", "offer.country", func(f *Form) { f.Passport.IssuingCountry = "USA" }},
		{"passport issued missing", "passport.date_of_issuance", "offer.required", func(f *Form) { f.Passport.DateOfIssuance = "" }},
		{"passport issued no date", "passport.date_of_issuance", "offer.passport-issued-format", func(f *Form) { f.Passport.DateOfIssuance = "yesterday" }},
		{"passport issued tomorrow", "passport.date_of_issuance", "offer.passport-issued-in-future", func(f *Form) { f.Passport.DateOfIssuance = "2023-06-02" }},
		{"passport expiry missing", "passport.date_of_expiry", "offer.required", func(f *Form) { f.Passport.DateOfExpiry = "" }},
		{"passport expiry no date", "passport.date_of_expiry", "offer.passport-expiry-format", func(f *Form) { f.Passport.DateOfExpiry = "2033-13-01" }},
		{"passport expired today", "passport.date_of_expiry", "offer.passport-expired", func(f *Form) { f.Passport.DateOfExpiry = "2023-06-01"; f.Employment.EndDate = "" }},
		{"job title missing", "employment.job_title", "offer.required", func(f *Form) { f.Employment.JobTitle = "" }},
		{"occupation missing", "employment.occupation", "offer.required", func(f *Form) { f.Employment.Occupation = "" }},
		{"occupation of seven digits", "employment.occupation", "offer.occupation", func(f *Form) { f.Employment.Occupation = "2512101" }},
		{"start date missing", "employment.start_date", "offer.required", func(f *Form) { f.Employment.StartDate = "" }},
		{"start date no date", "employment.start_date", "offer.start-date-format", func(f *Form) { f.Employment.StartDate = "+14d" }},
		{"end date no date", "employment.end_date", "offer.end-date-format", func(f *Form) { f.Employment.EndDate = "+12m" }},
		{"end date on the start date", "employment.end_date", "offer.end-after-start", func(f *Form) { f.Employment.EndDate = "2023-08-01" }},
		{"percentage missing", "employment.position_percentage", "offer.required", func(f *Form) { f.Employment.PositionPercentage = "%" }},
		{"percentage no number", "employment.position_percentage", "offer.percentage-format", func(f *Form) { f.Employment.PositionPercentage = "full" }},
		{"percentage with three decimals", "employment.position_percentage", "offer.percentage-format", func(f *Form) { f.Employment.PositionPercentage = "99.999" }},
		{"percentage as exponent", "employment.position_percentage", "offer.percentage-format", func(f *Form) { f.Employment.PositionPercentage = "1e2" }},
		{"percentage 0", "employment.position_percentage", "offer.percentage-range", func(f *Form) { f.Employment.PositionPercentage = "0" }},
		{"percentage above 100", "employment.position_percentage", "offer.percentage-range", func(f *Form) { f.Employment.PositionPercentage = "100.01" }},
		{"percentage negative", "employment.position_percentage", "offer.percentage-range", func(f *Form) { f.Employment.PositionPercentage = "-80" }},
		{"salary missing", "employment.annual_salary", "offer.required", func(f *Form) { f.Employment.AnnualSalary = "" }},
		{"salary with decimals", "employment.annual_salary", "offer.salary-format", func(f *Form) { f.Employment.AnnualSalary = "634700,50" }},
		{"salary with points", "employment.annual_salary", "offer.salary-format", func(f *Form) { f.Employment.AnnualSalary = "634.700" }},
		{"salary grouped wrongly", "employment.annual_salary", "offer.salary-format", func(f *Form) { f.Employment.AnnualSalary = "63 4700" }},
		{"salary in dollars", "employment.annual_salary", "offer.salary-format", func(f *Form) { f.Employment.AnnualSalary = "634700 USD" }},
		{"salary 0", "employment.annual_salary", "offer.salary-positive", func(f *Form) { f.Employment.AnnualSalary = "0" }},
		{"salary negative", "employment.annual_salary", "offer.salary-positive", func(f *Form) { f.Employment.AnnualSalary = "-634700" }},
		{"education level missing", "employment.required_education_level", "offer.required", func(f *Form) { f.Employment.RequiredEducationLevel = "" }},
		{"education level unknown", "employment.required_education_level", "offer.education-level", func(f *Form) { f.Employment.RequiredEducationLevel = "phd" }},
		{"weekly hours beyond the law", "employment.weekly_hours", "offer.weekly-hours", func(f *Form) { f.Employment.WeeklyHours = "40.01" }},
		{"weekly hours 0", "employment.weekly_hours", "offer.weekly-hours", func(f *Form) { f.Employment.WeeklyHours = "0" }},
		{"municipality by name", "employment.workplace_municipality", "offer.municipality", func(f *Form) { f.Employment.WorkplaceMunicipality = "Oslo" }},
		{"collective agreement too long", "employment.collective_agreement", "offer.text-length", func(f *Form) { f.Employment.CollectiveAgreement = long(201) }},
		{"job description with escape", "employment.job_description", "offer.text-control-character", func(f *Form) { f.Employment.JobDescription = "a\x1b[2J" }},
		{"qualifications not confirmed", "declarations.qualifications_confirmed", "offer.declaration-qualifications", func(f *Form) { f.Declarations.QualificationsConfirmed = false }},
		{"information not verified", "declarations.information_verified", "offer.declaration-information", func(f *Form) { f.Declarations.InformationVerified = false }},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := checkSlide(c.change)
			mustViolate(t, err, c.field, c.rule)
		})
	}
}

func TestPassportIssuedAfterItsExpiryIsRefused(t *testing.T) {
	_, err := checkSlide(func(f *Form) { f.Passport.DateOfIssuance, f.Passport.DateOfExpiry = "2023-06-01", "2023-06-01" })
	found := slices.ContainsFunc(fault.From(err).Violations, func(v fault.Violation) bool { return v.Rule == "offer.passport-dates" })
	if !found {
		t.Errorf("got %v", err)
	}
}

func TestWhatTheFormAccepts(t *testing.T) {
	for name, change := range map[string]func(*Form){
		"permanent position":       func(f *Form) { f.Employment.EndDate = "" },
		"in Norway now":            func(f *Form) { f.CurrentCountry = "" },
		"DUF number":               func(f *Form) { f.DUFNumber = "2026 654321 07" },
		"of age on the start date": func(f *Form) { f.Birthdate = "2005-08-01" },
		"ISO dates":                func(f *Form) { f.Birthdate, f.Employment.StartDate = "1990-01-01", "2023-08-01" },
		"names of the world":       func(f *Form) { f.GivenName, f.FamilyName = "Đặng Thị", "O’Brien-Łukasz Jr." },
		"name in another script":   func(f *Form) { f.FamilyName = "Иванова" },
		"name with marks":          func(f *Form) { f.FamilyName = "सिंह" },
		"two nationalities":        func(f *Form) { f.Nationalities = []string{"US", "XK", "US"} },
		"narrow spaces":            func(f *Form) { f.Employment.AnnualSalary = "1\u202f634\u00a0700" },
		"kr in front":              func(f *Form) { f.Employment.AnnualSalary = "kr 634 700" },
		"lines in the description": func(f *Form) { f.Employment.JobDescription = "One.\r\nTwo." },
		"hours":                    func(f *Form) { f.Employment.WeeklyHours = "37,5" },
	} {
		if terms, err := checkSlide(change); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if len(terms.Warnings()) != 0 {
			t.Errorf("%s: warned %v", name, terms.Warnings())
		}
	}
}

func TestOneNameHasOneSpelling(t *testing.T) {
	terms, err := checkSlide(func(f *Form) { f.GivenName = " A\u030ase " })
	if err != nil || terms.Form().GivenName != "Åse" {
		t.Errorf("got %q, %v", terms.Form().GivenName, err)
	}
}

func TestWarningsLeaveTheOfferStanding(t *testing.T) {
	for _, c := range []struct {
		field, rule string
		change      func(*Form)
	}{
		{"employment.start_date", "offer.start-date-past", func(f *Form) { f.Employment.StartDate = "2023-05-01" }},
		{"employment.position_percentage", "offer.percentage-part-time", func(f *Form) { f.Employment.PositionPercentage = "79.99" }},
		{"passport.date_of_expiry", "offer.passport-before-end", func(f *Form) { f.Passport.DateOfExpiry = "2024-07-31" }},
		{"duf_number", "offer.duf-checksum", func(f *Form) { f.DUFNumber = "201258697561" }},
	} {
		terms, err := checkSlide(c.change)
		if got := terms.Warnings(); err != nil || len(got) != 1 || got[0].Field != c.field || got[0].Rule != c.rule {
			t.Errorf("%s: got %v, %v", c.rule, got, err)
		}
	}
	for name, change := range map[string]func(*Form){
		"start date 30 days ago": func(f *Form) { f.Employment.StartDate = "2023-05-02" },
		"80 per cent":            func(f *Form) { f.Employment.PositionPercentage = "80" },
		"expiry on the last day": func(f *Form) { f.Passport.DateOfExpiry = "2024-08-01" },
	} {
		if terms, err := checkSlide(change); err != nil || len(terms.Warnings()) != 0 {
			t.Errorf("%s: got %v, %v", name, terms.Warnings(), err)
		}
	}
}

func TestAllViolationsComeAtOnceAndWithoutValues(t *testing.T) {
	form := slide()
	form.GivenName, form.Email, form.DUFNumber = "S3cret\u202e", "s3cret", "S3cret"
	form.Employment = Employment{StartDate: "S3cret"}
	form.Declarations = Declarations{}
	_, err := Check(form, slideToday, DefaultRules(identifier.Synthetic))
	if n := len(fault.From(err).Violations); n != 11 {
		t.Errorf("%d violations: %v", n, err)
	}
	if strings.Contains(strings.ToLower(err.Error()), "s3cret") {
		t.Error("the error carries a value")
	}
}

func TestEmptyFormNamesEveryRequiredField(t *testing.T) {
	_, err := Check(Form{}, slideToday, DefaultRules(identifier.Synthetic))
	fields := map[string]bool{}
	for _, v := range fault.From(err).Violations {
		fields[v.Field] = true
	}
	typ, _ := credtype.Find(credtype.OfferOfEmployment)
	for _, path := range typ.Required {
		if path != "offer_id" && path != "issued_at" && !fields[path] && path != "place_of_birth" {
			t.Errorf("%s is not missed", path)
		}
	}
}

func TestClaimsFitTheSchema(t *testing.T) {
	full := func(f *Form) {
		f.DUFNumber = "202665432107"
		f.Signatory.AuthorisedBy = "urn:altinn:resource:kompetansespor-issue"
		f.Employment.PositionPercentage = "80,50"
		f.Employment.WeeklyHours = "37.5"
		f.Employment.CollectiveAgreement = "Hovedtariffavtalen"
		f.Employment.WorkplaceMunicipality = "0301"
		f.Employment.JobDescription = "Research.\nTeaching."
	}
	least := func(f *Form) { f.CurrentCountry, f.Employment.EndDate = "", "" }
	issuance := Issuance{OfferID: "off_1", IssuedAt: slideToday, AccreditationRef: "acc_7", Supersedes: "off_0"}
	typ, _ := credtype.Find(credtype.OfferOfEmployment)
	for name, c := range map[string]struct {
		change   func(*Form)
		issuance Issuance
		optional bool
	}{
		"every claim":     {full, issuance, true},
		"required claims": {least, Issuance{OfferID: "off_1", IssuedAt: slideToday}, false},
	} {
		terms, err := checkSlide(c.change)
		if err != nil {
			t.Fatal(err)
		}
		claims := terms.Claims(c.issuance)
		if err := credtype.Validate(credtype.OfferOfEmployment, claims); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, path := range typ.Optional {
			if has(claims, path) != c.optional {
				t.Errorf("%s: %s present is %v", name, path, !c.optional)
			}
		}
	}
}

func has(claims map[string]any, path string) bool {
	head, rest, nested := strings.Cut(path, ".")
	value, ok := claims[head]
	if !nested || !ok {
		return ok
	}
	return has(value.(map[string]any), rest)
}

func TestDecimalsStayExactInClaims(t *testing.T) {
	for in, want := range map[string]string{"80,50": "80.5", "100": "100", "0.01": "0.01", "33.33": "33.33", "90.05": "90.05", "99.90 %": "99.9"} {
		terms, err := checkSlide(func(f *Form) { f.Employment.PositionPercentage = in })
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(terms.Claims(Issuance{})["employment"])
		if err != nil || !strings.Contains(string(raw), `"position_percentage":`+want+`,`) || !strings.Contains(string(raw), `"amount":634700,`) {
			t.Errorf("%s: %s, %v", in, raw, err)
		}
	}
}

func TestStoredTermsComeBackWhole(t *testing.T) {
	terms, err := checkSlide(func(f *Form) { f.Employment.WeeklyHours, f.Employment.PositionPercentage = "37,5", "79" })
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(terms)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseTerms(raw)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := json.Marshal(back)
	want, _ := json.Marshal(terms.Claims(Issuance{}))
	got, _ := json.Marshal(back.Claims(Issuance{}))
	if string(again) != string(raw) || string(got) != string(want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
	for _, bad := range []string{"", "{}", `{"form":{"employment":{"position_percentage":"100"}}}`} {
		if _, err := ParseTerms([]byte(bad)); fault.KindOf(err) != fault.Internal || err == nil {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestTodayIsADateWhereTheClockStands(t *testing.T) {
	oslo := time.FixedZone("CEST", 2*60*60)
	lateEvening := time.Date(2023, 5, 31, 23, 30, 0, 0, time.UTC).In(oslo) // 1 June in Oslo
	_, err := Check(func() Form { f := slide(); f.Passport.DateOfIssuance = "2023-06-01"; return f }(), lateEvening, DefaultRules(identifier.Synthetic))
	if err != nil {
		t.Error(err)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("Lisa", "01.01.1990", "634 700", "100 %", "+1 212 345 6789")
	f.Add("\u202e", "0000-00-00", "-1", "1e400", "+")
	f.Fuzz(func(t *testing.T, name, date, salary, percentage, phone string) {
		form := slide()
		form.GivenName, form.Birthdate, form.PhoneNumber = name, date, phone
		form.Employment.AnnualSalary, form.Employment.PositionPercentage, form.Employment.JobDescription = salary, percentage, name
		terms, err := Check(form, slideToday, DefaultRules(identifier.Synthetic))
		if err != nil {
			var violated *fault.Error
			if !errors.As(err, &violated) || violated.Kind != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		if err := credtype.Validate(credtype.OfferOfEmployment, terms.Claims(Issuance{OfferID: "off_1", IssuedAt: slideToday})); err != nil {
			t.Fatalf("accepted but outside the schema: %v", err)
		}
	})
}
