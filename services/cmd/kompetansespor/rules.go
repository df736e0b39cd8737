package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/verifier"
)

// askRules is the command for the rules that cases are held against. It reads the
// verifier's own database, also while the verifier runs, and changes nothing.
func askRules(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	verbs := map[string]func(context.Context, []string, io.Writer, io.Writer) error{
		"test": testRules, "explain": explainCase, "what-if": askWhatIf,
	}
	if len(args) > 0 && verbs[args[0]] != nil {
		return verbs[args[0]](ctx, args[1:], stdout, stderr)
	}
	return errors.New("say what to do with the rules: test, explain or what-if")
}

// testRules runs the examples that stand beside each rule.
func testRules(_ context.Context, args []string, stdout, stderr io.Writer) error {
	set := flags("rules test", stderr)
	file := set.String("set", "", "the rule set's `FILE` instead of the versions that are built in")
	if err := set.Parse(args); err != nil {
		return err
	}
	var raw []byte
	if *file != "" {
		var err error
		if raw, err = os.ReadFile(*file); err != nil {
			return fmt.Errorf("read rule set: %w", err)
		}
	}
	examples, err := verifier.RunRuleExamples(raw)
	if err != nil {
		return err
	}
	type rule struct {
		set, id string
		version int
	}
	var order []rule
	held, failed := map[rule]int{}, map[rule][]verifier.RuleExample{}
	for _, e := range examples {
		r := rule{e.RuleSet, e.Rule, e.Version}
		if !slices.Contains(order, r) {
			order = append(order, r)
		}
		if e.Holds {
			held[r]++
		} else {
			failed[r] = append(failed[r], e)
		}
	}
	wrong := 0
	t := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "rule set\trule\tversion\texamples\t\n")
	for _, r := range order {
		result := "ok"
		if len(failed[r]) > 0 {
			result = fmt.Sprintf("%d of %d do not hold", len(failed[r]), held[r]+len(failed[r]))
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%s\n", r.set, r.id, r.version, held[r]+len(failed[r]), result)
		for _, e := range failed[r] {
			wrong++
			fmt.Fprintf(t, "\t  %s\t\t\twant %s, got %s\n", e.Name, e.Want, cmp.Or(e.Problem, e.Got))
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d examples do not hold", wrong, len(examples))
	}
	fmt.Fprintf(stdout, "%d examples of %d rules hold\n", len(examples), len(order))
	return nil
}

// explainCase shows a case's evaluation as it was made. Facts are personal: they
// go to this operator's terminal and nowhere else.
func explainCase(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	set := flags("rules explain", stderr)
	file := verifierFlag(set)
	ref := set.String("case", "", "the `CASE` by its reference, case_...")
	lang := set.String("lang", "en", "the `LANGUAGE` of what rules ask: nb, nn or en")
	if err := set.Parse(args); err != nil {
		return err
	}
	if *ref == "" {
		return errors.New("name the case: --case REF")
	}
	if !slices.Contains([]string{"nb", "nn", "en"}, *lang) {
		return errors.New("rules speak nb, nn and en")
	}
	cfg, err := verifierConfig(*file)
	if err != nil {
		return err
	}
	e, err := verifier.ExplainCase(ctx, cfg, *ref)
	if err != nil {
		return err
	}
	return printExplanation(stdout, e, *lang)
}

func printExplanation(w io.Writer, e verifier.Explanation, lang string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "case\t%s (%s), %s\n", e.Case, e.Number, e.State)
	for i, one := range e.Evaluations {
		fmt.Fprintf(t, "\nevaluation\t%d of %d\n", i+1, len(e.Evaluations))
		printEvaluation(t, one, lang)
	}
	fmt.Fprintf(t, "\ndecided\tby\toutcome\ton\n")
	for _, d := range e.Decisions {
		rests := fmt.Sprintf("evaluation %d", d.Evaluation)
		if d.Evaluation == 0 {
			rests = fmt.Sprintf("inputs %s by %s, WHICH THE CASE DOES NOT HAVE", d.InputsHash, d.RuleSet)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", d.At.UTC().Format(time.RFC3339), quoted(d.By), strings.TrimSpace(d.Outcome+" "+d.Reason), rests)
		for _, basis := range [][2]string{{"presentation", d.PresentationHash}, {"consent", d.ConsentHash}, {"offer", d.OfferHash}} {
			if basis[1] != "" {
				fmt.Fprintf(t, "\t\t%s\t%s\n", basis[0], basis[1])
			}
		}
	}
	if len(e.Decisions) == 0 {
		fmt.Fprintf(t, "not yet\n")
	}
	return t.Flush()
}

func printEvaluation(t io.Writer, e verifier.ExplainedEvaluation, lang string) {
	fmt.Fprintf(t, "rule set\t%s\n", e.RuleSet)
	if e.Mode != "" {
		fmt.Fprintf(t, "mode\t%s\n", e.Mode)
	}
	fmt.Fprintf(t, "outcome\t%s\n", e.Outcome)
	fmt.Fprintf(t, "inputs, stored\t%s\n", e.InputsHash)
	fmt.Fprintf(t, "inputs, now\t%s\n", cmp.Or(e.Recomputed, "-"))
	switch {
	case e.Problem != "":
		fmt.Fprintf(t, "replay\tcannot be made again: %s\n", e.Problem)
	case e.Replays:
		fmt.Fprintf(t, "replay\tthe same\n")
	default:
		fmt.Fprintf(t, "replay\tDIFFERS: the facts, the rules or the evaluation are not those of then\n")
	}
	fmt.Fprintf(t, "\nrule\tversion\tresult\tlaw\tasks\n")
	for _, r := range e.Rules {
		text := map[string]string{"nb": r.NB, "nn": r.NN, "en": r.EN}[lang]
		if r.OnlyForGrant {
			text += " (for an automatic grant)"
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\n", r.ID, r.Version, r.Result, cmp.Or(r.LegalReference, "not in force on that day"), text)
	}
	for _, flag := range e.Flags {
		fmt.Fprintf(t, "flag\t\t\t\t%s\n", flag)
	}
	for _, warning := range e.Warnings {
		fmt.Fprintf(t, "warning\t\t\t\t%s\n", warning)
	}
	fmt.Fprintf(t, "\nfact\tvalue\n")
	for _, f := range e.Facts {
		fmt.Fprintf(t, "%s\t%s\n", f.Path, quoted(f.Value))
	}
}

// quoted shows what a value hides: line breaks, and characters that cannot be seen.
func quoted(value string) string {
	if q := fmt.Sprintf("%+q", value); q != `"`+value+`"` {
		return inLine(value) + " = " + q
	}
	return value
}

// inLine keeps a value on its line.
func inLine(value string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x061c {
			return '\ufffd'
		}
		return r
	}, value)
}

// askWhatIf evaluates past cases under another rule set.
func askWhatIf(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	set := flags("rules what-if", stderr)
	file := verifierFlag(set)
	rules := set.String("set", "", "the other rule set's `FILE`")
	since := set.String("since", "", "the first `DATE` of the cases, such as 2026-11-01")
	on := set.String("on", "", "evaluate every case as on this `DATE` instead of on its own")
	if err := set.Parse(args); err != nil {
		return err
	}
	var question verifier.WhatIfQuestion
	var err error
	if question.Since, err = time.Parse(time.DateOnly, *since); err != nil {
		return errors.New("say from which day on: --since 2026-11-01")
	}
	if *on != "" {
		if question.On, err = time.Parse(time.DateOnly, *on); err != nil {
			return errors.New("say the day as 2027-01-01")
		}
	}
	if *rules == "" {
		return errors.New("name the other rule set: --set FILE")
	}
	if question.Set, err = os.ReadFile(*rules); err != nil {
		return fmt.Errorf("read rule set: %w", err)
	}
	cfg, err := verifierConfig(*file)
	if err != nil {
		return err
	}
	answer, err := verifier.AskWhatIf(ctx, cfg, question)
	if err != nil {
		return err
	}
	return printWhatIf(stdout, answer)
}

func printWhatIf(w io.Writer, a verifier.WhatIf) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "rule set\t%s\n", a.RuleSet)
	fmt.Fprintf(t, "cases\t%d\n", a.Cases)
	fmt.Fprintf(t, "\nthen\tunder it\tcases\n")
	pairs := slices.SortedFunc(maps.Keys(a.Outcomes), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	for _, pair := range pairs {
		fmt.Fprintf(t, "%s\t%s\t%d\n", pair[0], pair[1], a.Outcomes[pair])
	}
	if len(a.Unreadable) > 0 {
		fmt.Fprintf(t, "any\tcannot be evaluated\t%d\n", len(a.Unreadable))
	}
	if len(a.Changed) > 0 {
		fmt.Fprintf(t, "\ncase\tthen\tunder it\tbecause\n")
	}
	for _, c := range a.Changed {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", c.Case, c.Then, c.Now, strings.Join(append(c.Rules, c.Flags...), "; "))
	}
	for _, ref := range a.Unreadable {
		fmt.Fprintf(t, "%s\t\tcannot be evaluated\n", ref)
	}
	return t.Flush()
}

func verifierFlag(set *flag.FlagSet) *string {
	return set.String("config", "", "the verifier's configuration `FILE`")
}

// verifierConfig reads the verifier's configuration.
func verifierConfig(file string) (verifier.Config, error) {
	if file == "" {
		return verifier.Config{}, errors.New("name the verifier's configuration: --config FILE")
	}
	var cfg verifier.Config
	err := config.Load(file, &cfg, os.Environ())
	return cfg, err
}
