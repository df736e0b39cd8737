package web

import (
	"crypto/sha256"
	"encoding/hex"
	"io"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// keyField is the request's own id in a form, made when the form is shown, so that a
// form that is sent twice is one draft.
const keyField = "key"

// newKey makes a request's own id.
func (p *Pages) newKey() (string, error) {
	raw := make([]byte, 16)
	if _, err := io.ReadFull(p.Random, raw); err != nil {
		return "", err
	}
	return "page-" + hex.EncodeToString(raw), nil
}

// newDraft shows an empty form.
func (p *Pages) newDraft(c *page.Call) error {
	key, err := p.newKey()
	if err != nil {
		return err
	}
	f := write(c, &issuerv1.OfferForm{Employment: &issuerv1.Employment{PositionPercentage: "100"}})
	f.Values.Set(keyField, key)
	return c.Show(form(c, f, formPage{Path: "/drafts", Title: c.T("draft.new")}))
}

// createDraft keeps the form, and goes on as the reader has chosen.
func (p *Pages) createDraft(c *page.Call) error {
	f := c.Form()
	answer, err := p.Offers.CreateDraft(c.Context(), &issuerv1.CreateDraftRequest{Form: read(c, f), IdempotencyKey: f.Get(keyField)})
	if f.Refused(c, err) {
		return c.ShowWith(422, form(c, f, formPage{Path: "/drafts", Title: c.T("draft.new")}))
	}
	if err != nil {
		return err
	}
	return p.goOn(c, f, answer.GetOffer().GetOfferId())
}

// editDraft shows a draft's form, with what is still wrong when it was to be
// reviewed.
func (p *Pages) editDraft(c *page.Call) error {
	draft, err := p.draft(c)
	if err != nil {
		return err
	}
	f := write(c, draft.GetForm())
	if c.Query("check") != "" {
		p.lacks(c, f, draft)
	}
	return c.Show(form(c, f, p.formOf(c, draft)))
}

func (p *Pages) formOf(c *page.Call, draft *issuerv1.Offer) formPage {
	return formPage{
		Path: "/drafts/" + draft.GetOfferId(), Title: c.T("draft.title"), Delete: "/drafts/" + draft.GetOfferId() + "/delete",
		Name: nameOf(draft),
	}
}

// lacks notes at the form what would be violated if the draft were signed now.
func (p *Pages) lacks(c *page.Call, f *page.Form, draft *issuerv1.Offer) {
	for _, v := range draft.GetViolations() {
		f.Wrong = append(f.Wrong, page.Problem{Field: v.GetField(), Text: c.RuleAt(c.T(labelOf(v.GetField())), v.GetRule())})
	}
}

// saveDraft keeps the form as it is now.
func (p *Pages) saveDraft(c *page.Call) error {
	f := c.Form()
	answer, err := p.Offers.ChangeDraft(c.Context(), &issuerv1.ChangeDraftRequest{OfferId: c.Path("offer"), Form: read(c, f)})
	if f.Refused(c, err) {
		return c.ShowWith(422, form(c, f, formPage{Path: "/drafts/" + c.Path("offer"), Title: c.T("draft.title")}))
	}
	if err != nil {
		return err
	}
	return p.goOn(c, f, answer.GetOffer().GetOfferId())
}

// goOn leads from a kept form to the review, or to the list when the reader will go
// on later.
func (p *Pages) goOn(c *page.Call, f *page.Form, id string) error {
	if f.Get("then") == "later" {
		return c.Done("/offers", "draft.kept")
	}
	return c.Go("/drafts/" + id + "/review")
}

// draft is the draft of the path; an offer that is signed is looked at instead.
func (p *Pages) draft(c *page.Call) (*issuerv1.Offer, error) {
	answer, err := p.Offers.GetOffer(c.Context(), &issuerv1.GetOfferRequest{OfferId: c.Path("offer")})
	if err != nil {
		return nil, err
	}
	if answer.GetOffer().GetState() != issuerv1.OfferState_OFFER_STATE_DRAFT {
		return nil, fault.New(fault.Conflict, "offer.signed", "this draft has been signed")
	}
	return answer.GetOffer(), nil
}

// askDelete asks before a draft is erased.
func (p *Pages) askDelete(c *page.Call) error {
	draft, err := p.draft(c)
	if err != nil {
		return err
	}
	at := "/drafts/" + draft.GetOfferId()
	return c.Show(page.Ask(c, page.Question{
		Title: c.T("draft.delete.title"), Text: c.T("draft.delete.text"), Do: c.T("draft.delete"), Path: at + "/delete",
		Back: page.Link{Path: at, Text: c.T("draft.back")},
	}))
}

func (p *Pages) deleteDraft(c *page.Call) error {
	if _, err := p.Offers.DeleteDraft(c.Context(), &issuerv1.DeleteDraftRequest{OfferId: c.Path("offer")}); err != nil {
		return err
	}
	return c.Done("/offers", "draft.deleted")
}

// copy makes a draft of an offer's form: once for each press of the button.
func (p *Pages) copy(c *page.Call) error {
	answer, err := p.Offers.GetOffer(c.Context(), &issuerv1.GetOfferRequest{OfferId: c.Path("offer")})
	if err != nil {
		return err
	}
	made := answer.GetOffer().GetForm()
	made.Declarations = nil // each offer has its own
	made.Signatory = &issuerv1.Signatory{Name: c.Session.Name, Role: made.GetSignatory().GetRole(), AuthorisedBy: signingRight}
	sum := sha256.Sum256([]byte(c.Form().Get(keyField)))
	draft, err := p.Offers.CreateDraft(c.Context(), &issuerv1.CreateDraftRequest{Form: made, IdempotencyKey: "copy-" + hex.EncodeToString(sum[:16])})
	if err != nil {
		return err
	}
	return c.Done("/drafts/"+draft.GetOffer().GetOfferId(), "draft.copied")
}
