package web

import (
	"context"

	"github.com/a-h/templ"

	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

// way is how far the worker has come, from what the wallet holds.
type way struct {
	Steps       []page.Step
	Application *walletv1.Exchange // the newest; nil before
	Granted     bool               // its permit is in the wallet
	Paid        bool               // UDI has written of something after the fee
	Refused     bool               // the last that UDI wrote of
	Told        bool               // UDI has written what it is about
}

// steps shows the way from the offer to the account; each step turns to done by
// itself.
func (p *Pages) steps(c *page.Call) error {
	w, err := p.way(c, c.Context())
	if err != nil {
		return err
	}
	return c.Show(stepsPage(c, w))
}

func (p *Pages) stepsLive(c *page.Call) error {
	return c.Stream(func(ctx context.Context) (templ.Component, error) {
		w, err := p.way(c, ctx)
		if err != nil {
			return nil, err
		}
		return wayPart(c, w), nil
	})
}

func (p *Pages) way(c *page.Call, ctx context.Context) (w way, err error) {
	cards, err := p.Wallet.ListCredentials(ctx, &walletv1.ListCredentialsRequest{PageSize: mostCards})
	if err != nil {
		return w, err
	}
	exchanges, err := p.Wallet.ListExchanges(ctx, &walletv1.ListExchangesRequest{PageSize: mostCards})
	if err != nil {
		return w, err
	}
	for _, e := range exchanges.GetExchanges() { // the newest first
		if e.GetKind() == walletv1.ExchangeKind_EXCHANGE_KIND_APPLICATION && w.Application == nil {
			w.Application = e
		}
	}
	has := map[string]string{} // id of the newest card of a type
	for _, one := range cards.GetCredentials() {
		has[one.GetType()] = one.GetCredentialId()
		// A permit of before is another application's.
		if one.GetType() == credtype.ResidencePermit && one.GetReceivedAt().AsTime().After(w.Application.GetStartedAt().AsTime()) {
			w.Granted = true
		}
	}
	if err := p.told(ctx, &w); err != nil {
		return w, err
	}
	applied := w.Application.GetState() == walletv1.ExchangeState_EXCHANGE_STATE_DONE
	now := true
	add := func(key string, done bool, link *page.Link) {
		s := page.Step{Title: c.T("way." + key), Text: c.T("way." + key + ".text"), State: "later"}
		switch {
		case done:
			s.State, s.Text, s.Link = "done", "", link
		case now:
			s.State, s.Link, now = "now", link, false
		}
		w.Steps = append(w.Steps, s)
	}
	seen := func(kind string) *page.Link {
		if id := has[kind]; id != "" {
			return &page.Link{Path: "/cards/" + id, Text: c.T("way.see")}
		}
		return nil
	}
	first := seen(credtype.OfferOfEmployment)
	if first == nil {
		first = &page.Link{Path: "/receive", Text: c.T("way.offer.do")}
	}
	add("offer", has[credtype.OfferOfEmployment] != "", first)
	application := &page.Link{Path: "/apply", Text: c.T("way.apply.do")}
	if w.Application != nil {
		application = &page.Link{Path: "/exchanges/" + w.Application.GetExchangeId(), Text: c.T("way.apply.see")}
	}
	add("apply", applied, application)
	var pay *page.Link
	if url := w.Application.GetPaymentUrl(); url != "" && !w.Granted && !w.Paid {
		pay = &page.Link{Path: url, Text: c.T("way.fee.do")}
	}
	add("fee", w.Granted || w.Paid, pay)
	add("permit", w.Granted, seen(credtype.ResidencePermit))
	if last := &w.Steps[len(w.Steps)-1]; w.Refused && !w.Granted {
		last.Text = c.T("way.refused.text")
		last.Link = &page.Link{Path: "/exchanges/" + w.Application.GetExchangeId() + "/appeal", Text: c.T("exchange.appeal")}
	}
	add("appointment", has[credtype.ResidenceCard] != "", seen(credtype.Appointment))
	add("number", has[credtype.TaxRegistration] != "", seen(credtype.TaxRegistration))
	add("account", has[credtype.BankAccountConfirmation] != "", seen(credtype.BankAccountConfirmation))
	return w, nil
}

// told reads what UDI wrote of the application, the newest first.
func (p *Pages) told(ctx context.Context, w *way) error {
	if w.Application == nil {
		return nil
	}
	answer, err := p.Wallet.ListNotices(ctx, &walletv1.ListNoticesRequest{PageSize: mostCards})
	if err != nil {
		return err
	}
	for _, n := range answer.GetNotices() {
		kind := holding.NoticeKind(n.GetKind())
		of := n.GetSender() == w.Application.GetCounterparty() && !n.GetReceivedAt().AsTime().Before(w.Application.GetStartedAt().AsTime())
		if !of || kind == "" {
			continue
		}
		w.Refused = w.Refused || !w.Told && kind == holding.NoticeRefused
		w.Paid = w.Paid || kind != holding.NoticeFeeDue
		w.Told = true
	}
	return nil
}
