// Package casefile is a case at UDI: its life from application to completion.
// What the rules said about it is a ruleset.Evaluation. The package is pure: it
// never verifies a credential, stores, sends or looks anything up.
package casefile

import (
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// State is where a case stands.
type State string

const (
	// Received: the rules sent it to an officer.
	Received State = "RECEIVED"
	// Proposed: the rules propose a grant, and an officer decides.
	Proposed State = "PROPOSED"
	// Granted: the agencies are at work.
	Granted State = "GRANTED"
	// Refused: an officer refused. Final here; appeals come later.
	Refused State = "REFUSED"
	// Completed: the worker can live, work and be paid. The clock stands.
	Completed State = "COMPLETED"
)

// Case is one application. Its verbs report whether they changed anything; a
// repeated message has no second effect and is no error.
type Case struct {
	id             string
	number         string
	duf            string
	evaluation     ruleset.Evaluation
	state          State
	offerWithdrawn bool
	decision       Decision
	timeline       []Step
}

// Decision is an officer's. It is zero before there is one.
type Decision struct {
	ID      string
	Officer string
	// Outcome is Granted or Refused.
	Outcome State
	// Reason is one of RefusalReasons for a refusal, empty for a grant.
	Reason string
	At     time.Time
}

// Opening is what a case is opened from.
type Opening struct {
	ID string
	// Number is for people, "26/000123".
	Number string
	// DUF is the applicant's DUF number, from the offer or newly allocated.
	DUF        string
	Evaluation ruleset.Evaluation
	At         time.Time
}

// Open makes a case of an application whose rules were evaluated.
func Open(o Opening) (*Case, error) {
	if o.ID == "" || o.Number == "" || o.At.IsZero() {
		return nil, fault.New(fault.Internal, "case.opening", "a case needs an id, a number and a time")
	}
	duf, _, err := identifier.ParseDUF(o.DUF)
	if err != nil {
		return nil, fault.New(fault.Invalid, "case.duf", "a case needs a DUF number of twelve digits")
	}
	c := &Case{id: o.ID, number: o.Number, duf: duf, evaluation: o.Evaluation, state: Received}
	if o.Evaluation.Outcome == ruleset.ProposeGrant {
		c.state = Proposed
	}
	c.enter(ApplicationReceived, "verifier", o.At, Candidate)
	return c, nil
}

// Decide is an officer's decision: Granted without a reason, or Refused with one
// of RefusalReasons. Once the offer is withdrawn only a refusal as WITHDRAWN is
// left. The same decision again changes nothing.
//
// Rules: case.officer, case.outcome, case.refusal-reason (Invalid),
// case.offer-withdrawn, case.already-decided (Conflict).
func (c *Case) Decide(d Decision) (changed bool, err error) {
	switch {
	case d.Officer == "":
		return false, fault.New(fault.Invalid, "case.officer", "a decision needs the officer who made it")
	case d.Outcome != Granted && d.Outcome != Refused:
		return false, fault.New(fault.Invalid, "case.outcome", "a decision is GRANTED or REFUSED")
	case d.Outcome == Granted && d.Reason != "" || d.Outcome == Refused && !slices.Contains(RefusalReasons, d.Reason):
		return false, fault.New(fault.Invalid, "case.refusal-reason", "a refusal needs one of the listed reasons, a grant has none")
	case d.ID == "" || d.At.IsZero():
		return false, fault.New(fault.Internal, "case.decision", "a decision needs an id and a time")
	}
	if c.decided() {
		if d.Outcome == c.decision.Outcome && d.Reason == c.decision.Reason {
			return false, nil
		}
		return false, fault.New(fault.Conflict, "case.already-decided", "the case is decided")
	}
	if c.offerWithdrawn && d.Reason != ReasonWithdrawn {
		return false, fault.New(fault.Conflict, "case.offer-withdrawn", "the employer has withdrawn the offer")
	}
	verb := grant
	if d.Outcome == Refused {
		verb = refuse
	}
	if err := c.move(verb); err != nil {
		return false, err
	}
	d.At = d.At.UTC()
	c.decision = d
	c.enter(DecisionMade, "verifier", d.At, Human)
	return true, nil
}

// WithdrawOffer records that the employer took the offer back. It stops a
// decision that is not made yet.
func (c *Case) WithdrawOffer(at time.Time) (changed bool) {
	if c.offerWithdrawn {
		return false
	}
	c.offerWithdrawn = true
	c.enter(OfferWithdrawn, "issuer", at, Human)
	return true
}

// Record takes an agency's milestone, in whatever order they come. completed is
// true exactly once: when the last of the milestones that complete a case is
// recorded. A milestone that is there already changes nothing.
//
// Rules: case.step (Invalid), case.not-granted (Conflict).
func (c *Case) Record(step Step) (changed, completed bool, err error) {
	if !step.Step.fromAgency() || step.Service == "" || step.At.IsZero() || !step.TimeClass.known() {
		return false, false, fault.New(fault.Invalid, "case.step", "this is no milestone that an agency reports")
	}
	if c.state != Granted && c.state != Completed {
		return false, false, fault.New(fault.Conflict, "case.not-granted", "the case is not granted")
	}
	if c.reached(step.Step) {
		return false, false, nil
	}
	c.enter(step.Step, step.Service, step.At, step.TimeClass)
	if c.state == Completed || !c.reached(completing...) {
		return true, false, nil
	}
	if err := c.move(complete); err != nil {
		return false, false, err
	}
	c.enter(CaseCompleted, "verifier", c.latest(), Machine)
	return true, true, nil
}

type verb int

const (
	grant verb = iota
	refuse
	complete
)

// move is the one place where a case's state changes.
func (c *Case) move(v verb) error {
	open := c.state == Received || c.state == Proposed
	switch {
	case v == grant && open:
		c.state = Granted
	case v == refuse && open:
		c.state = Refused
	case v == complete && c.state == Granted:
		c.state = Completed
	default:
		return fault.New(fault.Conflict, "case.state", "the case is in another state than this needs")
	}
	return nil
}

func (c *Case) decided() bool { return c.decision.ID != "" }

func (c *Case) enter(m Milestone, service string, at time.Time, class TimeClass) {
	c.timeline = append(c.timeline, Step{Step: m, Service: service, At: at.UTC(), TimeClass: class})
}

// reached reports whether all the milestones are in the timeline.
func (c *Case) reached(milestones ...Milestone) bool {
	for _, m := range milestones {
		if !slices.ContainsFunc(c.timeline, func(s Step) bool { return s.Step == m }) {
			return false
		}
	}
	return true
}

// latest is when the last step happened, which need not be the last recorded.
func (c *Case) latest() time.Time {
	var latest time.Time
	for _, s := range c.timeline {
		if s.At.After(latest) {
			latest = s.At
		}
	}
	return latest
}

// ID is the case reference that events carry.
func (c *Case) ID() string { return c.id }

// Number is the case number for people.
func (c *Case) Number() string { return c.number }

// DUF is the applicant's DUF number.
func (c *Case) DUF() string { return c.duf }

// State is where the case stands.
func (c *Case) State() State { return c.state }

// Evaluation is what the rules said when the case was opened.
func (c *Case) Evaluation() ruleset.Evaluation { return c.evaluation }

// Decision is the officer's; its ID is empty before there is one.
func (c *Case) Decision() Decision { return c.decision }

// IsOfferWithdrawn reports whether the employer took the offer back.
func (c *Case) IsOfferWithdrawn() bool { return c.offerWithdrawn }

// Timeline is the case's steps by the time that they happened.
func (c *Case) Timeline() []Step {
	steps := slices.Clone(c.timeline)
	slices.SortStableFunc(steps, func(a, b Step) int { return a.At.Compare(b.At) })
	return steps
}
