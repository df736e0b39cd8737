package signin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/signin"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/standins/ansattporten"
)

const (
	back     = "https://issuer.example/signed-in"
	resource = "urn:altinn:resource:kompetansespor-issue"
)

// world is a provider and a client of it.
type world struct {
	*signin.Client
	provider *ansattporten.Server
	clock    *testkit.Clock
	web      *http.Client
}

func open(t *testing.T) *world {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{clock: testkit.ClockAt(time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC))}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.provider.ServeHTTP(rw, r) }))
	t.Cleanup(server.Close)
	w.provider = ansattporten.New(ansattporten.Config{
		Issuer: server.URL, Key: key, Clock: w.clock, Random: rand.Reader,
		Register: ansattporten.Register{
			Clients: []ansattporten.Client{{ID: "ours", Secret: "secret", RedirectURIs: []string{back}}, {ID: "other", Secret: "x", RedirectURIs: []string{back}}},
			People:  []ansattporten.Person{{ID: "kari", Name: "Kari <b>Nordmann", Locale: "nb", Organisations: []ansattporten.Organisation{{Number: "310000019", Name: "University of Oslo"}}}},
		},
	})
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.web = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	w.Client = signin.New(signin.Settings{
		Issuer: server.URL, ClientID: "ours", ClientSecretFile: file, Resource: resource,
		ACR: []string{"idporten-loa-substantial", "idporten-loa-high"},
	}, server.Client(), w.clock, rand.Reader)
	return w
}

// choose is the person at the provider: what the browser comes back with.
func (w *world) choose(t *testing.T, where, acr string) url.Values {
	t.Helper()
	answer, err := w.web.PostForm(where, url.Values{"person": {"kari"}, "acr": {acr}})
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	to, err := answer.Location()
	if err != nil {
		t.Fatalf("the provider answers %d", answer.StatusCode)
	}
	return to.Query()
}

func (w *world) begin(t *testing.T) (string, signin.Pending) {
	t.Helper()
	where, pending, err := w.Begin(t.Context(), back, "nb")
	if err != nil {
		t.Fatal(err)
	}
	return where, pending
}

func refused(t *testing.T, err error, kind fault.Kind, rule string) {
	t.Helper()
	if fault.KindOf(err) != kind || fault.RuleOf(err) != rule {
		t.Errorf("got %v, want %s", err, rule)
	}
}

func TestPersonSignsInWithWhomTheyActFor(t *testing.T) {
	w := open(t)
	where, pending := w.begin(t)
	person, err := w.Finish(t.Context(), pending, back, w.choose(t, where, "idporten-loa-high"))
	if err != nil {
		t.Fatal(err)
	}
	if person.Subject != ansattporten.Subject("ours", "kari") || len(person.Organisations) != 1 || person.Organisations[0].Number != "310000019" {
		t.Errorf("got %+v", person)
	}
	if ansattporten.Subject("other", "kari") == person.Subject {
		t.Error("two clients know the person by the same word")
	}
}

func TestHostile47WrongAudienceOrLowAssuranceIsRefused(t *testing.T) {
	w := open(t)
	where, pending := w.begin(t)
	_, err := w.Finish(t.Context(), pending, back, w.choose(t, where, "idporten-loa-low"))
	refused(t, err, fault.Denied, "signin.acr")

	where, pending = w.begin(t)
	if err := w.provider.SetMode("wrong"); err != nil {
		t.Fatal(err)
	}
	_, err = w.Finish(t.Context(), pending, back, w.choose(t, where, "idporten-loa-high"))
	refused(t, err, fault.Denied, "signin.token")
}

func TestAnswerIsTakenOnceAndOnlyForWhatWasBegun(t *testing.T) {
	w := open(t)
	where, pending := w.begin(t)
	answer := w.choose(t, where, "idporten-loa-high")
	_, other := w.begin(t)
	_, err := w.Finish(t.Context(), other, back, answer)
	refused(t, err, fault.Denied, "signin.state")
	_, err = w.Finish(t.Context(), signin.Pending{}, back, url.Values{"code": answer["code"]})
	refused(t, err, fault.Denied, "signin.state")
	if _, err := w.Finish(t.Context(), pending, back, answer); err != nil {
		t.Fatal(err)
	}
	_, err = w.Finish(t.Context(), pending, back, answer)
	refused(t, err, fault.Denied, "signin.code")
}

func TestVerifierNonceAndTimeAreChecked(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*world, *signin.Pending)
		rule   string
	}{
		"another verifier": {func(_ *world, p *signin.Pending) { p.Verifier = strings.Repeat("a", 43) }, "signin.code"},
		"another nonce":    {func(_ *world, p *signin.Pending) { p.Nonce = "b" }, "signin.nonce"},
		"too late":         {func(w *world, _ *signin.Pending) { w.clock.Pass(2 * time.Minute) }, "signin.code"},
	} {
		w := open(t)
		where, pending := w.begin(t)
		answer := w.choose(t, where, "idporten-loa-high")
		test.change(w, &pending)
		_, err := w.Finish(t.Context(), pending, back, answer)
		if fault.RuleOf(err) != test.rule {
			t.Errorf("%s: got %v, want %s", name, err, test.rule)
		}
	}
}

func TestBrokenOffSignInIsSaid(t *testing.T) {
	w := open(t)
	_, pending := w.begin(t)
	_, err := w.Finish(t.Context(), pending, back, url.Values{"state": {pending.State}, "error": {"access_denied"}})
	refused(t, err, fault.Denied, "signin.refused")
}

func TestProviderThatIsDownIsUnavailableAndAskedAgain(t *testing.T) {
	w := open(t)
	if err := w.provider.SetMode("down"); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.Begin(t.Context(), back, "nb")
	refused(t, err, fault.Unavailable, "signin.provider-silent")
	if err := w.provider.SetMode("ok"); err != nil {
		t.Fatal(err)
	}
	w.begin(t)
}

func TestProviderIsStrict(t *testing.T) {
	w := open(t)
	where, _ := w.begin(t)
	shown, err := w.web.Get(where)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = shown.Body.Close() }()
	if shown.StatusCode != http.StatusOK {
		t.Fatalf("the page answers %d", shown.StatusCode)
	}
	for name, change := range map[string]func(url.Values){
		"an address that is not registered": func(q url.Values) { q.Set("redirect_uri", "https://evil.example/") },
		"a client that is not known":        func(q url.Values) { q.Set("client_id", "evil") },
		"no challenge":                      func(q url.Values) { q.Del("code_challenge") },
		"a plain challenge":                 func(q url.Values) { q.Set("code_challenge_method", "plain") },
	} {
		u, err := url.Parse(where)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		change(q)
		u.RawQuery = q.Encode()
		answer, err := w.web.Get(u.String())
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", name, answer.StatusCode)
		}
	}
}

func TestSettingsSayWhatIsWrong(t *testing.T) {
	if wrong := (signin.Settings{}).Validate("sign_in", false); len(wrong) != 0 {
		t.Errorf("no sign-in at all is refused: %v", wrong)
	}
	bad := signin.Settings{Issuer: "http://127.0.0.1:1"}
	if wrong := bad.Validate("sign_in", false); len(wrong) != 4 {
		t.Errorf("got %v", wrong)
	}
	if wrong := bad.Validate("sign_in", true); len(wrong) != 3 {
		t.Errorf("loopback in development: %v", wrong)
	}
	bad.Issuer = "http://provider.example"
	if wrong := bad.Validate("sign_in", true); len(wrong) != 4 {
		t.Errorf("plain HTTP outside loopback: %v", wrong)
	}
}
