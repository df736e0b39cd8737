package web

import (
	"context"

	"github.com/a-h/templ"
	"google.golang.org/protobuf/types/known/timestamppb"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// offer shows a signed offer: what the worker needs to collect it, how far it has
// come, and what can be done.
func (p *Pages) offer(c *page.Call) error {
	o, err := p.signed(c.Context(), c.Path("offer"))
	if err != nil {
		return err
	}
	if o.GetState() == issuerv1.OfferState_OFFER_STATE_DRAFT {
		return c.Go(pathOf(o))
	}
	code, err := p.code(c, o)
	if err != nil {
		return err
	}
	key, err := p.newKey()
	if err != nil {
		return err
	}
	return c.Show(signedOffer(c, o, code, key))
}

func (p *Pages) signed(ctx context.Context, id string) (*issuerv1.Offer, error) {
	answer, err := p.Offers.GetOffer(ctx, &issuerv1.GetOfferRequest{OfferId: id})
	return answer.GetOffer(), err
}

// code is the collection code, for as long as nobody has collected: signing again
// changes nothing and tells it.
func (p *Pages) code(c *page.Call, o *issuerv1.Offer) (string, error) {
	if o.GetState() != issuerv1.OfferState_OFFER_STATE_ISSUED {
		return "", nil
	}
	answer, err := p.Offers.SignDraft(c.Context(), &issuerv1.SignDraftRequest{OfferId: o.GetOfferId()})
	if fault.KindOf(err) == fault.Conflict {
		return "", nil // collected meanwhile
	}
	return answer.GetCollectionCode(), err
}

// offerLive streams how far the offer has come.
func (p *Pages) offerLive(c *page.Call) error {
	id := c.Path("offer")
	return c.Stream(func(ctx context.Context) (templ.Component, error) {
		o, err := p.signed(ctx, id)
		if err != nil {
			return nil, err
		}
		return progress(c, o), nil
	})
}

// resend sends the guide again.
func (p *Pages) resend(c *page.Call) error {
	if _, err := p.Offers.ResendInvitation(c.Context(), &issuerv1.ResendInvitationRequest{OfferId: c.Path("offer")}); err != nil {
		return err
	}
	return c.Done("/offers/"+c.Path("offer"), "offer.resent")
}

// steps are the offer's way: sent, in the wallet, used, decided, done. A step that
// has not come is now or later; nothing comes after a stop.
func steps(c *page.Call, o *issuerv1.Offer) []page.Step {
	k := o.GetCase()
	applied, state := k != nil, k.GetState()
	// What is not decided yet has applied, or is not known by more than its name. A
	// case is halted only once it was granted.
	decided := applied && state != issuerv1.OfferCaseState_OFFER_CASE_STATE_APPLIED && state != issuerv1.OfferCaseState_OFFER_CASE_STATE_UNSPECIFIED
	reached := []struct {
		key  string
		done bool
		at   string
	}{
		{"sent", true, c.Moment(o.GetIssuedAt())},
		{"collected", applied || o.GetCollectedAt() != nil, c.Moment(o.GetCollectedAt())},
		{"applied", applied, c.Moment(when(o, "application.submitted"))},
		{"decided", decided, c.Moment(when(o, "decision.made"))},
		{"completed", state == issuerv1.OfferCaseState_OFFER_CASE_STATE_COMPLETED, c.Moment(when(o, "case.completed"))},
	}
	stopped := stopKey(o)
	var all []page.Step
	now := true
	for _, one := range reached {
		s := page.Step{Title: c.T("offer.step." + one.key), State: "done", When: one.at}
		if !one.done {
			s.State = "later"
			if now {
				s.State, s.Text = "now", c.T("offer.step."+one.key+".wait")
				if stopped != "" {
					s.State, s.Text = "stopped", c.T(stopped)
				}
			}
			now = false
		}
		all = append(all, s)
	}
	return all
}

// stopKey says why the offer goes no further; empty when it does.
func stopKey(o *issuerv1.Offer) string {
	switch o.GetState() {
	case issuerv1.OfferState_OFFER_STATE_WITHDRAWN, issuerv1.OfferState_OFFER_STATE_EXPIRED, issuerv1.OfferState_OFFER_STATE_LOCKED,
		issuerv1.OfferState_OFFER_STATE_SUPERSEDED:
		return "offer.stop." + stateKey(o.GetState())
	}
	switch o.GetCase().GetState() {
	case issuerv1.OfferCaseState_OFFER_CASE_STATE_REFUSED:
		return "offer.stop.refused"
	case issuerv1.OfferCaseState_OFFER_CASE_STATE_HALTED:
		return "offer.stop.halted"
	case issuerv1.OfferCaseState_OFFER_CASE_STATE_REVOKED:
		return "offer.stop.revoked"
	}
	return ""
}

// when is the moment of a step of the timeline; nil when it has not come.
func when(o *issuerv1.Offer, name string) *timestamppb.Timestamp {
	for _, one := range o.GetTimeline() {
		if one.GetName() == name {
			return one.GetAt()
		}
	}
	return nil
}

// clock is how long the offer has been under way, from the signature until the case
// ended or now.
func clock(c *page.Call, o *issuerv1.Offer) string {
	end := c.Portal.Clock.Now()
	if o.GetCase().GetState() == issuerv1.OfferCaseState_OFFER_CASE_STATE_COMPLETED {
		end = o.GetCase().GetUpdatedAt().AsTime()
	}
	return c.Lasted(end.Sub(o.GetIssuedAt().AsTime()))
}

// open reports whether an offer may still be withdrawn or changed.
func open(o *issuerv1.Offer) bool {
	switch o.GetState() {
	case issuerv1.OfferState_OFFER_STATE_ISSUED, issuerv1.OfferState_OFFER_STATE_COLLECTED, issuerv1.OfferState_OFFER_STATE_LOCKED:
		return true
	}
	return false
}
