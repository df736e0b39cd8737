package registration

import (
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

func TestTaxAtSourceInTheFirstYearUnderItsLimit(t *testing.T) {
	p, err := LoadParameters()
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		start  string
		year   int
		salary int64
		source bool
	}{
		{"2026-12-06", 2026, 634700, true}, {"2026-12-06", 2026, 697149, true}, {"2026-12-06", 2026, 697150, false},
		{"2025-01-01", 2025, 697149, true}, {"2024-12-31", 2024, 669999, true}, {"2024-12-31", 2024, 670000, false}, {"2023-01-01", 2023, 670000, false},
		{"2026-12-06", 2027, 634700, false}, // the second year
	} {
		d := p.Deduct(Work{StartDate: day(c.start), AnnualSalary: c.salary}, c.year)
		if d.Source != c.source || (d.Percent == 25 && d.Table == "") != c.source {
			t.Errorf("%+v: %+v", c, d)
		}
		r := numbered(t, identifier.BirthNumber, fnr)
		if _, err := r.CardClaims("310000019"); fault.RuleOf(err) != "registration.no-card" {
			t.Error(err)
		}
		if err := r.IssueCard(int64(54407+i), c.year, d, now); err != nil {
			t.Fatal(err)
		}
		claims, err := r.CardClaims("310000019")
		if err != nil {
			t.Fatal(err)
		}
		if err := credtype.Validate(credtype.TaxCard, claims); err != nil {
			t.Error(err)
		}
		if _, said := claims["additional_information"]; said != c.source {
			t.Errorf("%+v: %v", c, claims)
		}
	}
	if d := p.WithoutCard(2026); d.Percent != 50 || d.Source || d.Table != "" {
		t.Errorf("without a card: %+v", d)
	}
}

func TestDeductionThatNobodyCouldWithholdIsRefused(t *testing.T) {
	for d, ok := range map[Deduction]bool{
		{Percent: 0}: true, {Percent: 100}: true, {Source: true, Percent: 25}: true, {Table: "8140", Percent: 43, Months: 12}: true,
		{Percent: -1}: false, {Percent: 101}: false, {Percent: 20, Months: 12}: false,
		{Table: "814", Percent: 43, Months: 12}: false, {Table: "8140", Percent: 43}: false, {Table: "8140", Percent: 43, Months: 13}: false,
		{Table: "8140", Percent: 43, Months: 12, Source: true}: false,
	} {
		if err := d.Check(); (err == nil) != ok {
			t.Errorf("%+v: %v", d, err)
		}
	}
}

func TestDuplicateDeadlineIsInWorkingDays(t *testing.T) {
	p, err := LoadParameters()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 26, 14, 30, 0, 0, time.UTC) // a Thursday
	if got := p.DuplicateDeadline(at); !got.Equal(at.AddDate(0, 0, 7)) {
		t.Errorf("until %s", got)
	}
	if got := p.DNumberUntil(at); !got.Equal(at.AddDate(5, 0, 0)) {
		t.Errorf("a D-number holds until %s", got)
	}
	if duplicate, replacement := p.Minutes(at); duplicate != 25*time.Minute || replacement != 10*time.Minute {
		t.Error(duplicate, replacement)
	}
}

func TestFiguresHoldFromTheirDay(t *testing.T) {
	p, err := parseParameters([]byte(strings.Replace(string(parametersYAML), "  - {from: 2017-10-01, months: 6}",
		"  - {from: 2017-10-01, months: 6}\n  - {from: 2028-01-01, months: 12}", 1)))
	if err != nil {
		t.Fatal(err)
	}
	permit := Permit{day("2027-12-01"), day("2028-08-01")}
	if got := p.KindFor(permit, day("2027-12-31")); got != identifier.BirthNumber {
		t.Error(got)
	}
	if got := p.KindFor(permit, day("2028-01-01")); got != identifier.DNumber {
		t.Error(got)
	}
}

func TestParametersThatCannotBeAreRefused(t *testing.T) {
	for what, change := range map[string][2]string{
		"no years":           {"years:\n", "other:\n"},
		"unknown member":     {"months: 6}", "months: 6, weeks: 1}"},
		"zero months":        {"months: 6}", "months: 0}"},
		"no date":            {"from: 2017-10-01", "from: 2017-10"},
		"percentage":         {"paye_percent: 25", "paye_percent: 101"},
		"no percentage":      {"without_card_percent: 50", "without_card_percent: 0"},
		"years do not rise":  {"income_year: 2025", "income_year: 2024"},
		"table of three":     {`"8140"`, `"814"`},
		"no working days":    {"working_days: 5", "working_days: 0"},
		"D-number for never": {"years: 5}", "years: 0}"},
	} {
		changed := strings.Replace(string(parametersYAML), change[0], change[1], 1)
		if changed == string(parametersYAML) {
			t.Fatalf("%s: nothing is changed", what)
		}
		if _, err := parseParameters([]byte(changed)); err == nil {
			t.Errorf("%s: read", what)
		}
	}
	if _, err := parseParameters(nil); err == nil {
		t.Error("nothing is read")
	}
}
