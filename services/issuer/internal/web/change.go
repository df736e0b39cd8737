package web

import (
	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// changeForm shows a signed offer's form, to be signed anew in its place.
func (p *Pages) changeForm(c *page.Call) error {
	o, err := p.signed(c.Context(), c.Path("offer"))
	if err != nil {
		return err
	}
	if !open(o) {
		return fault.New(fault.Conflict, "offer.state", "this offer can no longer be changed")
	}
	key, err := p.newKey()
	if err != nil {
		return err
	}
	made := o.GetForm()
	made.Declarations = nil // each offer has its own
	f := write(c, made)
	f.Values.Set(keyField, key)
	return c.Show(form(c, f, changing(c, o)))
}

func changing(c *page.Call, o *issuerv1.Offer) formPage {
	return formPage{Path: "/offers/" + o.GetOfferId() + "/change", Title: c.T("change.title"), Name: nameOf(o), Changes: o.GetOfferNumber()}
}

// change signs the new offer and shows it.
func (p *Pages) change(c *page.Call) error {
	f := c.Form()
	answer, err := p.Offers.ChangeOffer(c.Context(), &issuerv1.ChangeOfferRequest{
		OfferId: c.Path("offer"), Form: read(c, f), IdempotencyKey: f.Get(keyField), CodeForm: issuerv1.CodeForm_CODE_FORM_WORDS,
	})
	if f.Refused(c, err) {
		o, found := p.signed(c.Context(), c.Path("offer"))
		if found != nil {
			return found
		}
		return c.ShowWith(422, form(c, f, changing(c, o)))
	}
	if err != nil {
		return err
	}
	return c.Done("/offers/"+answer.GetOffer().GetOfferId(), "change.done")
}
