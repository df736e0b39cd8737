// Package folkeregisteret asks Skatteetaten's population register for numbers in
// the shape of its public API: a requisition in XML, a receipt, and the answer by
// a feed of feedback. It keeps nothing: the caller keeps the pointer.
//
// Only the requisition of a D-number is public. A resident's fødselsnummer is
// given by the register when it learns of the move, over interfaces that are not
// published; here it is asked for in the same shape under a path of our own
// (pathBirthNumber), with the D-number that it replaces, and answered in the same
// feed as skalTildeleFoedselsnummer. Against the real register that path is to be
// exchanged for the agreed one; nothing else changes.
//
// Source: Skatteetaten, folkeregisteret-api-dokumentasjon, rekvisisjon_av_dnummer
// v5 and tilbakemelding v2.
package folkeregisteret

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

const (
	// Scope is what a token must be for.
	Scope = "folkeregister:deling/offentligmedhjemmel"

	pathDNumber     = "/folkeregisteret/mottak/api/rekvisisjon_av_dnummer_v5"
	pathBirthNumber = "/folkeregisteret/mottak/api/rekvisisjon_av_foedselsnummer"
	pathFeedback    = "/folkeregisteret/tilbakemelding/api/v2/hendelser"

	pageSize = 100
	// deadline bounds one request.
	deadline = 5 * time.Second
	// answerLimit is the size of the largest answer, in bytes.
	answerLimit = 1 << 20
)

// Doer does an HTTP request; *http.Client is one.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Tokens gives access tokens; maskinporten.Client does.
type Tokens interface {
	Token(ctx context.Context, scope string) (string, error)
	Forget(scope, token string)
}

// Client implements desk.Register. Safe for concurrent use.
type Client struct {
	// URL is the register's base, without a slash at its end.
	URL    string
	Tokens Tokens
	// HTTP reaches the register. It must follow no redirect.
	HTTP  Doer
	Clock clock.Clock
	// Mode is the world that numbers must be of.
	Mode identifier.Mode
}

// Name implements desk.Register.
func (c *Client) Name() string { return c.URL }

// Requisition sends a requisition. The register knows a repetition by our
// reference, avsendersMeldingsidentifikator.
//
// Faults: register.refused (Invalid) for a requisition that the register does not
// take; identifier.* (Invalid) for a name or country that it cannot write;
// register.unreachable and register.answer (Unavailable).
func (c *Client) Requisition(ctx context.Context, r registration.Requisition) (string, error) {
	body, err := write(r, c.Clock.Now())
	if err != nil {
		return "", err
	}
	path := pathDNumber
	if r.Kind == identifier.BirthNumber {
		path = pathBirthNumber
	}
	answer, err := c.do(ctx, http.MethodPost, path, body, http.StatusAccepted)
	if err != nil {
		return "", err
	}
	var receipt struct {
		Register string `json:"folkeregisterReferanse"`
		Ours     string `json:"avsendersMeldingsidentifikator"`
	}
	err = strictjson.UnmarshalOpen(answer, &receipt, strictjson.Limits{Bytes: answerLimit, Depth: 8})
	if err != nil || receipt.Register == "" || receipt.Ours != r.Reference {
		return "", fault.New(fault.Unavailable, "register.answer", "the population register's receipt is not of this requisition: it is asked again")
	}
	return receipt.Register, nil
}

// Answers reads the feedback that is newer than a place.
//
// Faults: register.unreachable and register.answer (Unavailable): nothing of a
// page that cannot be read is taken.
func (c *Client) Answers(ctx context.Context, after int64) ([]registration.Answer, error) {
	path := fmt.Sprintf("%s?seq=%d&direction=nyere&pageSize=%d", pathFeedback, after, pageSize)
	body, err := c.do(ctx, http.MethodGet, path, nil, http.StatusOK)
	if err != nil {
		return nil, err
	}
	answers, err := readFeedback(body, after, c.Mode)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "register.answer", "the population register's feedback cannot be read: it is asked again")
	}
	return answers, nil
}

// Resolve refuses: Folkeregisteret's own clerks decide on what it has queued, and
// their decision comes by the feed.
func (c *Client) Resolve(context.Context, string, registration.Resolution) error {
	return fault.New(fault.Conflict, "register.decides", "Folkeregisteret's own clerks decide on this case: their answer comes by its feedback")
}

// do asks with an access token. A token that is refused is forgotten, so that the
// next attempt has another.
func (c *Client) do(ctx context.Context, method, path string, body []byte, want int) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	token, err := c.Tokens.Token(ctx, Scope)
	if err != nil {
		// A grant that is refused is for the operator to mend: the requisition is
		// not at fault, and waits.
		return nil, fault.Wrap(err, fault.Unavailable, "register.unreachable", "there is no access token for the population register: it is tried again")
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ask the population register: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/xml; charset=UTF-8")
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "register.unreachable", "the population register does not answer: it is tried again")
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit+1))
	switch {
	case err != nil:
		return nil, fault.Wrap(err, fault.Unavailable, "register.unreachable", "the population register's answer broke off: it is tried again")
	case len(answer) > answerLimit:
		return nil, fault.New(fault.Unavailable, "register.answer", "the population register's answer is too long: it is asked again")
	case resp.StatusCode == want:
		return answer, nil
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		c.Tokens.Forget(Scope, token)
		return nil, fault.New(fault.Unavailable, "register.unreachable", "the population register refuses our access token: it is tried again with another")
	case method == http.MethodPost && (resp.StatusCode == http.StatusBadRequest || resp.StatusCode == http.StatusUnprocessableEntity):
		return nil, fault.New(fault.Invalid, "register.refused", "the population register does not take the requisition (status %d): a clerk must look at it", resp.StatusCode)
	}
	return nil, fault.New(fault.Unavailable, "register.unreachable", "the population register answers %s: it is tried again", strconv.Itoa(resp.StatusCode))
}

// base is a URL without a slash at its end.
func base(url string) string { return strings.TrimSuffix(url, "/") }

// New makes a client.
func New(url string, tokens Tokens, http Doer, c clock.Clock, mode identifier.Mode) *Client {
	return &Client{URL: base(url), Tokens: tokens, HTTP: http, Clock: c, Mode: mode}
}
