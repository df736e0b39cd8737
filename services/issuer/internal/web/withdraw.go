package web

import (
	"github.com/a-h/templ"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// askWithdraw asks why, once.
func (p *Pages) askWithdraw(c *page.Call) error {
	o, err := p.signed(c.Context(), c.Path("offer"))
	if err != nil {
		return err
	}
	return c.Show(withdrawing(c, o.GetOfferId(), page.NewForm()))
}

func withdrawing(c *page.Call, id string, f *page.Form) templ.Component {
	return page.Ask(c, page.Question{
		Title: c.T("withdraw.title"), Text: c.T("withdraw.text"), Do: c.T("withdraw.do"), Path: "/offers/" + id + "/withdraw",
		Back: page.Link{Path: "/offers/" + id, Text: c.T("offer.back")}, Form: f,
		Fields: []page.Field{{Name: "reason", Label: c.T("withdraw.reason"), Help: c.T("withdraw.reason.help"), Rows: 3}},
	})
}

// withdraw takes the offer back.
func (p *Pages) withdraw(c *page.Call) error {
	f := c.Form()
	_, err := p.Offers.WithdrawOffer(c.Context(), &issuerv1.WithdrawOfferRequest{OfferId: c.Path("offer"), Reason: f.Get("reason")})
	if f.Refused(c, err) {
		return c.ShowWith(422, withdrawing(c, c.Path("offer"), f))
	}
	if err != nil {
		return err
	}
	return c.Done("/offers/"+c.Path("offer"), "withdraw.done")
}
