package casefile

import (
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

var oslo = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		panic(err)
	}
	return zone
}()

func day(text string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", text, oslo)
	if err != nil {
		panic(err)
	}
	return at
}

func TestFigureIsTheOneInForceOnTheDay(t *testing.T) {
	p, err := parseParameters([]byte(strings.Replace(string(parametersYAML), "parameters:\n", `parameters:
  - {name: fee.work-permit.kroner, valid_from: 2027-01-01, value: 7000, source: made up}
`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	for on, want := range map[string]int64{"2026-12-31 23:59": 630000, "2027-01-01 00:00": 700000} {
		if fee, err := p.FeeOn(day(on)); err != nil || fee.Amount != want || fee.Currency != "NOK" || fee.Source == "" {
			t.Errorf("%s: %+v, %v", on, fee, err)
		}
	}
	if _, err := p.FeeOn(day("2001-01-01 12:00")); fault.RuleOf(err) != "case.no-figure" || fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a day of which nothing is known: %v", err)
	}
	for name, spoil := range map[string][2]string{
		"no source": {`source: "forvaltningsloven § 29 first paragraph; utlendingsloven § 76"`, ""},
		"no value":  {"value: 3\n    source: \"forv", "value: 0\n    source: \"forv"}, "no figure": {"appeal.weeks", "appeal.months"},
	} {
		if _, err := parseParameters([]byte(strings.Replace(string(parametersYAML), spoil[0], spoil[1], 1))); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

// The dates of Easter are those of the almanac of the University of Oslo.
func TestAppealIsInTimeUntilTheDayThreeWeeksLaterOrTheNextWorkingDay(t *testing.T) {
	for told, last := range map[string]string{
		"2026-11-22 09:00": "2026-12-14", // three weeks later is a Sunday
		"2026-11-25 23:59": "2026-12-16",
		"2026-12-04 10:00": "2026-12-28", // 25 December is a holiday, then a Saturday, a Sunday
		"2026-03-12 10:00": "2026-04-07", // Maundy Thursday 2026-04-02 to Easter Monday 04-06
		"2026-04-23 10:00": "2026-05-15", // Ascension Day 2026-05-14
		"2026-05-04 10:00": "2026-05-26", // Whit Monday 2026-05-25
		"2026-04-26 10:00": "2026-05-18", // 17 May is a Sunday
		"2027-03-05 10:00": "2027-03-30", // Good Friday 2027-03-26
	} {
		deadline, err := figures(t).AppealDeadline(day(told))
		if err != nil || deadline.In(oslo).Format(isoDate) != last || !deadline.Add(time.Microsecond).Equal(day(last+" 00:00").AddDate(0, 0, 1)) {
			t.Errorf("told %s: until %s, want the end of %s, %v", told, deadline.In(oslo), last, err)
		}
	}
}

func TestNoticesAreInThreeLanguages(t *testing.T) {
	n, err := LoadNotices()
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]bool{}
	for _, language := range []string{"nb", "nn", "en", ""} {
		text, in := n.Text(NoticeFeeDue, language, map[string]string{"number": "26/000123", "amount": "6300"})
		if !strings.Contains(text, "26/000123") || !strings.Contains(text, "6300") || strings.Contains(text, "{") || (language == "") != (in != language) {
			t.Errorf("%q in %q: %s", language, in, text)
		}
		texts[text] = true
	}
	if len(texts) != 3 {
		t.Errorf("%d texts", len(texts))
	}
}

// Rules grant by themselves only what they evaluated as a grant, under their own
// name, and nobody else decides in that name.
func TestRulesGrantOnlyWhatTheyGranted(t *testing.T) {
	e, err := rules(t).Evaluate(lisa(), ruleset.ProposeOnly)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		outcome ruleset.Outcome
		officer string
		rule    string
	}{
		"they grant":      {ruleset.Grant, RuleSetOfficer + e.RuleSet, ""},
		"they propose":    {ruleset.ProposeGrant, RuleSetOfficer + e.RuleSet, "case.not-automatic"},
		"another version": {ruleset.Grant, RuleSetOfficer + "2020-1", "case.not-automatic"},
		"to an officer":   {ruleset.ToOfficer, RuleSetOfficer + e.RuleSet, "case.not-automatic"},
	} {
		e.Outcome = c.outcome
		cs, err := Open(Opening{ID: "case_1", Number: "26/000123", DUF: "202665432107", Evaluation: e, At: on})
		if err != nil {
			t.Fatal(err)
		}
		changed, err := cs.Decide(Decision{ID: "d", Officer: c.officer, Outcome: Granted, At: on})
		if changed != (c.rule == "") || err != nil && fault.RuleOf(err) != c.rule {
			t.Errorf("%s: %v %v", name, changed, err)
		}
	}
}
