// Package ansattporten stands in for Ansattporten in development and tests: an
// OpenID provider at which one chooses whom to be. It is as strict with clients
// as the real one documents: code with PKCE S256, registered redirect URIs only,
// codes that hold once and a minute.
//
// It is never part of a production process.
//
// Source: Digdir, Ansattporten guide; OpenID Connect Core 1.0; RFC 7636; RFC 9396.
package ansattporten

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/standins/mode"
)

const (
	// codeLife is how long a code holds, tokenLife how long a token does.
	codeLife  = time.Minute
	tokenLife = 2 * time.Minute
	keyID     = "stand-in"
)

// Config is what the stand-in needs.
type Config struct {
	// Issuer is where it is reached, without a slash at its end.
	Issuer   string
	Register Register
	Key      *ecdsa.PrivateKey
	Clock    clock.Clock
	Random   io.Reader
}

// Server is the stand-in. In the mode wrong its tokens are for somebody else. Safe
// for concurrent use.
type Server struct {
	Config
	mode.Switch
	mux *http.ServeMux

	mu    sync.Mutex // guards codes
	codes map[string]grant
}

// grant is what a code stands for.
type grant struct {
	client, redirect, challenge, nonce, acr string
	details                                 []map[string]any
	person                                  Person
	until                                   time.Time
}

// New makes the stand-in.
func New(c Config) *Server {
	s := &Server{Config: c, mux: http.NewServeMux(), codes: map[string]grant{}}
	s.mux.HandleFunc("GET /.well-known/openid-configuration", s.about)
	s.mux.HandleFunc("GET /jwks", s.jwks)
	s.mux.HandleFunc("GET /authorize", s.choose)
	s.mux.HandleFunc("POST /authorize", s.chosen)
	s.mux.HandleFunc("POST /token", s.token)
	s.mux.HandleFunc("GET /endsession", s.end)
	s.mux.HandleFunc("GET /page.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(css)
	})
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.Serve(w, r, s.mux) }

func (s *Server) about(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer": s.Issuer, "authorization_endpoint": s.Issuer + "/authorize", "token_endpoint": s.Issuer + "/token",
		"jwks_uri": s.Issuer + "/jwks", "end_session_endpoint": s.Issuer + "/endsession",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"ES256"}, "code_challenge_methods_supported": []string{"S256"},
		"acr_values_supported": levels,
	})
}

var levels = []string{"idporten-loa-low", "idporten-loa-substantial", "idporten-loa-high"}

func (s *Server) jwks(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: s.Key.Public(), KeyID: keyID, Algorithm: "ES256", Use: "sig"}}})
}

//go:embed page.css
var css []byte

//go:embed page.html
var pageFile embed.FS

var page = template.Must(template.ParseFS(pageFile, "page.html"))

// client checks who asks, and that the answer goes where it may.
func (s *Server) client(q url.Values) (Client, string) {
	at := slices.IndexFunc(s.Register.Clients, func(c Client) bool { return c.ID == q.Get("client_id") })
	switch {
	case at < 0:
		return Client{}, "there is no such client"
	case !slices.Contains(s.Register.Clients[at].RedirectURIs, q.Get("redirect_uri")):
		return Client{}, "the client has not registered this redirect_uri"
	case q.Get("response_type") != "code":
		return Client{}, "response_type must be code"
	case q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43:
		return Client{}, "PKCE with S256 is required"
	case !slices.Contains(strings.Fields(q.Get("scope")), "openid"):
		return Client{}, "scope must have openid"
	}
	return s.Register.Clients[at], ""
}

// choose shows the page on which one chooses whom to be.
func (s *Server) choose(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	client, problem := s.client(q)
	if problem != "" {
		http.Error(w, problem, http.StatusBadRequest)
		return
	}
	people := slices.Clone(s.Register.People)
	here := func(p Person) int {
		if slices.Contains(p.Clients, client.ID) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(people, func(a, b Person) int { return here(a) - here(b) })
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		http.Error(w, "redirect_uri is no address", http.StatusBadRequest)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self' "+back.Scheme+"://"+back.Host+"; base-uri 'none'; frame-ancestors 'none'")
	_ = page.Execute(w, map[string]any{ // the browser may be gone
		"Client": client.ID, "People": people, "Base": s.Issuer,
		"Again":  s.Issuer + "/authorize?" + r.URL.RawQuery, // in one piece: a query alone would be escaped as one value
		"Here":   func(p Person) bool { return here(p) == 0 },
		"Levels": levels,
	})
}

// chosen sends the browser back with a code for the person.
func (s *Server) chosen(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	client, problem := s.client(q)
	at := slices.IndexFunc(s.Register.People, func(p Person) bool { return p.ID == r.PostFormValue("person") })
	if problem != "" || at < 0 {
		http.Error(w, "choose one of the people on the page. "+problem, http.StatusBadRequest)
		return
	}
	var details []map[string]any
	if asked := q.Get("authorization_details"); asked != "" {
		if err := json.Unmarshal([]byte(asked), &details); err != nil {
			http.Error(w, "authorization_details is no JSON", http.StatusBadRequest)
			return
		}
	}
	acr := r.PostFormValue("acr")
	if !slices.Contains(levels, acr) {
		acr = "idporten-loa-high"
	}
	code, err := s.unguessable()
	if err != nil {
		http.Error(w, "no randomness", http.StatusInternalServerError)
		return
	}
	now := s.Clock.Now()
	s.mu.Lock()
	for old, g := range s.codes {
		if now.After(g.until) {
			delete(s.codes, old)
		}
	}
	s.codes[code] = grant{
		client: client.ID, redirect: q.Get("redirect_uri"), challenge: q.Get("code_challenge"), nonce: q.Get("nonce"),
		acr: acr, details: details, person: s.Register.People[at], until: now.Add(codeLife),
	}
	s.mu.Unlock()
	back, _ := url.Parse(q.Get("redirect_uri")) // it is one that is registered
	answer := back.Query()
	answer.Set("code", code)
	answer.Set("state", q.Get("state"))
	answer.Set("iss", s.Issuer)
	back.RawQuery = answer.Encode()
	http.Redirect(w, r, back.String(), http.StatusSeeOther)
}

// token gives an id_token for a code, once.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	at := slices.IndexFunc(s.Register.Clients, func(c Client) bool { return c.ID == id })
	if !ok || at < 0 || subtle.ConstantTimeCompare([]byte(secret), []byte(s.Register.Clients[at].Secret)) != 1 {
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	code := r.PostFormValue("code")
	s.mu.Lock()
	g, known := s.codes[code]
	delete(s.codes, code)
	s.mu.Unlock()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	now := s.Clock.Now()
	if !known || now.After(g.until) || g.client != id || g.redirect != r.PostFormValue("redirect_uri") ||
		base64.RawURLEncoding.EncodeToString(sum[:]) != g.challenge {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	signed, err := s.idToken(g, now)
	if err != nil {
		http.Error(w, "the token could not be signed", http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"access_token": code, "token_type": "Bearer", "expires_in": int(tokenLife.Seconds()), "id_token": signed})
}

func (s *Server) idToken(g grant, now time.Time) (string, error) {
	jti, err := s.unguessable()
	if err != nil {
		return "", err
	}
	audience := g.client
	if s.Wrong() {
		audience = "somebody-else"
	}
	claims := map[string]any{
		"iss": s.Issuer, "aud": audience, "sub": Subject(g.client, g.person.ID), "acr": g.acr, "amr": []string{"TestID"},
		"auth_time": now.Unix(), "iat": now.Unix(), "exp": now.Add(tokenLife).Unix(), "jti": jti, "sid": jti,
		"nonce": g.nonce, "locale": g.person.Locale, "name": g.person.Name,
	}
	for _, detail := range g.details {
		var parties []map[string]any
		for _, o := range g.person.Organisations {
			parties = append(parties, map[string]any{
				"orgno": map[string]string{"authority": "iso6523-actorid-upis", "ID": "0192:" + o.Number}, "name": o.Name, "resource": detail["resource"],
			})
		}
		detail["authorized_parties"] = parties
	}
	claims["authorization_details"] = g.details
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: s.Key, KeyID: keyID}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", err
	}
	signature, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signature.CompactSerialize()
}

// end goes back to a client: there is no session here to end.
func (s *Server) end(w http.ResponseWriter, r *http.Request) {
	to := r.URL.Query().Get("post_logout_redirect_uri")
	for _, c := range s.Register.Clients {
		for _, registered := range c.RedirectURIs {
			if c.ID == r.URL.Query().Get("client_id") && strings.TrimSuffix(registered, "/signed-in")+"/signed-out" == to {
				http.Redirect(w, r, to, http.StatusSeeOther)
				return
			}
		}
	}
	http.Error(w, "the client has not registered this address", http.StatusBadRequest)
}

func (s *Server) unguessable() (string, error) {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(s.Random, raw); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the caller may be gone
}
