package ruleset

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

func rules(t interface{ Fatal(...any) }) *RuleSet {
	s, err := Load("2026-11-22+visafree.2024-08-04")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// lisa passes every rule.
func lisa() Facts {
	return Facts{
		EvaluatedOn: "2026-11-22", GivenName: "Lisa", FamilyName: "Johnson", Birthdate: "1990-01-01",
		Nationalities: []string{"US"}, CurrentCountry: "US", PassportIssuingCountry: "US", PassportExpiry: "2033-01-01",
		Occupation: "2512", RequiredEducation: "master", StartDate: "2026-12-06", EndDate: "2027-12-06",
		PercentageHundredths: 10000, AnnualSalary: 634700, QualificationsConfirmed: true,
		OrganisationNumber: "310000019", EmployerAccredited: true, AccreditedOrganisationNumber: "310000019",
	}
}

func evaluate(t *testing.T, f Facts) Evaluation {
	t.Helper()
	e, err := rules(t).Evaluate(f, ProposeOnly)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func resultOf(e Evaluation, id string) Result {
	for _, r := range e.Results {
		if r.ID == id {
			return r.Result
		}
	}
	return ""
}

func TestClearCaseIsProposed(t *testing.T) {
	e := evaluate(t, lisa())
	if e.Outcome != ProposeGrant || len(e.Results) != 10 || len(e.Flags)+len(e.Warnings) != 0 {
		t.Errorf("got %+v", e)
	}
	for _, r := range e.Results {
		if r.Result != Passed || r.LegalReference == "" || r.Version < 1 {
			t.Errorf("got %+v", r)
		}
	}
}

func TestEachRuleDecidesAlone(t *testing.T) {
	for _, c := range []struct {
		name, rule string
		want       Result
		change     func(*Facts)
	}{
		{"bachelor's position", "skilled.education", Passed, func(f *Facts) { f.RequiredEducation = "bachelor" }},
		{"unskilled position", "skilled.education", Failed, func(f *Facts) { f.RequiredEducation = "none"; f.AnnualSalary = 2000000 }},
		{"vocational position", "skilled.education", Officer, func(f *Facts) { f.RequiredEducation = "vocational" }},
		{"visa required", "skilled.nationality", Failed, func(f *Facts) { f.Nationalities, f.PassportIssuingCountry = []string{"IN"}, "IN" }},
		{"Vanuatu, whose waiver ended", "skilled.nationality", Failed, func(f *Facts) { f.Nationalities, f.PassportIssuingCountry = []string{"VU"}, "VU" }},
		{"biometric passports only", "skilled.nationality", Officer, func(f *Facts) { f.Nationalities, f.PassportIssuingCountry = []string{"UA"}, "UA" }},
		{"Kosovo", "skilled.nationality", Officer, func(f *Facts) { f.Nationalities, f.PassportIssuingCountry = []string{"XK"}, "XK" }},
		{"passport of a third country", "skilled.nationality", Officer, func(f *Facts) { f.PassportIssuingCountry = "CA" }},
		{"two nationalities, free passport", "skilled.nationality", Passed, func(f *Facts) { f.Nationalities = []string{"IN", "US"} }},
		{"two nationalities, other passport", "skilled.nationality", Failed, func(f *Facts) { f.Nationalities, f.PassportIssuingCountry = []string{"IN", "US"}, "IN" }},
		{"18 today", "skilled.age", Passed, func(f *Facts) { f.Birthdate = "2008-11-22" }},
		{"18 before the start", "skilled.age", Officer, func(f *Facts) { f.Birthdate = "2008-12-06" }},
		{"17 at the start", "skilled.age", Failed, func(f *Facts) { f.Birthdate = "2008-12-07" }},
		{"master's floor", "skilled.salary", Passed, func(f *Facts) { f.AnnualSalary = 599200 }},
		{"under the master's floor", "skilled.salary", Failed, func(f *Facts) { f.AnnualSalary = 599199 }},
		{"bachelor's floor", "skilled.salary", Passed, func(f *Facts) { f.RequiredEducation, f.AnnualSalary = "bachelor", 522600 }},
		{"under the bachelor's floor", "skilled.salary", Failed, func(f *Facts) { f.RequiredEducation, f.AnnualSalary = "bachelor", 522599 }},
		{"80 per cent of the floor", "skilled.salary", Officer, func(f *Facts) { f.PercentageHundredths, f.AnnualSalary = 8000, 479360 }},
		{"under 80 per cent of the floor", "skilled.salary", Failed, func(f *Facts) { f.PercentageHundredths, f.AnnualSalary = 8000, 479359 }},
		{"no percentage", "skilled.salary", Failed, func(f *Facts) { f.PercentageHundredths = 0 }},
		{"vocational has no floor", "skilled.salary", Officer, func(f *Facts) { f.RequiredEducation = "vocational" }},
		{"80 per cent", "skilled.position", Passed, func(f *Facts) { f.PercentageHundredths = 8000 }},
		{"79.99 per cent", "skilled.position", Failed, func(f *Facts) { f.PercentageHundredths = 7999 }},
		{"100.01 per cent", "skilled.position", Failed, func(f *Facts) { f.PercentageHundredths = 10001 }},
		{"passport until the start", "skilled.passport", Failed, func(f *Facts) { f.PassportExpiry = "2026-12-06" }},
		{"passport past the start", "skilled.passport", Passed, func(f *Facts) { f.PassportExpiry = "2026-12-07" }},
		{"passport expired, start long past", "skilled.passport", Failed, func(f *Facts) { f.PassportExpiry, f.StartDate = "2026-11-22", "2026-01-01" }},
		{"start today", "skilled.start", Passed, func(f *Facts) { f.StartDate = "2026-11-22" }},
		{"start yesterday", "skilled.start", Failed, func(f *Facts) { f.StartDate = "2026-11-21" }},
		{"employer not accredited", "skilled.employer", Failed, func(f *Facts) { f.EmployerAccredited = false }},
		{"another employer's number", "skilled.employer", Failed, func(f *Facts) { f.AccreditedOrganisationNumber = "310000027" }},
		{"no number at all", "skilled.employer", Failed, func(f *Facts) { f.OrganisationNumber, f.AccreditedOrganisationNumber = "", "" }},
		{"qualifications not confirmed", "skilled.qualifications", Failed, func(f *Facts) { f.QualificationsConfirmed = false }},
		{"in Norway now", "pilot.scope", Failed, func(f *Facts) { f.CurrentCountry = "" }},
		{"says Norway", "pilot.scope", Failed, func(f *Facts) { f.CurrentCountry = "NO" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := lisa()
			c.change(&f)
			e := evaluate(t, f)
			if got := resultOf(e, c.rule); got != c.want {
				t.Errorf("%s is %s, want %s", c.rule, got, c.want)
			}
			if c.want != Passed && e.Outcome != ToOfficer {
				t.Errorf("outcome is %s", e.Outcome)
			}
		})
	}
}

func TestPayFloorIsTheOneOfTheDay(t *testing.T) {
	for _, c := range []struct {
		on     string
		salary int64
		want   Result
	}{
		{"2021-12-31", 2000000, Officer}, // no figure yet
		{"2022-01-01", 439900, Passed},
		{"2023-10-09", 439900, Passed},
		{"2023-10-10", 439900, Failed},
		{"2023-12-31", 480900, Passed},
		{"2024-06-01", 2000000, Officer}, // figures not found
		{"2025-04-10", 2000000, Officer},
		{"2025-04-11", 513100, Passed},
		{"2025-08-31", 513100, Passed},
		{"2025-09-01", 513100, Failed}, // also for pending cases
		{"2025-09-01", 599200, Passed},
	} {
		f := lisa()
		f.EvaluatedOn, f.AnnualSalary = c.on, c.salary
		if got := resultOf(evaluate(t, f), "skilled.salary"); got != c.want {
			t.Errorf("%s %d: %s, want %s", c.on, c.salary, got, c.want)
		}
	}
}

func TestRuleNotYetInForceGoesToAnOfficer(t *testing.T) {
	f := lisa()
	f.EvaluatedOn = "2025-12-31"
	e := evaluate(t, f)
	if resultOf(e, "skilled.employer") != Officer || resultOf(e, "pilot.scope") != Officer || e.Outcome != ToOfficer {
		t.Errorf("got %+v", e)
	}
}

func TestSuspiciousNamesAreFlaggedForTheOfficer(t *testing.T) {
	for name, want := range map[string][]string{
		"Lisa":        nil,
		"Åse-Marie":   nil,
		"O’Brien Jr.": nil,
		"Łukasz":      nil,
		"Đặng":        nil,
		"A\u030ase":   nil,                               // composes to Å
		"Lisа":        {FlagMixedScripts, FlagLookAlike}, // Cyrillic а
		"Иванова":     {FlagLookAlike},
		"Li\u200bsa":  {FlagInvisible, FlagLookAlike},
		"\u202easiL":  {FlagInvisible, FlagLookAlike},
		"Ｌisa":        {FlagLookAlike}, // full width
		"𝐋isa":        {FlagMixedScripts, FlagLookAlike},
		"Liſa":        {FlagLookAlike},
		"L1sa":        {FlagLookAlike},
		"Li\x00sa":    {FlagInvisible, FlagLookAlike},
	} {
		for _, in := range []func(*Facts){func(f *Facts) { f.GivenName = name }, func(f *Facts) { f.FamilyName = name }} {
			f := lisa()
			in(&f)
			e := evaluate(t, f)
			if !reflect.DeepEqual(e.Flags, want) {
				t.Errorf("%q: flags %v, want %v", name, e.Flags, want)
			}
			if (e.Outcome == ProposeGrant) != (want == nil) {
				t.Errorf("%q: outcome %s", name, e.Outcome)
			}
		}
	}
}

func TestPassportThatEndsFirstWarnsOnly(t *testing.T) {
	f := lisa()
	f.PassportExpiry = "2027-12-05"
	if e := evaluate(t, f); e.Outcome != ProposeGrant || len(e.Warnings) != 1 || e.Warnings[0] != "passport.before-end" {
		t.Errorf("got %+v", e)
	}
}

func TestSameInputsGiveTheSameEvaluation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := lisa()
		f.AnnualSalary = rapid.Int64Range(0, 1_000_000).Draw(t, "salary")
		f.PercentageHundredths = rapid.Int64Range(0, 10_001).Draw(t, "percentage")
		f.CurrentCountry = rapid.SampledFrom([]string{"", "NO", "US"}).Draw(t, "country")
		f.RequiredEducation = rapid.SampledFrom([]string{"bachelor", "master", "vocational", "x"}).Draw(t, "education")
		f.GivenName = rapid.String().Draw(t, "name")
		a, errA := rules(t).Evaluate(f, ProposeOnly)
		b, errB := rules(t).Evaluate(f, ProposeOnly)
		if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
			t.Fatalf("%+v %v\n%+v %v", a, errA, b, errB)
		}
		if a.Outcome != ProposeGrant && a.Outcome != ToOfficer {
			t.Fatalf("outcome %s", a.Outcome)
		}
		for _, r := range a.Results {
			if r.Result != Passed && a.Outcome == ProposeGrant {
				t.Fatalf("proposed although %s %s", r.ID, r.Result)
			}
		}
		other := f
		other.AnnualSalary++
		if c, _ := rules(t).Evaluate(other, ProposeOnly); c.InputsHash == a.InputsHash {
			t.Fatal("other inputs, same hash")
		}
		if again, _ := f.Hash("other", ProposeOnly); again == a.InputsHash {
			t.Fatal("another rule set, same hash")
		}
	})
}

func TestInputsHashStaysTheSameOverReleases(t *testing.T) {
	hash, err := lisa().Hash("2026-11-22", ProposeOnly)
	if err != nil || hash != goldenHash {
		t.Errorf("hash is %s, %v", hash, err)
	}
}

const goldenHash = "78e8c1fdd956fb20ff6c98daf9c3de9df2f29fc1ae01d7e0f4df98934a8e0093"

func TestBadDatesAreRefused(t *testing.T) {
	for name, change := range map[string]func(*Facts){
		"no date":          func(f *Facts) { f.StartDate = "soon" },
		"missing":          func(f *Facts) { f.Birthdate = "" },
		"end before start": func(f *Facts) { f.EndDate = f.StartDate },
	} {
		f := lisa()
		change(&f)
		if _, err := rules(t).Evaluate(f, ProposeOnly); fault.RuleOf(err) != "case.facts" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

const lisaOffer = `{"given_name":"Lisa","family_name":"Johnson","birthdate":"1990-01-01","nationalities":["US"],"current_country":"US",
 "passport":{"issuing_country":"US","date_of_expiry":"2033-01-01"},"employer":{"organisation_number":"310000019"},
 "employment":{"occupation":{"code":"2512"},"required_education_level":"master","start_date":"2026-12-06","end_date":"2027-12-06",
 "position_percentage":100,"annual_salary":{"amount":634700,"currency":"NOK","period":"YEAR"}},
 "declarations":{"qualifications_confirmed":true}}`

func offerClaims(t *testing.T) map[string]any {
	t.Helper()
	var claims map[string]any
	if err := json.Unmarshal([]byte(lisaOffer), &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

var on = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func TestFactsComeFromTheOffersClaims(t *testing.T) {
	f, err := FactsOf(Application{Offer: offerClaims(t), Accreditation: Accreditation{InForce: true, OrganisationNumber: "310000019"}}, on)
	if err != nil || !reflect.DeepEqual(f, lisa()) {
		t.Errorf("got %+v, %v", f, err)
	}
	claims := offerClaims(t)
	claims["employment"].(map[string]any)["position_percentage"] = json.Number("80.55")
	claims["employment"].(map[string]any)["annual_salary"].(map[string]any)["amount"] = json.Number("634700")
	delete(claims["employment"].(map[string]any), "end_date")
	delete(claims, "current_country")
	f, err = FactsOf(Application{Offer: claims}, on)
	if err != nil || f.PercentageHundredths != 8055 || f.AnnualSalary != 634700 || f.EndDate != "" || f.CurrentCountry != "" || f.EmployerAccredited {
		t.Errorf("got %+v, %v", f, err)
	}
}

func TestWithheldOrMisshapenClaimIsNoFact(t *testing.T) {
	employment := func(c map[string]any) map[string]any { return c["employment"].(map[string]any) }
	for path, spoil := range map[string]func(map[string]any){
		"birthdate":                             func(c map[string]any) { delete(c, "birthdate") },
		"given_name":                            func(c map[string]any) { c["given_name"] = 7.0 },
		"nationalities":                         func(c map[string]any) { c["nationalities"] = []any{"US", 7.0} },
		"current_country":                       func(c map[string]any) { c["current_country"] = true },
		"passport.issuing_country":              func(c map[string]any) { c["passport"] = "none" },
		"employment.position_percentage":        func(c map[string]any) { employment(c)["position_percentage"] = 99.999 },
		"employment.annual_salary.amount":       func(c map[string]any) { employment(c)["annual_salary"].(map[string]any)["amount"] = 634700.5 },
		"employment.annual_salary":              func(c map[string]any) { employment(c)["annual_salary"].(map[string]any)["currency"] = "USD" },
		"employment.end_date":                   func(c map[string]any) { employment(c)["end_date"] = "later" },
		"employment.start_date":                 func(c map[string]any) { employment(c)["start_date"] = "2026-02-30" },
		"declarations.qualifications_confirmed": func(c map[string]any) { c["declarations"] = map[string]any{"qualifications_confirmed": "true"} },
		"employment.required_education_level":   func(c map[string]any) { delete(employment(c), "required_education_level") },
		"employer.organisation_number":          func(c map[string]any) { delete(c, "employer") },
		"employment.occupation.code":            func(c map[string]any) { employment(c)["occupation"] = "2512" },
		"passport.date_of_expiry":               func(c map[string]any) { c["passport"].(map[string]any)["date_of_expiry"] = 20330101.0 },
	} {
		claims := offerClaims(t)
		spoil(claims)
		_, err := FactsOf(Application{Offer: claims}, on)
		found := false
		for _, v := range fault.From(err).Violations {
			found = found || v.Field == path && v.Rule == "case.claim"
		}
		if !found {
			t.Errorf("%s: %v", path, err)
		}
	}
}
