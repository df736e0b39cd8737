// Package altinn is a client of Altinn Events: it publishes our CloudEvents, so
// that whoever may subscribe there is told.
//
// Events are thin already; Altinn gets the bytes that the event bus has.
//
// Source: Digdir, Altinn Events API (publish), read November 2026: POST of one
// CloudEvents 1.0 JSON object, media type application/cloudevents+json, with a
// Maskinporten token of the scope altinn:events.publish.
package altinn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/maskinporten"
)

// Scope is what a token for publishing is asked with.
const Scope = "altinn:events.publish"

// MediaType is a single event's.
const MediaType = "application/cloudevents+json"

const (
	deadline    = 5 * time.Second
	answerLimit = 32 << 10
)

// Settings are what a service's configuration says of Altinn Events. Empty: its
// events stay on the event bus.
type Settings struct {
	// URL is the API's base, such as https://platform.altinn.no/events/api/v1.
	// In development also http:// on loopback.
	URL string `yaml:"url"`
	// Maskinporten is where tokens come from. Required with url.
	Maskinporten maskinporten.Settings `yaml:"maskinporten"`
}

// On says whether Altinn Events is configured.
func (s Settings) On() bool { return s.URL != "" }

// Validate says what is wrong, below the key altinn.
func (s *Settings) Validate(development bool) []fault.Violation {
	if *s == (Settings{}) {
		return nil
	}
	all := s.Maskinporten.Validate("altinn.maskinporten", development)
	if !maskinporten.Reachable(s.URL, development) {
		all = append(all, fault.Violation{Field: "altinn.url", Rule: "config.altinn.url", Message: "must begin with https://, or in development be http:// on a loopback address"})
	}
	if !s.Maskinporten.On() {
		all = append(all, fault.Violation{Field: "altinn.maskinporten", Rule: "config.altinn.maskinporten", Message: "is missing: Altinn takes events with a Maskinporten token"})
	}
	return all
}

// Tokens gives access tokens.
type Tokens interface {
	Token(ctx context.Context, scope string) (string, error)
	Forget(scope, token string)
}

// Client publishes events. Safe for concurrent use.
type Client struct {
	URL    string
	Tokens Tokens
	HTTP   *http.Client
}

// New makes a client. Web must follow no redirect.
func New(url string, tokens Tokens, web *http.Client) *Client {
	return &Client{URL: strings.TrimSuffix(url, "/"), Tokens: tokens, HTTP: web}
}

// Publish hands one event over. Errors are faults: Unavailable is worth another
// try; Invalid and Denied are not.
//
// Rules: altinn.unreachable (Unavailable), altinn.unauthorised (Denied),
// altinn.refused (Invalid).
func (c *Client) Publish(ctx context.Context, payload []byte) error {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	token, err := c.Tokens.Token(ctx, Scope)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+"/events", bytes.NewReader(payload))
	if err != nil {
		return fmt.Errorf("publish at Altinn: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", MediaType)
	answer, err := c.HTTP.Do(request)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "altinn.unreachable", "Altinn Events does not answer")
	}
	defer func() { _ = answer.Body.Close() }()
	if _, err := io.Copy(io.Discard, io.LimitReader(answer.Body, answerLimit)); err != nil && !errors.Is(err, io.EOF) {
		return fault.Wrap(err, fault.Unavailable, "altinn.unreachable", "Altinn Events broke its answer off")
	}
	switch {
	case answer.StatusCode == http.StatusOK || answer.StatusCode == http.StatusCreated || answer.StatusCode == http.StatusAccepted:
		return nil
	case answer.StatusCode == http.StatusUnauthorized:
		// The token may have been withdrawn: the next try asks for another.
		c.Tokens.Forget(Scope, token)
		return fault.New(fault.Unavailable, "altinn.token", "Altinn Events does not take this token any more")
	case answer.StatusCode == http.StatusForbidden:
		return fault.New(fault.Denied, "altinn.unauthorised", "this organisation may not publish events of this resource at Altinn")
	case answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode >= 500:
		return fault.New(fault.Unavailable, "altinn.unreachable", "Altinn Events answers %d", answer.StatusCode)
	}
	return fault.New(fault.Invalid, "altinn.refused", "Altinn Events refused the event with %d", answer.StatusCode)
}
