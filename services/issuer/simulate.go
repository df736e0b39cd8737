package issuer

import (
	"io"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

// What the simulation drives of this service: the rules of the form and the life
// of an offer, without the network, the store and the keys around them.
type (
	// SimulatedForm is the employer's form.
	SimulatedForm = offer.Form
	// SimulatedOffer is an offer from its signature on.
	SimulatedOffer = offer.Offer
)

// SimulateOffer holds a form against every rule and signs the offer; random gives
// the collection code. The code opens the offer once (SimulatedOffer.Collect).
//
// Rule: offer.form (Invalid), with what the form breaks.
func SimulateOffer(id string, form SimulatedForm, at time.Time, random io.Reader) (*SimulatedOffer, offer.CollectionCode, error) {
	terms, err := offer.Check(form, at, offer.DefaultRules(identifier.Synthetic))
	if err != nil {
		return nil, "", err
	}
	return offer.Issue(offer.Issuing{ID: id, Terms: terms, At: at}, random)
}
