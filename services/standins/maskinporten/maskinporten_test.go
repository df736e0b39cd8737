package maskinporten_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/fetch"
	client "github.com/kompetansespor/kompetansespor/services/internal/maskinporten"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/standins/maskinporten"
)

const (
	issuer = "https://maskinporten.example/"
	scope  = "folkeregister:deling/offentligmedhjemmel"
	other  = "skatteetaten:skattekorttilarbeidsgiver"
)

type world struct {
	server *maskinporten.Server
	web    *httptest.Server
	client *client.Client
	clock  *testkit.Clock
	key    crypto.Signer
	asked  atomic.Int64
}

func open(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	keyFile := filepath.Join(dir, "tax.pem")
	err := maskinporten.Enrol(dir, rand.Reader, maskinporten.Client{ID: "tax", OrganisationNumber: "310000019", Scopes: []string{scope, other}}, "key-1", keyFile)
	if err != nil {
		t.Fatal(err)
	}
	clients, tokenKey, err := maskinporten.Load(dir, rand.Reader)
	if err != nil || len(clients) != 1 {
		t.Fatal(clients, err)
	}
	w := &world{clock: testkit.ClockAt(time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC))}
	w.server = maskinporten.New(maskinporten.Config{
		Issuer: issuer, Clients: clients, Key: tokenKey, Clock: w.clock, Random: rand.Reader,
	})
	w.server.Slowness = 300 * time.Millisecond
	w.web = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.asked.Add(1)
		w.server.ServeHTTP(rw, r)
	}))
	t.Cleanup(w.web.Close)
	settings := client.Settings{URL: w.web.URL, Audience: issuer, ClientID: "tax", KeyID: "key-1", KeyFile: keyFile}
	if wrong := settings.Validate("maskinporten", true); len(wrong) > 0 {
		t.Fatal(wrong)
	}
	if wrong := settings.Validate("maskinporten", false); len(wrong) != 1 || wrong[0].Field != "maskinporten.url" {
		t.Errorf("plain http outside development: %v", wrong)
	}
	if w.client, err = client.Open(settings, fetch.Registers(nil), w.clock, rand.Reader); err != nil {
		t.Fatal(err)
	}
	w.key = w.client.Key
	return w
}

func (w *world) authorize(token, scope string) (string, error) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return w.server.Authorize(r, scope)
}

func TestTokenOpensTheScopeThatItWasAskedForOnly(t *testing.T) {
	w := open(t)
	token, err := w.client.Token(t.Context(), scope)
	if err != nil {
		t.Fatal(err)
	}
	if number, err := w.authorize(token, scope); err != nil || number != "310000019" {
		t.Errorf("%q %v", number, err)
	}
	if _, err := w.authorize(token, other); err == nil {
		t.Error("the token opens another scope")
	}
	half := token[:len(token)-8]
	for _, bad := range []string{"", half, token + "x", strings.Replace(token, ".", "..", 1)} {
		if _, err := w.authorize(bad, scope); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	w.clock.Pass(maskinporten.TokenLife)
	if _, err := w.authorize(token, scope); err == nil {
		t.Error("an expired token is taken")
	}
}

func TestTokenIsAskedForOnceUntilShortlyBeforeItExpires(t *testing.T) {
	w := open(t)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := w.client.Token(t.Context(), scope); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	first, _ := w.client.Token(t.Context(), scope)
	if n := w.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	if _, err := w.client.Token(t.Context(), other); err != nil || w.asked.Load() != 2 {
		t.Error("scopes share a token", err)
	}
	w.clock.Pass(maskinporten.TokenLife - 13*time.Second)
	if again, _ := w.client.Token(t.Context(), scope); again != first {
		t.Error("the token was given up too early")
	}
	w.clock.Pass(2 * time.Second)
	again, err := w.client.Token(t.Context(), scope)
	if err != nil || again == first {
		t.Error("the token was kept too long", err)
	}
	w.client.Forget(scope, first)
	if kept, _ := w.client.Token(t.Context(), scope); kept != again {
		t.Error("forgetting the old token dropped the new one")
	}
	w.client.Forget(scope, again)
	if fresh, _ := w.client.Token(t.Context(), scope); fresh == again {
		t.Error("a refused token is given out again")
	}
}

func TestMaskinportenThatFailsIsTriedAgainAndOneThatRefusesIsNot(t *testing.T) {
	w := open(t)
	for mode, rule := range map[string]string{"down": "maskinporten.unreachable", "wrong": "maskinporten.answer"} {
		if err := w.server.SetMode(mode); err != nil {
			t.Fatal(err)
		}
		_, err := w.client.Token(t.Context(), scope)
		if fault.RuleOf(err) != rule || fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s: %v", mode, err)
		}
	}
	_ = w.server.SetMode("slow")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := w.client.Token(ctx, scope); fault.RuleOf(err) != "maskinporten.unreachable" {
		t.Errorf("slow: %v", err)
	}
	_ = w.server.SetMode("ok")
	if _, err := w.client.Token(t.Context(), "folkeregister:deling/finans"); fault.RuleOf(err) != "maskinporten.refused" || fault.KindOf(err) != fault.Denied {
		t.Errorf("a scope of another: %v", err)
	}
	if _, err := w.client.Token(t.Context(), scope); err != nil {
		t.Errorf("it does not recover: %v", err)
	}
	if w.server.SetMode("broken") == nil {
		t.Error("an unknown mode is taken")
	}
}

// grant is a grant that is right, for a test to spoil.
func (w *world) grant() (header, claims map[string]any) {
	now := w.clock.Now().Unix()
	return map[string]any{"alg": "RS256", "kid": "key-1"},
		map[string]any{"aud": issuer, "iss": "tax", "scope": scope, "iat": now, "exp": now + 120, "jti": rand.Text()}
}

func (w *world) post(t *testing.T, header, claims map[string]any, key crypto.Signer) (int, string) {
	t.Helper()
	h, _ := json.Marshal(header)
	c, _ := json.Marshal(claims)
	signed := base64url.Encode(h) + "." + base64url.Encode(c)
	digest := sha256.Sum256([]byte(signed))
	signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.PostForm(w.web.URL+"/token", url.Values{
		"grant_type": {client.GrantType}, "assertion": {signed + "." + base64url.Encode(signature)},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Error string `json:"error"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer.Error
}

func TestGrantIsTakenStrictly(t *testing.T) {
	w := open(t)
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	h, c := w.grant()
	if status, code := w.post(t, h, c, w.key); status != http.StatusOK {
		t.Fatalf("a right grant is refused: %d %s", status, code)
	}
	if status, code := w.post(t, h, c, w.key); status != http.StatusBadRequest || code != "invalid_grant" {
		t.Errorf("a used grant: %d %s", status, code)
	}
	now := w.clock.Now().Unix()
	for name, one := range map[string]struct {
		header, claims map[string]any
		status         int
		code           string
	}{
		"extra claim":       {nil, map[string]any{"sub": "tax"}, 400, "invalid_grant"},
		"extra header":      {map[string]any{"x5t": "a"}, nil, 400, "invalid_grant"},
		"another audience":  {nil, map[string]any{"aud": "https://test.maskinporten.no/"}, 400, "invalid_grant"},
		"121 seconds":       {nil, map[string]any{"exp": now + 121}, 400, "invalid_grant"},
		"no life":           {nil, map[string]any{"exp": now}, 400, "invalid_grant"},
		"expired":           {nil, map[string]any{"iat": now - 100, "exp": now}, 400, "invalid_grant"},
		"from the future":   {nil, map[string]any{"iat": now + 60, "exp": now + 120}, 400, "invalid_grant"},
		"no jti":            {nil, map[string]any{"jti": ""}, 400, "invalid_grant"},
		"no scope":          {nil, map[string]any{"scope": ""}, 400, "invalid_scope"},
		"unknown client":    {nil, map[string]any{"iss": "bank"}, 401, "invalid_client"},
		"unknown key":       {map[string]any{"kid": "key-2"}, nil, 401, "invalid_client"},
		"another algorithm": {map[string]any{"alg": "none"}, nil, 401, "invalid_client"},
	} {
		h, c := w.grant()
		maps.Copy(h, one.header)
		maps.Copy(c, one.claims)
		if status, code := w.post(t, h, c, w.key); status != one.status || code != one.code {
			t.Errorf("%s: %d %s", name, status, code)
		}
	}
	h, c = w.grant()
	if status, _ := w.post(t, h, c, stranger); status != http.StatusUnauthorized {
		t.Errorf("a stranger's signature: %d", status)
	}
}

func TestErrorsHoldNoTokenAndNoKey(t *testing.T) {
	for _, text := range []string{"", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n", "secret"} {
		if _, err := client.ParseKey([]byte(text)); err == nil || strings.Contains(err.Error(), "c2VjcmV0") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v", err)
		}
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"SECRET","error_description":"SECRET"}`))
	}))
	defer web.Close()
	w := open(t)
	c := client.New(client.Config{URL: web.URL, Audience: issuer, ClientID: "tax", KeyID: "key-1", Key: w.key, HTTP: fetch.Registers(nil), Clock: w.clock, Random: rand.Reader})
	if _, err := c.Token(t.Context(), scope); err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("%v", err)
	}
}
