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
	// FeeDue: the application is not dealt with until its fee is paid.
	FeeDue State = "FEE_DUE"
	// Received: the rules sent it to an officer.
	Received State = "RECEIVED"
	// Proposed: the rules propose a grant, and an officer decides.
	Proposed State = "PROPOSED"
	// AwaitingNewOffer: the employer has changed the offer, which takes a new
	// form (utlendingsforskriften § 6-9).
	AwaitingNewOffer State = "AWAITING_NEW_OFFER"
	// Granted: the agencies are at work.
	Granted State = "GRANTED"
	// Halted: granted, and stopped until what stopped it is gone.
	Halted State = "HALTED"
	// Completed: the worker can live, work and be paid. The clock stands.
	Completed State = "COMPLETED"
	// Revoked: an officer took the permit back. Final.
	Revoked State = "REVOKED"
	// Refused: an officer refused.
	Refused State = "REFUSED"
	// AppealReceived: the applicant has appealed the refusal.
	AppealReceived State = "APPEAL_RECEIVED"
	// ForwardedToUNE: the refusal is upheld here, and UNE has the appeal.
	ForwardedToUNE State = "FORWARDED_TO_UNE"
	// UNEUpheld: UNE upholds the refusal. Final.
	UNEUpheld State = "UNE_UPHELD"
	// Withdrawn: the applicant took the application back. Final.
	Withdrawn State = "WITHDRAWN"
)

// Case is one application. Its verbs report whether they changed anything; a
// repeated message has no second effect and is no error.
type Case struct {
	id         string
	number     string
	duf        string
	evaluation ruleset.Evaluation
	state      State
	fee        Fee
	causes     []Cause
	decisions  []Decision
	appeal     Appeal
	timeline   []Step
}

// Opening is what a case is opened from.
type Opening struct {
	ID string
	// Number is for people, "26/000123".
	Number string
	// DUF is the applicant's DUF number, from the offer or newly allocated.
	DUF        string
	Evaluation ruleset.Evaluation
	// Fee is what the application costs. None: it is free.
	Fee Fee
	At  time.Time
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
	c := &Case{id: o.ID, number: o.Number, duf: duf, evaluation: o.Evaluation, fee: o.Fee, state: FeeDue}
	c.tell(ApplicationReceived, "verifier", o.At, Candidate, "")
	return c, c.move(settle)
}

// Renew takes a new offer in the place of one that its employer changed, and the
// rules' evaluation of it. What was paid stays paid. A granted case goes on when
// an officer has looked (Lift).
//
// Rule: case.over (Conflict).
func (c *Case) Renew(evaluation ruleset.Evaluation, at time.Time) error {
	switch {
	case c.undecided():
		c.causes = slices.DeleteFunc(slices.Clone(c.causes), func(one Cause) bool {
			return one == CauseOfferSuperseded || one == CauseOfferWithdrawn
		})
	case c.state == Granted:
		c.causes = append(c.causes, CauseOfferSuperseded)
		if err := c.move(halt); err != nil {
			return err
		}
		c.tell(CaseHalted, "verifier", at, Machine, string(CauseOfferSuperseded))
	case c.state == Halted:
		// Whatever halted it, an officer must have seen the new offer.
		if !slices.Contains(c.causes, CauseOfferSuperseded) {
			c.causes = append(c.causes, CauseOfferSuperseded)
		}
	default:
		return fault.New(fault.Conflict, "case.over", "the case takes no new offer any more")
	}
	c.evaluation = evaluation
	c.tell(NewOfferPresented, "verifier", at, Candidate, "")
	if c.undecided() {
		return c.move(settle)
	}
	return nil
}

// Withdraw is the applicant's: the application is taken back before it is
// decided.
//
// Rule: case.already-decided (Conflict).
func (c *Case) Withdraw(at time.Time) (changed bool, err error) {
	if c.state == Withdrawn {
		return false, nil
	}
	if !c.undecided() {
		return false, fault.New(fault.Conflict, "case.already-decided", "the case is decided")
	}
	if err := c.move(withdraw); err != nil {
		return false, err
	}
	c.tell(ApplicationWithdrawn, "verifier", at, Candidate, "")
	return true, nil
}

// Record takes an agency's milestone, in whatever order they come. completed is
// true exactly once: when the last of the milestones that complete a case is
// recorded. A milestone that is there already changes nothing.
//
// Rules: case.step (Invalid), case.not-granted (Conflict).
func (c *Case) Record(step Step) (changed, completed bool, err error) {
	reach, known := reported[step.Step]
	if !known || step.Service == "" || step.At.IsZero() || !step.TimeClass.known() {
		return false, false, fault.New(fault.Invalid, "case.step", "this is no milestone that an agency reports")
	}
	if !c.wasGranted() && !reach.beforehand {
		return false, false, fault.New(fault.Conflict, "case.not-granted", "the case is not granted")
	}
	step.At = step.At.UTC()
	if reach.once && c.reached(step.Step) || slices.ContainsFunc(c.timeline, step.same) {
		return false, false, nil
	}
	c.timeline = append(c.timeline, step)
	completed, err = c.completeIfDone()
	return true, completed, err
}

// Correct records that the applicant's identity was corrected: fields are the
// names of the claims, never their values. An undecided case is evaluated anew.
func (c *Case) Correct(evaluation ruleset.Evaluation, at time.Time) error {
	c.tell(CaseCorrected, "verifier", at, Machine, string("IDENTITY_CORRECTED"))
	if !c.undecided() {
		return nil
	}
	c.evaluation = evaluation
	return c.move(settle)
}

func (c *Case) completeIfDone() (bool, error) {
	if c.state != Granted || !c.reached(completing...) {
		return false, nil
	}
	if err := c.move(complete); err != nil {
		return false, err
	}
	c.tell(CaseCompleted, "verifier", c.latest(), Machine, "")
	return true, nil
}

type verb int

const (
	settle verb = iota // of an undecided case: fee, offer and rules say where it stands
	grant
	refuse
	withdraw
	halt
	resume
	complete
	revoke
	lodge
	reject
	reverse
	forward
	reverseByUNE
	uphold
)

// move is the one place where a case's state changes.
func (c *Case) move(v verb) error {
	decidable := c.state == Received || c.state == Proposed
	switch {
	case v == settle && c.undecided():
		c.state = c.pending()
	case v == grant && decidable:
		c.state = Granted
	case v == refuse && c.undecided():
		c.state = Refused
	case v == withdraw && c.undecided():
		c.state = Withdrawn
	case v == halt && c.state == Granted:
		c.state = Halted
	case v == resume && c.state == Halted:
		c.state = Granted
	case v == complete && c.state == Granted:
		c.state = Completed
	case v == revoke && (c.state == Granted || c.state == Halted || c.state == Completed):
		c.state = Revoked
	case v == lodge && c.state == Refused:
		c.state = AppealReceived
	case v == reject && c.state == AppealReceived:
		c.state = Refused
	case v == reverse && c.state == AppealReceived:
		c.state = Granted
	case v == forward && c.state == AppealReceived:
		c.state = ForwardedToUNE
	case v == reverseByUNE && c.state == ForwardedToUNE:
		c.state = Granted
	case v == uphold && c.state == ForwardedToUNE:
		c.state = UNEUpheld
	default:
		return fault.New(fault.Conflict, "case.state", "the case is in another state than this needs")
	}
	return nil
}

// pending is where an undecided case stands.
func (c *Case) pending() State {
	switch {
	case !c.fee.settled():
		return FeeDue
	case c.Impeded(CauseOfferSuperseded):
		return AwaitingNewOffer
	case c.evaluation.Outcome == ruleset.ProposeGrant || c.evaluation.Outcome == ruleset.Grant:
		return Proposed
	}
	return Received
}

func (c *Case) undecided() bool {
	switch c.state {
	case FeeDue, Received, Proposed, AwaitingNewOffer:
		return true
	}
	return false
}

// over reports whether nothing happens to the case any more.
func (c *Case) over() bool { return c.state == Revoked || c.state == UNEUpheld || c.state == Withdrawn }

// wasGranted reports whether a decision has ever granted the case.
func (c *Case) wasGranted() bool {
	return slices.ContainsFunc(c.decisions, func(d Decision) bool { return d.Outcome == Granted })
}

func (c *Case) tell(m Milestone, service string, at time.Time, class TimeClass, cause string) {
	c.timeline = append(c.timeline, Step{Step: m, Service: service, At: at.UTC(), TimeClass: class, Cause: cause})
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

// Evaluation is what the rules said of the offer that the case rests on.
func (c *Case) Evaluation() ruleset.Evaluation { return c.evaluation }

// Undecided reports whether the case waits for its fee, an offer or an officer.
func (c *Case) Undecided() bool { return c.undecided() }

// IsOfferWithdrawn reports whether the employer took the offer back.
func (c *Case) IsOfferWithdrawn() bool { return c.Impeded(CauseOfferWithdrawn) }

// Timeline is the case's steps by the time that they happened.
func (c *Case) Timeline() []Step {
	steps := slices.Clone(c.timeline)
	slices.SortStableFunc(steps, func(a, b Step) int { return a.At.Compare(b.At) })
	return steps
}
