package earlystart_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/police/internal/earlystart"
)

var day = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

func load(t *testing.T) earlystart.Rule {
	t.Helper()
	rule, err := earlystart.Load()
	if err != nil {
		t.Fatal(err)
	}
	return rule
}

// clear are facts that meet every condition.
var clear = earlystart.Facts{HigherEducationYears: 3, Complete: true, PoliceCheckDone: true, Employer: "310000019"}

func TestEachConditionStopsAnEarlyStartByItself(t *testing.T) {
	rule := load(t)
	if err := earlystart.Check(rule.Evaluate(clear, day)); err != nil {
		t.Fatal(err)
	}
	for id, spoil := range map[string]func(*earlystart.Facts){
		"HIGHER_EDUCATION":      func(f *earlystart.Facts) { f.HigherEducationYears = 2 },
		"APPLICATION_COMPLETE":  func(f *earlystart.Facts) { f.Complete = false },
		"POLICE_CHECK_DONE":     func(f *earlystart.Facts) { f.PoliceCheckDone = false },
		"BOUND_TO_EMPLOYER":     func(f *earlystart.Facts) { f.Employer = "" },
		"EMPLOYER_NOT_EXCLUDED": func(f *earlystart.Facts) { f.EmployerExcluded = true },
		"NOT_AT_SUA":            func(f *earlystart.Facts) { f.AtSUA = true },
		"NOT_AT_EMBASSY":        func(f *earlystart.Facts) { f.AtEmbassy = true },
		"NOT_SENT_TO_UDI":       func(f *earlystart.Facts) { f.SentToUDI = true },
	} {
		facts := clear
		spoil(&facts)
		results := rule.Evaluate(facts, day)
		err := earlystart.Check(results)
		f := fault.From(err)
		if f.Kind != fault.Conflict || f.Rule != "earlystart.not-met" || len(f.Violations) != 1 || f.Violations[0].Field != id {
			t.Errorf("%s: %v", id, err)
		}
		if len(results) != 8 {
			t.Errorf("%d conditions", len(results))
		}
		for _, c := range results {
			if c.Met == (c.ID == id) || c.Text.NB == "" || c.Text.NN == "" || c.Text.EN == "" || !strings.Contains(c.Law, "§") {
				t.Errorf("%s: %+v", id, c)
			}
		}
	}
}

func TestRecognisedLevelStandsForItsYears(t *testing.T) {
	rule := load(t)
	for level, enough := range map[string]bool{"BACHELOR": true, "MASTER": true, "PHD": true, "FAGSKOLE": false, "VOCATIONAL_UPPER_SECONDARY": false, "": false} {
		facts := clear
		facts.HigherEducationYears, facts.RecognisedLevel = 0, level
		if err := earlystart.Check(rule.Evaluate(facts, day)); (err == nil) != enough {
			t.Errorf("%q: %v", level, err)
		}
	}
}

func TestConditionsCountFromTheirDate(t *testing.T) {
	raw, err := os.ReadFile("conditions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	later := string(raw) + `
  - id: HIGHER_EDUCATION
    law: "a new § 6-8"
    valid_from: 2027-01-01
    figure: 5
    text: {nb: "fem år", nn: "fem år", en: "five years"}
`
	rule, err := earlystart.Read([]byte(later))
	if err != nil {
		t.Fatal(err)
	}
	if err := earlystart.Check(rule.Evaluate(clear, day)); err != nil {
		t.Error(err)
	}
	after := rule.Evaluate(clear, day.AddDate(1, 0, 0))
	if err := earlystart.Check(after); fault.RuleOf(err) != "earlystart.not-met" || len(after) != 8 || after[0].Law != "a new § 6-8" {
		t.Error(after, err)
	}
	if err := earlystart.Check(rule.Evaluate(clear, day.AddDate(-20, 0, 0))); fault.RuleOf(err) != "earlystart.no-rule" {
		t.Error(err)
	}
}

func TestConditionsThatLookAtNothingAreRefused(t *testing.T) {
	raw, err := os.ReadFile("conditions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"NOT_AT_SUA", "NOT_AT_SEA"}, {"figure: 3", "figure: 0"}, {"id: NOT_AT_EMBASSY", "id: NOT_AT_SUA"}, {"valid_from: 2010-01-01", "valid_from: once"},
		{"conditions:", "rules:"}, {`nn: "Arbeidsgivaren er ikkje utestengd."`, `nn: ""`}, {`law: "utlendingsforskriften § 6-34; utlendingsloven § 27 fifth paragraph"`, `law: ""`},
	} {
		spoilt := strings.Replace(string(raw), change[0], change[1], 1)
		if spoilt == string(raw) {
			t.Fatalf("%s changes nothing", change[0])
		}
		if _, err := earlystart.Read([]byte(spoilt)); err == nil {
			t.Errorf("%s: taken", change[1])
		}
	}
}
