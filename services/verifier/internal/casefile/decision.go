package casefile

import (
	"slices"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// Decision is what was decided, and by whom.
type Decision struct {
	ID string
	// Officer is who decided: an officer, or RuleSetOfficer and the version of
	// the rules that did.
	Officer string
	// Outcome is Granted, Refused or Revoked.
	Outcome State
	// Reason is one of RefusalReasons for a refusal, one of RevocationReasons for
	// a revocation, empty for a grant.
	Reason string
	At     time.Time
	// Together is the id of the family's decision that this is part of, or empty.
	Together string
}

// RuleSetOfficer begins the name of the rules as those who decide.
const RuleSetOfficer = "rule-set "

// ByRules reports whether rules decided.
func (d Decision) ByRules() bool { return strings.HasPrefix(d.Officer, RuleSetOfficer) }

func (d Decision) check() error {
	reasons := map[State][]string{Granted: {""}, Refused: RefusalReasons, Revoked: RevocationReasons}
	switch {
	case d.Officer == "":
		return fault.New(fault.Invalid, "case.officer", "a decision needs the officer who made it")
	case reasons[d.Outcome] == nil:
		return fault.New(fault.Invalid, "case.outcome", "a decision is GRANTED, REFUSED or REVOKED")
	case !slices.Contains(reasons[d.Outcome], d.Reason):
		return fault.New(fault.Invalid, "case.refusal-reason", "a refusal or revocation needs one of the listed reasons, a grant has none")
	case d.ID == "" || d.At.IsZero():
		return fault.New(fault.Internal, "case.decision", "a decision needs an id and a time")
	case d.ByRules() && d.Outcome != Granted:
		return fault.New(fault.Denied, "case.machine-refusal", "rules refuse nobody (utlendingsforskriften § 17-7 a)")
	}
	return nil
}

// Decide is an officer's decision: Granted without a reason, or Refused with one
// of RefusalReasons. Rules grant only what their evaluation grants. Nothing is
// granted before the fee is paid; while something stands in the way nothing is
// granted, and once the offer is withdrawn only a refusal as WITHDRAWN is left.
// The same decision again changes nothing.
//
// Rules: case.officer, case.outcome, case.refusal-reason (Invalid),
// case.machine-refusal, case.not-automatic (Denied), case.fee-due,
// case.offer-withdrawn, case.offer-superseded, case.employer-suspended,
// case.employer-revoked, case.employer-bankrupt, case.already-decided (Conflict).
func (c *Case) Decide(d Decision) (changed bool, err error) {
	if err := d.check(); err != nil {
		return false, err
	}
	if d.Outcome == Revoked {
		return false, fault.New(fault.Invalid, "case.outcome", "a permit is revoked when there is one")
	}
	if !c.undecided() {
		last := c.Decision()
		if d.Outcome == last.Outcome && d.Reason == last.Reason && len(c.decisions) == 1 {
			return false, nil
		}
		return false, fault.New(fault.Conflict, "case.already-decided", "the case is decided")
	}
	if c.IsOfferWithdrawn() && d.Reason != ReasonWithdrawn {
		return false, c.unimpeded()
	}
	v := refuse
	if d.Outcome == Granted {
		v = grant
		if err := c.grantable(d); err != nil {
			return false, err
		}
	} else if c.state == FeeDue && d.Reason != ReasonFeeNotPaid && d.Reason != ReasonWithdrawn {
		return false, feeDue()
	} else if c.state != FeeDue && d.Reason == ReasonFeeNotPaid {
		return false, fault.New(fault.Conflict, "case.fee-paid", "the fee is paid")
	}
	if err := c.move(v); err != nil {
		return false, err
	}
	d.At = d.At.UTC()
	c.decisions = append(c.decisions, d)
	class := Human
	if d.ByRules() {
		class = Machine
	}
	c.tell(DecisionMade, "verifier", d.At, class, string(d.Outcome))
	return true, nil
}

func (c *Case) grantable(d Decision) error {
	if !c.fee.settled() {
		return feeDue()
	}
	if err := c.unimpeded(); err != nil {
		return err
	}
	if d.ByRules() && (c.evaluation.Outcome != ruleset.Grant || d.Officer != RuleSetOfficer+c.evaluation.RuleSet) {
		return fault.New(fault.Denied, "case.not-automatic", "these rules do not grant this case by themselves")
	}
	return nil
}

// Revoke takes the permit back: an officer's, with one of RevocationReasons
// (utlendingsloven § 63). The same again changes nothing.
//
// Rules: case.officer, case.refusal-reason (Invalid), case.machine-refusal
// (Denied), case.not-granted (Conflict).
func (c *Case) Revoke(d Decision) (changed bool, err error) {
	d.Outcome = Revoked
	if err := d.check(); err != nil {
		return false, err
	}
	if c.state == Revoked {
		return false, nil
	}
	if err := c.move(revoke); err != nil {
		return false, fault.New(fault.Conflict, "case.not-granted", "there is no permit to revoke")
	}
	d.At = d.At.UTC()
	c.decisions = append(c.decisions, d)
	c.tell(PermitRevoked, "verifier", d.At, Human, d.Reason)
	return true, nil
}

// Decision is the grant or refusal that counts; its ID is empty before there is
// one.
func (c *Case) Decision() Decision {
	for _, d := range slices.Backward(c.decisions) {
		if d.Outcome != Revoked {
			return d
		}
	}
	return Decision{}
}

// Decisions are all decisions, oldest first.
func (c *Case) Decisions() []Decision { return slices.Clone(c.decisions) }
