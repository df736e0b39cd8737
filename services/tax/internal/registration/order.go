package registration

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// Stage is how far a requisition to the population register has come.
type Stage string

// The stages of a requisition.
const (
	StageNone      Stage = ""
	StageOpen      Stage = "OPEN"      // to be sent
	StageSending   Stage = "SENDING"   // on its way: the register may have it
	StageSent      Stage = "SENT"      // the register has it
	StageQueued    Stage = "QUEUED"    // its clerks look at it
	StageKept      Stage = "KEPT"      // answered with a number that is not announced yet
	StageDone      Stage = "DONE"      // and announced
	StageRefused   Stage = "REFUSED"   // answered without a number
	StageWithdrawn Stage = "WITHDRAWN" // stopped before it was sent
)

// Reason is why a requisition waits for the register's clerks.
type Reason string

// The reasons, as the register's feedback has them.
const (
	PossibleDuplicate Reason = "POSSIBLE_DUPLICATE" // muligDublett
	DUFInUse          Reason = "DUF_IN_USE"         // dufNummerIBruk
)

// Refusal is how the register decided when it gives no number.
type Refusal string

// The refusals, as the register's feedback has them.
const (
	Declined  Refusal = "DECLINED"  // avslaatt
	Dismissed Refusal = "DISMISSED" // avvist
	Cancelled Refusal = "CANCELLED" // avbrutt
	// GivenTwice is ours: the register assigned a number that somebody else got
	// from it before. No number is ever used again.
	GivenTwice Refusal = "GIVEN_TWICE"
)

// Order is a requisition of a number for the worker.
type Order struct {
	// Reference is ours: the register answers to it.
	Reference string
	Kind      identifier.PersonNumberKind
	// Replaces is the D-number that the new number is to replace, or "".
	Replaces string
	Stage    Stage
	// Receipt is the register's own reference, once sent.
	Receipt     string
	RequestedAt time.Time
	// Deadline and Reason are set while it is queued.
	Deadline time.Time
	Reason   Reason
	Refusal  Refusal
	// Kept is the answer that is not announced yet.
	Kept Number
}

// open says that the register has not decided, or that its decision waits.
func (o Order) open() bool {
	switch o.Stage {
	case StageOpen, StageSending, StageSent, StageQueued, StageKept:
		return true
	}
	return false
}

// Awaited says that the register is to answer.
func (o Order) Awaited() bool {
	return o.Stage == StageSending || o.Stage == StageSent || o.Stage == StageQueued
}

// Wants says whether a number is to be asked for now: the case stands, the
// permit and the identity control are there, and the worker has no number, or a
// D-number although a fødselsnummer is due.
func (r *Registration) Wants() bool {
	if r.standing != Active || !r.granted() || !r.isIdentified() || r.order.open() {
		return false
	}
	current, numbered := r.Current()
	if !numbered {
		return r.order.Stage != StageRefused
	}
	// A refusal of a replacement is for a clerk to read, not to repeat.
	refused := r.order.Stage == StageRefused && r.order.Replaces == current.Number
	return current.Kind == identifier.DNumber && r.kind == identifier.BirthNumber && !refused
}

// Request opens a requisition under a reference that no other has.
// Rules: registration.reference (Invalid), registration.not-ready (Conflict).
func (r *Registration) Request(reference string, at time.Time) (changed bool, err error) {
	if reference == "" {
		return false, fault.New(fault.Invalid, "registration.reference", "a requisition has a reference")
	}
	if r.order.open() {
		return false, nil
	}
	if !r.Wants() {
		return false, fault.New(fault.Conflict, "registration.not-ready", "the permit or the identity control is still to come, or nothing is due")
	}
	current, _ := r.Current()
	r.order = Order{Reference: reference, Kind: r.kind, Replaces: current.Number, Stage: StageOpen, RequestedAt: at.UTC()}
	return true, nil
}

// Send records that the requisition leaves now. It reports false when it must
// not: it was withdrawn, or the register has it.
func (r *Registration) Send(reference string) (changed bool) {
	if r.order.Reference != reference || r.order.Stage != StageOpen && r.order.Stage != StageSending {
		return false
	}
	r.order.Stage = StageSending
	return true
}

// Sent records the register's receipt. An answer that came first stays.
func (r *Registration) Sent(reference, receipt string) (changed bool) {
	if r.order.Reference != reference || r.order.Stage != StageSending {
		return false
	}
	r.order.Stage, r.order.Receipt = StageSent, receipt
	return true
}

// Dismiss records that the register refused to take the requisition.
func (r *Registration) Dismiss(reference string) (changed bool) {
	if r.order.Reference != reference || r.order.Stage != StageSending {
		return false
	}
	r.order.Stage, r.order.Refusal = StageRefused, Dismissed
	return true
}

// Answer is what the register says of a requisition: exactly one of Queued,
// Number and Refusal is set.
type Answer struct {
	// Sequence is its place in the register's feed.
	Sequence int64
	// Reference is the requisition's.
	Reference string
	Queued    *Queue
	Number    *Number
	Refusal   Refusal
}

// Queue is a requisition that the register's clerks must look at.
type Queue struct {
	Deadline time.Time
	Reason   Reason
}

// Heard records an answer. What is answered stays: a repetition, a late word of
// the queue, or an answer to another requisition changes nothing. A number is
// kept until Announce.
//
// Rules: registration.number (Invalid) for a number that is none, or not of the
// kind asked for; registration.answer (Invalid) for an answer that says nothing.
func (r *Registration) Heard(a Answer, mode identifier.Mode, at time.Time) (changed bool, err error) {
	if a.Reference == "" || r.order.Reference != a.Reference || !r.order.Awaited() {
		return false, nil
	}
	switch {
	case a.Queued != nil && a.Number == nil && a.Refusal == "":
		queued := r.order.Stage == StageQueued && r.order.Deadline.Equal(a.Queued.Deadline) && r.order.Reason == a.Queued.Reason
		r.order.Stage, r.order.Deadline, r.order.Reason = StageQueued, a.Queued.Deadline.UTC(), a.Queued.Reason
		return !queued, nil
	case a.Number != nil && a.Queued == nil && a.Refusal == "":
		n, err := r.fits(*a.Number, mode, at)
		if err != nil {
			return false, err
		}
		r.order.Stage, r.order.Kept = StageKept, n
		return true, nil
	case a.Refusal != "" && a.Queued == nil && a.Number == nil:
		r.order.Stage, r.order.Refusal = StageRefused, a.Refusal
		return true, nil
	}
	return false, fault.New(fault.Invalid, "registration.answer", "the register's answer cannot be read")
}

// fits checks a number that the register gives: of the kind asked for when it is
// new, of either kind when the worker had it.
func (r *Registration) fits(n Number, mode identifier.Mode, at time.Time) (Number, error) {
	kind, err := identifier.CheckPersonNumber(n.Number, mode, identifier.ControlRuleAt(at))
	current, numbered := r.Current()
	switch {
	case err != nil, n.How != New && n.How != Existing, n.How == New && kind != r.order.Kind:
		return n, fault.New(fault.Invalid, "registration.number", "this is no number of the kind that the permit gives")
	case numbered && n.Number == current.Number:
		return n, fault.New(fault.Invalid, "registration.number", "this is the number that was to be replaced")
	}
	n.Kind, n.AssignedAt, n.ReplacedAt = kind, at.UTC(), time.Time{}
	return n, nil
}

// Announce makes the number that the register gave the worker's current one.
// While the case is halted or revoked nothing happens. replaced is the number
// that was current before.
func (r *Registration) Announce(at time.Time) (changed bool, replaced *Number) {
	if r.order.Stage != StageKept || r.standing != Active {
		return false, nil
	}
	if last := len(r.numbers) - 1; last >= 0 {
		r.numbers[last].ReplacedAt = at.UTC()
		replaced = &r.numbers[last]
	}
	n := r.order.Kept
	n.AssignedAt = at.UTC()
	r.numbers = append(r.numbers, n)
	r.order.Stage, r.order.Kept = StageDone, Number{}
	return true, replaced
}
