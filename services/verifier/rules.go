package verifier

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/store"
)

// What an operator asks about the rules, of a rule set's file or of the verifier's
// own database. It is only read, also while the verifier runs.

// RuleExample is an example that stands beside a rule, and how it came out.
type RuleExample struct {
	RuleSet, Rule string
	Version       int
	Name          string
	Want, Got     string // passed, failed or officer
	Holds         bool
	Problem       string // why it could not be run
}

// RunRuleExamples runs the examples of a rule set's file, or of every version that
// is built in when there is none. Rule: ruleset.file (Invalid).
func RunRuleExamples(file []byte) ([]RuleExample, error) {
	sets, err := ruleset.All()
	if file != nil {
		var one *ruleset.RuleSet
		one, err = ruleset.Parse(file)
		sets = []*ruleset.RuleSet{one}
	}
	if err != nil {
		return nil, err
	}
	var all []RuleExample
	for _, set := range sets {
		for _, e := range set.Examples() {
			run := RuleExample{RuleSet: set.Version(), Rule: e.Rule, Version: e.Version, Name: e.Name, Want: string(e.Want), Got: string(e.Got), Holds: e.Holds()}
			if e.Err != nil {
				run.Problem = e.Err.Error()
			}
			all = append(all, run)
		}
	}
	return all, nil
}

// Explanation is a case as the rules saw it.
type Explanation struct {
	Case, Number, State string
	// Evaluations are oldest first, the last is the one that counts. There are
	// several when an offer was changed or an identity corrected.
	Evaluations []ExplainedEvaluation
	Decisions   []ExplainedDecision
}

// ExplainedEvaluation is what the rules found, and whether they find it again.
type ExplainedEvaluation struct {
	RuleSet, Mode, Outcome string
	// InputsHash is the stored one, Recomputed the one of the stored facts now.
	// Replays says that all of the evaluation came out as it is stored; Problem
	// why it could not be made again.
	InputsHash, Recomputed string
	Replays                bool
	Problem                string
	Facts                  []Fact
	Rules                  []ExplainedRule
	Flags, Warnings        []string
}

// Fact is one of the facts; it may be personal.
type Fact struct{ Path, Value string }

// ExplainedRule is what a rule found.
type ExplainedRule struct {
	ID             string
	Version        int
	LegalReference string
	Result         string
	OnlyForGrant   bool
	NB, NN, EN     string
}

// ExplainedDecision is who decided what, on which evaluation.
type ExplainedDecision struct {
	ID, By, Outcome, Reason string
	At                      time.Time
	RuleSet, InputsHash     string
	// Proposed is what the rules had said when it was made.
	Proposed string
	// Evaluation is the number of the evaluation that it rests on, from 1; 0 when
	// the case has none with these inputs.
	Evaluation                               int
	PresentationHash, ConsentHash, OfferHash string
}

// ExplainCase says how a case was evaluated and who decided it. Rule: case.unknown
// (NotFound).
func ExplainCase(ctx context.Context, cfg Config, caseRef string) (e Explanation, err error) {
	err = withCases(ctx, cfg, func(q sqldb.Querier, cases store.Reader) error {
		record, err := cases.ByRef(ctx, q, caseRef)
		if err != nil {
			return err
		}
		decisions, err := cases.Decisions(ctx, q, caseRef)
		if err != nil {
			return err
		}
		e, err = explain(record, decisions)
		return err
	})
	return e, err
}

func explain(record desk.Record, decisions []store.Decided) (Explanation, error) {
	e := Explanation{Case: record.Case.ID(), Number: record.Case.Number(), State: string(record.Case.State())}
	for _, evaluated := range record.Evaluations() {
		one, err := explainEvaluation(evaluated)
		if err != nil {
			return Explanation{}, err
		}
		e.Evaluations = append(e.Evaluations, one)
	}
	for _, d := range decisions {
		rests := slices.IndexFunc(e.Evaluations, func(one ExplainedEvaluation) bool {
			return one.RuleSet == d.RuleSet && one.InputsHash == d.InputsHash
		})
		e.Decisions = append(e.Decisions, ExplainedDecision{
			ID: d.ID, By: d.Officer, Outcome: string(d.Made.Outcome), Reason: d.Reason, At: d.At, RuleSet: d.RuleSet, InputsHash: d.InputsHash,
			Proposed: string(d.Found.Outcome), Evaluation: rests + 1,
			PresentationHash: d.Basis.PresentationHash, ConsentHash: d.Basis.ConsentHash, OfferHash: d.Basis.OfferHash,
		})
	}
	return e, nil
}

func explainEvaluation(evaluated desk.Evaluated) (ExplainedEvaluation, error) {
	stored := evaluated.Evaluation
	facts, err := factsByPath(evaluated.Facts)
	if err != nil {
		return ExplainedEvaluation{}, err
	}
	e := ExplainedEvaluation{
		RuleSet: stored.RuleSet, Mode: string(stored.Mode), Outcome: string(stored.Outcome), InputsHash: stored.InputsHash, Facts: facts,
		Flags: stored.Flags, Warnings: stored.Warnings,
	}
	again, same, err := ruleset.Replay(stored, evaluated.Facts)
	e.Recomputed, e.Replays = again.InputsHash, same
	if err != nil {
		e.Problem = err.Error()
	}
	set, unknown := ruleset.Load(stored.RuleSet)
	for _, r := range stored.Results {
		one := ExplainedRule{ID: r.ID, Version: r.Version, LegalReference: r.LegalReference, Result: string(r.Result), OnlyForGrant: r.OnlyForGrant}
		if unknown == nil {
			texts, _ := set.Texts(r.ID)
			one.NB, one.NN, one.EN = texts.NB, texts.NN, texts.EN
		}
		e.Rules = append(e.Rules, one)
	}
	return e, nil
}

// factsByPath are the facts that are not empty, by JSON path, in order.
func factsByPath(f ruleset.Facts) ([]Fact, error) {
	raw, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("write facts: %w", err)
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return nil, fmt.Errorf("read facts: %w", err)
	}
	var all []Fact
	var walk func(path string, value any)
	walk = func(path string, value any) {
		switch v := value.(type) {
		case map[string]any:
			for name, member := range v {
				walk(path+"."+name, member)
			}
		case []any:
			for i, item := range v {
				walk(path+"["+strconv.Itoa(i)+"]", item)
			}
		case float64:
			all = append(all, Fact{path[1:], strconv.FormatFloat(v, 'f', -1, 64)})
		case nil:
		default:
			if text := fmt.Sprint(v); text != "" {
				all = append(all, Fact{path[1:], text})
			}
		}
	}
	walk("", value)
	slices.SortFunc(all, func(a, b Fact) int {
		if a.Path < b.Path {
			return -1
		}
		return 1
	})
	return all, nil
}

// WhatIf is what another rule set would have said of past cases.
type WhatIf struct {
	RuleSet string
	Cases   int
	// Outcomes count the cases by what was said then and what would be said.
	Outcomes map[[2]string]int
	// Changed are the cases whose outcome changes, oldest first.
	Changed []ChangedCase
	// Unreadable are cases that the other rule set cannot evaluate.
	Unreadable []string
}

// ChangedCase is a case whose outcome changes, the rules that say otherwise, and
// the flags that come or go.
type ChangedCase struct {
	Case      string
	Then, Now string
	Rules     []string
	Flags     []string
}

// WhatIfQuestion asks about another rule set.
type WhatIfQuestion struct {
	// Set is the rule set's file.
	Set []byte
	// Since is the first day, in Norway, of the cases.
	Since time.Time
	// On, if it is not zero, is the day that every case is evaluated on; else each
	// is on its own.
	On time.Time
}

// casesAtOnce is how many cases are read at a time.
const casesAtOnce = 200

// AskWhatIf evaluates past cases anew under another rule set, as their facts were
// then. Nothing is stored. Rule: ruleset.file (Invalid).
func AskWhatIf(ctx context.Context, cfg Config, question WhatIfQuestion) (WhatIf, error) {
	set, err := ruleset.Parse(question.Set)
	if err != nil {
		return WhatIf{}, err
	}
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		return WhatIf{}, fmt.Errorf("load time zone: %w", err)
	}
	year, month, day := question.Since.Date()
	since := time.Date(year, month, day, 0, 0, 0, 0, zone)
	answer := WhatIf{RuleSet: set.Version(), Outcomes: map[[2]string]int{}}
	err = withCases(ctx, cfg, func(q sqldb.Querier, cases store.Reader) error {
		for after := int64(0); ; {
			records, err := cases.List(ctx, q, desk.Listing{After: after, Limit: casesAtOnce})
			if err != nil || len(records) == 0 {
				return err
			}
			for _, record := range records {
				after = record.Position
				if !record.OpenedAt.Before(since) {
					answer.add(record, set, question.On)
				}
			}
		}
	})
	return answer, err
}

func (w *WhatIf) add(record desk.Record, set *ruleset.RuleSet, on time.Time) {
	w.Cases++
	evaluations := record.Evaluations()
	counts := evaluations[len(evaluations)-1]
	then, facts := counts.Evaluation, counts.Facts
	if !on.IsZero() {
		facts.EvaluatedOn = on.Format(time.DateOnly)
	}
	now, err := set.Evaluate(facts, then.Mode)
	if err != nil {
		w.Unreadable = append(w.Unreadable, record.Case.ID())
		return
	}
	w.Outcomes[[2]string{string(then.Outcome), string(now.Outcome)}]++
	if then.Outcome == now.Outcome {
		return
	}
	changed := ChangedCase{Case: record.Case.ID(), Then: string(then.Outcome), Now: string(now.Outcome)}
	before := map[string]ruleset.Result{}
	for _, r := range then.Results {
		before[r.ID] = r.Result
	}
	for _, r := range now.Results {
		was, there := before[r.ID]
		if !there {
			was = "no rule"
		}
		if was != r.Result && (there || r.Result != ruleset.Passed) {
			changed.Rules = append(changed.Rules, fmt.Sprintf("%s: %s, was %s", r.ID, r.Result, was))
		}
		delete(before, r.ID)
	}
	for _, r := range then.Results {
		if was, gone := before[r.ID]; gone && was != ruleset.Passed {
			changed.Rules = append(changed.Rules, fmt.Sprintf("%s: no rule, was %s", r.ID, was))
		}
	}
	for _, flag := range now.Flags {
		if !slices.Contains(then.Flags, flag) {
			changed.Flags = append(changed.Flags, "+"+flag)
		}
	}
	for _, flag := range then.Flags {
		if !slices.Contains(now.Flags, flag) {
			changed.Flags = append(changed.Flags, "-"+flag)
		}
	}
	w.Changed = append(w.Changed, changed)
}

// withCases opens the verifier's database to read cases in one consistent state.
func withCases(ctx context.Context, cfg Config, read func(sqldb.Querier, store.Reader) error) (err error) {
	master, err := os.ReadFile(cfg.MasterKeyFile)
	if err != nil {
		return fmt.Errorf("read master key: %w", err)
	}
	if _, err := os.Stat(cfg.Database.DSN); cfg.Database.Driver == "sqlite" && err != nil {
		return fault.Wrap(err, fault.NotFound, "rules.no-database", "there is no database yet: the verifier makes it when it starts")
	}
	// No migrations: the database stays as the verifier has it.
	driver, dsn, err := cfg.Database.Source()
	if err != nil {
		return err
	}
	db, err := sqldb.Open(ctx, driver, dsn)
	if err != nil {
		return err
	}
	defer func() {
		if closing := db.Close(); err == nil {
			err = closing
		}
	}()
	book, err := identity.Open(ctx, db, master, clock.System{})
	if err != nil {
		return err
	}
	return db.Snapshot(ctx, func(q sqldb.Querier) error { return read(q, store.NewReader(book.KeyStore())) })
}
