package simulation

import (
	"reflect"

	"github.com/kompetansespor/kompetansespor/services/verifier"
)

// opinion is what the rules say of facts, and whether they say it again.
type opinion struct {
	facts      verifier.SimulatedFacts
	evaluation verifier.SimulatedEvaluation
	asked      bool // whether replayed is known
	replayed   bool
}

// opinions are by case. The rules say the same of the same facts, so that they
// are asked once for all scenarios of a plan.
type opinions map[int]*opinion

// evaluate holds the rules against a case's facts.
func (w *world) evaluate(c *life) (verifier.SimulatedEvaluation, error) {
	if o := w.opinions[c.number]; o != nil && reflect.DeepEqual(o.facts, c.facts) {
		return o.evaluation, nil
	}
	e, err := w.rules.Evaluate(c.facts, w.mode())
	if err == nil {
		w.opinions[c.number] = &opinion{facts: c.facts, evaluation: e}
	}
	return e, err
}

func (w *world) mode() verifier.SimulatedMode {
	if w.staffing.Automation {
		return verifier.SimulatedAutomatic
	}
	return verifier.SimulatedProposeOnly
}

// replays decides the case again from what is stored of it, once for the same
// facts.
func (w *world) replays(c *life) bool {
	o := w.opinions[c.number]
	if o == nil || !reflect.DeepEqual(o.facts, c.facts) {
		return w.replay(c)
	}
	if !o.asked {
		o.asked, o.replayed = true, w.replay(c)
	}
	return o.replayed
}

// replay evaluates the facts again under the rule set that the evaluation names,
// and compares all of it.
func (w *world) replay(c *life) bool {
	stored := c.file.Evaluation()
	rules, err := verifier.SimulatedRulesOf(stored.RuleSet)
	if err != nil {
		return false
	}
	again, err := rules.Evaluate(c.facts, w.mode())
	return err == nil && reflect.DeepEqual(again, stored)
}
