package casefile

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Fee is what an application costs, and what became of it.
type Fee struct {
	// Amount is in øre, 0 for an application that is free.
	Amount int64 `json:"amount"`
	// Currency is its code, "NOK".
	Currency string `json:"currency"`
	// Source says where the amount was found.
	Source string `json:"source"`
	// PaidAt is zero until the fee is paid.
	PaidAt time.Time `json:"paid_at,omitzero"`
}

func (f Fee) settled() bool { return f.Amount == 0 || !f.PaidAt.IsZero() }

// Payment is what the payment provider says.
type Payment struct {
	// Reference is what the payment was made for.
	Reference string
	// Amount is what was paid and not paid back, in øre.
	Amount   int64
	Currency string
}

// ConfirmFee takes what the payment provider says: the fee is paid when the full
// amount was, in its currency, for exactly this case. A fee that is paid stays
// paid.
//
// Rules: case.payment-reference, case.payment-currency, case.payment-short
// (Conflict).
func (c *Case) ConfirmFee(p Payment, at time.Time) (changed bool, err error) {
	switch {
	case c.fee.settled():
		return false, nil
	case p.Reference != c.id:
		return false, fault.New(fault.Conflict, "case.payment-reference", "the payment is for something else")
	case p.Currency != c.fee.Currency:
		return false, fault.New(fault.Conflict, "case.payment-currency", "the payment is in another currency than the fee")
	case p.Amount < c.fee.Amount:
		return false, fault.New(fault.Conflict, "case.payment-short", "less than the fee has been paid")
	}
	c.fee.PaidAt = at.UTC()
	c.tell(FeePaid, "verifier", at, Candidate, "")
	if c.undecided() {
		return true, c.move(settle)
	}
	return true, nil
}

// Fee is the fee of the application.
func (c *Case) Fee() Fee { return c.fee }

func feeDue() error {
	return fault.New(fault.Conflict, "case.fee-due", "the fee is not paid yet")
}
