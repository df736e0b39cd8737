package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"google.golang.org/protobuf/proto"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// seenField is what a reader has seen of a draft before signing it.
const seenField = "seen"

// seen stands for a draft as it is shown. It tells two forms apart and nothing else.
func seen(draft *issuerv1.Offer) string {
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(draft.GetForm())
	if err != nil {
		return "" // never equal to what a form sends
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// review shows everything as it will be signed; a draft that lacks something goes
// back to its form, which says what.
func (p *Pages) review(c *page.Call) error {
	draft, err := p.draft(c)
	if err != nil {
		return err
	}
	if len(draft.GetViolations()) > 0 {
		return c.Go(pathOf(draft) + "?check=all")
	}
	return c.Show(review(c, write(c, draft.GetForm()), draft))
}

// sign signs the draft that the reader has seen and shows the offer. Pressed twice, it
// is signed once; when a colleague has changed the draft meanwhile, it is shown again
// and not signed.
func (p *Pages) sign(c *page.Call) error {
	id := c.Path("offer")
	answer, err := p.Offers.GetOffer(c.Context(), &issuerv1.GetOfferRequest{OfferId: id})
	if err != nil {
		return err
	}
	draft := answer.GetOffer()
	if draft.GetState() != issuerv1.OfferState_OFFER_STATE_DRAFT {
		return c.Go("/offers/" + id)
	}
	if sent := c.Form().Get(seenField); sent == "" || sent != seen(draft) {
		err = fault.New(fault.Conflict, "offer.draft-changed", "the draft was changed meanwhile: look at it and sign again")
	} else {
		_, err = p.Offers.SignDraft(c.Context(), &issuerv1.SignDraftRequest{OfferId: id, CodeForm: issuerv1.CodeForm_CODE_FORM_WORDS})
	}
	if err == nil {
		return c.Done("/offers/"+id, "sign.done")
	}
	f := write(c, draft.GetForm())
	if !f.Refused(c, err) {
		return err
	}
	return c.ShowWith(http.StatusUnprocessableEntity, review(c, f, draft))
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
