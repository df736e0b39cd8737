package registration

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

func day(s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return d
}

var (
	now      = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	year     = Permit{ValidFrom: day("2026-12-06"), ValidUntil: day("2027-12-06")}
	short    = Permit{ValidFrom: day("2026-12-06"), ValidUntil: day("2027-06-05")}
	control  = IdentityControl{PerformedBy: "police", PerformedAt: now}
	fnr      = identifier.Candidate{Number: "01819020074"}
	dNumber  = identifier.Candidate{Number: "41819020068"}
	lisa     = Person{GivenName: "Lisa", FamilyName: "Johnson", Birthdate: "1990-01-01"}
	position = Work{StartDate: day("2026-12-06"), AnnualSalary: 634700, OrganisationNumber: "310000019"}
)

func started(t interface{ Fatal(...any) }) *Registration {
	r, err := New("case_1")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func ready(t *testing.T, p Permit) *Registration {
	t.Helper()
	r := started(t)
	if changed, err := r.Grant(p); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if changed, err := r.Identify(control); !changed || err != nil {
		t.Fatal(changed, err)
	}
	return r
}

func TestSixMonthsMakeAResident(t *testing.T) {
	for until, want := range map[string]identifier.PersonNumberKind{
		"2027-06-06": identifier.BirthNumber, "2027-06-05": identifier.DNumber, "2029-12-06": identifier.BirthNumber, "2026-12-07": identifier.DNumber,
	} {
		if got := KindFor(day("2026-12-06"), day(until)); got != want {
			t.Errorf("until %s: %s", until, got)
		}
	}
}

func TestNumberNeedsPermitAndIdentityInAnyOrder(t *testing.T) {
	first := started(t)
	if _, err := first.Assign(fnr, now); fault.RuleOf(err) != "registration.not-ready" {
		t.Error(err)
	}
	_, _ = first.Identify(control)
	if _, err := first.Assign(fnr, now); fault.RuleOf(err) != "registration.not-ready" {
		t.Error("assigned without a permit")
	}
	_, _ = first.Grant(year)
	second := started(t)
	_, _ = second.Grant(year)
	if _, err := second.Assign(fnr, now); fault.RuleOf(err) != "registration.not-ready" {
		t.Error("assigned without an identity control")
	}
	_, _ = second.Identify(control)
	for _, r := range []*Registration{first, second} {
		if changed, err := r.Assign(fnr, now); !changed || err != nil || r.State() != Assigned {
			t.Errorf("%v %v", changed, err)
		}
	}
}

func TestNobodyGetsASecondNumber(t *testing.T) {
	r := ready(t, year)
	_, _ = r.Assign(fnr, now)
	if changed, err := r.Assign(identifier.Candidate{Number: "01819020155"}, now); changed || err != nil || r.Number() != fnr.Number {
		t.Errorf("%v %v", changed, err)
	}
}

func TestNumberIsOfThePermitsKind(t *testing.T) {
	for _, c := range []struct {
		permit Permit
		number identifier.Candidate
		ok     bool
	}{
		{year, fnr, true}, {year, dNumber, false}, {short, dNumber, true}, {short, fnr, false},
		{year, identifier.Candidate{Number: "02013299997"}, false}, // a real one
		{year, identifier.Candidate{Number: "01819020075"}, false},
		{year, identifier.Candidate{Number: "01819020082"}, false}, // the rule from 2032
	} {
		_, err := ready(t, c.permit).Assign(c.number, now)
		if (err == nil) != c.ok || err != nil && fault.RuleOf(err) != "registration.number" {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func TestMisshapenEventsAreRefused(t *testing.T) {
	r := started(t)
	if _, err := r.Grant(Permit{ValidFrom: now, ValidUntil: now}); fault.RuleOf(err) != "registration.permit" {
		t.Error(err)
	}
	if _, err := r.Identify(IdentityControl{PerformedAt: now}); fault.RuleOf(err) != "registration.identity" {
		t.Error(err)
	}
	if _, err := r.IssueCard(1, now); fault.RuleOf(err) != "registration.not-assigned" {
		t.Error(err)
	}
	if _, err := r.IssueCard(0, now); fault.RuleOf(err) != "registration.card" {
		t.Error(err)
	}
	if _, err := New(""); fault.RuleOf(err) != "registration.case" {
		t.Error(err)
	}
}

func TestRegistrationClaimsFitTheSchema(t *testing.T) {
	for _, c := range []struct {
		permit Permit
		number identifier.Candidate
	}{{year, fnr}, {short, dNumber}} {
		r := ready(t, c.permit)
		if _, err := r.Claims(lisa); fault.RuleOf(err) != "registration.not-assigned" {
			t.Error(err)
		}
		_, _ = r.Assign(c.number, now)
		claims, err := r.Claims(lisa)
		if err != nil {
			t.Fatal(err)
		}
		if err := credtype.Validate(credtype.TaxRegistration, claims); err != nil {
			t.Error(err)
		}
		if _, resident := claims["resident_from"]; resident != (r.Kind() == identifier.BirthNumber) {
			t.Errorf("%s: resident %v", r.Kind(), resident)
		}
	}
}

func TestTaxAtSourceUnderTheYearsLimit(t *testing.T) {
	p, err := LoadParameters()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		start  string
		salary int64
		paye   bool
	}{
		{"2026-12-06", 634700, true}, {"2026-12-06", 697149, true}, {"2026-12-06", 697150, false},
		{"2025-01-01", 697149, true}, {"2024-12-31", 669999, true}, {"2024-12-31", 670000, false}, {"2023-01-01", 670000, false},
	} {
		r := ready(t, year)
		_, _ = r.Assign(fnr, now)
		w := position
		w.StartDate, w.AnnualSalary = day(c.start), c.salary
		if _, err := r.CardClaims(w, p); fault.RuleOf(err) != "registration.no-card" {
			t.Error(err)
		}
		if changed, err := r.IssueCard(54407, now); !changed || err != nil {
			t.Fatal(changed, err)
		}
		claims, err := r.CardClaims(w, p)
		if err != nil {
			t.Fatal(err)
		}
		if err := credtype.Validate(credtype.TaxCard, claims); err != nil {
			t.Error(err)
		}
		deduction := claims["deductions"].([]any)[0].(map[string]any)
		_, source := claims["additional_information"]
		if source != c.paye || (deduction["type"] == "PERCENT" && deduction["percent"] == 25) != c.paye || claims["income_year"] != c.start[:4] {
			t.Errorf("%s %d: %v", c.start, c.salary, claims)
		}
	}
}

func TestParametersThatCannotBeAreRefused(t *testing.T) {
	for _, bad := range []string{
		"", "years: []\nordinary_table: {table: '8140'}",
		"years: [{income_year: 2025, paye_limit: 1, paye_percent: 25}]",
		"years: [{income_year: 2025, paye_limit: 1, paye_percent: 101}]\nordinary_table: {table: '8140'}",
		"years: [{income_year: 2025, paye_limit: 1, paye_percent: 25}, {income_year: 2025, paye_limit: 1, paye_percent: 25}]\nordinary_table: {table: '8140'}",
		"years: [{income_year: 2025, limit: 1}]\nordinary_table: {table: '8140'}",
	} {
		if _, err := parseParameters([]byte(bad)); err == nil {
			t.Errorf("read %q", bad)
		}
	}
}

func TestStoredRegistrationThatCannotBeIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Snapshot){
		"no case":               func(s *Snapshot) { s.CaseRef = "" },
		"unknown state":         func(s *Snapshot) { s.State = "LOST" },
		"waiting for nothing":   func(s *Snapshot) { s.State = Waiting },
		"assigned nothing":      func(s *Snapshot) { s.State = Assigned },
		"card for nothing":      func(s *Snapshot) { s.State, s.CardID = CardIssued, 1 },
		"permit without a kind": func(s *Snapshot) { s.Kind = "" },
	} {
		s := ready(t, year).Snapshot()
		spoil(&s)
		if _, err := Restore(s); fault.RuleOf(err) != "registration.stored" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRegistrationFollowsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := started(t)
		var granted, identified, carded bool
		number := ""
		t.Repeat(map[string]func(*rapid.T){
			"grant": func(t *rapid.T) {
				if changed, err := r.Grant(year); err != nil || changed == granted {
					t.Fatal(changed, err)
				}
				granted = true
			},
			"identify": func(t *rapid.T) {
				if changed, err := r.Identify(control); err != nil || changed == identified {
					t.Fatal(changed, err)
				}
				identified = true
			},
			"assign": func(t *rapid.T) {
				c := identifier.Candidate{Number: rapid.SampledFrom([]string{"01819020074", "01819020155"}).Draw(t, "number")}
				changed, err := r.Assign(c, now)
				if (err == nil) != (granted && identified) || changed != (granted && identified && number == "") {
					t.Fatal(changed, err)
				}
				if changed {
					number = c.Number
				}
			},
			"card": func(t *rapid.T) {
				changed, err := r.IssueCard(7, now)
				if (err == nil) != (number != "") || changed != (number != "" && !carded) {
					t.Fatal(changed, err)
				}
				carded = carded || changed
			},
			"": func(t *rapid.T) {
				if r.Number() != number {
					t.Fatal(r.Number())
				}
				var err error
				if r, err = Restore(r.Snapshot()); err != nil {
					t.Fatal(err)
				}
			},
		})
	})
}
