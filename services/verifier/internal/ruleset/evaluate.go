package ruleset

import (
	"fmt"
	"reflect"

	"cel.dev/cel-go/interpreter"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Result is what a rule found.
type Result string

const (
	// Passed: the rule holds.
	Passed Result = "passed"
	// Failed: it does not, and an officer will look at the case.
	Failed Result = "failed"
	// Officer: it takes judgement, or something that no credential says.
	Officer Result = "officer"
)

// Outcome is what the rules together say. There is none that refuses.
type Outcome string

const (
	// ProposeGrant: every rule passed and nothing was flagged.
	ProposeGrant Outcome = "PROPOSE_GRANT"
	// Grant: evaluated with Automatic, and credentials answered also what takes
	// judgement.
	Grant Outcome = "GRANT"
	// ToOfficer: everything else.
	ToOfficer Outcome = "TO_OFFICER"
)

// Mode says what an evaluation may come to at most.
type Mode string

const (
	// ProposeOnly: an officer decides. The zero value.
	ProposeOnly Mode = ""
	// Automatic: the rules may grant (utlendingsforskriften § 17-7 a).
	Automatic Mode = "automatic"
)

// RuleResult is one rule's finding.
type RuleResult struct {
	ID             string `json:"id"`
	Version        int    `json:"version"`
	LegalReference string `json:"legal_reference"`
	Result         Result `json:"result"`
	// OnlyForGrant: a proposal does not need it, an automatic grant does.
	OnlyForGrant bool `json:"only_for_grant,omitempty"`
}

// Evaluation is stored with the case: from the facts, the rule set's version and
// the mode it can be made again, and InputsHash shows that it was.
type Evaluation struct {
	RuleSet    string       `json:"rule_set"`
	Mode       Mode         `json:"mode,omitempty"`
	InputsHash string       `json:"inputs_hash"`
	Results    []RuleResult `json:"results"`
	// Flags are for the officer's eyes ("name.look-alike"): no rule matches them,
	// but a flagged case is neither proposed nor granted.
	Flags []string `json:"flags,omitempty"`
	// Warnings change no outcome ("passport.before-end").
	Warnings []string `json:"warnings,omitempty"`
	Outcome  Outcome  `json:"outcome"`
}

// Evaluate holds every rule in force on the facts' date against the facts. It is
// deterministic. A rule that is not in force on that day goes to an officer: what
// cannot be checked is not passed. Facts that FactsOf did not make may be refused
// as Invalid (case.facts).
func (s *RuleSet) Evaluate(f Facts, mode Mode) (Evaluation, error) {
	if mode != ProposeOnly && mode != Automatic {
		return Evaluation{}, fault.New(fault.Internal, "case.mode", "rules are evaluated to propose, or automatically")
	}
	d, err := f.Dates()
	if err != nil {
		return Evaluation{}, err
	}
	hash, err := f.Hash(s.version, mode)
	if err != nil {
		return Evaluation{}, err
	}
	e := Evaluation{RuleSet: s.version, Mode: mode, InputsHash: hash, Flags: s.flagsOf(f), Warnings: warningsOf(d)}
	facts, err := s.activation(f, d)
	if err != nil {
		return Evaluation{}, err
	}
	for _, id := range s.order {
		result := RuleResult{ID: id, Result: Officer, OnlyForGrant: s.rules[id][0].onlyForGrant}
		if rule := s.inForce(id, d.On); rule != nil {
			result.Version, result.LegalReference = rule.version, rule.legalReference
			result.Result = rule.find(facts, d.On)
		}
		e.Results = append(e.Results, result)
	}
	e.Outcome = e.outcome()
	return e, nil
}

// outcome is what flags and results come to. A set that has no rule for what
// takes judgement never grants.
func (e Evaluation) outcome() Outcome {
	if len(e.Flags) > 0 {
		return ToOfficer
	}
	judged, answered := 0, 0
	for _, r := range e.Results {
		switch {
		case r.OnlyForGrant && r.Result == Passed:
			judged, answered = judged+1, answered+1
		case r.OnlyForGrant:
			judged++
		case r.Result != Passed:
			return ToOfficer
		}
	}
	if e.Mode == Automatic && judged > 0 && answered == judged {
		return Grant
	}
	return ProposeGrant
}

// activation are the values of the variables that expressions name.
func (s *RuleSet) activation(f Facts, d Dates) (interpreter.Activation, error) {
	facts := make(map[string]any, len(variables)+1)
	for _, v := range variables {
		facts[v.name] = v.of(f, d)
	}
	facts[visaFreeVariable] = s.visaFree.on(d.On)
	return interpreter.NewActivation(facts)
}

func warningsOf(d Dates) []string {
	if !d.End.IsZero() && d.PassportExpiry.Before(d.End) {
		return []string{"passport.before-end"}
	}
	return nil
}

// Replay makes a stored evaluation again, by the rule set of then, from the facts
// that it was made from. same is false when anything differs.
func Replay(stored Evaluation, f Facts) (again Evaluation, same bool, err error) {
	set, err := Load(stored.RuleSet)
	if err != nil {
		return Evaluation{}, false, err
	}
	again, err = set.Evaluate(f, stored.Mode)
	return again, err == nil && stored.Equal(again), err
}

// Equal reports whether two evaluations say the same, however they were stored.
func (e Evaluation) Equal(other Evaluation) bool {
	return reflect.DeepEqual(e.plain(), other.plain())
}

// plain has no difference between none and empty.
func (e Evaluation) plain() Evaluation {
	e.Results = append([]RuleResult{}, e.Results...)
	e.Flags = append([]string{}, e.Flags...)
	e.Warnings = append([]string{}, e.Warnings...)
	return e
}

// String is for logs: no facts, only rule ids.
func (e Evaluation) String() string {
	failed := []string{}
	for _, r := range e.Results {
		if r.Result != Passed {
			failed = append(failed, r.ID)
		}
	}
	return fmt.Sprintf("%s by rules %s, not passed: %v, flags: %v", e.Outcome, e.RuleSet, failed, e.Flags)
}
