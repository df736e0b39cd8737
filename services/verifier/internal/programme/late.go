package programme

import (
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// Late are the steps that a case waits for longer than their targets allow, in
// the order of the journey. A case that has ended or is halted waits for none.
func Late(t Timeline, targets Targets, now time.Time) []Waiting {
	steps := ordered(t.Steps)
	if len(steps) == 0 || ended(steps) || halted(steps) {
		return nil
	}
	return slices.DeleteFunc(targets.waiting(steps), func(w Waiting) bool { return now.Sub(w.Since) <= w.Within })
}

func halted(steps []casefile.Step) bool {
	for _, s := range slices.Backward(steps) {
		switch s.Step {
		case casefile.CaseHalted:
			return true
		case casefile.CaseResumed:
			return false
		}
	}
	return false
}
