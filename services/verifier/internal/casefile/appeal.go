package casefile

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// AppealState is what became of an appeal.
type AppealState string

// An appeal goes to the office that decided. It reverses its decision or sends
// the case on to the Immigration Appeals Board, UNE (utlendingsloven § 76,
// forvaltningsloven § 33).
const (
	AppealLodged       AppealState = "APPEAL_RECEIVED"
	AppealRejectedLate AppealState = "REJECTED_LATE"
	AppealReversed     AppealState = "REVERSED"
	AppealForwarded    AppealState = "FORWARDED_TO_UNE"
	AppealUNEReversed  AppealState = "UNE_REVERSED"
	AppealUNEUpheld    AppealState = "UNE_UPHELD"
)

// Appeal is the applicant's complaint over a refusal. It is zero before there is
// one.
type Appeal struct {
	// ID is the id of the message that brought it, or of its registration.
	ID         string
	State      AppealState
	ReceivedAt time.Time
	// Late is true when it came after the period. Whether it is rejected for that
	// an officer says (forvaltningsloven § 31).
	Late bool
	// Officer is who dealt with it last, at At.
	Officer string
	At      time.Time
}

// Lodge takes an appeal over a refusal. deadline is the last instant at which
// one is in time. A refusal is appealed once; the same appeal again changes
// nothing.
//
// Rules: case.appeal (Invalid), case.not-refused, case.already-appealed
// (Conflict).
func (c *Case) Lodge(id string, at, deadline time.Time) (changed bool, err error) {
	switch {
	case id == "" || at.IsZero() || deadline.IsZero():
		return false, fault.New(fault.Invalid, "case.appeal", "an appeal needs an id and a time")
	case c.appeal.ID == id:
		return false, nil
	case c.appeal.ID != "":
		return false, fault.New(fault.Conflict, "case.already-appealed", "the refusal has been appealed")
	case c.state != Refused:
		return false, fault.New(fault.Conflict, "case.not-refused", "only a refusal can be appealed")
	}
	if err := c.move(lodge); err != nil {
		return false, err
	}
	c.appeal = Appeal{ID: id, State: AppealLodged, ReceivedAt: at.UTC(), Late: at.After(deadline), At: at.UTC()}
	c.tell(DecisionAppealed, "verifier", at, Candidate, string(AppealLodged))
	return true, nil
}

// RejectLate is an officer's: the appeal came too late, and the refusal stands.
//
// Rules: case.officer (Invalid), case.appeal-in-time, case.state (Conflict).
func (c *Case) RejectLate(officer string, at time.Time) (changed bool, err error) {
	if c.state == AppealReceived && !c.appeal.Late {
		return false, fault.New(fault.Conflict, "case.appeal-in-time", "the appeal came in time")
	}
	return c.dealWith(reject, AppealRejectedLate, officer, at)
}

// Forward sends an appeal on to UNE: the office upholds its refusal.
//
// Rules: case.officer (Invalid), case.state (Conflict).
func (c *Case) Forward(officer string, at time.Time) (changed bool, err error) {
	return c.dealWith(forward, AppealForwarded, officer, at)
}

// Uphold records that UNE upholds the refusal, which is final.
//
// Rules: case.officer (Invalid), case.state (Conflict).
func (c *Case) Uphold(officer string, at time.Time) (changed bool, err error) {
	return c.dealWith(uphold, AppealUNEUpheld, officer, at)
}

func (c *Case) dealWith(v verb, to AppealState, officer string, at time.Time) (changed bool, err error) {
	if officer == "" || at.IsZero() {
		return false, fault.New(fault.Invalid, "case.officer", "an appeal is dealt with by an officer")
	}
	if c.appeal.State == to {
		return false, nil
	}
	if err := c.move(v); err != nil {
		return false, err
	}
	c.appeal.State, c.appeal.Officer, c.appeal.At = to, officer, at.UTC()
	c.tell(DecisionAppealed, "verifier", at, Human, string(to))
	return true, nil
}

// Reverse is the grant that an appeal leads to, by the office that refused. It
// is a decision of its own. The same again changes nothing.
//
// Rules: those of Decide, and case.state (Conflict).
func (c *Case) Reverse(d Decision) (changed bool, err error) {
	if c.appeal.State == AppealReversed {
		return false, nil
	}
	if err := c.unimpeded(); err != nil {
		return false, err
	}
	return c.overturn(reverse, AppealReversed, d)
}

// ReverseByUNE records that UNE grants. UNE binds: a case in whose way something
// stands is granted and halted.
//
// Rules: those of Decide, case.fee-due and case.state (Conflict).
func (c *Case) ReverseByUNE(d Decision) (changed, halted bool, err error) {
	if c.appeal.State == AppealUNEReversed {
		return false, false, nil
	}
	changed, err = c.overturn(reverseByUNE, AppealUNEReversed, d)
	if err != nil || !changed || len(c.causes) == 0 {
		return changed, false, err
	}
	if err := c.move(halt); err != nil {
		return false, false, err
	}
	c.tell(CaseHalted, "verifier", d.At, Machine, string(c.causes[0]))
	return true, true, nil
}

func (c *Case) overturn(v verb, to AppealState, d Decision) (bool, error) {
	if err := d.check(); err != nil {
		return false, err
	}
	if d.Outcome != Granted {
		return false, fault.New(fault.Invalid, "case.outcome", "an appeal that is heard leads to a grant")
	}
	if !c.fee.settled() {
		return false, feeDue()
	}
	if err := c.move(v); err != nil {
		return false, err
	}
	d.At = d.At.UTC()
	c.decisions = append(c.decisions, d)
	c.appeal.State, c.appeal.Officer, c.appeal.At = to, d.Officer, d.At
	c.tell(DecisionAppealed, "verifier", d.At, Human, string(to))
	c.tell(DecisionMade, "verifier", d.At, Human, string(Granted))
	return true, nil
}

// Appeal is the appeal over the refusal; its ID is empty before there is one.
func (c *Case) Appeal() Appeal { return c.appeal }
