// Package maskinporten stands in for Maskinporten in development and tests: it
// takes JWT grants as strictly as the real one documents (algorithm, key,
// audience, life, single use, no claim that it does not know) and gives access
// tokens that the other stand-ins check.
//
// It is never part of a production process.
//
// Source: Digdir, Maskinporten guide for clients and token endpoint, docs of
// 2024-10.
package maskinporten

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/maskinporten"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/standins/mode"
)

const (
	// TokenLife is how long an access token holds.
	TokenLife = 2 * time.Minute
	// skew is how far a client's clock may be ahead.
	skew = 10 * time.Second
	// bodyLimit is the size of the largest request, in bytes.
	bodyLimit = 32 << 10
)

// Client is an organisation's client as it is registered.
type Client struct {
	// ID is the client id, the iss of its grants.
	ID string
	// OrganisationNumber is whose client it is: the consumer of its tokens.
	OrganisationNumber string
	// Scopes are those that it may ask for.
	Scopes []string
	// Keys are its public keys by kid.
	Keys map[string]*rsa.PublicKey
}

// Config is what the stand-in needs.
type Config struct {
	// Issuer is the aud of grants and the iss of tokens.
	Issuer  string
	Clients []Client
	// Key signs tokens, RS256.
	Key    crypto.Signer
	Clock  clock.Clock
	Random io.Reader
}

// Server is the stand-in. Its routes: POST /token, and GET /jwks for the key
// that signs tokens. Safe for concurrent use.
type Server struct {
	Config
	mode.Switch
	mux *http.ServeMux

	mu   sync.Mutex           // guards used
	used map[string]time.Time // jti of grants, until when they hold
}

// New makes the stand-in.
func New(c Config) *Server {
	s := &Server{Config: c, mux: http.NewServeMux(), used: map[string]time.Time{}}
	s.mux.HandleFunc("POST /token", s.token)
	s.mux.HandleFunc("GET /jwks", s.jwks)
	return s
}

// ServeHTTP implements http.Handler. Paths begin below the stand-in's prefix. In
// the mode wrong the answer is none.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Serve(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Wrong() {
			writeJSON(w, http.StatusOK, map[string]any{"access_token": 1})
			return
		}
		s.mux.ServeHTTP(w, r)
	}))
}

// token is POST /token (RFC 6749 section 5, RFC 7523).
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
	if err := r.ParseForm(); err != nil {
		refuse(w, "invalid_request", "the form cannot be read")
		return
	}
	if r.PostForm.Get("grant_type") != maskinporten.GrantType {
		refuse(w, "unsupported_grant_type", "only the JWT grant is taken")
		return
	}
	client, grant, err := s.check(r.PostForm.Get("assertion"))
	if err != nil {
		refuse(w, codeOf(err), err.Error())
		return
	}
	token, err := s.issue(client, grant)
	if err != nil {
		http.Error(w, "the token could not be signed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": token, "token_type": "Bearer", "expires_in": int64(TokenLife / time.Second), "scope": grant.Scope,
	})
}

// refusal is an error of RFC 6749 section 5.2.
type refusal struct{ code, why string }

func (r refusal) Error() string { return r.why }

func codeOf(err error) string {
	var r refusal
	if errors.As(err, &r) {
		return r.code
	}
	return "invalid_grant"
}

func refused(why string) error { return refusal{"invalid_grant", why} }

// check finds out whose grant it is and whether it counts.
func (s *Server) check(assertion string) (Client, maskinporten.Grant, error) {
	var none maskinporten.Grant
	header, claims, signature, signed, err := split(assertion)
	if err != nil {
		return Client{}, none, err
	}
	var h maskinporten.Header
	if err := strict(header, &h); err != nil {
		return Client{}, none, refused("the grant's header has a member that is not known, or none that it needs")
	}
	var g maskinporten.Grant
	if err := strict(claims, &g); err != nil {
		return Client{}, none, refused("the grant has a claim that is not known")
	}
	at := slices.IndexFunc(s.Clients, func(c Client) bool { return c.ID == g.Issuer })
	if at < 0 {
		return Client{}, none, refusal{"invalid_client", "the client is not registered"}
	}
	client := s.Clients[at]
	key := client.Keys[h.KeyID]
	if h.Algorithm != "RS256" || key == nil {
		return client, none, refusal{"invalid_client", "the grant is not signed with RS256 by a key that is registered"}
	}
	digest := sha256.Sum256([]byte(signed))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) != nil {
		return client, none, refusal{"invalid_client", "the grant's signature is wrong"}
	}
	if err := s.checkTimes(g); err != nil {
		return client, none, err
	}
	scopes := strings.Fields(g.Scope)
	if len(scopes) == 0 {
		return client, none, refusal{"invalid_scope", "the grant asks for no scope"}
	}
	for _, scope := range scopes {
		if !slices.Contains(client.Scopes, scope) {
			return client, none, refusal{"invalid_scope", "the client may not have this scope"}
		}
	}
	return client, g, s.once(client, g)
}

func (s *Server) checkTimes(g maskinporten.Grant) error {
	now := s.Clock.Now()
	issued, expires := time.Unix(g.IssuedAt, 0), time.Unix(g.Expires, 0)
	switch {
	case g.Audience != s.Issuer:
		return refused("the grant is for another audience")
	case g.ID == "":
		return refused("the grant has no jti")
	case expires.Sub(issued) > maskinporten.MaxAssertionLife || !expires.After(issued):
		return refused("the grant holds longer than 120 seconds, or not at all")
	case issued.After(now.Add(skew)):
		return refused("the grant is from the future")
	case !now.Before(expires):
		return refused("the grant has expired")
	}
	return nil
}

// once refuses a grant that has been used.
func (s *Server) once(client Client, g maskinporten.Grant) error {
	now := s.Clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, until := range s.used {
		if now.After(until) {
			delete(s.used, id)
		}
	}
	id := client.ID + " " + g.ID
	if _, used := s.used[id]; used {
		return refused("the grant has been used")
	}
	s.used[id] = time.Unix(g.Expires, 0)
	return nil
}

// accessToken is the claims of an access token.
type accessToken struct {
	Issuer    string   `json:"iss"`
	ClientID  string   `json:"client_id"`
	ClientAMR string   `json:"client_amr"`
	Scope     string   `json:"scope"`
	TokenType string   `json:"token_type"`
	Expires   int64    `json:"exp"`
	IssuedAt  int64    `json:"iat"`
	ID        string   `json:"jti"`
	Consumer  consumer `json:"consumer"`
}

// consumer is whose client it is, as ISO 6523 addresses organisations.
type consumer struct {
	Authority string `json:"authority"`
	ID        string `json:"ID"`
}

const tokenKeyID = "token-1"

func (s *Server) issue(client Client, g maskinporten.Grant) (string, error) {
	id := make([]byte, 16)
	if _, err := io.ReadFull(s.Random, id); err != nil {
		return "", err
	}
	now := s.Clock.Now()
	header, err := json.Marshal(maskinporten.Header{Algorithm: "RS256", KeyID: tokenKeyID, Type: "JWT"})
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(accessToken{
		Issuer: s.Issuer, ClientID: client.ID, ClientAMR: "private_key_jwt", Scope: g.Scope, TokenType: "Bearer",
		Expires: now.Add(TokenLife).Unix(), IssuedAt: now.Unix(), ID: base64url.Encode(id),
		Consumer: consumer{Authority: "iso6523-actorid-upis", ID: identifier.ISO6523(client.OrganisationNumber)},
	})
	if err != nil {
		return "", err
	}
	signed := base64url.Encode(header) + "." + base64url.Encode(claims)
	digest := sha256.Sum256([]byte(signed))
	signature, err := s.Key.Sign(s.Random, digest[:], crypto.SHA256)
	if err != nil {
		return "", err
	}
	return signed + "." + base64url.Encode(signature), nil
}

// Authorize checks the access token of a request to another stand-in: signature,
// issuer, life and scope. It gives the consumer's organisation number; never
// trust a client id for that.
func (s *Server) Authorize(r *http.Request, scope string) (organisationNumber string, err error) {
	token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !found {
		return "", errors.New("there is no access token")
	}
	_, claims, signature, signed, err := split(token)
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256([]byte(signed))
	public, isRSA := s.Key.Public().(*rsa.PublicKey)
	if !isRSA || rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) != nil {
		return "", errors.New("the access token's signature is wrong")
	}
	var a accessToken
	if err := strict(claims, &a); err != nil {
		return "", errors.New("the access token cannot be read")
	}
	number, found := strings.CutPrefix(a.Consumer.ID, "0192:")
	switch {
	case a.Issuer != s.Issuer || !found:
		return "", errors.New("the access token is by another issuer")
	case s.Clock.Now().Unix() >= a.Expires:
		return "", errors.New("the access token has expired")
	case !slices.Contains(strings.Fields(a.Scope), scope):
		return "", errors.New("the access token is for another scope")
	}
	return number, nil
}

// jwks is GET /jwks (RFC 7517).
func (s *Server) jwks(w http.ResponseWriter, _ *http.Request) {
	public, isRSA := s.Key.Public().(*rsa.PublicKey)
	if !isRSA {
		http.Error(w, "the key is no RSA key", http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": tokenKeyID, "n": base64url.Encode(public.N.Bytes()), "e": "AQAB",
	}}})
}

func split(compact string) (header, claims, signature []byte, signed string, err error) {
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return nil, nil, nil, "", refused("this is no compact JWS")
	}
	decoded := make([][]byte, 3)
	for i, part := range parts {
		if decoded[i], err = base64url.Decode(part); err != nil {
			return nil, nil, nil, "", refused("this is no compact JWS")
		}
	}
	return decoded[0], decoded[1], decoded[2], parts[0] + "." + parts[1], nil
}

// strict reads JSON that has no member but those of v.
func strict(text []byte, v any) error {
	return strictjson.Unmarshal(text, v, strictjson.Limits{Bytes: bodyLimit, Depth: 4})
}

func refuse(w http.ResponseWriter, code, why string) {
	status := http.StatusBadRequest
	if code == "invalid_client" {
		status = http.StatusUnauthorized
	}
	writeJSON(w, status, map[string]any{"error": code, "error_description": why})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
