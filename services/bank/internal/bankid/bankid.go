// Package bankid is the order of a BankID, the electronic identity that a bank
// gives its customer: whether the bank offers one, whether the customer has the
// fødselsnummer that it stands on, who saw the customer in person, and whether
// it was issued or taken back. It is pure.
package bankid

import (
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// State is where an order stands.
type State string

// The states. An order that was not begun has none.
const (
	// NotOffered: the bank offers its customers no BankID.
	NotOffered State = "NOT_OFFERED"
	// NeedsFNR: a BankID stands on a fødselsnummer; the customer has a D-number.
	NeedsFNR State = "NEEDS_FNR"
	// Ordered: somebody who may must still have seen the customer in person.
	Ordered State = "ORDERED"
	// IdentityConfirmed: somebody has.
	IdentityConfirmed State = "IDENTITY_CONFIRMED"
	// Issued: the customer has a BankID.
	Issued State = "ISSUED"
	// Revoked: it was taken back, or the order was, for good.
	Revoked State = "REVOKED"
)

// Police is who confirmed an identity when the bank's rule lets the police's
// identity control count, together with the bank's own due diligence.
const Police = "police"

// Facts are what an order goes on by.
type Facts struct {
	// Offered: the bank's rules of the day offer a BankID.
	Offered bool
	// FNR: the customer has a fødselsnummer.
	FNR bool
	// Police: the bank's rules of the day let the police's control count.
	Police bool
	// Open: the account is open and used. While it is not (frozen, or its
	// case is halted) an order waits.
	Open bool
	// Closed: the account was closed.
	Closed bool
}

// Order is a customer's. Its zero value is one that was not begun.
type Order struct {
	state       State
	orderedAt   time.Time
	confirmedAt time.Time
	confirmedBy string
	issuedAt    time.Time
	revokedAt   time.Time
	reason      string
}

// Advance goes as far as the facts allow and gives the states that it passed,
// in order. With the same facts again it passes none.
func (o *Order) Advance(f Facts, at time.Time) (passed []State) {
	for o.step(f, at) {
		passed = append(passed, o.state)
	}
	return passed
}

// step is the one place where an order goes on by itself.
func (o *Order) step(f Facts, at time.Time) bool {
	before := o.state
	switch {
	case f.Closed:
		if o.state == Ordered || o.state == IdentityConfirmed || o.state == Issued {
			o.revoke("the account was closed", at)
		}
	case !f.Open:
	case o.state == "" || o.state == NotOffered || o.state == NeedsFNR:
		switch {
		case !f.Offered:
			o.state = NotOffered
		case !f.FNR:
			o.state = NeedsFNR
		default:
			o.state, o.orderedAt = Ordered, at.UTC()
		}
	case o.state == Ordered && f.Police:
		o.confirm(Police, at)
	case o.state == IdentityConfirmed:
		o.state, o.issuedAt = Issued, at.UTC()
	}
	return o.state != before
}

// Confirm records that somebody at the bank has seen the customer in person and
// compared with the passport. Again, by anybody, it changes nothing.
//
// Rules: bankid.by (Invalid), bankid.not-ordered (Conflict).
func (o *Order) Confirm(by string, at time.Time) (changed bool, err error) {
	switch {
	case strings.TrimSpace(by) == "":
		return false, fault.New(fault.Invalid, "bankid.by", "say who saw the customer")
	case o.state == IdentityConfirmed || o.state == Issued:
		return false, nil
	case o.state != Ordered:
		return false, fault.New(fault.Conflict, "bankid.not-ordered", "there is no order that waits for this")
	}
	o.confirm(by, at)
	return true, nil
}

func (o *Order) confirm(by string, at time.Time) {
	o.state, o.confirmedAt, o.confirmedBy = IdentityConfirmed, at.UTC(), by
}

func (o *Order) revoke(reason string, at time.Time) {
	o.state, o.revokedAt, o.reason = Revoked, at.UTC(), reason
}

// State is where the order stands; empty before it was begun.
func (o *Order) State() State { return o.state }

// Snapshot is an order as the store keeps it.
type Snapshot struct {
	State       State
	OrderedAt   time.Time
	ConfirmedAt time.Time
	ConfirmedBy string
	IssuedAt    time.Time
	RevokedAt   time.Time
	Reason      string
}

// Snapshot is the order for the store.
func (o *Order) Snapshot() Snapshot {
	return Snapshot{o.state, o.orderedAt, o.confirmedAt, o.confirmedBy, o.issuedAt, o.revokedAt, o.reason}
}

// Restore is the reverse of Snapshot. It refuses rows that no order can have.
func Restore(s Snapshot) (*Order, error) {
	ordered, confirmed, issued := !s.OrderedAt.IsZero(), !s.ConfirmedAt.IsZero() && s.ConfirmedBy != "", !s.IssuedAt.IsZero()
	var fits bool
	switch s.State {
	case "", NotOffered, NeedsFNR:
		fits = !ordered && !confirmed && !issued
	case Ordered:
		fits = ordered && !confirmed && !issued
	case IdentityConfirmed:
		fits = ordered && confirmed && !issued
	case Issued:
		fits = ordered && confirmed && issued
	case Revoked:
		fits = ordered && !s.RevokedAt.IsZero() && s.Reason != ""
	}
	if !fits {
		return nil, fault.New(fault.Internal, "bankid.stored", "a stored BankID order cannot be read")
	}
	return &Order{s.State, s.OrderedAt, s.ConfirmedAt, s.ConfirmedBy, s.IssuedAt, s.RevokedAt, s.Reason}, nil
}
