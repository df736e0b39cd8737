package ruleset

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestFirstVersionSaysWhatItsCodeSaid compares the first rule set with the Go
// code that it was until it became data. Cases were evaluated by that code, and
// replay by this data.
func TestFirstVersionSaysWhatItsCodeSaid(t *testing.T) {
	set := rules(t)
	evaluated := []string{"2021-12-31", "2022-01-01", "2023-10-10", "2024-01-01", "2025-04-11", "2025-09-01", "2025-12-31", "2026-01-01", "2026-02-28", "2026-03-01", "2026-11-22"}
	countries := []string{"US", "UA", "IN", "XK", "HK", "NO", ""}
	days := rapid.Custom(func(t *rapid.T) string {
		return rapid.SampledFrom([]string{"2008-11-22", "2008-02-29", "2026-02-28", "2026-03-01", "2021-12-31", "2022-01-01", "2023-10-10", "2024-01-01", "2025-04-11", "2025-09-01", "2025-12-31", "2026-01-01", "2026-11-22"}).Draw(t, "day")
	})
	shifted := rapid.Custom(func(t *rapid.T) string {
		base, _ := time.Parse(isoDate, days.Draw(t, "base"))
		return base.AddDate(rapid.IntRange(-1, 18).Draw(t, "years"), 0, rapid.IntRange(-1, 1).Draw(t, "days")).Format(isoDate)
	})
	rapid.Check(t, func(t *rapid.T) {
		f := lisa()
		f.EvaluatedOn, f.Birthdate, f.StartDate, f.PassportExpiry, f.EndDate = rapid.SampledFrom(evaluated).Draw(t, "on"), days.Draw(t, "birth"), shifted.Draw(t, "start"), shifted.Draw(t, "expiry"), ""
		f.Nationalities = rapid.SliceOfN(rapid.SampledFrom(countries), 0, 2).Draw(t, "nationalities")
		f.PassportIssuingCountry = rapid.SampledFrom(countries).Draw(t, "passport")
		f.CurrentCountry = rapid.SampledFrom(countries).Draw(t, "country")
		f.RequiredEducation = rapid.SampledFrom([]string{"bachelor", "master", "vocational", ""}).Draw(t, "education")
		f.PercentageHundredths = rapid.SampledFrom([]int64{-1, 0, 1, 7999, 8000, 9000, 9999, 10000, 10001}).Draw(t, "percentage")
		floor := rapid.SampledFrom([]int64{407900, 439900, 448900, 480900, 469366, 513100, 522600, 599200}).Draw(t, "floor")
		f.AnnualSalary = floor*rapid.SampledFrom([]int64{0, 7999, 8000, 9000, 10000}).Draw(t, "share")/10000 + rapid.Int64Range(-1, 1).Draw(t, "off")
		f.QualificationsConfirmed, f.EmployerAccredited = rapid.Bool().Draw(t, "confirmed"), rapid.Bool().Draw(t, "accredited")
		f.OrganisationNumber = rapid.SampledFrom([]string{"310000019", ""}).Draw(t, "number")
		f.AccreditedOrganisationNumber = rapid.SampledFrom([]string{"310000019", "310000027", ""}).Draw(t, "accredited number")
		e, err := set.Evaluate(f, ProposeOnly)
		if err != nil {
			t.Fatal(err)
		}
		d, _ := f.Dates()
		for _, r := range e.Results {
			want := Officer
			if pilot := r.ID == "skilled.employer" || r.ID == "pilot.scope"; !pilot || f.EvaluatedOn >= "2026-01-01" {
				want = coded[r.ID](f, d)
			}
			if r.Result != want {
				t.Fatalf("%s is %s, was %s: %+v", r.ID, r.Result, want, f)
			}
		}
		if len(e.Results) != len(coded) {
			t.Fatalf("%d results", len(e.Results))
		}
	})
}

func TestFirstVersionKeepsItsEvaluationOfLisa(t *testing.T) {
	e := evaluate(t, lisa())
	want := Evaluation{
		RuleSet: "2026-11-22+visafree.2024-08-04", InputsHash: firstHash, Outcome: ProposeGrant,
		Results: []RuleResult{
			{ID: "skilled.education", Version: 1, LegalReference: "utlendingsforskriften § 6-1 first paragraph (a)", Result: Passed},
			{ID: "skilled.nationality", Version: 1, LegalReference: "utlendingsloven § 9; Regulation (EU) 2018/1806 Annex II", Result: Passed},
			{ID: "skilled.age", Version: 1, LegalReference: "utlendingsloven § 23 first paragraph (a)", Result: Passed},
			{ID: "skilled.salary", Version: 1, LegalReference: "utlendingsloven § 23 first paragraph (b)", Result: Passed},
			{ID: "skilled.position", Version: 1, LegalReference: "utlendingsloven § 23 first paragraph; utlendingsforskriften § 6-1", Result: Passed},
			{ID: "skilled.passport", Version: 1, LegalReference: "utlendingsloven § 8; utlendingsloven § 60", Result: Passed},
			{ID: "skilled.start", Version: 1, LegalReference: "utlendingsforskriften § 6-9", Result: Passed},
			{ID: "skilled.employer", Version: 1, LegalReference: "pilot programme, criteria EMP-1 to EMP-8; utlendingsloven § 27 fifth paragraph", Result: Passed},
			{ID: "skilled.qualifications", Version: 1, LegalReference: "utlendingsforskriften § 6-1 first paragraph (a)", Result: Passed},
			{ID: "pilot.scope", Version: 1, LegalReference: "pilot programme, scope", Result: Passed},
		},
	}
	if !reflect.DeepEqual(e, want) {
		t.Errorf("got %+v", e)
	}
}

// firstHash is what the code of then gave for lisa.
const firstHash = "b54e850fd6eafa9b967c6a96f0079f4bde4d56d4ebebc0c1adbaeb94c161d0cc"

func passedIf(holds bool) Result {
	if holds {
		return Passed
	}
	return Failed
}

// coded are the checks as they were written in Go.
var coded = map[string]func(Facts, Dates) Result{
	"skilled.education": func(f Facts, _ Dates) Result {
		if f.RequiredEducation == "vocational" {
			return Officer
		}
		return passedIf(slices.Contains([]string{"bachelor", "master"}, f.RequiredEducation))
	},
	"skilled.nationality": func(f Facts, _ Dates) Result {
		if !slices.Contains(f.Nationalities, f.PassportIssuingCountry) || slices.Contains([]string{"UA", "XK", "HK"}, f.PassportIssuingCountry) {
			return Officer
		}
		return passedIf(f.PassportIssuingCountry == "US")
	},
	"skilled.age": func(f Facts, d Dates) Result {
		comesOfAge := d.Birth.AddDate(18, 0, 0)
		if comesOfAge.After(d.On) && !comesOfAge.After(d.Start) {
			return Officer
		}
		return passedIf(!comesOfAge.After(d.On))
	},
	"skilled.salary": func(f Facts, d Dates) Result {
		type pay struct {
			from             string
			bachelor, master int64
		}
		var inForce pay
		for _, floor := range []pay{{"2022-01-01", 407900, 439900}, {"2023-10-10", 448900, 480900}, {"2024-01-01", 0, 0}, {"2025-04-11", 469366, 513100}, {"2025-09-01", 522600, 599200}} {
			if floor.from <= f.EvaluatedOn {
				inForce = floor
			}
		}
		floor := map[string]int64{"bachelor": inForce.bachelor, "master": inForce.master}[f.RequiredEducation]
		if floor == 0 {
			return Officer
		}
		if f.PercentageHundredths <= 0 || f.PercentageHundredths > 10000 || f.AnnualSalary*10000 < floor*f.PercentageHundredths {
			return Failed
		}
		if f.PercentageHundredths < 10000 {
			return Officer
		}
		return Passed
	},
	"skilled.position": func(f Facts, _ Dates) Result {
		return passedIf(f.PercentageHundredths >= 8000 && f.PercentageHundredths <= 10000)
	},
	"skilled.passport": func(_ Facts, d Dates) Result {
		return passedIf(d.PassportExpiry.After(d.Start) && d.PassportExpiry.After(d.On))
	},
	"skilled.start": func(_ Facts, d Dates) Result { return passedIf(!d.Start.Before(d.On)) },
	"skilled.employer": func(f Facts, _ Dates) Result {
		return passedIf(f.EmployerAccredited && f.OrganisationNumber != "" && f.AccreditedOrganisationNumber == f.OrganisationNumber)
	},
	"skilled.qualifications": func(f Facts, _ Dates) Result { return passedIf(f.QualificationsConfirmed) },
	"pilot.scope": func(f Facts, _ Dates) Result {
		return passedIf(f.CurrentCountry != "" && f.CurrentCountry != "NO")
	},
}
