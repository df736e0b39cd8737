// Package progress is how the case that an offer opened stands, as far as the
// employer may see: that the worker has applied, what UDI decided, that it is
// halted and why, that it is over. It follows what events tell and decides
// nothing; it never learns why UDI refused.
package progress

import "time"

// State is how a case stands.
type State string

// The states. A case that no event of UDI has named yet is Seen: another
// agency's came first.
const (
	Seen      State = "SEEN"
	Applied   State = "APPLIED"
	Granted   State = "GRANTED"
	Refused   State = "REFUSED"
	Halted    State = "HALTED"
	Revoked   State = "REVOKED"
	Completed State = "COMPLETED"
)

// Outcomes of a decision, as decision.made has them.
const (
	OutcomeGranted = "GRANTED"
	OutcomeRefused = "REFUSED"
)

// Case is a case as the employer may see it. What events repeat, or bring in
// another order than things happened across services, changes nothing.
type Case struct {
	Ref           string
	OfferID       string // the newest offer that it rests on; empty when not known yet
	State         State
	Cause         string // of Halted and Revoked
	CardIssued    bool   // the tax card is there to be fetched
	AccountShared bool   // the bank may tell the account for pay
	UpdatedAt     time.Time
}

// What can happen to a case, by the names of its events.
const (
	EventSubmitted     = "application.submitted"
	EventDecided       = "decision.made"
	EventHalted        = "case.halted"
	EventResumed       = "case.resumed"
	EventRevoked       = "permit.revoked"
	EventCompleted     = "case.completed"
	EventCardIssued    = "taxcard.issued"
	EventCardRevoked   = "taxcard.revoked"
	EventAccountShared = "payrollaccount.shared"
	// EventNumberReplaced: the worker has a fødselsnummer instead of a D-number.
	// It changes nothing here, but who holds the number must ask again.
	EventNumberReplaced = "identifier.replaced"
)

// Happened is an event about the case.
type Happened struct {
	Event   string
	OfferID string // of EventSubmitted
	Outcome string // of EventDecided
	Cause   string // of EventHalted, EventResumed, EventRevoked
	At      time.Time
}

// Take takes over what happened, and reports whether that changed anything.
func (c *Case) Take(h Happened) (changed bool) {
	before := *c
	switch h.Event {
	case EventSubmitted:
		c.OfferID = h.OfferID
	case EventCardIssued:
		c.CardIssued = true
	case EventCardRevoked:
		c.CardIssued = false
	case EventAccountShared:
		c.AccountShared = true
	}
	if next, ok := follow(c.State, h); ok {
		c.State, c.Cause = next, ""
		if next == Halted || next == Revoked {
			c.Cause = h.Cause
		}
	}
	if *c == before {
		return false
	}
	c.UpdatedAt = h.At.UTC()
	return true
}

// follow is the one place that knows what leads from where to where. UDI may
// decide again after an appeal, whatever stood before; a changed offer that is
// shown leaves the case where it stands.
func follow(from State, h Happened) (State, bool) {
	switch h.Event {
	case EventSubmitted:
		return Applied, from == Seen
	case EventDecided:
		switch h.Outcome {
		case OutcomeGranted:
			return Granted, from != Completed
		case OutcomeRefused:
			return Refused, from != Completed
		}
	case EventHalted:
		return Halted, from == Granted || from == Halted
	case EventResumed:
		return Granted, from == Halted
	case EventRevoked:
		return Revoked, from != Seen && from != Refused
	case EventCompleted:
		return Completed, from == Granted || from == Completed
	}
	return "", false
}

// GrantedOnce reports whether the permit is or was granted: then an offer is
// UDI's to judge, and the employer's revoked accreditation withdraws it no more.
func (c Case) GrantedOnce() bool {
	return c.State == Granted || c.State == Halted || c.State == Revoked || c.State == Completed
}

// EmployerIsTold reports whether an event is one that the employer's contact
// gets a mail about.
func EmployerIsTold(event string) bool {
	return event == EventHalted || event == EventRevoked || event == EventCompleted
}
