package web

import (
	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// offered shows what is offered and who offers it, before anything is taken.
func (p *Pages) offered(c *page.Call) error {
	one, err := p.exchangeOf(c.Context(), c.Path("exchange"))
	if err != nil {
		return err
	}
	if one.GetOffer() == nil {
		return c.Go(exchangePath(c, "")) // it has been answered
	}
	return c.Show(offered(c, one.GetOffer()))
}

func exchangePath(c *page.Call, rest string) string { return "/exchanges/" + c.Path("exchange") + rest }

// keepOffer takes it.
func (p *Pages) keepOffer(c *page.Call) error {
	if _, err := p.Wallet.ConfirmOffer(c.Context(), &walletv1.ConfirmOfferRequest{ExchangeId: c.Path("exchange")}); err != nil {
		return err
	}
	return c.Go(exchangePath(c, ""))
}

// askDecline asks once.
func (p *Pages) askDecline(c *page.Call) error {
	return c.Show(page.Ask(c, page.Question{
		Title: c.T("decline.title"), Text: c.T("decline.text"), Path: exchangePath(c, "/decline"), Do: c.T("decline.do"),
		Back: page.Link{Path: exchangePath(c, "/offer"), Text: c.T("decline.back")},
	}))
}

// decline does not take it.
func (p *Pages) decline(c *page.Call) error {
	if _, err := p.Wallet.DeclineOffer(c.Context(), &walletv1.DeclineOfferRequest{ExchangeId: c.Path("exchange")}); err != nil {
		return err
	}
	return c.Done("/", "decline.done")
}

// offerer is who offers something: its name in the trust list, or the host of its DID.
func offerer(o *walletv1.OfferPreview) string {
	if name := o.GetIssuerName(); name != "" {
		return name
	}
	return hostOf(o.GetIssuer())
}
