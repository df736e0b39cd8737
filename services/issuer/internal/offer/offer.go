package offer

import (
	"encoding/json"
	"io"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Offer is an offer from its draft on. Its verbs say whether they changed
// anything: what is repeated has no second effect and is no error.
type Offer struct {
	id               string
	number           Number
	form             Form  // of a draft, nothing checked
	terms            Terms // once signed
	accreditationRef string
	supersedes       string
	supersededBy     string
	state            State
	code             codeHash
	wrongCodes       int
	connection       string
	createdAt        time.Time
	issuedAt         time.Time
	expiresAt        time.Time
	collectedAt      time.Time
	deliveredAt      time.Time
	withdrawnAt      time.Time
	supersededAt     time.Time
	withdrawReason   string
}

// maxDraft is the size of the largest form that is kept unchecked, as JSON.
const maxDraft = 32 << 10

// Draft makes an offer that is not signed yet. The form may be incomplete.
// Rule: offer.draft-size (Invalid).
func Draft(id string, form Form, at time.Time) (*Offer, error) {
	if id == "" || at.IsZero() {
		return nil, fault.New(fault.Internal, "offer.issuing", "an offer needs an id and a time")
	}
	if err := checkDraft(form); err != nil {
		return nil, err
	}
	return &Offer{id: id, form: form, state: Drafted, createdAt: at.UTC()}, nil
}

func checkDraft(form Form) error {
	raw, err := json.Marshal(form)
	if err != nil || len(raw) > maxDraft {
		return fault.New(fault.Invalid, "offer.draft-size", "the draft is too long to be kept: 32 KiB at most")
	}
	return nil
}

// Change puts another form in the place of a draft's. Rules: offer.draft-size
// (Invalid), offer.signed, offer.discarded (Conflict).
func (o *Offer) Change(form Form) (changed bool, err error) {
	if _, err := o.next(change); err != nil {
		return false, err
	}
	if err := checkDraft(form); err != nil {
		return false, err
	}
	o.form = form
	return true, nil
}

// Discard erases a draft and what it holds of the worker. Rule: offer.signed
// (Conflict).
func (o *Offer) Discard() (changed bool, err error) {
	next, err := o.next(discard)
	if err != nil || next == o.state {
		return false, err
	}
	o.state, o.form = next, Form{}
	return true, nil
}

// Signing is what an employer's signature adds.
type Signing struct {
	Terms            Terms
	Number           Number
	AccreditationRef string
	Supersedes       string // the offer that this one replaces; may be empty
	CodeForm         CodeForm
	At               time.Time
}

// Sign issues a draft, and gives its collection code out, here and never again.
// One that was signed before stays as it is, and has no code to give. Rule:
// offer.discarded (Conflict).
func (o *Offer) Sign(s Signing, random io.Reader) (code CollectionCode, changed bool, err error) {
	next, err := o.next(sign)
	if err != nil || o.state != Drafted {
		return "", false, err
	}
	if s.At.IsZero() || s.Terms.form.GivenName == "" {
		return "", false, fault.New(fault.Internal, "offer.issuing", "an offer needs checked terms and a time")
	}
	if code, err = NewCollectionCode(s.CodeForm, random); err != nil {
		return "", false, err
	}
	hash, err := hashCode(code, random)
	if err != nil {
		return "", false, err
	}
	at := s.At.UTC()
	o.state, o.form, o.terms, o.number, o.accreditationRef, o.supersedes = next, Form{}, s.Terms, s.Number, s.AccreditationRef, s.Supersedes
	o.code, o.issuedAt, o.expiresAt = hash, at, at.Add(FiguresAt(at).OpenFor)
	return code, true, nil
}

// Issuing is what an offer is issued from without a draft that was kept.
type Issuing struct {
	ID               string
	Terms            Terms
	Number           Number
	AccreditationRef string
	Supersedes       string
	CodeForm         CodeForm
	At               time.Time
}

// Issue makes and signs an offer at once.
func Issue(i Issuing, random io.Reader) (*Offer, CollectionCode, error) {
	o, err := Draft(i.ID, i.Terms.form, i.At)
	if err != nil {
		return nil, "", err
	}
	code, _, err := o.Sign(Signing{
		Terms: i.Terms, Number: i.Number, AccreditationRef: i.AccreditationRef, Supersedes: i.Supersedes, CodeForm: i.CodeForm, At: i.At,
	}, random)
	if err != nil {
		return nil, "", err
	}
	return o, code, nil
}

// Collect takes the collection code from a connection (our own id for it). The
// first right code binds the offer to that connection. The same connection again
// changes nothing; any other is refused.
//
// Save the offer whenever changed is true, with or without an error: a wrong
// code is counted, and an offer that is found expired says so from then on.
//
// Rules: offer.wrong-code and offer.code-attempts (Denied),
// offer.already-collected, offer.withdrawn, offer.superseded, offer.expired
// (Conflict).
func (o *Offer) Collect(connection string, code CollectionCode, at time.Time) (changed bool, err error) {
	if connection == "" {
		return false, fault.New(fault.Invalid, "offer.connection", "collecting needs a connection")
	}
	if o.Expire(at) {
		return true, o.refusal(collect)
	}
	next, err := o.next(collect)
	if err != nil {
		return false, err
	}
	if o.state != Issued {
		if connection != o.connection {
			return false, fault.New(fault.Conflict, "offer.already-collected", "the offer was collected by someone else")
		}
		return false, nil
	}
	if o.AttemptsLeft() == 0 {
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
// Rules: offer.not-collecting, offer.withdrawn, offer.superseded, offer.expired
// (Conflict).
func (o *Offer) Delivered(at time.Time) (changed bool, err error) {
	next, err := o.next(deliver)
	if err != nil || next == o.state {
		return false, err
	}
	o.state, o.deliveredAt = next, at.UTC()
	return true, nil
}

// Withdraw takes a signed offer back. The reason is the employer's, 1 to 500
// characters of plain text, or a code of the programme's.
// Rules: offer.withdraw-reason (Invalid), offer.draft, offer.superseded
// (Conflict).
func (o *Offer) Withdraw(reason string, at time.Time) (changed bool, err error) {
	next, err := o.next(withdraw)
	if err != nil || next == o.state {
		return false, err
	}
	c := &checking{}
	if !c.text("reason", &reason, 500) {
		return false, fault.Violated("offer.withdraw-reason", "a withdrawal needs a reason", c.violations)
	}
	o.state, o.withdrawnAt, o.withdrawReason = next, at.UTC(), reason
	return true, nil
}

// Supersede lets another offer take this one's place, for good.
// Rules: offer.draft, offer.withdrawn, offer.expired, and offer.superseded when
// it was another one (Conflict).
func (o *Offer) Supersede(by string, at time.Time) (changed bool, err error) {
	next, err := o.next(supersede)
	switch {
	case err != nil:
		return false, err
	case by == "" || by == o.id:
		return false, fault.New(fault.Internal, "offer.superseding", "an offer is superseded by another one")
	case next == o.state && by != o.supersededBy:
		return false, o.refusal(supersede)
	case next == o.state:
		return false, nil
	}
	o.state, o.supersededBy, o.supersededAt = next, by, at.UTC()
	return true, nil
}

// Expire closes an offer whose time is up, and reports whether it did.
func (o *Offer) Expire(at time.Time) (changed bool) {
	next, err := o.next(expire)
	if err != nil || next == o.state || at.Before(o.expiresAt) {
		return false
	}
	o.state = next
	return true
}

// ID is the offer's id.
func (o *Offer) ID() string { return o.id }

// Number is what people call it; empty before it is signed.
func (o *Offer) Number() Number { return o.number }

// Form is a draft's, as it was typed; empty once the offer is signed.
func (o *Offer) Form() Form { return o.form }

// Terms are what was offered; zero for a draft.
func (o *Offer) Terms() Terms { return o.terms }

// State is where the offer stands.
func (o *Offer) State() State { return o.state }

// Connection is who collected it; empty before.
func (o *Offer) Connection() string { return o.connection }

// AttemptsLeft is how many wrong codes it still bears.
func (o *Offer) AttemptsLeft() int {
	return max(FiguresAt(o.issuedAt).CodeAttempts-o.wrongCodes, 0)
}

// CreatedAt is when the draft was made, or the offer signed without one.
func (o *Offer) CreatedAt() time.Time { return o.createdAt }

// IssuedAt is when the employer signed: the clock of the case starts here.
func (o *Offer) IssuedAt() time.Time { return o.issuedAt }

// ExpiresAt is when the invitation closes, and the credential's validUntil.
func (o *Offer) ExpiresAt() time.Time { return o.expiresAt }

// Claims are the OfferOfEmployment credential's, without the subject's id.
func (o *Offer) Claims() map[string]any {
	return o.terms.Claims(Issuance{OfferID: o.id, IssuedAt: o.issuedAt, AccreditationRef: o.accreditationRef, Supersedes: o.supersedes})
}
