package casefile

import (
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// Snapshot is a case as the store keeps it. Timeline, causes and decisions are in
// the order of recording.
type Snapshot struct {
	ID         string
	Number     string
	DUF        string
	Evaluation ruleset.Evaluation
	State      State
	Fee        Fee
	Causes     []Cause
	Decisions  []Decision
	Appeal     Appeal
	Timeline   []Step
}

// Snapshot is the case for the store.
func (c *Case) Snapshot() Snapshot {
	return Snapshot{
		ID: c.id, Number: c.number, DUF: c.duf, Evaluation: c.evaluation, State: c.state, Fee: c.fee,
		Causes: slices.Clone(c.causes), Decisions: slices.Clone(c.decisions), Appeal: c.appeal, Timeline: slices.Clone(c.timeline),
	}
}

// Restore is the reverse of Snapshot. It refuses rows that no case can have.
func Restore(s Snapshot) (*Case, error) {
	c := &Case{
		id: s.ID, number: s.Number, duf: s.DUF, evaluation: s.Evaluation, state: s.State, fee: s.Fee,
		causes: slices.Clone(s.Causes), decisions: slices.Clone(s.Decisions), appeal: s.Appeal, timeline: slices.Clone(s.Timeline),
	}
	if s.ID == "" || !c.fits() {
		return nil, fault.New(fault.Internal, "case.stored", "a stored case cannot be read")
	}
	return c, nil
}

// fits reports whether what is known of a case can go with its state.
func (c *Case) fits() bool {
	outcome := c.Decision().Outcome
	revoked := len(c.decisions) > 0 && c.decisions[len(c.decisions)-1].Outcome == Revoked
	switch c.state {
	case FeeDue, Received, Proposed, AwaitingNewOffer:
		return len(c.decisions) == 0 && c.state == c.pending()
	case Withdrawn:
		return len(c.decisions) == 0
	case Granted:
		return outcome == Granted && !revoked && len(c.causes) == 0 && !c.reached(completing...) && c.fee.settled()
	case Halted:
		return outcome == Granted && !revoked && len(c.causes) > 0
	case Completed:
		return outcome == Granted && !revoked && c.reached(completing...)
	case Revoked:
		return outcome == Granted && revoked
	case Refused:
		return outcome == Refused && (c.appeal.ID == "" || c.appeal.State == AppealRejectedLate)
	case AppealReceived:
		return outcome == Refused && c.appeal.State == AppealLodged
	case ForwardedToUNE:
		return outcome == Refused && c.appeal.State == AppealForwarded
	case UNEUpheld:
		return outcome == Refused && c.appeal.State == AppealUNEUpheld
	}
	return false
}
