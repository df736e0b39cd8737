package desk

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// Made is a decision as it is kept: who decided, and what it rests on.
type Made struct {
	casefile.Decision
	RuleSet, InputsHash string
	Basis               Basis
}

// Decisions are all decisions of a case, oldest first.
func (d *Desk) Decisions(ctx context.Context, caseRef string) ([]Made, error) {
	return d.Store.Decisions(ctx, d.DB.Read(), caseRef)
}

// AppealDeadline is the last instant at which an appeal over a decision is in
// time.
func (d *Desk) AppealDeadline(decided time.Time) (time.Time, error) {
	return d.Parameters.AppealDeadline(decided.In(d.Zone))
}

// Replay evaluates again, from the facts and under the rule set of then, every
// evaluation that the case has had, and says whether inputs, outcome and every
// rule's result are the same, and whether every decision rests on one of them.
// again is the last one.
//
// Rule: case.replay (Conflict), when a rule set is not known any more.
func (d *Desk) Replay(ctx context.Context, caseRef string) (again ruleset.Evaluation, same bool, err error) {
	record, err := d.Get(ctx, caseRef)
	if err != nil {
		return again, false, err
	}
	decisions, err := d.Decisions(ctx, caseRef)
	if err != nil {
		return again, false, err
	}
	made, same := map[string]bool{}, true
	for _, then := range record.Evaluations() {
		now, equal, err := ruleset.Replay(then.Evaluation, then.Facts)
		if err != nil {
			return again, false, fault.Wrap(err, fault.Conflict, "case.replay", "the case cannot be evaluated again as it was")
		}
		again, same = now, same && equal
		made[now.InputsHash] = true
	}
	for _, decision := range decisions {
		same = same && made[decision.InputsHash]
	}
	return again, same, nil
}
