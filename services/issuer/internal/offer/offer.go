package offer

import (
	"io"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// State is where an offer stands.
type State string

const (
	// Issued: the employer has signed and the invitation is open.
	Issued State = "ISSUED"
	// Collecting: one connection gave the code and is being served.
	Collecting State = "COLLECTING"
	// Collected: the credential is with the worker.
	Collected State = "COLLECTED"
	// Withdrawn: the employer took the offer back. Final.
	Withdrawn State = "WITHDRAWN"
	// Expired: nobody finished collecting in time. It may still be withdrawn.
	Expired State = "EXPIRED"
)

const (
	// OpenFor is how long an offer may be collected.
	OpenFor = 90 * 24 * time.Hour
	// CodeAttempts is how many wrong codes an offer bears.
	CodeAttempts = 5
)

// Offer is one signed offer. Its verbs say whether they changed anything: a
// repeated message has no second effect and is no error.
type Offer struct {
	id               string
	terms            Terms
	accreditationRef string
	state            State
	code             codeHash
	wrongCodes       int
	connection       string
	issuedAt         time.Time
	collectedAt      time.Time
	deliveredAt      time.Time
	withdrawnAt      time.Time
	withdrawReason   string
}

// Issuing is what an offer is issued from.
type Issuing struct {
	ID               string
	Terms            Terms
	AccreditationRef string
	At               time.Time
}

// Issue makes an offer and its collection code, which is given out here and
// never again.
func Issue(i Issuing, random io.Reader) (*Offer, CollectionCode, error) {
	if i.ID == "" || i.At.IsZero() || i.Terms.form.GivenName == "" {
		return nil, "", fault.New(fault.Internal, "offer.issuing", "an offer needs an id, checked terms and a time")
	}
	code, err := NewCollectionCode(random)
	if err != nil {
		return nil, "", err
	}
	hash, err := hashCode(code, random)
	if err != nil {
		return nil, "", err
	}
	return &Offer{
		id: i.ID, terms: i.Terms, accreditationRef: i.AccreditationRef,
		state: Issued, code: hash, issuedAt: i.At.UTC(),
	}, code, nil
}

// Collect takes the collection code from a connection (our own id for it). The
// first right code binds the offer to that connection. The same connection again
// changes nothing; any other is refused.
//
// Save the offer whenever changed is true, with or without an error: a wrong
// code is counted, and an offer that is found expired says so from then on.
//
// Rules: offer.wrong-code and offer.code-attempts (Denied),
// offer.already-collected, offer.withdrawn, offer.expired (Conflict).
func (o *Offer) Collect(connection string, code CollectionCode, at time.Time) (changed bool, err error) {
	if connection == "" {
		return false, fault.New(fault.Invalid, "offer.connection", "collecting needs a connection")
	}
	if o.Expire(at) {
		return true, o.refusal(collect)
	}
	next, ok := transition(o.state, collect)
	if !ok {
		return false, o.refusal(collect)
	}
	if o.state != Issued {
		if connection != o.connection {
			return false, fault.New(fault.Conflict, "offer.already-collected", "the offer was collected by someone else")
		}
		return false, nil
	}
	if o.wrongCodes >= CodeAttempts {
		return false, fault.New(fault.Denied, "offer.code-attempts", "too many wrong codes: ask the employer for a new offer")
	}
	if !o.code.matches(code) {
		o.wrongCodes++
		return true, fault.New(fault.Denied, "offer.wrong-code", "the collection code is wrong")
	}
	o.state, o.connection, o.collectedAt = next, connection, at.UTC()
	return true, nil
}

// Delivered records that the worker's wallet acknowledged the credential.
// Rules: offer.not-collecting, offer.withdrawn, offer.expired (Conflict).
func (o *Offer) Delivered(at time.Time) (changed bool, err error) {
	next, ok := transition(o.state, deliver)
	if !ok {
		return false, o.refusal(deliver)
	}
	if next == o.state {
		return false, nil
	}
	o.state, o.deliveredAt = next, at.UTC()
	return true, nil
}

// Withdraw takes the offer back in whatever state it is. The reason is the
// employer's, 1 to 500 characters of plain text.
// Rule: offer.withdraw-reason (Invalid).
func (o *Offer) Withdraw(reason string, at time.Time) (changed bool, err error) {
	next, ok := transition(o.state, withdraw)
	if !ok {
		return false, o.refusal(withdraw)
	}
	if next == o.state {
		return false, nil
	}
	c := &checking{}
	if !c.text("reason", &reason, 500) {
		return false, fault.Violated("offer.withdraw-reason", "a withdrawal needs a reason", c.violations)
	}
	o.state, o.withdrawnAt, o.withdrawReason = next, at.UTC(), reason
	return true, nil
}

// Expire closes an offer whose time is up, and reports whether it did.
func (o *Offer) Expire(at time.Time) (changed bool) {
	if at.Before(o.ExpiresAt()) {
		return false
	}
	next, ok := transition(o.state, expire)
	if !ok || next == o.state {
		return false
	}
	o.state = next
	return true
}

type verb int

const (
	collect verb = iota
	deliver
	withdraw
	expire
)

// transition is the one place that knows which verb leads from where to where.
// A verb that leads to the state itself is a repetition without effect.
func transition(from State, v verb) (State, bool) {
	switch {
	case v == collect && from == Issued:
		return Collecting, true
	case v == collect && (from == Collecting || from == Collected):
		return from, true
	case v == deliver && (from == Collecting || from == Collected):
		return Collected, true
	case v == withdraw:
		return Withdrawn, true
	case v == expire && (from == Issued || from == Collecting || from == Expired):
		return Expired, true
	}
	return "", false
}

func (o *Offer) refusal(v verb) error {
	switch {
	case o.state == Withdrawn:
		return fault.New(fault.Conflict, "offer.withdrawn", "the employer has withdrawn the offer")
	case o.state == Expired:
		return fault.New(fault.Conflict, "offer.expired", "the offer has expired")
	case v == deliver:
		return fault.New(fault.Conflict, "offer.not-collecting", "nobody is collecting the offer")
	}
	return fault.New(fault.Conflict, "offer.state", "the offer is in another state than this needs")
}

// ID is the offer's id.
func (o *Offer) ID() string { return o.id }

// Terms are what was offered.
func (o *Offer) Terms() Terms { return o.terms }

// State is where the offer stands.
func (o *Offer) State() State { return o.state }

// Connection is who collected it; empty before.
func (o *Offer) Connection() string { return o.connection }

// AttemptsLeft is how many wrong codes it still bears.
func (o *Offer) AttemptsLeft() int { return CodeAttempts - o.wrongCodes }

// IssuedAt is when the employer signed: the clock of the case starts here.
func (o *Offer) IssuedAt() time.Time { return o.issuedAt }

// ExpiresAt is when the invitation closes, and the credential's validUntil.
func (o *Offer) ExpiresAt() time.Time { return o.issuedAt.Add(OpenFor) }

// Claims are the OfferOfEmployment credential's, without the subject's id.
func (o *Offer) Claims() map[string]any {
	return o.terms.Claims(Issuance{OfferID: o.id, IssuedAt: o.issuedAt, AccreditationRef: o.accreditationRef})
}
