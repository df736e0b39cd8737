package web

import (
	"strconv"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
)

// readable is a page of the trust list.
type readable struct {
	*trustlist.List
	Entities    []trustlist.Entity
	First, Next string
}

// readList shows the signed list as people can read it. The signed document is
// what counts; the page is made of the same bytes.
func (p *Pages) readList(c *page.Call) error {
	at := 1
	if asked := c.Query("page"); asked != "" {
		n, err := strconv.Atoi(asked)
		if err != nil || n < 1 {
			return fault.New(fault.NotFound, "page.no-such-page", "the list has no such page")
		}
		at = n
	}
	signed, err := p.Lists.TrustList(c.Context())
	if err != nil {
		return err
	}
	list, err := trustlist.Own(signed)
	if err != nil {
		return err
	}
	begin := min(at-1, len(list.Entities)/onePage+1) * onePage // a number may be huge
	end := min(begin+onePage, len(list.Entities))
	if begin > 0 && begin >= len(list.Entities) {
		return fault.New(fault.NotFound, "page.no-such-page", "the list has no such page")
	}
	shown := readable{List: list, Entities: list.Entities[begin:end]}
	if at > 1 {
		shown.First = "/trust-list/view"
	}
	if end < len(list.Entities) {
		shown.Next = "/trust-list/view?page=" + strconv.Itoa(at+1)
	}
	return c.Show(readList(c, shown))
}

// statusColor is a status of the list as a tag's colour.
func statusColor(status string) string {
	switch status {
	case trustlist.Accredited:
		return "success"
	case trustlist.Suspended:
		return "warning"
	case trustlist.Withdrawn:
		return "danger"
	}
	return "neutral"
}
