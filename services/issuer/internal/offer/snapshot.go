package offer

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Snapshot is an offer as the store keeps it. Times that have not come are zero.
type Snapshot struct {
	ID               string
	Terms            Terms
	AccreditationRef string
	State            State
	CodeSalt         []byte
	CodeSum          []byte
	WrongCodes       int
	Connection       string
	IssuedAt         time.Time
	CollectedAt      time.Time
	DeliveredAt      time.Time
	WithdrawnAt      time.Time
	WithdrawReason   string
}

// Snapshot is the offer for the store.
func (o *Offer) Snapshot() Snapshot {
	return Snapshot{
		ID: o.id, Terms: o.terms, AccreditationRef: o.accreditationRef, State: o.state,
		CodeSalt: o.code.salt, CodeSum: o.code.sum, WrongCodes: o.wrongCodes, Connection: o.connection,
		IssuedAt: o.issuedAt, CollectedAt: o.collectedAt, DeliveredAt: o.deliveredAt,
		WithdrawnAt: o.withdrawnAt, WithdrawReason: o.withdrawReason,
	}
}

// Restore is the reverse of Snapshot. It refuses rows that no offer can have.
func Restore(s Snapshot) (*Offer, error) {
	known := s.State == Issued || s.State == Collecting || s.State == Collected || s.State == Withdrawn || s.State == Expired
	bound := s.Connection != ""
	needsBound := s.State == Collecting || s.State == Collected
	if !known || s.ID == "" || s.IssuedAt.IsZero() || s.WrongCodes < 0 || s.WrongCodes > CodeAttempts || len(s.CodeSum) == 0 ||
		needsBound && !bound || s.State == Issued && bound {
		return nil, fault.New(fault.Internal, "offer.stored", "a stored offer cannot be read")
	}
	return &Offer{
		id: s.ID, terms: s.Terms, accreditationRef: s.AccreditationRef, state: s.State,
		code: codeHash{salt: s.CodeSalt, sum: s.CodeSum}, wrongCodes: s.WrongCodes, connection: s.Connection,
		issuedAt: s.IssuedAt, collectedAt: s.CollectedAt, deliveredAt: s.DeliveredAt,
		withdrawnAt: s.WithdrawnAt, withdrawReason: s.WithdrawReason,
	}, nil
}
