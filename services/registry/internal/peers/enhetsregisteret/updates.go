package enhetsregisteret

import (
	"context"
	"net/url"
	"strconv"

	"github.com/kompetansespor/kompetansespor/services/registry/internal/desk"
)

// pageSize is how many updates are asked for at once.
const pageSize = 1000

// oppdateringer is a page of the feed.
type oppdateringer struct {
	Embedded struct {
		Updates []struct {
			Number             int64  `json:"oppdateringsid"`
			OrganisationNumber string `json:"organisasjonsnummer"`
		} `json:"oppdaterteEnheter"`
	} `json:"_embedded"`
	Page *struct{} `json:"page"`
}

// Updates asks for the next updates after a pointer, oldest first: by number
// (oppdateringsid) once one is known, by time (dato) before. A page that is not
// in the order of its numbers is refused, so that none is skipped.
func (c *Client) Updates(ctx context.Context, p desk.Pointer) ([]desk.Update, error) {
	query := url.Values{"size": {strconv.Itoa(pageSize)}}
	if p.Last > 0 {
		query.Set("oppdateringsid", strconv.FormatInt(p.Last+1, 10))
	} else {
		query.Set("dato", p.Began.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	var answer oppdateringer
	gone, err := c.get(ctx, "/oppdateringer/enheter", query, maxPage, &answer)
	switch {
	case err != nil:
		return nil, err
	case gone != 0:
		return nil, unavailable("enhetsregisteret.address", "the address of Enhetsregisteret has no feed")
	case answer.Page == nil:
		return nil, wrong()
	}
	last := p.Last
	var all []desk.Update
	for _, u := range answer.Embedded.Updates {
		if u.Number <= last || len(u.OrganisationNumber) != 9 {
			return nil, wrong()
		}
		last = u.Number
		all = append(all, desk.Update{Number: u.Number, OrganisationNumber: u.OrganisationNumber})
	}
	return all, nil
}

var _ desk.Register = (*Client)(nil)
