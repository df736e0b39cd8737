package web

import (
	"context"
	"strings"

	"github.com/a-h/templ"

	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// inviter is who has made an invitation, as far as the link says.
type inviter struct {
	DID string // empty when the link could not be read
}

// receiveForm asks for a link and a code, or a number and a code. A link that came
// along is read, so that the person sees who invites.
func (p *Pages) receiveForm(c *page.Call) error {
	f := page.NewForm()
	if link := c.R.URL.Query().Get("link"); len(link) <= didcomm.MaxInvitationURL {
		f.Values.Set("link", link)
	}
	return c.Show(receive(c, f, whoInvites(f.Get("link"))))
}

func whoInvites(link string) inviter {
	message, err := didcomm.ParseInvitationURL(link)
	if err != nil {
		return inviter{}
	}
	return inviter{DID: message.From}
}

// receive accepts the offer: the wallet asks for it, checks who has signed it, and
// keeps it.
func (p *Pages) receive(c *page.Call) error {
	f := c.Form()
	if f.Get("link") == "" && f.Get("number") == "" {
		f.Refuse(c, "link", "receive.missing")
	}
	if f.Get("code") == "" {
		f.Refuse(c, "code", "receive.code.missing")
	}
	if len(f.Wrong) > 0 {
		return c.ShowWith(422, receive(c, f, whoInvites(f.Get("link"))))
	}
	request := &walletv1.AcceptOfferRequest{InvitationUrl: f.Get("link"), CollectionCode: f.Get("code"), Ask: true}
	if request.InvitationUrl == "" {
		request.OfferNumber = f.Get("number")
	}
	answer, err := p.Wallet.AcceptOffer(c.Context(), request)
	if err != nil {
		if !f.RefusedOrMissing(c, err) {
			return err
		}
		return c.ShowWith(422, receive(c, f, whoInvites(f.Get("link"))))
	}
	return c.Go("/exchanges/" + answer.GetExchange().GetExchangeId())
}

// exchange shows how far an exchange with another party is.
func (p *Pages) exchange(c *page.Call) error {
	one, err := p.exchangeOf(c.Context(), c.Path("exchange"))
	if err != nil {
		return err
	}
	may, err := p.left(c, c.Context(), one)
	if err != nil {
		return err
	}
	return c.Show(exchange(c, one, may, p.who(c)))
}

// left is what a worker may still do in an application.
type left struct{ Pay, Appeal bool }

// left is by what the wallet holds and UDI wrote: once the permit is in it, or a later
// application has begun, there is nothing to pay and nothing to appeal. Where UDI has not
// said what it writes about, the way to an appeal stays open.
func (p *Pages) left(c *page.Call, ctx context.Context, one *walletv1.Exchange) (left, error) {
	if one.GetKind() != walletv1.ExchangeKind_EXCHANGE_KIND_APPLICATION {
		return left{}, nil
	}
	w, err := p.way(c, ctx)
	if err != nil || w.Granted || w.Application.GetExchangeId() != one.GetExchangeId() {
		return left{}, err
	}
	return left{
		Pay:    one.GetPaymentUrl() != "" && !w.Paid,
		Appeal: one.GetState() == walletv1.ExchangeState_EXCHANGE_STATE_DONE && (w.Refused || !w.Told),
	}, nil
}

func (p *Pages) exchangeOf(ctx context.Context, id string) (*walletv1.Exchange, error) {
	answer, err := p.Wallet.GetExchange(ctx, &walletv1.GetExchangeRequest{ExchangeId: id})
	return answer.GetExchange(), err
}

func (p *Pages) exchangeLive(c *page.Call) error {
	id := c.Path("exchange")
	return c.Stream(func(ctx context.Context) (templ.Component, error) {
		one, err := p.exchangeOf(ctx, id)
		if err != nil {
			return nil, err
		}
		may, err := p.left(c, ctx, one)
		if err != nil {
			return nil, err
		}
		return exchangeState(c, one, may, p.who(c)), nil
	})
}

func kindKey(k walletv1.ExchangeKind) string {
	return strings.ToLower(strings.TrimPrefix(k.String(), "EXCHANGE_KIND_"))
}

func stateKey(s walletv1.ExchangeState) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "EXCHANGE_STATE_"))
}

func stateColor(s walletv1.ExchangeState) string {
	switch s {
	case walletv1.ExchangeState_EXCHANGE_STATE_DONE:
		return "success"
	case walletv1.ExchangeState_EXCHANGE_STATE_FAILED:
		return "danger"
	case walletv1.ExchangeState_EXCHANGE_STATE_OFFERED:
		return "warning"
	}
	return "info"
}

// hostOf is a DID in words: the host of a did:web, a few characters of another.
func hostOf(did string) string {
	if name, ok := strings.CutPrefix(did, "did:web:"); ok {
		host, _, _ := strings.Cut(name, ":")
		return host
	}
	if len(did) > 24 {
		return did[:24] + "…"
	}
	return did
}
