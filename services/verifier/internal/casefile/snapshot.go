package casefile

import (
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// Snapshot is a case as the store keeps it. Timeline is in the order of recording.
type Snapshot struct {
	ID             string
	Number         string
	DUF            string
	Evaluation     ruleset.Evaluation
	State          State
	OfferWithdrawn bool
	Decision       Decision
	Timeline       []Step
}

// Snapshot is the case for the store.
func (c *Case) Snapshot() Snapshot {
	return Snapshot{
		ID: c.id, Number: c.number, DUF: c.duf, Evaluation: c.evaluation, State: c.state,
		OfferWithdrawn: c.offerWithdrawn, Decision: c.decision, Timeline: slices.Clone(c.timeline),
	}
}

// Restore is the reverse of Snapshot. It refuses rows that no case can have.
func Restore(s Snapshot) (*Case, error) {
	c := &Case{
		id: s.ID, number: s.Number, duf: s.DUF, evaluation: s.Evaluation, state: s.State,
		offerWithdrawn: s.OfferWithdrawn, decision: s.Decision, timeline: slices.Clone(s.Timeline),
	}
	var fits bool
	switch s.State {
	case Received, Proposed:
		fits = !c.decided()
	case Granted:
		fits = c.decided() && s.Decision.Outcome == Granted && !c.reached(completing...)
	case Refused:
		fits = c.decided() && s.Decision.Outcome == Refused
	case Completed:
		fits = c.decided() && s.Decision.Outcome == Granted && c.reached(completing...)
	}
	if !fits || s.ID == "" || s.OfferWithdrawn != c.reached(OfferWithdrawn) {
		return nil, fault.New(fault.Internal, "case.stored", "a stored case cannot be read")
	}
	return c, nil
}
