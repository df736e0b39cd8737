package ansattporten_test

import (
	"crypto/rand"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/standins/ansattporten"
)

// The form on the page leads back with a code, as a browser sends it.
func TestWhoIsChosenOnThePageIsSentBack(t *testing.T) {
	const back = "http://issuer.localhost:7100/signed-in"
	provider := ansattporten.New(ansattporten.Config{
		Issuer: "http://127.0.0.1:7300/ansattporten", Clock: clock.System{}, Random: rand.Reader,
		Register: ansattporten.Register{
			Clients: []ansattporten.Client{{ID: "ours", RedirectURIs: []string{back}}},
			People:  []ansattporten.Person{{ID: "kari", Name: "Kari Nordmann"}},
		},
	})
	ask := func(method, target, form string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		provider.ServeHTTP(w, r)
		return w
	}
	asked := url.Values{
		"client_id": {"ours"}, "redirect_uri": {back}, "response_type": {"code"}, "scope": {"openid profile"}, "state": {`a&"b`},
		"nonce": {"n"}, "code_challenge": {strings.Repeat("c", 43)}, "code_challenge_method": {"S256"},
		"acr_values": {"idporten-loa-substantial idporten-loa-high"}, "authorization_details": {`[{"type":"ansattporten:altinn:resource"}]`},
	}
	shown := ask(http.MethodGet, "/authorize?"+asked.Encode(), "")
	action := regexp.MustCompile(`<form method="post" action="([^"]*)"`).FindStringSubmatch(shown.Body.String())
	if shown.Code != http.StatusOK || action == nil {
		t.Fatalf("%d %s", shown.Code, shown.Body)
	}
	target, found := strings.CutPrefix(html.UnescapeString(action[1]), "http://127.0.0.1:7300/ansattporten")
	if !found {
		t.Fatalf("the form leads to %s", action[1])
	}
	sent := ask(http.MethodPost, target, "person=kari&acr=idporten-loa-high")
	to, err := url.Parse(sent.Header().Get("Location"))
	if err != nil || sent.Code != http.StatusSeeOther {
		t.Fatalf("%d %s %v", sent.Code, sent.Body, err)
	}
	if q := to.Query(); !strings.HasPrefix(to.String(), back+"?") || q.Get("code") == "" || q.Get("state") != `a&"b` {
		t.Errorf("led back to %s", to)
	}
}
