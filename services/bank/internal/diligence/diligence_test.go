package diligence

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/sanctions"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

var (
	now  = date("2026-11-23")
	lisa = Customer{GivenName: "Lisa", FamilyName: "Johnson", Birthdate: date("1990-01-01"), Nationalities: []string{"US"}, Residence: "US", Kind: identifier.BirthNumber}
)

func date(s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return d
}

func list(t interface{ Fatal(...any) }) *sanctions.List {
	l, err := sanctions.Parse([]byte("#version,v7\n#issued,2026-11-01T00:00:00Z\n#next_update,2026-12-01T00:00:00Z\nid,kind,names,births,source\n" +
		"S1,SANCTION,Boris Example,1960-02-03,x\nP1,PEP,Petra Example,1970,x\n"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func parameters(t interface{ Fatal(...any) }) Parameters {
	p, err := LoadParameters()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func found(a Assessment) string {
	var all []string
	for _, f := range a.Findings {
		all = append(all, strings.TrimSpace(f.Rule+" "+f.Entry))
	}
	return strings.Join(all, ",")
}

func TestWhomNothingSpeaksAgainstIsTakenByMachine(t *testing.T) {
	a, err := parameters(t).Assess(lisa, list(t), now, nil)
	if err != nil || !a.ByMachine() || a.Level != Standard || a.ListVersion != "v7" || len(a.ListHash) != 64 || a.Rules == "" || !a.At.Equal(now) {
		t.Error(a, err)
	}
}

func TestEachRuleBringsTheCustomerToAClerk(t *testing.T) {
	for want, spoil := range map[string]func(*Customer){
		"residence-in-high-risk-country": func(c *Customer) { c.Residence = "MC" },
		"nationality-call-for-action":    func(c *Customer) { c.Nationalities = []string{"US", "IR"} },
		"under-age":                      func(c *Customer) { c.Birthdate = now.AddDate(-18, 0, 1) },
		"unusual-name":                   func(c *Customer) { c.GivenName = "Lis\u0430" },
		"sanctions-hit S1":               func(c *Customer) { c.GivenName, c.FamilyName, c.Birthdate = "Example", "BORIS", date("1960-02-03") },
		"sanctions-possible S1":          func(c *Customer) { c.GivenName, c.FamilyName, c.Birthdate = "Boriss", "Example", date("1961-02-03") },
		"politically-exposed P1":         func(c *Customer) { c.GivenName, c.FamilyName, c.Birthdate = "Petra", "Example", date("1970-02-03") },
	} {
		c := lisa
		spoil(&c)
		a, err := parameters(t).Assess(c, list(t), now, nil)
		if err != nil || found(a) != want || a.ByMachine() || a.Level != Enhanced || a.Listed() != strings.HasPrefix(want, "sanctions") {
			t.Errorf("%s: %s %v", want, found(a), err)
		}
	}
	c := lisa
	c.Birthdate = now.AddDate(-18, 0, 0)
	if a, _ := parameters(t).Assess(c, list(t), now, nil); !a.ByMachine() {
		t.Error("an adult on the birthday is no minor:", found(a))
	}
}

func TestBankSwitchesRulesOfItsOwnOn(t *testing.T) {
	c := lisa
	c.Kind, c.Nationalities = identifier.DNumber, []string{"KE"}
	p := parameters(t)
	for _, one := range []struct {
		own  []string
		want string
	}{{nil, ""}, {[]string{"d-number"}, "d-number"}, {[]string{"nationality-high-risk", "d-number"}, "d-number,nationality-high-risk"}} {
		if a, err := p.Assess(c, list(t), now, one.own); err != nil || found(a) != one.want {
			t.Error(one.own, found(a), err)
		}
	}
	if !p.Optional("d-number") || p.Optional("under-age") || p.Optional("no-such") {
		t.Error("which rules are optional")
	}
}

func TestCountriesAreThoseOfTheDay(t *testing.T) {
	c := lisa
	c.Residence = "PA" // taken off the list on 2025-08-05
	l, err := sanctions.Parse([]byte("#version,v\n#issued,2025-01-01T00:00:00Z\n#next_update,2027-12-01T00:00:00Z\nid,kind,names,births,source\nS1,SANCTION,Boris Example,1960,x\n"))
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{"2025-08-04": "residence-in-high-risk-country", "2025-08-05": ""} {
		if a, err := parameters(t).Assess(c, l, date(at), nil); err != nil || found(a) != want {
			t.Error(at, found(a), err)
		}
	}
	if _, err := parameters(t).Assess(c, l, date("2018-01-01"), nil); fault.RuleOf(err) != "diligence.no-parameters" {
		t.Error("figures of another time:", err)
	}
}

func TestRulesAreThoseOfTheDay(t *testing.T) {
	text := string(parametersYAML)
	line := text[strings.Index(text, "    law: vergemålsloven"):]
	line = line[:strings.Index(line, "    source")]
	c := lisa
	c.Birthdate = date("2010-01-01")
	for dates, want := range map[string]string{
		"    valid_from: 2018-10-15\n": "under-age", "    valid_from: 2026-11-23\n": "under-age", "    valid_from: 2026-11-24\n": "",
		"    valid_from: 2018-10-15\n    valid_until: 2026-11-24\n": "under-age", "    valid_from: 2018-10-15\n    valid_until: 2026-11-23\n": "",
	} {
		p, err := ParseParameters([]byte(strings.Replace(text, line, "    law: x\n    text: {nb: x, nn: x, en: x}\n"+dates, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if a, err := p.Assess(c, list(t), now, nil); err != nil || found(a) != want {
			t.Errorf("%q: %q %v", dates, found(a), err)
		}
	}
}

func TestWhatCannotBeCheckedOpensNothing(t *testing.T) {
	p := parameters(t)
	if _, err := p.Assess(lisa, nil, now, nil); fault.RuleOf(err) != "sanctions.list-missing" {
		t.Error(err)
	}
	if _, err := p.Assess(lisa, list(t), date("2026-12-01"), nil); fault.RuleOf(err) != "sanctions.list-stale" {
		t.Error(err)
	}
	_, err := p.Assess(Customer{}, list(t), now, nil)
	if fault.RuleOf(err) != "diligence.unknown" || len(fault.From(err).Violations) != 3 {
		t.Error(err)
	}
	// A rule that this program does not understand stops everybody.
	if !p.applies(rule{Field: "shoe-size"}, lisa, now) {
		t.Error("an unknown rule let somebody through")
	}
}

func TestDecisionCoversNoNewFinding(t *testing.T) {
	one := Assessment{Findings: []Finding{{Rule: ruleHit, Entry: "S1"}}}
	both := Assessment{Findings: []Finding{{Rule: ruleHit, Entry: "S1"}, {Rule: ruleHit, Entry: "S2"}}}
	if !one.Within(both) || both.Within(one) || !(Assessment{}).Within(one) {
		t.Error("within")
	}
}

func TestParametersThatCannotBeCarriedOutAreRefused(t *testing.T) {
	good := string(parametersYAML)
	for _, spoil := range []struct{ old, new string }{
		{`version: "2026-1"`, `version: ""`},
		{"law: hvitvaskingsloven § 17\n", "law: \"\"\n"},
		{"list: eu-high-risk", "list: nowhere"},
		{"below: 18", "below: 0"},
		{"is: D_NUMBER", `is: ""`},
		{"field: name", "field: shoes"},
		{"source: FATF, 21 October 2022 (Myanmar added); not verified since", `source: ""`},
		{"valid_from: 2022-10-21", "valid_from: yesterday"},
		{"years: 1", "years: 1\n    months: 2"},
		{`en: "The customer lives`, `se: "The customer lives`},
		{"id: sanctions-possible", "id: sanctions-maybe"},
		{"source: the programme's own; no law says how near is near", `source: ""`},
	} {
		if !strings.Contains(good, spoil.old) {
			t.Errorf("%q is not there", spoil.old)
		}
		if _, err := ParseParameters([]byte(strings.Replace(good, spoil.old, spoil.new, 1))); err == nil {
			t.Errorf("%q was taken", spoil.new)
		}
	}
}

// The model: a customer is taken by machine exactly when no rule, read here a
// second time and by hand, finds anything.
func TestByMachineFollowsTheRulesReadByHand(t *testing.T) {
	p, l := parameters(t), list(t)
	rapid.Check(t, func(t *rapid.T) {
		c := Customer{
			GivenName:     rapid.SampledFrom([]string{"Lisa", "Boris", "Petra", "Li\u200bsa"}).Draw(t, "given"),
			FamilyName:    rapid.SampledFrom([]string{"Johnson", "Example"}).Draw(t, "family"),
			Birthdate:     date(fmt.Sprintf("%d-02-03", rapid.SampledFrom([]int{1960, 1970, 1990, 2010}).Draw(t, "year"))),
			Nationalities: []string{rapid.SampledFrom([]string{"US", "IR", "KE"}).Draw(t, "nationality")},
			Residence:     rapid.SampledFrom([]string{"", "US", "KE"}).Draw(t, "residence"),
			Kind:          rapid.SampledFrom([]identifier.PersonNumberKind{identifier.BirthNumber, identifier.DNumber}).Draw(t, "kind"),
		}
		own := rapid.SampledFrom([][]string{nil, {"d-number"}, {"nationality-high-risk"}}).Draw(t, "own")
		a, err := p.Assess(c, l, now, own)
		if err != nil {
			t.Fatal(err)
		}
		clerk := c.GivenName == "Li\u200bsa" || c.Nationalities[0] == "IR" || c.Residence == "KE" || c.Birthdate.Year() == 2010 ||
			c.FamilyName == "Example" && c.GivenName == "Boris" || // whatever the birth date: the name is the same
			c.FamilyName == "Example" && c.GivenName == "Petra" ||
			slices.Contains(own, "d-number") && c.Kind == identifier.DNumber ||
			slices.Contains(own, "nationality-high-risk") && (c.Nationalities[0] == "KE" || c.Nationalities[0] == "IR")
		if a.ByMachine() == clerk {
			t.Fatalf("%+v: %s", c, found(a))
		}
	})
}

func TestEveryFindingIsExplained(t *testing.T) {
	p := parameters(t)
	ids := []string{ruleHit, rulePossible, rulePEP, DuplicateCustomer}
	for _, r := range p.rules {
		ids = append(ids, r.ID)
	}
	for _, id := range ids {
		if law, text := p.Explain(id); law == "" || text.NB == "" || text.NN == "" || text.EN == "" || text.NB == text.EN {
			t.Errorf("%s: %q %+v", id, law, text)
		}
	}
	if law, text := p.Explain("gone"); law != "" || text.EN != "" {
		t.Error("a rule that is not there is explained")
	}
}
