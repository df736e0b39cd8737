// Package signin lets people sign in by OpenID Connect Core 1.0: authorization code
// with PKCE (RFC 7636), as Ansattporten offers it. It checks what the provider
// says and says who came; whether that person may do anything is for others.
package signin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// answerWait is how long the provider may take, in all, to be asked for its keys or
// for a token.
const answerWait = 5 * time.Second

// Pending is what must be remembered of a sign-in until the person comes back.
type Pending struct{ State, Nonce, Verifier string }

// Person is who has signed in.
type Person struct {
	// Subject is the provider's word for the person at this client. It tells nothing
	// of the person.
	Subject string
	Name    string
	// Locale is nb, nn, en or se, ACR the level of assurance.
	Locale, ACR string
	// Organisations are those that the person may act for.
	Organisations []Organisation
}

// Organisation is one that trusts the person with the resource.
type Organisation struct{ Number, Name string }

// Client is a service at the provider. It may be used from many goroutines.
type Client struct {
	settings Settings
	web      *http.Client
	clock    clock.Clock
	random   io.Reader

	mu    sync.Mutex // guards found
	found *provider  // nil until the provider has said where it is
}

// provider is what the provider has said of itself.
type provider struct {
	*oidc.Provider
	end string // where sessions are ended; may be empty
}

// New makes a client. The provider is asked when first needed.
func New(settings Settings, web *http.Client, clk clock.Clock, random io.Reader) *Client {
	return &Client{settings: settings, web: web, clock: clk, random: random}
}

// Begin says where to send a person's browser, and what to remember until it comes
// back to redirectURI. locale is the language to be spoken to in.
func (c *Client) Begin(ctx context.Context, redirectURI, locale string) (where string, pending Pending, err error) {
	p, err := c.discover(ctx)
	if err != nil {
		return "", pending, err
	}
	for _, into := range []*string{&pending.State, &pending.Nonce, &pending.Verifier} {
		if *into, err = c.unguessable(); err != nil {
			return "", pending, err
		}
	}
	options := []oauth2.AuthCodeOption{
		oidc.Nonce(pending.Nonce), oauth2.S256ChallengeOption(pending.Verifier),
		oauth2.SetAuthURLParam("acr_values", strings.Join(c.settings.ACR, " ")), oauth2.SetAuthURLParam("ui_locales", locale),
	}
	if c.settings.Resource != "" {
		wanted, err := json.Marshal([]map[string]string{{"type": resourceType, "resource": c.settings.Resource}})
		if err != nil {
			return "", pending, err
		}
		options = append(options, oauth2.SetAuthURLParam("authorization_details", string(wanted)))
	}
	at, err := c.oauth(p, redirectURI)
	if err != nil {
		return "", pending, err
	}
	return at.AuthCodeURL(pending.State, options...), pending, nil
}

// Finish takes the answer with which a browser has come back, and says who it is.
// Denied, with the rule of what did not hold; Unavailable when the provider does
// not answer.
func (c *Client) Finish(ctx context.Context, pending Pending, redirectURI string, query url.Values) (Person, error) {
	if pending.State == "" || subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(pending.State)) != 1 {
		return Person{}, denied(nil, "signin.state", "this answer is not to what you began: begin again")
	}
	if query.Get("error") != "" {
		return Person{}, denied(nil, "signin.refused", "the sign-in was broken off: begin again")
	}
	p, err := c.discover(ctx)
	if err != nil {
		return Person{}, err
	}
	at, err := c.oauth(p, redirectURI)
	if err != nil {
		return Person{}, err
	}
	asking, cancel := context.WithTimeout(oidc.ClientContext(ctx, c.web), answerWait)
	defer cancel()
	tokens, err := at.Exchange(asking, query.Get("code"), oauth2.VerifierOption(pending.Verifier))
	var answered *oauth2.RetrieveError
	switch {
	case errors.As(err, &answered) && answered.Response != nil && answered.Response.StatusCode < 500:
		return Person{}, denied(err, "signin.code", "the provider does not stand by this answer: begin again")
	case err != nil:
		return Person{}, silent(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	verifier := p.Verifier(&oidc.Config{ClientID: c.settings.ClientID, Now: c.clock.Now})
	token, err := verifier.Verify(asking, raw)
	if err != nil {
		return Person{}, denied(err, "signin.token", "the provider's answer could not be verified: begin again")
	}
	return c.person(token, pending)
}

// person checks what the verifier leaves to its caller.
func (c *Client) person(token *oidc.IDToken, pending Pending) (Person, error) {
	var claims struct {
		Name                 string                `json:"name"`
		Locale               string                `json:"locale"`
		ACR                  string                `json:"acr"`
		AuthorizedParty      string                `json:"azp"`
		AuthorizationDetails []authorizationDetail `json:"authorization_details"`
	}
	if err := token.Claims(&claims); err != nil {
		return Person{}, denied(err, "signin.token", "the provider's answer could not be read: begin again")
	}
	switch {
	case len(token.Audience) != 1 || claims.AuthorizedParty != "" && claims.AuthorizedParty != c.settings.ClientID:
		return Person{}, denied(nil, "signin.audience", "the provider's answer is for somebody else: begin again")
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(pending.Nonce)) != 1:
		return Person{}, denied(nil, "signin.nonce", "the provider's answer is to another sign-in: begin again")
	case token.IssuedAt.After(c.clock.Now().Add(time.Minute)):
		return Person{}, denied(nil, "signin.token", "the provider's answer is from the future: begin again")
	case !slices.Contains(c.settings.ACR, claims.ACR):
		return Person{}, denied(nil, "signin.acr", "sign in at a higher level of assurance, such as with BankID")
	case token.Subject == "":
		return Person{}, denied(nil, "signin.token", "the provider's answer names nobody")
	}
	person := Person{Subject: token.Subject, Name: claims.Name, Locale: claims.Locale, ACR: claims.ACR}
	for _, detail := range claims.AuthorizationDetails {
		if detail.Type != resourceType || detail.Resource != c.settings.Resource {
			continue
		}
		for _, party := range detail.AuthorizedParties {
			if number, ours := strings.CutPrefix(party.Organisation.ID, organisationPrefix); ours && party.Organisation.Authority == organisationAuthority {
				person.Organisations = append(person.Organisations, Organisation{Number: number, Name: party.Name})
			}
		}
	}
	return person, nil
}

// Ansattporten's rich authorization (RFC 9396), and ISO/IEC 6523 for the number of
// Enhetsregisteret.
const (
	resourceType          = "ansattporten:altinn:resource"
	organisationAuthority = "iso6523-actorid-upis"
	organisationPrefix    = "0192:"
)

type authorizationDetail struct {
	Type              string `json:"type"`
	Resource          string `json:"resource"`
	AuthorizedParties []struct {
		Organisation struct {
			Authority string `json:"authority"`
			ID        string `json:"ID"`
		} `json:"orgno"`
		Name string `json:"name"`
	} `json:"authorized_parties"`
}

// EndSession is where the provider forgets the person; empty when it has not said.
func (c *Client) EndSession(ctx context.Context, returnTo string) string {
	p, err := c.discover(ctx)
	if err != nil || p.end == "" {
		return ""
	}
	return p.end + "?" + url.Values{"client_id": {c.settings.ClientID}, "post_logout_redirect_uri": {returnTo}}.Encode()
}

// discover asks the provider about itself, once it answers (OpenID Connect
// Discovery 1.0).
func (c *Client) discover(ctx context.Context) (*provider, error) {
	c.mu.Lock()
	found := c.found
	c.mu.Unlock()
	if found != nil {
		return found, nil
	}
	asking, cancel := context.WithTimeout(oidc.ClientContext(ctx, c.web), answerWait)
	defer cancel()
	asked, err := oidc.NewProvider(asking, c.settings.Issuer)
	if err != nil {
		return nil, silent(err)
	}
	var more struct {
		End string `json:"end_session_endpoint"`
	}
	if err := asked.Claims(&more); err != nil {
		return nil, silent(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found = &provider{Provider: asked, end: more.End}
	return c.found, nil
}

func (c *Client) oauth(p *provider, redirectURI string) (*oauth2.Config, error) {
	secret, err := os.ReadFile(c.settings.ClientSecretFile)
	if err != nil {
		return nil, fmt.Errorf("read client secret: %w", err)
	}
	endpoint := p.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	return &oauth2.Config{
		ClientID: c.settings.ClientID, ClientSecret: strings.TrimSpace(string(secret)), Endpoint: endpoint,
		RedirectURL: redirectURI, Scopes: []string{oidc.ScopeOpenID, "profile"},
	}, nil
}

// unguessable is 32 random bytes as text, long enough for a PKCE verifier.
func (c *Client) unguessable() (string, error) {
	raw := make([]byte, sha256.Size)
	if _, err := io.ReadFull(c.random, raw); err != nil {
		return "", fmt.Errorf("begin sign-in: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

func denied(cause error, rule, message string) error {
	return fault.Wrap(cause, fault.Denied, rule, "%s", message)
}

func silent(cause error) error {
	return fault.Wrap(cause, fault.Unavailable, "signin.provider-silent", "signing in is not possible now: try again in a moment")
}
