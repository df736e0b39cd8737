package web

import (
	"strings"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// review shows everything as it will be signed; a draft that lacks something goes
// back to its form, which says what.
func (p *Pages) review(c *page.Call) error {
	draft, err := p.draft(c)
	if err != nil {
		return err
	}
	if len(draft.GetViolations()) > 0 {
		return c.Go("/drafts/" + draft.GetOfferId() + "?check=all")
	}
	return c.Show(review(c, write(c, draft.GetForm()), draft.GetOfferId()))
}

// sign signs the draft and shows the offer. Pressed twice, it is signed once.
func (p *Pages) sign(c *page.Call) error {
	id := c.Path("offer")
	_, err := p.Offers.SignDraft(c.Context(), &issuerv1.SignDraftRequest{OfferId: id, CodeForm: issuerv1.CodeForm_CODE_FORM_WORDS})
	if err == nil {
		return c.Done("/offers/"+id, "sign.done")
	}
	draft, found := p.draft(c)
	if found != nil {
		return err
	}
	f := write(c, draft.GetForm())
	if !f.Refused(c, err) {
		return err
	}
	return c.ShowWith(422, review(c, f, id))
}

// labelOf is the text of a field's name; a field that is none of the form's has the
// whole offer's.
func labelOf(name string) string {
	for _, s := range sections {
		for _, one := range s.Fields {
			if one.Name == name || strings.HasPrefix(one.Name, name+".") {
				return "form." + one.Name
			}
		}
	}
	return "form.whole"
}
