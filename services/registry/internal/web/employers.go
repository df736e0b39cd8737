package web

import (
	"net/url"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// listed is a page of the public list.
type listed struct {
	Employers   []*registryv1.Employer
	Query       string
	First, Next string
}

func employersAt(query, token string) string {
	q := url.Values{}
	if query != "" {
		q.Set("query", query)
	}
	if token != "" {
		q.Set("page", token)
	}
	if len(q) == 0 {
		return "/employers"
	}
	return "/employers?" + q.Encode()
}

// employers shows who is accredited now. Names of organisations are public: the
// search stands in the address, which can be kept and shared.
func (p *Pages) employers(c *page.Call) error {
	l := listed{Query: c.Query("query")}
	answer, err := p.Directory.ListEmployers(c.Context(), &registryv1.ListEmployersRequest{
		PageSize: onePage, PageToken: c.Query("page"), Query: asSearched(l.Query),
	})
	if err != nil {
		return err
	}
	l.Employers = answer.GetEmployers()
	if token := answer.GetNextPageToken(); token != "" {
		l.Next = employersAt(l.Query, token)
	}
	if c.Query("page") != "" {
		l.First = employersAt(l.Query, "")
	}
	return c.Show(employers(c, l))
}

// asSearched takes the spaces out of what looks like an organisation number.
func asSearched(query string) string {
	joined := digits(query)
	for _, r := range joined {
		if r < '0' || r > '9' {
			return query
		}
	}
	return joined
}

// employer shows one, as anybody may know it.
func (p *Pages) employer(c *page.Call) error {
	answer, err := p.Directory.GetEmployer(c.Context(), &registryv1.GetEmployerRequest{OrganisationNumber: c.Path("number")})
	if err != nil {
		return err
	}
	return c.Show(employer(c, answer))
}
