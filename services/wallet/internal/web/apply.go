package web

import (
	"slices"
	"strings"

	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// applicationPurpose is what an application's consent is for.
const applicationPurpose = "residence-permit"

// payrollShare is what the bank may tell the employer on.
const payrollShare = "payroll_account"

// asking is a consent that is being given.
type asking struct {
	Offer      *walletv1.Credential
	Recipients []Recipient // one of each kind, but several banks to choose from
	Form       *page.Form
	Begun      string // exchange of an application that has begun; empty before
}

// applyForm lists what would be shown, to whom and why, claim by claim.
func (p *Pages) applyForm(c *page.Call) error {
	offer, err := p.offer(c)
	if err != nil {
		return err
	}
	if offer == nil {
		return c.Show(nothingToShow(c))
	}
	f := page.NewForm()
	if banks := p.banks(); len(banks) > 0 {
		f.Values.Set("bank", banks[0].DID)
	}
	return c.Show(consent(c, asking{Offer: offer, Recipients: p.Recipients, Form: f}))
}

func (p *Pages) banks() (all []Recipient) {
	for _, r := range p.Recipients {
		if r.Kind == "bank" {
			all = append(all, r)
		}
	}
	return all
}

// apply gives the consent and applies. What is sent is what was listed and ticked.
func (p *Pages) apply(c *page.Call) error {
	offer, err := p.offer(c)
	if err != nil {
		return err
	}
	if offer == nil {
		return fault.New(fault.Conflict, "apply.no-offer", "there is no offer to show")
	}
	f := c.Form()
	a := asking{Offer: offer, Recipients: p.Recipients, Form: f}
	if !f.Has("signed", "yes") {
		f.Refuse(c, "signed", "apply.sign.missing")
	}
	given := p.given(offer, f)
	if len(f.Wrong) > 0 {
		return c.ShowWith(422, consent(c, a))
	}
	answer, err := p.Wallet.ApplyForPermit(c.Context(), &walletv1.ApplyForPermitRequest{CredentialId: offer.GetCredentialId(), Consent: given})
	if f.Refused(c, err) {
		return c.ShowWith(422, consent(c, a))
	}
	if err != nil {
		return err
	}
	return c.Go("/exchanges/" + answer.GetExchange().GetExchangeId())
}

// given is the consent as it was ticked.
func (p *Pages) given(offer *walletv1.Credential, f *page.Form) *walletv1.Consent {
	out := &walletv1.Consent{Purpose: applicationPurpose}
	for _, r := range p.Recipients {
		if r.Kind == "bank" && f.Get("bank") != r.DID {
			continue
		}
		claims := there(offer, r.Claims)
		for _, path := range there(offer, r.Optional) {
			if f.Has(optionName(r), path) {
				claims = append(claims, path)
			}
		}
		out.Agencies = append(out.Agencies, &walletv1.ConsentAgency{AgencyDid: r.DID, Claims: claims})
	}
	if f.Has("shares", payrollShare) {
		out.Shares = []string{payrollShare}
	}
	return out
}

// there are the claims that the offer has.
func there(offer *walletv1.Credential, paths []string) (all []string) {
	claims := offer.GetClaims().AsMap()
	for _, path := range paths {
		if _, has := valueAt(claims, path); has && !slices.Contains(all, path) {
			all = append(all, path)
		}
	}
	return all
}

// valueAt is the claim at a path such as passport.document_number.
func valueAt(claims map[string]any, path string) (any, bool) {
	var at any = claims
	for step := range strings.SplitSeq(path, ".") {
		inner, ok := at.(map[string]any)
		if !ok {
			return nil, false
		}
		if at, ok = inner[step]; !ok {
			return nil, false
		}
	}
	return at, true
}

// optionName is the field of the optional claims of a recipient.
func optionName(r Recipient) string { return "optional." + r.Kind }

// shown are claims with their values, as the consent lists them.
func shown(c *page.Call, offer *walletv1.Credential, paths []string) (facts []page.Fact) {
	claims := offer.GetClaims().AsMap()
	for _, path := range there(offer, paths) {
		value, _ := valueAt(claims, path)
		facts = append(facts, page.Fact{Name: c.ClaimName(path), Value: c.ClaimValue(path, value)})
	}
	return facts
}

// options are the optional claims of a recipient, unticked.
func options(c *page.Call, offer *walletv1.Credential, r Recipient) (all []page.Option) {
	claims := offer.GetClaims().AsMap()
	for _, path := range there(offer, r.Optional) {
		value, _ := valueAt(claims, path)
		all = append(all, page.Option{Value: path, Label: c.ClaimName(path) + ": " + c.ClaimValue(path, value)})
	}
	return all
}

// paid tells the authority that the fee was paid, for where its provider has not.
func (p *Pages) paid(c *page.Call) error {
	if _, err := p.Wallet.ConfirmPayment(c.Context(), &walletv1.ConfirmPaymentRequest{ExchangeId: c.Path("exchange")}); err != nil {
		return err
	}
	return c.Done("/steps", "paid.done")
}

// appealForm asks why.
func (p *Pages) appealForm(c *page.Call) error { return c.Show(appealing(c, page.NewForm())) }

func (p *Pages) appeal(c *page.Call) error {
	f := c.Form()
	_, err := p.Wallet.AppealDecision(c.Context(), &walletv1.AppealDecisionRequest{ExchangeId: c.Path("exchange"), Grounds: f.Get("grounds")})
	if f.Refused(c, err) {
		return c.ShowWith(422, appealing(c, f))
	}
	if err != nil {
		return err
	}
	return c.Done("/steps", "appeal.done")
}
