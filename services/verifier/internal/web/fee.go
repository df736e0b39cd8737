// Package web is the pages: the officer's desk, the programme's dashboard, and what
// an applicant reads, among it the page to which the payment provider sends a payer
// back.
package web

import (
	"context"
	"regexp"

	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// FeePaidPath is where a payer comes back to. It needs no sign-in and tells
// nothing: whoever knows a payment's id has it looked at sooner.
const FeePaidPath = "/fee/paid"

// Payments looks at a payment sooner.
type Payments interface {
	LookAt(ctx context.Context, paymentID string) error
}

var paymentID = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)

// feePaid thanks a payer and has the payment looked at.
func (p *Pages) feePaid(c *page.Call) error {
	if id := c.Query("paymentid"); paymentID.MatchString(id) {
		if err := p.Payments.LookAt(c.R.Context(), id); err != nil {
			return err
		}
	}
	link := ""
	if p.WalletURL != "" {
		link = p.WalletURL + "/"
	}
	return c.Show(feePaid(c, link))
}
