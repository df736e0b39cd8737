package web

import (
	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// pay is what an employer needs to pay a worker.
type pay struct {
	Offer   *issuerv1.Offer
	Card    *issuerv1.FetchTaxCardResponse      // nil: CardWhy says why
	Account *issuerv1.GetPayrollAccountResponse // nil: AccountWhy says why
	// The keys of texts.
	CardWhy, AccountWhy string
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
	shown.Card, err = p.Offers.FetchTaxCard(c.Context(), &issuerv1.FetchTaxCardRequest{OfferId: id})
	if shown.CardWhy, err = notYet(err, "payroll.card.none", "payroll.card.silent"); err != nil {
		return err
	}
	shown.Account, err = p.Offers.GetPayrollAccount(c.Context(), &issuerv1.GetPayrollAccountRequest{OfferId: id})
	if shown.AccountWhy, err = notYet(err, "payroll.account.none", "payroll.account.silent"); err != nil {
		return err
	}
	return c.Show(payroll(c, shown))
}

// notYet is the key of the text that says why something is not there: one agency
// that has nothing yet, or is silent, does not hide what the other has. Other errors
// are errors.
func notYet(err error, none, silent string) (key string, _ error) {
	switch {
	case err == nil:
		return "", nil
	case fault.KindOf(err) == fault.Conflict:
		return none, nil
	case fault.KindOf(err) == fault.Unavailable:
		return silent, nil
	}
	return "", err
}

// deductionKey is the key of the text of what a line of a tax card is about; empty
// for a code that is new to us, which is shown as it is.
func deductionKey(c *page.Call, d *issuerv1.TaxDeduction) string {
	if key := "payroll.code." + d.GetCode(); c.Portal.Texts.Has(key) {
		return key
	}
	return ""
}
