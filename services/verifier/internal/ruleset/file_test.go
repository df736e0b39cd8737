package ruleset

import (
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// one is a whole rule set of one rule.
const one = `version: test
visa_free: "2026-03-06"
flags: [name.look-alike]
baseline: {evaluated_on: 2026-11-26, birthdate: 1990-01-01, start_date: 2027-01-04, passport_expiry: 2033-01-01, annual_salary: 10}
rules:
  - id: a
    version: 1
    law: [{law: lov, section: § 1, paragraph: first, letter: a}, {law: forskrift}]
    valid_from: 2026-01-01
    texts: {nb: a, nn: b, en: c}
    when: offer.salary >= param.least
    otherwise: failed
    parameters:
      least: [{value: 10, source: x}]
    examples: [{name: enough, facts: {}, expect: passed}]
`

func parsed(t *testing.T, text string) *RuleSet {
	t.Helper()
	set, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestRuleSaysWhereItStands(t *testing.T) {
	set := parsed(t, one)
	f, err := set.Facts(nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := set.Evaluate(f, ProposeOnly)
	if err != nil || e.RuleSet != "test+visafree.2026-03-06" || e.Results[0].LegalReference != "lov § 1 first paragraph (a); forskrift" || e.Outcome != ProposeGrant {
		t.Errorf("%+v %v", e, err)
	}
}

func TestFileThatCannotBeARuleSetIsRefused(t *testing.T) {
	for name, change := range map[string][2]string{
		"no version":                       {"version: test\n", ""},
		"no list of nationalities":         {`visa_free: "2026-03-06"`, `visa_free: "1814"`},
		"a path for a list":                {`visa_free: "2026-03-06"`, `visa_free: "../rulesets/2026-11-26"`},
		"an unknown flag":                  {"name.look-alike", "name.funny"},
		"an unknown member":                {"otherwise: failed", "otherwise: failed\n    mood: bad"},
		"no id":                            {"id: a", "id: ''"},
		"no version of the rule":           {"    version: 1", "    version: 0"},
		"no law":                           {"[{law: lov, section: § 1, paragraph: first, letter: a}, {law: forskrift}]", "[]"},
		"no date":                          {"valid_from: 2026-01-01", "valid_until: 2026-01-01"},
		"ends before it begins":            {"valid_from: 2026-01-01", "valid_from: 2026-01-01\n    valid_until: 2025-12-31"},
		"no text":                          {"nn: b", "nn: ''"},
		"no condition":                     {"when: offer.salary >= param.least", "when: ''"},
		"refuses":                          {"otherwise: failed", "otherwise: refused"},
		"passes when it does not hold":     {"otherwise: failed", "otherwise: passed"},
		"for something else":               {"otherwise: failed", "otherwise: failed\n    for: fun"},
		"no example":                       {"[{name: enough, facts: {}, expect: passed}]", "[]"},
		"a parameter that is not used":     {"least: [", "most: [{value: 1, source: x}]\n      least: ["},
		"a parameter without a source":     {"source: x", "source: ''"},
		"a parameter without a value":      {"value: 10, ", ""},
		"a parameter of two types":         {"least: [{value: 10, source: x}]", "least: [{value: 10, source: x}, {from: 2027-01-01, value: ten, source: x}]"},
		"a second value without a date":    {"least: [{value: 10, source: x}]", "least: [{value: 10, source: x}, {value: 11, source: x}]"},
		"a parameter that is a fraction":   {"value: 10", "value: 10.5"},
		"a parameter of another type":      {"value: 10", "value: [ten]"},
		"a parameter with a strange name":  {"least: [", "Least: ["},
		"an unknown variable":              {"offer.salary", "offer.bonus"},
		"an unknown parameter":             {"param.least", "param.most"},
		"no truth":                         {"offer.salary >= param.least", "offer.salary + param.least"},
		"no expression":                    {"offer.salary >= param.least", "offer.salary >= param.least )"},
		"the time of day":                  {"offer.salary >= param.least", "timestamp('2026-11-26T00:00:00Z') > timestamp('2026-11-25T00:00:00Z') && offer.salary >= param.least"},
		"a duration":                       {"offer.salary >= param.least", "duration('1h') > duration('1m') && offer.salary >= param.least"},
		"a fraction":                       {"offer.salary >= param.least", "offer.salary >= param.least && 0.5 < 1.0 / 3.0"},
		"matching text":                    {"offer.salary >= param.least", "offer.salary >= param.least && offer.occupation.matches('^25')"},
		"the start of a text":              {"offer.salary >= param.least", "offer.salary >= param.least && offer.occupation.startsWith('25')"},
		"a conversion":                     {"offer.salary >= param.least", "offer.salary >= param.least && string(offer.salary) == '1'"},
		"a type that is not checked":       {"offer.salary >= param.least", "dyn(offer.salary) >= param.least"},
		"a map over a list":                {"offer.salary >= param.least", "offer.salary >= param.least && size(applicant.nationalities.map(n, n)) > 0"},
		"comparing a number with a text":   {"offer.salary >= param.least", "offer.salary >= param.least && offer.occupation == 2512"},
		"more than it may cost":            {"offer.salary >= param.least", "offer.salary >= param.least && recognitions.all(a, recognitions.all(b, recognitions.all(c, recognitions.all(d, recognitions.all(e, a.level == e.level)))))"},
		"longer than it may be":            {"offer.salary >= param.least", "offer.salary >= param.least" + strings.Repeat(" && on > 0", 300)},
		"two documents":                    {"version: test\n", "version: test\n---\nversion: test\n"},
		"baseline that is no mapping":      {"baseline: {", "baseline: [{"},
		"two versions for other decisions": {"rules:\n", "rules:\n  - {id: a, version: 2, for: grant, law: [{law: x}], valid_from: 2027-01-01, texts: {nb: a, nn: b, en: c}, when: on > 0, otherwise: failed, examples: [{name: x, facts: {}, expect: passed}]}\n"},
	} {
		changed := strings.Replace(one, change[0], change[1], 1)
		if changed == one {
			t.Errorf("%s: nothing was changed", name)
		}
		if _, err := Parse([]byte(changed)); fault.RuleOf(err) != "ruleset.file" || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestListThatCannotBeIsRefused(t *testing.T) {
	for _, bad := range []string{
		"version: x\nnationalities: [{alpha3: ZZZ}]",
		"version: x\nnationalities: [{alpha3: UKR, conditions: [SHINY]}]",
		"version: x\nnationalities: [{alpha2: UA}]",
	} {
		if _, _, err := parseVisaFree([]byte(bad)); err == nil {
			t.Errorf("read %s", bad)
		}
	}
	for version, want := range map[string]int{"2024-08-04": 63, "2026-03-06": 63} {
		raw, err := files.ReadFile("visafree/" + version + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		list, named, err := parseVisaFree(raw)
		if err != nil || named != version {
			t.Errorf("%s: %s %v", version, named, err)
		}
		f, _ := lisa().Dates()
		if got := len(list.on(f.On)); got != want {
			t.Errorf("%s: %d visa-free nationalities", version, got)
		}
	}
}

// withRule is the set with another rule in front.
func withRule(rule string) string {
	return strings.Replace(one, "rules:\n", "rules:\n"+rule, 1)
}

func TestLaterVersionOfARuleTakesOver(t *testing.T) {
	set := parsed(t, withRule(`  - {id: a, version: 2, law: [{law: x}], valid_from: 2027-01-01, valid_until: 2027-12-31, texts: {nb: d, nn: e, en: f}, when: on < 0,
     otherwise: failed, examples: [{name: x, facts: {evaluated_on: 2027-01-01}, expect: failed}]}
`))
	for on, want := range map[string]struct {
		result  Result
		version int
	}{
		"2025-12-31": {Officer, 0}, "2026-01-01": {Passed, 1}, "2026-12-31": {Passed, 1}, "2027-01-01": {Failed, 2}, "2027-12-31": {Failed, 2}, "2028-01-01": {Passed, 1},
	} {
		f, err := set.Facts(map[string]any{"evaluated_on": on})
		if err != nil {
			t.Fatal(err)
		}
		e, err := set.Evaluate(f, ProposeOnly)
		if err != nil || len(e.Results) != 1 || e.Results[0].Result != want.result || e.Results[0].Version != want.version {
			t.Errorf("%s: %+v %v", on, e.Results, err)
		}
	}
}

func TestRuleWithoutAnAnswerGoesToAnOfficer(t *testing.T) {
	for name, when := range map[string]string{
		"overflow":            "offer.salary * 9223372036854775807 > offer.salary + 100",
		"no such entry":       "size(visa_free['ZZ']) == 0",
		"no such place":       "applicant.nationalities[3] == 'US'",
		"a date out of range": "years_after(applicant.birthdate, 1000000) > on",
		"a month too many":    "months_after(applicant.birthdate, 2000) > on",
	} {
		set := parsed(t, strings.Replace(one, "offer.salary >= param.least", when+" || offer.salary < param.least", 1))
		f, err := set.Facts(nil)
		if err != nil {
			t.Fatal(err)
		}
		if e, err := set.Evaluate(f, ProposeOnly); err != nil || e.Results[0].Result != Officer || e.Outcome != ToOfficer {
			t.Errorf("%s: %+v %v", name, e, err)
		}
	}
}

func TestRuleThatCostsTooMuchGoesToAnOfficer(t *testing.T) {
	set := parsed(t, strings.Replace(one, "offer.salary >= param.least",
		"offer.salary >= param.least && recognitions.all(a, recognitions.all(b, recognitions.all(c, a.level == b.level && b.level == c.level)))", 1))
	few, err := set.Facts(nil)
	if err != nil {
		t.Fatal(err)
	}
	few.Documents = make([]Document, 5)
	many := few
	many.Documents = make([]Document, 500)
	for _, f := range []Facts{few, many} {
		for i := range f.Documents {
			f.Documents[i].Type = "EducationRecognition"
		}
	}
	if e, err := set.Evaluate(few, ProposeOnly); err != nil || e.Results[0].Result != Passed {
		t.Errorf("few: %+v %v", e, err)
	}
	if e, err := set.Evaluate(many, ProposeOnly); err != nil || e.Results[0].Result != Officer {
		t.Errorf("many: %+v %v", e, err)
	}
}

func TestExampleThatDoesNotHoldIsTold(t *testing.T) {
	for name, example := range map[string]string{
		"another result":         "{name: x, facts: {annual_salary: 9}, expect: passed}",
		"an unknown fact":        "{name: x, facts: {bonus: 9}, expect: passed}",
		"a fact of another type": "{name: x, facts: {annual_salary: ten}, expect: passed}",
		"a date that is none":    "{name: x, facts: {start_date: soon}, expect: passed}",
		"not in force then":      "{name: x, facts: {evaluated_on: 2025-12-31}, expect: officer}",
	} {
		set := parsed(t, strings.Replace(one, "{name: enough, facts: {}, expect: passed}", example, 1))
		if run := set.Examples(); len(run) != 1 || run[0].Holds() {
			t.Errorf("%s: %+v", name, run)
		}
	}
	if run := parsed(t, one).Examples(); len(run) != 1 || !run[0].Holds() {
		t.Errorf("%+v", run)
	}
}

func TestDaysAreCountedAlsoBefore1970(t *testing.T) {
	for text, want := range map[string]int64{"1969-12-31": -1, "1970-01-01": 0, "1970-01-02": 1, "1900-01-01": -25567, "2026-11-26": 20783} {
		if got := dayOf(text); got != want {
			t.Errorf("%s is day %d, want %d", text, got, want)
		}
	}
}
