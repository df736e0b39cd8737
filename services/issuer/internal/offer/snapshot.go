package offer

import (
	"encoding/json"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Snapshot is an offer as the store keeps it. Times that have not come are zero.
// Text is what is sealed: the form of a draft, or the terms; empty for what was
// discarded.
type Snapshot struct {
	ID               string
	Number           Number
	Text             []byte
	AccreditationRef string
	Supersedes       string
	SupersededBy     string
	State            State
	CodeSalt         []byte
	CodeSum          []byte
	WrongCodes       int
	Connection       string
	CreatedAt        time.Time
	IssuedAt         time.Time
	ExpiresAt        time.Time
	CollectedAt      time.Time
	DeliveredAt      time.Time
	WithdrawnAt      time.Time
	SupersededAt     time.Time
	WithdrawReason   string
}

// Snapshot is the offer for the store.
func (o *Offer) Snapshot() (Snapshot, error) {
	s := Snapshot{
		ID: o.id, Number: o.number, AccreditationRef: o.accreditationRef, Supersedes: o.supersedes, SupersededBy: o.supersededBy,
		State: o.state, CodeSalt: o.code.salt, CodeSum: o.code.sum, WrongCodes: o.wrongCodes, Connection: o.connection,
		CreatedAt: o.createdAt, IssuedAt: o.issuedAt, ExpiresAt: o.expiresAt, CollectedAt: o.collectedAt, DeliveredAt: o.deliveredAt,
		WithdrawnAt: o.withdrawnAt, SupersededAt: o.supersededAt, WithdrawReason: o.withdrawReason,
	}
	var err error
	switch o.state {
	case Drafted:
		s.Text, err = json.Marshal(storedTerms{Form: o.form})
	case Discarded:
	default:
		s.Text, err = json.Marshal(o.terms)
	}
	if err != nil {
		return s, fault.Wrap(err, fault.Internal, "offer.stored", "the offer cannot be written")
	}
	return s, nil
}

// Restore is the reverse of Snapshot. It refuses rows that no offer can have.
func Restore(s Snapshot) (*Offer, error) {
	o := &Offer{
		id: s.ID, number: s.Number, accreditationRef: s.AccreditationRef, supersedes: s.Supersedes, supersededBy: s.SupersededBy,
		state: s.State, code: codeHash{salt: s.CodeSalt, sum: s.CodeSum}, wrongCodes: s.WrongCodes, connection: s.Connection,
		createdAt: s.CreatedAt, issuedAt: s.IssuedAt, expiresAt: s.ExpiresAt, collectedAt: s.CollectedAt, deliveredAt: s.DeliveredAt,
		withdrawnAt: s.WithdrawnAt, supersededAt: s.SupersededAt, withdrawReason: s.WithdrawReason,
	}
	if !o.sound() {
		return nil, fault.New(fault.Internal, "offer.stored", "a stored offer cannot be read")
	}
	var err error
	switch s.State {
	case Drafted:
		var stored storedTerms
		if err = json.Unmarshal(s.Text, &stored); err == nil {
			o.form = stored.Form
		}
	case Discarded:
	default:
		o.terms, err = ParseTerms(s.Text)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "offer.stored", "a stored offer cannot be read")
	}
	return o, nil
}

// sound reports whether an offer of this state can be like that.
func (o *Offer) sound() bool {
	if !known[o.state] || o.id == "" || o.createdAt.IsZero() {
		return false
	}
	if o.state == Drafted || o.state == Discarded {
		return o.issuedAt.IsZero() && o.connection == "" && len(o.code.sum) == 0
	}
	if o.issuedAt.IsZero() || o.expiresAt.IsZero() || len(o.code.sum) == 0 || o.wrongCodes < 0 || o.wrongCodes > FiguresAt(o.issuedAt).CodeAttempts {
		return false
	}
	bound := o.connection != ""
	switch o.state {
	case Issued:
		return !bound
	case Collecting, Collected:
		return bound
	case Superseded:
		return o.supersededBy != ""
	}
	return true
}
