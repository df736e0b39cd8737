// Package card is the worker's residence card: the number that the digital
// card has at once, and the plastic that is ordered when the biometrics are
// there, made, and delivered by post. A halt stops it until it is made, a
// revoked permit ends it.
//
// It is pure: it never stores or sends, and is told the time.
package card

import (
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// State is how far a card has come.
type State string

const (
	// Numbered: the digital card is issued; the plastic waits for biometrics.
	Numbered State = "NUMBERED"
	// Ordered: the factory has it.
	Ordered State = "ORDERED"
	// Produced: it is made, and in the post.
	Produced State = "PRODUCED"
	// Delivered: the worker has it.
	Delivered State = "DELIVERED"
	// Revoked: it counts no more, for good.
	Revoked State = "REVOKED"
)

// Card is one worker's. Fields are as the store keeps them; only the verbs
// change them. Times that have not come are zero.
type Card struct {
	CaseRef string
	Number  string
	State   State
	// Cause is why it is stopped or revoked.
	Cause    string
	IssuedAt time.Time // the digital card's
	// Shown is the edition of the view that the digital card shows.
	Shown       int64
	OrderedAt   time.Time
	ProducedAt  time.Time
	DeliveredAt time.Time
	RevokedAt   time.Time
	// Expected is the day on which the worker should have it.
	Expected time.Time
}

// New is the card of a worker whose identity was verified.
// Rule: card.number (Invalid).
func New(caseRef, number string, shown int64, at time.Time) (*Card, error) {
	if !IsNumber(number) || caseRef == "" {
		return nil, fault.New(fault.Invalid, "card.number", "a card has a case and a number of RTA and seven digits")
	}
	return &Card{CaseRef: caseRef, Number: number, State: Numbered, IssuedAt: at.UTC(), Shown: shown}, nil
}

// Stopped reports whether the card waits for the case to go on.
func (c *Card) Stopped() bool { return c.Cause != "" && c.State != Revoked }

// Order has the plastic made. A card that is stopped is ordered when the case
// goes on: then nothing changes yet. Rule: card.revoked (Conflict).
func (c *Card) Order(at, expected time.Time) (changed bool, err error) {
	switch {
	case c.State == Revoked:
		return false, revoked()
	case c.State != Numbered || c.Stopped():
		return false, nil
	}
	c.State, c.OrderedAt, c.Expected = Ordered, at.UTC(), expected
	return true, nil
}

// Produce records that the card is made. Rules (Conflict): card.not-ordered,
// card.stopped, card.revoked.
func (c *Card) Produce(at time.Time) (changed bool, err error) {
	switch {
	case c.State == Revoked:
		return false, revoked()
	case c.State == Produced || c.State == Delivered:
		return false, nil
	case c.State == Numbered:
		return false, fault.New(fault.Conflict, "card.not-ordered", "the card is not ordered: biometrics are missing")
	case c.Stopped():
		return false, fault.New(fault.Conflict, "card.stopped", "the case is halted, and with it the production of the card")
	}
	c.State, c.ProducedAt = Produced, at.UTC()
	return true, nil
}

// Deliver records that the worker has the card. Rules (Conflict):
// card.not-produced, card.revoked.
func (c *Card) Deliver(at time.Time) (changed bool, err error) {
	switch c.State {
	case Revoked:
		return false, revoked()
	case Delivered:
		return false, nil
	case Produced:
		c.State, c.DeliveredAt = Delivered, at.UTC()
		return true, nil
	}
	return false, fault.New(fault.Conflict, "card.not-produced", "the card is not made yet")
}

// Stop holds a card that is not made yet. One that is made stays as it is.
func (c *Card) Stop(cause string) (changed bool) {
	if c.State != Numbered && c.State != Ordered || c.Stopped() {
		return false
	}
	c.Cause = cause
	return true
}

// GoOn lets a stopped card go on; one that is with the factory begins anew, and
// is expected then.
func (c *Card) GoOn(expected time.Time) (changed bool) {
	if !c.Stopped() {
		return false
	}
	c.Cause = ""
	if c.State == Ordered {
		c.Expected = expected
	}
	return true
}

// Revoke ends the card, wherever it is.
func (c *Card) Revoke(cause string, at time.Time) (changed bool) {
	if c.State == Revoked {
		return false
	}
	c.State, c.Cause, c.RevokedAt = Revoked, cause, at.UTC()
	return true
}

// Show records which edition of the view the digital card shows now.
func (c *Card) Show(edition int64) (changed bool) {
	if c.State == Revoked || edition <= c.Shown {
		return false
	}
	c.Shown = edition
	return true
}

func revoked() error {
	return fault.New(fault.Conflict, "card.revoked", "the card is revoked, which is for good")
}

// prefix starts every synthetic card number.
const prefix = "RTA"

// Numbers is how many card numbers there are.
const Numbers = 10_000_000

// Number is the n-th card number, n from 0 to 9999999. A caller with a UNIQUE
// column goes on to n+1 when the n-th is taken.
func Number(n int) (string, error) {
	if n < 0 || n >= Numbers {
		return "", fault.New(fault.Internal, "card.number", "there is no such card number")
	}
	return fmt.Sprintf("%s%07d", prefix, n), nil
}

// IsNumber reports whether text is a card number.
func IsNumber(text string) bool {
	if len(text) != len(prefix)+7 || text[:len(prefix)] != prefix {
		return false
	}
	for _, digit := range text[len(prefix):] {
		if digit < '0' || digit > '9' {
			return false
		}
	}
	return true
}

// Check refuses a stored card that cannot be. Rule: card.stored (Internal).
func (c *Card) Check() error {
	had := func(t time.Time) bool { return !t.IsZero() }
	var fits bool
	switch c.State {
	case Numbered:
		fits = !had(c.OrderedAt) && !had(c.ProducedAt) && !had(c.DeliveredAt)
	case Ordered:
		fits = had(c.OrderedAt) && had(c.Expected) && !had(c.ProducedAt) && !had(c.DeliveredAt)
	case Produced:
		fits = had(c.OrderedAt) && had(c.ProducedAt) && !had(c.DeliveredAt) && c.Cause == ""
	case Delivered:
		fits = had(c.ProducedAt) && had(c.DeliveredAt) && c.Cause == ""
	case Revoked:
		fits = had(c.RevokedAt) && c.Cause != ""
	}
	if !fits || c.CaseRef == "" || !IsNumber(c.Number) || !had(c.IssuedAt) {
		return fault.New(fault.Internal, "card.stored", "a stored residence card cannot be read")
	}
	return nil
}
