package ruleset

import (
	"encoding/json"
	"reflect"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

var versions = []string{"2026-11-22+visafree.2024-08-04", "2026-11-26+visafree.2026-03-06"}

// TestStoredEvaluationReplays: evaluated, written, read, and made again by the
// version that it names, from facts that were written and read too.
func TestStoredEvaluationReplays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set, err := Load(rapid.SampledFrom(versions).Draw(t, "version"))
		if err != nil {
			t.Fatal(err)
		}
		f, err := set.Facts(nil)
		if err != nil {
			t.Fatal(err)
		}
		f.AnnualSalary = rapid.SampledFrom([]int64{0, 599199, 599200, 634700}).Draw(t, "salary")
		f.GivenName = rapid.SampledFrom([]string{"Lisa", "Li\u200bsa", "Lisа"}).Draw(t, "name")
		f.EndDate = rapid.SampledFrom([]string{"", "2034-01-01"}).Draw(t, "end")
		f.Signatory = rapid.SampledFrom([]Answer{Yes, No, Unknown}).Draw(t, "signatory")
		mode := rapid.SampledFrom([]Mode{ProposeOnly, Automatic}).Draw(t, "mode")
		e, err := set.Evaluate(f, mode)
		if err != nil {
			t.Fatal(err)
		}
		var stored Evaluation
		var facts Facts
		rewrite(t, e, &stored)
		rewrite(t, f, &facts)
		again, same, err := Replay(stored, facts)
		if err != nil || !same || again.InputsHash != e.InputsHash {
			t.Fatalf("%+v\n%+v %v", e, again, err)
		}
		facts.AnnualSalary++
		if _, same, _ := Replay(stored, facts); same {
			t.Fatal("other facts give the same evaluation")
		}
	})
}

func rewrite(t interface{ Fatal(...any) }, from, into any) {
	raw, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestReplayNoticesWhatWasChanged(t *testing.T) {
	set, err := Current()
	if err != nil {
		t.Fatal(err)
	}
	f, err := set.Facts(nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := set.Evaluate(f, Automatic)
	if err != nil || e.Outcome != Grant {
		t.Fatalf("%s %v", e, err)
	}
	for name, change := range map[string]func(*Evaluation){
		"outcome":  func(e *Evaluation) { e.Outcome = ToOfficer },
		"mode":     func(e *Evaluation) { e.Mode = ProposeOnly },
		"hash":     func(e *Evaluation) { e.InputsHash = "00" },
		"a result": func(e *Evaluation) { e.Results[0].Result = Failed },
		"a law":    func(e *Evaluation) { e.Results[0].LegalReference = "grunnlova § 1" },
		"a rule":   func(e *Evaluation) { e.Results = e.Results[1:] },
		"a flag":   func(e *Evaluation) { e.Flags = []string{FlagUnread} },
		"warnings": func(e *Evaluation) { e.Warnings = []string{"x"} },
		"version":  func(e *Evaluation) { e.RuleSet = versions[0] },
	} {
		var other Evaluation
		rewrite(t, e, &other)
		change(&other)
		if _, same, err := Replay(other, f); same || err != nil {
			t.Errorf("another %s is the same: %v", name, err)
		}
	}
	e.RuleSet = "1814"
	if _, _, err := Replay(e, f); fault.RuleOf(err) != "ruleset.unknown" || fault.KindOf(err) != fault.NotFound {
		t.Errorf("an unknown rule set: %v", err)
	}
}

func TestVersionsAreEmbedded(t *testing.T) {
	for _, version := range versions {
		set, err := Load(version)
		if err != nil || set.Version() != version {
			t.Errorf("%s: %v", version, err)
			continue
		}
		for _, id := range set.IDs() {
			if texts, ok := set.Texts(id); !ok || texts.NB == "" || texts.NN == "" || texts.EN == "" {
				t.Errorf("%s %s has no text", version, id)
			}
		}
		if _, ok := set.Texts("skilled.hair"); ok {
			t.Error("a rule that is not there has a text")
		}
	}
	current, err := Current()
	if err != nil || current.Version() != versions[len(versions)-1] {
		t.Errorf("current is %v, %v", current.Version(), err)
	}
}

func TestRuleSetServesManyAtOnce(t *testing.T) {
	set, err := Current()
	if err != nil {
		t.Fatal(err)
	}
	f, err := set.Facts(nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := set.Evaluate(f, Automatic)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 20 {
				if e, err := set.Evaluate(f, Automatic); err != nil || !reflect.DeepEqual(e, want) {
					t.Errorf("%s %v", e, err)
				}
			}
		})
	}
	wait.Wait()
}

func TestModeThatNobodyKnowsIsRefused(t *testing.T) {
	set, err := Current()
	if err != nil {
		t.Fatal(err)
	}
	f, _ := set.Facts(nil)
	if _, err := set.Evaluate(f, "generous"); fault.RuleOf(err) != "case.mode" {
		t.Error(err)
	}
}
