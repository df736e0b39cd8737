package web

import (
	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// pay is what an employer needs to pay a worker.
type pay struct {
	Offer   *issuerv1.Offer
	Card    *issuerv1.FetchTaxCardResponse      // nil: not issued yet
	Account *issuerv1.GetPayrollAccountResponse // nil: not shared yet
}

// payroll fetches tax card and account. It is asked for by a button, since the tax
// administration counts what it is asked.
func (p *Pages) payroll(c *page.Call) error {
	id := c.Path("offer")
	o, err := p.signed(c.Context(), id)
	if err != nil {
		return err
	}
	shown := pay{Offer: o}
	if shown.Card, err = p.Offers.FetchTaxCard(c.Context(), &issuerv1.FetchTaxCardRequest{OfferId: id}); err != nil && fault.KindOf(err) != fault.Conflict {
		return err
	}
	if shown.Account, err = p.Offers.GetPayrollAccount(c.Context(), &issuerv1.GetPayrollAccountRequest{OfferId: id}); err != nil && fault.KindOf(err) != fault.Conflict {
		return err
	}
	return c.Show(payroll(c, shown))
}
