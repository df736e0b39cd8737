package pagetest

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
)

var wildcard = regexp.MustCompile(`\{[^}]*\}`)

// WalkRoles opens every page of a portal as everybody in turn, nobody among them,
// and fails the test where a page lets in whom its table does not name, or keeps
// out whom it does.
func (s *Site) WalkRoles(t *testing.T, everybody ...rpc.Principal) {
	t.Helper()
	for pattern, one := range s.Table {
		// Anew for each page: some end sessions.
		browsers := map[string]*Browser{"": s.Open(t)}
		for _, who := range everybody {
			browsers[string(who.Role)] = s.As(t, who)
		}
		method, path, _ := strings.Cut(pattern, " ")
		path = wildcard.ReplaceAllString(path, "0")
		for role, b := range browsers {
			allowed := one.Roles == nil || slices.Contains(one.Roles, rpc.Role(role))
			if got := b.let(method, path); got != allowed {
				t.Errorf("%s as %q: let in %t, want %t", pattern, role, got, allowed)
			}
		}
		if method == http.MethodPost && one.Roles != nil {
			for _, who := range everybody {
				if role, b := who.Role, s.As(t, who); b.Post(path, url.Values{}).Status != http.StatusForbidden {
					t.Errorf("%s as %q takes a form without a token", pattern, role)
				}
			}
		}
	}
}

// let reports whether the guard lets a browser in; what the page then answers to
// made-up paths and empty forms is its own.
func (b *Browser) let(method, path string) bool {
	b.t.Helper()
	client := *b.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	plain := *b
	plain.client = &client
	values := url.Values{}
	if method == http.MethodPost {
		values = plain.token()
	}
	d := plain.send(method, path, values)
	if at := d.Header.Get("Location"); strings.HasPrefix(at, "/sign-in?") || b.site.Portal.OwnDoor != "" && strings.HasPrefix(at, b.site.Portal.OwnDoor+"?") {
		return false
	}
	return d.Status != http.StatusForbidden || !strings.Contains(d.Text, b.site.Portal.Texts.In("nb", "rule.page.role")) &&
		!strings.Contains(d.Text, b.site.Portal.Texts.In("nb", "rule.page.signed-out"))
}

// token is a token of this browser's session, from a page that has a form.
func (b *Browser) token() url.Values {
	d := b.send(http.MethodGet, "/accessibility", nil)
	for n := range d.root.Descendants() {
		if attr(n, "name") == "form_token" {
			return url.Values{"form_token": {attr(n, "value")}}
		}
	}
	return url.Values{}
}
