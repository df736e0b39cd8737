package web

import (
	"net/url"
	"slices"
	"strings"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// states are those that a list can be narrowed to, in the order of an offer's life.
var states = []issuerv1.OfferState{
	issuerv1.OfferState_OFFER_STATE_DRAFT, issuerv1.OfferState_OFFER_STATE_ISSUED, issuerv1.OfferState_OFFER_STATE_COLLECTED,
	issuerv1.OfferState_OFFER_STATE_WITHDRAWN, issuerv1.OfferState_OFFER_STATE_EXPIRED, issuerv1.OfferState_OFFER_STATE_SUPERSEDED,
}

// stateKey is a state as texts and addresses name it: issued, collected, ...
func stateKey(s issuerv1.OfferState) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "OFFER_STATE_"))
}

// stateColor is how a state looks.
func stateColor(s issuerv1.OfferState) string {
	switch s {
	case issuerv1.OfferState_OFFER_STATE_ISSUED:
		return "info"
	case issuerv1.OfferState_OFFER_STATE_COLLECTED:
		return "success"
	case issuerv1.OfferState_OFFER_STATE_LOCKED, issuerv1.OfferState_OFFER_STATE_EXPIRED:
		return "warning"
	}
	return "neutral"
}

const (
	onePage = 25
	// mostSearched is how many of the newest offers are looked through for a name.
	mostSearched, perSearch = 1000, 200
)

// found is what a list shows.
type found struct {
	Offers []*issuerv1.Offer
	State  string // that it is narrowed to
	Oldest bool   // whether the oldest come first
	Next   string // address of the next page
	First  string // address of the first, when this is another
	Words  string // that were looked for
	Some   bool   // whether there are more than were looked through
}

// list shows the employer's offers, newest first unless the reader has turned it round.
func (p *Pages) list(c *page.Call) error {
	f := found{State: c.Query("state"), Oldest: c.Query("order") == "oldest"}
	state, err := readState(f.State)
	if err != nil {
		return err
	}
	answer, err := p.Offers.ListOffers(c.Context(), &issuerv1.ListOffersRequest{PageSize: onePage, PageToken: c.Query("page"), State: state, OldestFirst: f.Oldest})
	if err != nil {
		return err
	}
	f.Offers = answer.GetOffers()
	if token := answer.GetNextPageToken(); token != "" {
		f.Next = f.at(f.Oldest, token)
	}
	if c.Query("page") != "" {
		f.First = f.at(f.Oldest, "")
	}
	return c.Show(offers(c, f))
}

// at is the address of a page of the list.
func (f found) at(oldest bool, token string) string {
	q := url.Values{}
	if f.State != "" {
		q.Set("state", f.State)
	}
	if oldest {
		q.Set("order", "oldest")
	}
	if token != "" {
		q.Set("page", token)
	}
	if len(q) == 0 {
		return "/offers"
	}
	return "/offers?" + q.Encode()
}

// turned is the address of the list the other way round, and the key of the text that
// leads there.
func (f found) turned() (path, key string) {
	if f.Oldest {
		return f.at(false, ""), "offers.newest"
	}
	return f.at(true, ""), "offers.oldest"
}

func readState(name string) (issuerv1.OfferState, error) {
	if name == "" {
		return issuerv1.OfferState_OFFER_STATE_UNSPECIFIED, nil
	}
	at := slices.IndexFunc(states, func(s issuerv1.OfferState) bool { return stateKey(s) == name })
	if at < 0 {
		return 0, fault.New(fault.NotFound, "page.no-such-filter", "there is no such filter")
	}
	return states[at], nil
}

// search looks for a name, a job title or a number among the newest offers. What is
// looked for may name a person: it is sent in a form and stands in no address.
func (p *Pages) search(c *page.Call) error {
	f := found{Words: c.Form().Get("words")}
	if f.Words == "" {
		return c.Go("/offers")
	}
	token := ""
	for looked := 0; looked < mostSearched; looked += perSearch {
		answer, err := p.Offers.ListOffers(c.Context(), &issuerv1.ListOffersRequest{PageSize: perSearch, PageToken: token})
		if err != nil {
			return err
		}
		for _, one := range answer.GetOffers() {
			if matches(one, f.Words) {
				f.Offers = append(f.Offers, one)
			}
		}
		if token = answer.GetNextPageToken(); token == "" {
			break
		}
	}
	f.Some = token != ""
	return c.Show(offers(c, f))
}

func matches(o *issuerv1.Offer, words string) bool {
	all := strings.ToLower(strings.Join([]string{nameOf(o), o.GetForm().GetEmployment().GetJobTitle(), o.GetOfferNumber()}, " "))
	for _, word := range strings.Fields(strings.ToLower(words)) {
		if !strings.Contains(all, word) {
			return false
		}
	}
	return true
}

// nameOf is the worker's name, as far as it is filled in.
func nameOf(o *issuerv1.Offer) string {
	return strings.TrimSpace(o.GetForm().GetGivenName() + " " + o.GetForm().GetFamilyName())
}

// pathOf is where an offer is looked at, or a draft gone on with.
func pathOf(o *issuerv1.Offer) string {
	if o.GetState() == issuerv1.OfferState_OFFER_STATE_DRAFT {
		return "/drafts/" + o.GetOfferId()
	}
	return "/offers/" + o.GetOfferId()
}
