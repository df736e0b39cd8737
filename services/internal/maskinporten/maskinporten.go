// Package maskinporten gets access tokens from Maskinporten, by which one
// organisation's machine shows another's who it is and what it may do: a JWT
// grant (RFC 7523) signed with the client's key, exchanged for a token, kept
// until shortly before it expires.
//
// It opens no API and knows nobody's. The key stays behind a crypto.Signer;
// neither it nor a token is ever logged or put into an error.
//
// Source: Digdir, Maskinporten guide for clients, docs of 2024-10.
package maskinporten

import (
	"context"
	"crypto"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

const (
	// GrantType is the grant of RFC 7523 section 2.1.
	GrantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	// MaxAssertionLife is the longest time from iat to exp that Maskinporten
	// takes.
	MaxAssertionLife = 120 * time.Second

	// assertionLife leaves room for clocks that differ.
	assertionLife = 60 * time.Second
	// deadline bounds one request for a token.
	deadline = 5 * time.Second
	// answerLimit is the size of the largest answer, in bytes.
	answerLimit = 32 << 10
	// smallestKey is the smallest RSA key, in bits.
	smallestKey = 2048
)

// Doer does an HTTP request; *http.Client is one.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Config is what a client needs. All of it is required but HTTP.
type Config struct {
	// URL is Maskinporten's base; the token endpoint is /token below it.
	URL string
	// Audience is the grant's aud: Maskinporten's issuer identifier, such as
	// https://maskinporten.no/ or https://test.maskinporten.no/.
	Audience string
	// ClientID is the client's id at Maskinporten, the grant's iss.
	ClientID string
	// KeyID is the kid under which Key's public half is registered there.
	KeyID string
	// Key signs RS256: an RSA key of 2048 bits or more.
	Key crypto.Signer
	// HTTP reaches Maskinporten. It must follow no redirect. Required.
	HTTP   Doer
	Clock  clock.Clock
	Random io.Reader
}

// Client is safe for concurrent use.
type Client struct {
	Config
	mu     sync.Mutex // guards tokens
	tokens map[string]*kept
}

// kept is the token of one scope. Who holds turn may read and replace it, so
// that a scope's token is asked for once however many wait for it.
type kept struct {
	turn  chan struct{}
	token string
	fresh time.Time // until when it is given out
}

// New makes a client. It asks for nothing yet.
func New(c Config) *Client {
	return &Client{Config: c, tokens: map[string]*kept{}}
}

// Token gives an access token for a scope, or for several with a space between
// them. A token is asked for once and given out until a tenth of its life, at
// least ten seconds, is left.
//
// Faults: maskinporten.unreachable (Unavailable) when there is no answer or a
// 5xx; maskinporten.refused (Denied) when the grant is refused;
// maskinporten.answer (Unavailable) for an answer that cannot be read.
func (c *Client) Token(ctx context.Context, scope string) (string, error) {
	k := c.of(scope)
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return "", fault.Wrap(ctx.Err(), fault.Unavailable, "maskinporten.unreachable", "there was no time to get an access token")
	}
	now := c.Clock.Now()
	if k.token != "" && now.Before(k.fresh) {
		return k.token, nil
	}
	token, life, err := c.ask(ctx, scope, now)
	if err != nil {
		return "", err
	}
	k.token, k.fresh = token, now.Add(life-max(life/10, min(10*time.Second, life/2)))
	return token, nil
}

// Forget drops a token that an API has refused, so that the next call asks for
// another. A token that has been replaced meanwhile stays.
func (c *Client) Forget(scope, token string) {
	k := c.of(scope)
	k.turn <- struct{}{}
	defer func() { <-k.turn }()
	if k.token == token {
		k.token = ""
	}
}

func (c *Client) of(scope string) *kept {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tokens[scope] == nil {
		c.tokens[scope] = &kept{turn: make(chan struct{}, 1)}
	}
	return c.tokens[scope]
}

// ask exchanges a fresh grant for a token.
func (c *Client) ask(ctx context.Context, scope string, now time.Time) (token string, life time.Duration, err error) {
	assertion, err := c.assertion(scope, now)
	if err != nil {
		return "", 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	form := url.Values{"grant_type": {GrantType}, "assertion": {assertion}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.URL, "/")+"/token", strings.NewReader(form))
	if err != nil {
		return "", 0, fmt.Errorf("ask for a token: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := c.HTTP.Do(req)
	if err != nil {
		// The cause of an HTTP client names the URL, which holds no secret.
		return "", 0, fault.Wrap(err, fault.Unavailable, "maskinporten.unreachable", "Maskinporten does not answer: it is tried again")
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit+1))
	switch {
	case err != nil:
		return "", 0, fault.Wrap(err, fault.Unavailable, "maskinporten.unreachable", "Maskinporten's answer broke off: it is tried again")
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests:
		return "", 0, fault.New(fault.Unavailable, "maskinporten.unreachable", "Maskinporten answers %d: it is tried again", resp.StatusCode)
	case resp.StatusCode != http.StatusOK:
		return "", 0, fault.New(fault.Denied, "maskinporten.refused",
			"Maskinporten refuses the grant (%s): check the client's id, key and scopes there", problemOf(body, resp.StatusCode))
	}
	return readAnswer(body, scope)
}

// answer is RFC 6749 section 5.1.
type answer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"`
	Scope       string `json:"scope"`
}

func readAnswer(body []byte, scope string) (string, time.Duration, error) {
	var a answer
	err := strictjson.UnmarshalOpen(body, &a, strictjson.Limits{Bytes: answerLimit, Depth: 8})
	switch {
	case err != nil:
	case a.AccessToken == "" || strings.ContainsAny(a.AccessToken, " \r\n"):
		err = errors.New("there is no token in it")
	case !strings.EqualFold(a.TokenType, "Bearer"):
		err = errors.New("the token is not of the type Bearer")
	case a.ExpiresIn <= 0 || a.ExpiresIn > 24*60*60:
		err = errors.New("its life is not within a day")
	case a.Scope != "" && !holds(a.Scope, scope):
		err = errors.New("it is for another scope")
	}
	if err != nil {
		return "", 0, fault.Wrap(err, fault.Unavailable, "maskinporten.answer", "Maskinporten's answer cannot be used: it is tried again")
	}
	return a.AccessToken, time.Duration(a.ExpiresIn) * time.Second, nil
}

// holds says whether every scope that was asked for is among those given.
func holds(given, asked string) bool {
	all := map[string]bool{}
	for _, one := range strings.Fields(given) {
		all[one] = true
	}
	for _, one := range strings.Fields(asked) {
		if !all[one] {
			return false
		}
	}
	return true
}

// problemOf is the error code of RFC 6749 section 5.2 when it is one of its
// kind: no text of theirs enters a log.
func problemOf(body []byte, status int) string {
	var p struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &p) == nil {
		switch p.Error {
		case "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope":
			return p.Error
		}
	}
	return fmt.Sprintf("status %d", status)
}

// checkKey refuses what cannot sign RS256 as Maskinporten wants it.
func checkKey(key crypto.Signer) error {
	if key == nil {
		return errors.New("there is no key")
	}
	public, isRSA := key.Public().(*rsa.PublicKey)
	if !isRSA || public.N.BitLen() < smallestKey {
		return fmt.Errorf("the key must be RSA of %d bits or more", smallestKey)
	}
	return nil
}
