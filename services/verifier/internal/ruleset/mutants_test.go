package ruleset_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// Every rule is changed in every small way, and at least one of the boundary
// cases, the decision table and the examples beside the rule must notice.

// equivalent are the mutants that nothing can notice, by name, and why.
var equivalent = map[string]string{
	"skilled.quota: otherwise": "the quota was never filled, so no case shows what is found when it is",
}

// rawSet is a rule set's file.
type rawSet struct {
	Version  string    `yaml:"version"`
	VisaFree string    `yaml:"visa_free"`
	Flags    []string  `yaml:"flags"`
	Baseline yaml.Node `yaml:"baseline"`
	Rules    []rawRule `yaml:"rules"`
}

type rawRule struct {
	ID          string                `yaml:"id"`
	Version     int                   `yaml:"version"`
	Law         yaml.Node             `yaml:"law"`
	ValidFrom   date                  `yaml:"valid_from"`
	ValidUntil  date                  `yaml:"valid_until,omitempty"`
	Texts       yaml.Node             `yaml:"texts"`
	For         string                `yaml:"for,omitempty"`
	OfficerWhen string                `yaml:"officer_when,omitempty"`
	When        string                `yaml:"when"`
	Otherwise   string                `yaml:"otherwise"`
	Parameters  map[string][]rawValue `yaml:"parameters,omitempty"`
	Examples    []yaml.Node           `yaml:"examples"`
}

type rawValue struct {
	From   date   `yaml:"from,omitempty"`
	Value  any    `yaml:"value,omitempty"`
	Source string `yaml:"source"`
}

// date is written as YAML's dates are.
type date string

func (d date) MarshalYAML() (any, error) {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!timestamp", Value: string(d)}, nil
}

// IsZero lets omitempty leave a date out.
func (d date) IsZero() bool { return d == "" }

// bytes is the file.
func (s rawSet) bytes(t *testing.T) []byte {
	t.Helper()
	raw, err := yaml.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func readSet(t *testing.T) rawSet {
	t.Helper()
	raw, err := os.ReadFile("rulesets/2026-11-26.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var s rawSet
	if err := yaml.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// mutant is a rule with one change.
type mutant struct {
	name string
	rule rawRule
}

// expected are the cases that say what a rule must find.
type expected struct {
	facts ruleset.Facts
	want  ruleset.Result
}

func expectedOf(id string) []expected {
	var all []expected
	for _, b := range boundaries() {
		f, err := b.facts()
		want, named := b.Results[id]
		if err != nil || b.Partial && !named {
			continue
		}
		if !named {
			want = ruleset.Passed
		}
		all = append(all, expected{f, want})
	}
	for _, o := range oracleCases() {
		all = append(all, expected{o.facts, ruleset.Result(o.found[id])})
	}
	return all
}

func TestEveryChangeOfARuleIsNoticed(t *testing.T) {
	set := readSet(t)
	made, refused, survived := 0, 0, map[string]bool{}
	for _, rule := range set.Rules {
		cases := expectedOf(rule.ID)
		unchanged := set
		unchanged.Rules = []rawRule{rule}
		if same, err := ruleset.Parse(unchanged.bytes(t)); err != nil || noticed(same, rule.ID, cases) {
			t.Fatalf("%s is not as the cases say, unchanged: %v", rule.ID, err)
		}
		for _, m := range mutantsOf(t, rule) {
			made++
			one := set
			one.Rules = []rawRule{m.rule}
			changed, err := ruleset.Parse(one.bytes(t))
			switch {
			case err != nil:
				refused++ // it cannot be loaded
			case !noticed(changed, rule.ID, cases):
				survived[m.name] = true
				if equivalent[m.name] == "" {
					t.Errorf("nothing notices %s", m.name)
				}
			}
		}
	}
	for name := range equivalent {
		if !survived[name] {
			t.Errorf("%q is noticed, or is no mutant: it needs no excuse", name)
		}
	}
	if made < 10*len(set.Rules) || refused > made/5 {
		t.Errorf("%d mutants, of which %d cannot be loaded", made, refused)
	}
	t.Logf("%d mutants of %d rules: %d noticed, of which %d cannot be loaded, %d equivalent", made, len(set.Rules), made-len(survived), refused, len(survived))
}

func noticed(changed *ruleset.RuleSet, id string, cases []expected) bool {
	for _, e := range changed.Examples() {
		if !e.Holds() {
			return true
		}
	}
	for _, c := range cases {
		if got, err := changed.Find(id, c.facts); err != nil || got != c.want {
			return true
		}
	}
	return false
}

// TestEveryRuleAndFlagMatters: without it, or with it counting for another
// decision, some case fails.
func TestEveryRuleAndFlagMatters(t *testing.T) {
	whole := readSet(t)
	changes := map[string]rawSet{}
	for i, rule := range whole.Rules {
		without := whole
		without.Rules = slices.Delete(slices.Clone(whole.Rules), i, i+1)
		changes["without "+rule.ID] = without
		other := whole
		other.Rules = slices.Clone(whole.Rules)
		other.Rules[i].For = map[string]string{"": "grant", "grant": ""}[rule.For]
		changes[rule.ID+" for other decisions"] = other
	}
	for i, flag := range whole.Flags {
		without := whole
		without.Flags = slices.Delete(slices.Clone(whole.Flags), i, i+1)
		changes["without "+flag] = without
	}
	for name, change := range changes {
		set, err := ruleset.Parse(change.bytes(t))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !somethingFails(set) {
			t.Errorf("nothing notices the rules %s", name)
		}
	}
}

func somethingFails(set *ruleset.RuleSet) bool {
	for _, b := range boundaries() {
		if f, err := b.facts(); err == nil && b.check(set, f) != "" {
			return true
		}
	}
	for _, c := range flagCases {
		if c.check(set) != "" {
			return true
		}
	}
	return slices.ContainsFunc(oracleCases(), func(o oracled) bool { return o.check(set) != "" })
}

// mutantsOf are a rule's mutants: its expressions, its figures, its dates and what
// it says when it does not hold.
func mutantsOf(t *testing.T, rule rawRule) []mutant {
	t.Helper()
	var all []mutant
	add := func(what string, change func(*rawRule)) {
		m := mutant{name: rule.ID + ": " + what, rule: rule}
		m.rule.Parameters = map[string][]rawValue{}
		for name, values := range rule.Parameters {
			m.rule.Parameters[name] = slices.Clone(values)
		}
		change(&m.rule)
		all = append(all, m)
	}
	for _, text := range expressions(t, rule.When) {
		add("when "+text, func(r *rawRule) { r.When = text })
	}
	for _, text := range expressions(t, rule.OfficerWhen) {
		add("officer_when "+text, func(r *rawRule) { r.OfficerWhen = text })
	}
	if rule.OfficerWhen != "" {
		add("no officer_when", func(r *rawRule) { r.OfficerWhen = "" })
	}
	add("otherwise", func(r *rawRule) {
		r.Otherwise = map[string]string{"failed": "officer", "officer": "failed"}[rule.Otherwise]
	})
	for _, days := range []int{-1, 1} {
		add(fmt.Sprintf("valid_from %+d", days), func(r *rawRule) { r.ValidFrom = moved(t, rule.ValidFrom, days) })
	}
	for name, values := range rule.Parameters {
		for i, value := range values {
			for what, other := range figures(value.Value) {
				add(fmt.Sprintf("%s from %s %s", name, value.From, what), func(r *rawRule) { r.Parameters[name][i].Value = other })
			}
			for _, days := range []int{-1, 1} {
				if value.From == "" {
					break // it counts from the rule's own first day
				}
				add(fmt.Sprintf("%s from %s %+d", name, value.From, days), func(r *rawRule) { r.Parameters[name][i].From = moved(t, value.From, days) })
			}
			if len(values) > 1 {
				add(fmt.Sprintf("%s from %s left out", name, value.From), func(r *rawRule) { r.Parameters[name] = slices.Delete(r.Parameters[name], i, i+1) })
			}
		}
	}
	return all
}

func moved(t *testing.T, from date, days int) date {
	t.Helper()
	at, err := time.Parse(time.DateOnly, string(from))
	if err != nil {
		t.Fatal(err)
	}
	return date(at.AddDate(0, 0, days).Format(time.DateOnly))
}

// figures are a value's small changes: one more or less, an entry left out, another
// entry besides.
func figures(value any) map[string]any {
	all := map[string]any{}
	switch v := value.(type) {
	case int:
		all["+1"], all["-1"] = v+1, v-1
	case string:
		all["another"] = v + "?"
	case []any:
		for i := range v {
			if len(v) > 1 {
				all[fmt.Sprintf("without %v", v[i])] = slices.Delete(slices.Clone(v), i, i+1)
			}
		}
	case map[string]any:
		for key, entry := range v {
			if len(v) > 1 {
				without := clone(v)
				delete(without, key)
				all["without "+key] = without
			}
			for what, other := range figures(entry) {
				changed := clone(v)
				changed[key] = other
				all[key+" "+what] = changed
			}
		}
	}
	return all
}

func clone(m map[string]any) map[string]any {
	other := map[string]any{}
	for k, v := range m {
		other[k] = v
	}
	return other
}

// expressions are the small changes of an expression: negated as a whole; each
// comparison turned around or off by one; each side of an and and an or alone, and
// the two exchanged; each membership, negation and quantifier turned around; each
// number one more or less; each text another.
func expressions(t *testing.T, text string) []string {
	t.Helper()
	if text == "" {
		return nil
	}
	env, err := cel.NewCustomEnv()
	if err != nil {
		t.Fatal(err)
	}
	// Without macros a quantifier is read as the call that it looks like.
	parse := func() ast.Expr {
		parsed, issues := env.Parse(text)
		if issues.Err() != nil {
			t.Fatal(issues.Err())
		}
		return parsed.NativeRep().Expr()
	}
	var all []string
	nodes := len(nodesOf(parse()))
	for i := range nodes {
		for change := 0; ; change++ {
			root := parse()
			node := nodesOf(root)[i]
			changes := changesOf(node, i == 0)
			if change >= len(changes) {
				break
			}
			node.SetKindCase(changes[change])
			mutated, err := cel.ExprToString(root, ast.NewSourceInfo(nil))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(all, mutated) {
				all = append(all, mutated)
			}
		}
	}
	return all
}

func nodesOf(e ast.Expr) []ast.Expr {
	all := []ast.Expr{e}
	switch e.Kind() {
	case ast.CallKind:
		call := e.AsCall()
		if call.IsMemberFunction() {
			all = append(all, nodesOf(call.Target())...)
		}
		for _, arg := range call.Args() {
			all = append(all, nodesOf(arg)...)
		}
	case ast.ListKind:
		for _, element := range e.AsList().Elements() {
			all = append(all, nodesOf(element)...)
		}
	}
	return all
}

// others are the operators that take an operator's place.
var others = map[string][]string{
	"_<_": {"_<=_", "_>=_"}, "_<=_": {"_<_", "_>_"}, "_>_": {"_>=_", "_<=_"}, "_>=_": {"_>_", "_<_"},
	"_==_": {"_!=_"}, "_!=_": {"_==_"}, "_&&_": {"_||_"}, "_||_": {"_&&_"}, "_*_": {"_+_"}, "_+_": {"_-_"},
}

func changesOf(e ast.Expr, root bool) []ast.Expr {
	f := ast.NewExprFactory()
	copied := f.CopyExpr(e)
	var all []ast.Expr
	if root {
		all = append(all, f.NewCall(0, "!_", copied))
	}
	switch e.Kind() {
	case ast.LiteralKind:
		switch v := e.AsLiteral().(type) {
		case types.Int:
			all = append(all, f.NewLiteral(0, v+1), f.NewLiteral(0, v-1))
		case types.String:
			all = append(all, f.NewLiteral(0, v+"?"))
		}
	case ast.CallKind:
		call := copied.AsCall()
		args := call.Args()
		for _, other := range others[call.FunctionName()] {
			all = append(all, f.NewCall(0, other, args...))
		}
		switch call.FunctionName() {
		case "_&&_", "_||_":
			all = append(all, args[0], args[1])
		case "!_":
			all = append(all, args[0])
		case "@in":
			all = append(all, f.NewCall(0, "!_", copied))
		case "exists":
			all = append(all, f.NewMemberCall(0, "all", call.Target(), args...))
		case "all":
			all = append(all, f.NewMemberCall(0, "exists", call.Target(), args...))
		}
	}
	return all
}
