// Package holding is what a wallet does for its holder: exchanges that bring
// credentials in or show them to somebody, and the credentials themselves. It
// knows the states and what may follow what; it never talks to anybody.
package holding

import (
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Kind is what an exchange is for.
type Kind string

// The kinds of exchange.
const (
	// Collection collects what an invitation offers.
	Collection Kind = "collection"
	// Delivery takes what an authority sends to a DID that was made for it.
	Delivery Kind = "delivery"
	// Application shows a credential to an authority and applies for a permit.
	Application Kind = "application"
	// Import put a credential in that the holder got outside DIDComm.
	Import Kind = "import"
)

// State is how far an exchange has come.
type State string

// The states. A collection or delivery goes proposed, requested, held, and by way of
// offered where the holder is asked first; an application proposed, presented,
// accepted. Refused ends either.
const (
	Proposed  State = "proposed"
	Offered   State = "offered"
	Requested State = "requested"
	Held      State = "held"
	Presented State = "presented"
	Accepted  State = "accepted"
	Refused   State = "refused"
)

// Exchange is one conversation of a holder with one other party.
type Exchange struct {
	ID        string
	Holder    string
	Kind      Kind
	Thread    string // the DIDComm thread
	Ours      string // the holder's pairwise DID in it
	Theirs    string // the other party's DID
	CreatedAt time.Time
	UpdatedAt time.Time

	state   State
	expects []string // credential types that may come in
	subject string   // the did:key that the credential will be bound to
	rule    string   // the rule that was broken, when refused
	message string   // what the other party said of it
}

// Begin makes an exchange that the wallet proposes.
func Begin(e Exchange, expects ...string) Exchange {
	e.state, e.expects = Proposed, expects
	return e
}

// Imported makes the exchange of a credential that is in the wallet already: it
// has no thread and nothing follows.
func Imported(e Exchange, credentialType, subject string) Exchange {
	e.Kind, e.state, e.expects, e.subject = Import, Held, []string{credentialType}, subject
	return e
}

// Restore brings back an exchange from its row.
func Restore(e Exchange, state State, expects []string, subject, rule, message string) Exchange {
	e.state, e.expects, e.subject, e.rule, e.message = state, expects, subject, rule, message
	return e
}

// State tells how far the exchange has come.
func (e *Exchange) State() State { return e.state }

// Expects lists the credential types that may come in.
func (e *Exchange) Expects() []string { return e.expects }

// Subject is the did:key that the credential is bound to, once requested.
func (e *Exchange) Subject() string { return e.subject }

// Problem is why the exchange was refused: a rule and words for people.
func (e *Exchange) Problem() (rule, message string) { return e.rule, e.message }

// transitions says what may follow what; a state that repeats is no change.
var transitions = map[Kind]map[State][]State{
	Collection:  {Proposed: {Offered, Requested, Refused}, Offered: {Requested, Refused}, Requested: {Held, Refused}},
	Delivery:    {Proposed: {Requested, Refused}, Requested: {Held, Refused}},
	Application: {Proposed: {Presented, Refused}, Presented: {Presented, Accepted, Refused}},
}

func (e *Exchange) to(next State) error {
	if !slices.Contains(transitions[e.Kind][e.state], next) {
		return fault.New(fault.Conflict, "exchange.out-of-order", "a %s that is %s cannot become %s", e.Kind, e.state, next)
	}
	e.state = next
	return nil
}

// Offer keeps an offer of a credential of the type until the holder says whether to
// take it.
func (e *Exchange) Offer(credentialType string) error {
	if !slices.Contains(e.expects, credentialType) {
		return fault.New(fault.Denied, "exchange.type-not-expected", "a credential of this type is not expected here")
	}
	return e.to(Offered)
}

// Request answers an offer: the credential of the type is asked for, bound to
// subject.
func (e *Exchange) Request(credentialType, subject string) error {
	if !slices.Contains(e.expects, credentialType) {
		return fault.New(fault.Denied, "exchange.type-not-expected", "a credential of this type is not expected here")
	}
	if err := e.to(Requested); err != nil {
		return err
	}
	e.subject, e.expects = subject, []string{credentialType}
	return nil
}

// Hold ends the exchange with the credential in the wallet: of the type and
// bound to the key that were asked for.
func (e *Exchange) Hold(credentialType, subject string) error {
	if e.state == Requested && !slices.Contains(e.expects, credentialType) {
		return fault.New(fault.Denied, "exchange.type-not-expected", "the credential is of another type than the one asked for")
	}
	if e.subject != subject {
		return fault.New(fault.Denied, "credential.another-holder", "the credential is bound to another key than the one asked for")
	}
	return e.to(Held)
}

// Present records that the presentation was given.
func (e *Exchange) Present() error { return e.to(Presented) }

// Accept records that the other party took the presentation.
func (e *Exchange) Accept() error { return e.to(Accepted) }

// Refuse ends the exchange with what the other party said.
func (e *Exchange) Refuse(rule, message string) error {
	if err := e.to(Refused); err != nil {
		return err
	}
	e.rule, e.message = rule, message
	return nil
}
