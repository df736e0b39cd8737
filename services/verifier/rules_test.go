package verifier

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// operator is the configuration of the rig's own database.
func (r *rig) operator() Config {
	r.Helper()
	key := filepath.Join(r.TempDir(), "master.key")
	r.must(os.WriteFile(key, make([]byte, 32), 0o600))
	return Config{Common: config.Common{MasterKeyFile: key, Database: r.source}}
}

func (e ExplainedEvaluation) rule(id string) ExplainedRule {
	for _, r := range e.Rules {
		if r.ID == id {
			return r
		}
	}
	return ExplainedRule{}
}

func (e ExplainedEvaluation) fact(path string) string {
	for _, f := range e.Facts {
		if f.Path == path {
			return f.Value
		}
	}
	return ""
}

func TestOperatorSeesADecisionAsItWasEvaluated(t *testing.T) {
	r := newRig(t)
	caseRef, _, _ := r.granted("off_1")
	cfg := r.operator()
	explained, err := ExplainCase(t.Context(), cfg, caseRef)
	r.must(err)
	record, err := r.Get(t.Context(), caseRef)
	r.must(err)
	if explained.Case != caseRef || explained.Number != record.Case.Number() || explained.State != "GRANTED" || len(explained.Evaluations) != 1 {
		t.Fatalf("%+v", explained)
	}
	e := explained.Evaluations[0]
	if e.Outcome != "PROPOSE_GRANT" || e.RuleSet != r.Rules.Version() {
		t.Errorf("%+v", e)
	}
	if !e.Replays || e.InputsHash == "" || e.InputsHash != e.Recomputed || e.Problem != "" {
		t.Errorf("replays %v: %s, %s %s", e.Replays, e.InputsHash, e.Recomputed, e.Problem)
	}
	if got := e.fact("annual_salary"); got != "634700" {
		t.Errorf("the salary is %q of %v", got, e.Facts)
	}
	if e.fact("nationalities[0]") != "US" || e.fact("signatory") != "YES" || e.fact("evaluated_on") != "2026-01-02" {
		t.Errorf("facts %v", e.Facts)
	}
	salary := e.rule("skilled.salary")
	if len(e.Rules) != len(r.Rules.IDs()) || salary.LegalReference != "utlendingsloven § 23 first paragraph (b)" || salary.Result != "passed" || salary.Version != 2 || salary.NB == "" || salary.NN == "" || salary.EN == "" {
		t.Errorf("%+v", salary)
	}
	if !e.rule("automatic.police").OnlyForGrant {
		t.Error("what only a grant needs is not told apart")
	}
	if len(explained.Decisions) != 1 {
		t.Fatalf("%d decisions", len(explained.Decisions))
	}
	d := explained.Decisions[0]
	if d.By != "officer-1" || d.Outcome != "GRANTED" || d.Evaluation != 1 || d.Proposed != "PROPOSE_GRANT" || d.At.IsZero() || d.PresentationHash == "" || d.ConsentHash == "" {
		t.Errorf("%+v", d)
	}
	_, err = ExplainCase(t.Context(), cfg, "case_unknown")
	r.refused(err, fault.NotFound, "case.unknown")
}

func TestOperatorSeesThatFactsAreNotThoseOfThen(t *testing.T) {
	r := newRig(t)
	caseRef, _, err := r.newWorker("off_1", nil).paid()
	r.must(err)
	record, err := r.Get(t.Context(), caseRef)
	r.must(err)
	evaluated := record.Evaluations()[0]
	evaluated.Facts.AnnualSalary++
	e, err := explainEvaluation(evaluated)
	r.must(err)
	if e.Replays || e.InputsHash == e.Recomputed || e.Problem != "" {
		t.Errorf("%+v", e)
	}
	evaluated.Evaluation.RuleSet = "1814"
	e, err = explainEvaluation(evaluated)
	r.must(err)
	if e.Replays || e.Problem == "" || len(e.Rules) == 0 {
		t.Errorf("%+v", e)
	}
}

// A changed offer is evaluated anew; what was decided on before stays explained.
func TestOperatorSeesEveryEvaluation(t *testing.T) {
	r := newRig(t)
	caseRef, _, err := r.newWorker("off_1", nil).paid()
	r.must(err)
	again, _, err := r.changed("off_2", "off_1", func(c map[string]any) {
		c["employment"].(map[string]any)["annual_salary"].(map[string]any)["amount"] = 500000.0
	}).apply()
	r.must(err)
	if again != caseRef {
		t.Fatalf("another case, %s", again)
	}
	_, err = r.decide(caseRef, casefile.Refused, "SALARY_TOO_LOW")
	r.must(err)
	e, err := ExplainCase(t.Context(), r.operator(), caseRef)
	r.must(err)
	if len(e.Evaluations) != 2 || !e.Evaluations[0].Replays || !e.Evaluations[1].Replays || e.Evaluations[0].fact("annual_salary") != "634700" ||
		e.Evaluations[1].fact("annual_salary") != "500000" || e.Evaluations[1].rule("skilled.salary").Result != "failed" {
		t.Fatalf("%+v", e.Evaluations)
	}
	if len(e.Decisions) != 1 || e.Decisions[0].Evaluation != 2 || e.Decisions[0].Reason != "SALARY_TOO_LOW" || e.Decisions[0].Proposed != "TO_OFFICER" {
		t.Errorf("%+v", e.Decisions)
	}
	answer, err := AskWhatIf(t.Context(), r.operator(), WhatIfQuestion{Set: raised(t, "450000")})
	r.must(err)
	if len(answer.Changed) != 1 || answer.Changed[0].Then != "TO_OFFICER" || answer.Changed[0].Now != "PROPOSE_GRANT" {
		t.Errorf("%+v", answer)
	}
}

// raised is the current rule set with another floor for masters.
func raised(t *testing.T, floor string) []byte {
	t.Helper()
	raw, err := os.ReadFile("internal/ruleset/rulesets/2026-11-26.yaml")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.ReplaceAll(strings.Replace(string(raw), `version: "2026-11-26"`, `version: "proposal"`, 1), "master: 599200", "master: "+floor)
	return []byte(changed)
}

func TestOperatorAsksWhatAnotherRuleSetWouldSay(t *testing.T) {
	r := newRig(t)
	pay := func(amount float64) func(map[string]any) {
		return func(c map[string]any) {
			c["employment"].(map[string]any)["annual_salary"].(map[string]any)["amount"] = amount
		}
	}
	early, _, err := r.newWorker("off_0", pay(640000)).apply()
	r.must(err)
	r.later(48 * time.Hour)
	high, _, err := r.newWorker("off_1", pay(700000)).apply()
	r.must(err)
	middle, _, err := r.newWorker("off_2", pay(640000)).apply()
	r.must(err)
	low, _, err := r.newWorker("off_3", pay(500000)).apply()
	r.must(err)
	for ref, want := range map[string]ruleset.Outcome{early: ruleset.ProposeGrant, high: ruleset.ProposeGrant, middle: ruleset.ProposeGrant, low: ruleset.ToOfficer} {
		record, err := r.Get(t.Context(), ref)
		r.must(err)
		if got := record.Case.Evaluation(); got.Outcome != want {
			t.Fatalf("%s", got)
		}
	}
	since := time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC)
	answer, err := AskWhatIf(t.Context(), r.operator(), WhatIfQuestion{Set: raised(t, "650000"), Since: since})
	r.must(err)
	if answer.Cases != 3 || answer.RuleSet != "proposal+visafree.2026-03-06" {
		t.Errorf("%+v", answer)
	}
	for pair, want := range map[[2]string]int{{"PROPOSE_GRANT", "PROPOSE_GRANT"}: 1, {"PROPOSE_GRANT", "TO_OFFICER"}: 1, {"TO_OFFICER", "TO_OFFICER"}: 1} {
		if answer.Outcomes[pair] != want {
			t.Errorf("%v: %d", pair, answer.Outcomes[pair])
		}
	}
	if len(answer.Changed) != 1 || answer.Changed[0].Case != middle || !slices.Equal(answer.Changed[0].Rules, []string{"skilled.salary: failed, was passed"}) {
		t.Errorf("%+v", answer.Changed)
	}
	// A lower floor, all cases; and on a day on which floors were not known.
	answer, err = AskWhatIf(t.Context(), r.operator(), WhatIfQuestion{Set: raised(t, "400000")})
	r.must(err)
	if answer.Cases != 4 || len(answer.Changed) != 1 || answer.Changed[0].Case != low || answer.Changed[0].Now != "PROPOSE_GRANT" {
		t.Errorf("%+v", answer)
	}
	answer, err = AskWhatIf(t.Context(), r.operator(), WhatIfQuestion{Set: raised(t, "400000"), On: time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)})
	r.must(err)
	if answer.Outcomes[[2]string{"PROPOSE_GRANT", "TO_OFFICER"}] != 3 {
		t.Errorf("%+v", answer)
	}
	// Nothing was changed by asking.
	record, err := r.Get(t.Context(), middle)
	r.must(err)
	if record.Case.Evaluation().RuleSet != r.Rules.Version() || record.Version != 1 || record.Case.State() != casefile.FeeDue {
		t.Errorf("the case is changed: %+v", record.Case.Evaluation())
	}
}

func TestRulesAndFlagsThatComeAndGoAreTold(t *testing.T) {
	r := newRig(t)
	caseRef, _, err := r.newWorker("off_1", func(c map[string]any) { c["given_name"] = "Lis\u0430" }).apply()
	r.must(err)
	record, err := r.Get(t.Context(), caseRef)
	r.must(err)
	set := strings.NewReplacer("  - name.mixed-scripts\n", "", "  - name.look-alike\n", "").Replace(string(raised(t, "599200")))
	if start := strings.Index(set, "  - id: skilled.start"); start > 0 {
		set = set[:start] + strings.Replace(set[start:], "skilled.start", "skilled.beginning", 1)
	}
	answer, err := AskWhatIf(t.Context(), r.operator(), WhatIfQuestion{Set: []byte(set)})
	r.must(err)
	if len(answer.Changed) != 1 || answer.Changed[0].Case != record.Case.ID() || answer.Changed[0].Then != "TO_OFFICER" || len(answer.Changed[0].Rules) != 0 ||
		!slices.Equal(answer.Changed[0].Flags, []string{"-name.mixed-scripts", "-name.look-alike"}) {
		t.Errorf("%+v", answer.Changed)
	}
}

func TestOperatorIsToldWhatCannotBeRead(t *testing.T) {
	r := newRig(t)
	cfg := r.operator()
	_, err := AskWhatIf(t.Context(), cfg, WhatIfQuestion{Set: []byte("version: 1")})
	r.refused(err, fault.Invalid, "ruleset.file")
	elsewhere := cfg
	elsewhere.Database.Driver = "sqlite"
	elsewhere.Database.DSN = filepath.Join(t.TempDir(), "none.db")
	_, err = ExplainCase(t.Context(), elsewhere, "case_1")
	r.refused(err, fault.NotFound, "rules.no-database")
	if _, err := os.Stat(elsewhere.Database.DSN); err == nil {
		t.Error("a database was made")
	}
	keyless := cfg
	keyless.MasterKeyFile = filepath.Join(t.TempDir(), "none")
	if _, err := ExplainCase(t.Context(), keyless, "case_1"); err == nil {
		t.Error("read without a key")
	}
}

func TestExamplesOfEveryVersionAreRun(t *testing.T) {
	all, err := RunRuleExamples(nil)
	if err != nil {
		t.Fatal(err)
	}
	sets := map[string]int{}
	for _, e := range all {
		sets[e.RuleSet]++
		if !e.Holds {
			t.Errorf("%+v", e)
		}
	}
	if len(sets) != 2 {
		t.Errorf("%v", sets)
	}
	mine, err := RunRuleExamples(raised(t, "700000"))
	failed := 0
	for _, e := range mine {
		if !e.Holds {
			failed++
		}
	}
	if err != nil || failed == 0 {
		t.Errorf("%d examples fail under another floor, %v", failed, err)
	}
}
