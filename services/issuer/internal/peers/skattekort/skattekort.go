// Package skattekort orders employers' tax cards at the tax administration and
// asks for its answers, in the shapes of "skattekort til arbeidsgiver". It
// shows a token of Maskinporten, keeps nothing and decides nothing; a worker's
// number stands in bodies alone, never in a URL, a log or an error.
//
// Source: NAV's client sokos-skattekort (repository of 2026-01).
package skattekort

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/taxcard"
)

// Scope is what the token must allow.
const Scope = "skatteetaten:skattekorttilarbeidsgiver"

const (
	deadline    = 10 * time.Second
	answerLimit = 256 << 10
)

// Tokens gives access tokens; *maskinporten.Client does. Forget drops one that
// was refused.
type Tokens interface {
	Token(ctx context.Context, scope string) (string, error)
	Forget(scope, token string)
}

// Doer does an HTTP request; *http.Client is one.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Client is safe for concurrent use.
type Client struct {
	// URL is the API's base, without a slash at its end.
	URL    string
	Tokens Tokens
	HTTP   Doer
}

// order is the body of bestillSkattekort. The name of the phone number lacks an
// n there.
type order struct {
	Year    string  `json:"inntektsaar"`
	Kind    string  `json:"bestillingstype"`
	Contact contact `json:"kontaktinformasjon"`
	Notify  string  `json:"varslingstype"`
	Request request `json:"forespoerselOmSkattekortTilArbeidsgiver"`
}

type contact struct {
	Email string `json:"epostadresse"`
	Phone string `json:"mobiltelefonummer"`
}

type request struct {
	Employers []ordering `json:"arbeidsgiver"`
}

type ordering struct {
	Employer organisation `json:"arbeidsgiveridentifikator"`
	Persons  []string     `json:"arbeidstakeridentifikator"`
}

type organisation struct {
	Number string `json:"organisasjonsnummer"`
}

// placed is what is answered to an order.
type placed struct {
	Dialogue  string `json:"dialogreferanse"`
	Reference string `json:"bestillingsreferanse"`
}

// Order places an order for one person and gives its reference.
func (c *Client) Order(ctx context.Context, w taxcard.Wish) (string, error) {
	body, err := json.Marshal(order{
		Year: strconv.Itoa(w.Year), Kind: "HENT_ALLE_OPPGITTE", Contact: contact{Email: w.Contact}, Notify: "VARSEL_VED_FOERSTE_ENDRING",
		Request: request{Employers: []ordering{{Employer: organisation{w.Organisation}, Persons: []string{w.Person}}}},
	})
	if err != nil {
		return "", fmt.Errorf("write order: %w", err)
	}
	status, raw, err := c.do(ctx, http.MethodPost, "/api/forskudd/bestillSkattekort/", body)
	if err != nil {
		return "", err
	}
	var answer placed
	if status != http.StatusOK && status != http.StatusCreated || strictjson.UnmarshalOpen(raw, &answer, limits) != nil || !isReference(answer.Reference) {
		return "", unreadable()
	}
	return answer.Reference, nil
}

// isReference keeps what comes from outside fit for a path.
func isReference(s string) bool {
	return s != "" && len(s) <= 100 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// answered is the answer to an order.
type answered struct {
	Status    string `json:"status"`
	Employers []struct {
		Employer organisation `json:"arbeidsgiveridentifikator"`
		Persons  []person     `json:"arbeidstaker"`
	} `json:"arbeidsgiver"`
}

type person struct {
	Number     string   `json:"arbeidstakeridentifikator"`
	Result     string   `json:"resultatForSkattekort"`
	Card       *card    `json:"skattekort"`
	Additional []string `json:"tilleggsopplysning"`
	Year       year     `json:"inntektsaar"`
}

// year is written as a number or as a text.
type year int

// UnmarshalJSON reads both.
func (y *year) UnmarshalJSON(raw []byte) error {
	n, err := strconv.Atoi(strings.Trim(string(raw), `"`))
	*y = year(n)
	return err
}

type card struct {
	Issued     string      `json:"utstedtDato"`
	ID         json.Number `json:"skattekortidentifikator"`
	Deductions []struct {
		Code  string `json:"trekkode"`
		Table *struct {
			Number     string      `json:"tabellnummer"`
			Percentage json.Number `json:"prosentsats"`
			Months     json.Number `json:"antallMaanederForTrekk"`
		} `json:"trekktabell"`
		Percent *struct {
			Percentage json.Number `json:"prosentsats"`
		} `json:"trekkprosent"`
		Free *struct {
			Amount json.Number `json:"frikortbeloep"`
		} `json:"frikort"`
	} `json:"forskuddstrekk"`
}

var limits = strictjson.Limits{Bytes: answerLimit, Depth: 16}

// Answer gives what came of an order; Unavailable (taxcard.not-ready) while
// there is no answer.
func (c *Client) Answer(ctx context.Context, reference string) (taxcard.Answer, error) {
	status, raw, err := c.do(ctx, http.MethodGet, "/api/forskudd/skattekortTilArbeidsgiver/svar/"+url.PathEscape(reference), nil)
	switch {
	case err != nil:
		return taxcard.Answer{}, err
	case status == http.StatusNoContent:
		return taxcard.Answer{}, fault.New(fault.Unavailable, "taxcard.not-ready", "the tax administration has not answered yet")
	}
	var got answered
	// The numbers are those of a person: an error must not quote them.
	if strictjson.UnmarshalOpen(raw, &got, limits) != nil || status != http.StatusOK || got.Status != "FORESPOERSEL_OK" || len(got.Employers) != 1 {
		return taxcard.Answer{}, unreadable()
	}
	answer := taxcard.Answer{Organisation: got.Employers[0].Employer.Number}
	for _, p := range got.Employers[0].Persons {
		one := taxcard.Person{Number: p.Number, Result: taxcard.Result(p.Result), Year: int(p.Year)}
		if p.Card != nil {
			if one.Card, err = readCard(*p.Card); err != nil {
				return taxcard.Answer{}, err
			}
			one.Card.Additional = p.Additional
		}
		answer.Persons = append(answer.Persons, one)
	}
	return answer, nil
}

func readCard(c card) (*taxcard.Card, error) {
	if _, err := time.Parse(time.DateOnly, c.Issued); err != nil || c.ID == "" {
		return nil, unreadable()
	}
	out := &taxcard.Card{ID: c.ID.String(), IssuedOn: c.Issued}
	for _, d := range c.Deductions {
		one := taxcard.Deduction{Code: d.Code}
		switch {
		case d.Table != nil:
			one.Table, one.Percentage, one.Months = d.Table.Number, d.Table.Percentage.String(), d.Table.Months.String()
		case d.Percent != nil:
			one.Percentage = d.Percent.Percentage.String()
		case d.Free != nil:
			// Kroner without øre; a card may write them with decimals of zero.
			whole, _, _ := strings.Cut(d.Free.Amount.String(), ".")
			amount, err := strconv.ParseInt(whole, 10, 64)
			if err != nil {
				return nil, unreadable()
			}
			one.Free = amount
		default:
			return nil, unreadable()
		}
		out.Deductions = append(out.Deductions, one)
	}
	return out, nil
}

// do asks with a token. Faults: taxcard.unreachable (Unavailable) without an
// answer or with one of 5xx or 429; taxcard.token (Unavailable) when the token
// is refused, which is forgotten; taxcard.refused (Invalid) for any other
// refusal.
func (c *Client) do(ctx context.Context, method, path string, body []byte) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	token, err := c.Tokens.Token(ctx, Scope)
	if err != nil {
		return 0, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("ask for tax card: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) {
			err = outer.Err // the URL holds a reference
		}
		return 0, nil, fault.Wrap(err, fault.Unavailable, "taxcard.unreachable", "the tax administration does not answer: it is asked again")
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit+1))
	switch {
	case err != nil:
		return 0, nil, fault.Wrap(err, fault.Unavailable, "taxcard.unreachable", "the tax administration's answer broke off: it is asked again")
	case len(raw) > answerLimit:
		return 0, nil, unreadable()
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		c.Tokens.Forget(Scope, token)
		return 0, nil, fault.New(fault.Unavailable, "taxcard.token", "the tax administration refuses the token: it is asked again with another")
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests:
		return 0, nil, fault.New(fault.Unavailable, "taxcard.unreachable", "the tax administration answers %d: it is asked again", resp.StatusCode)
	case resp.StatusCode >= 300:
		return 0, nil, fault.New(fault.Invalid, "taxcard.refused", "the tax administration refuses the order (%d)", resp.StatusCode)
	}
	return resp.StatusCode, raw, nil
}

func unreadable() error {
	return fault.New(fault.Unavailable, "taxcard.unreadable", "the tax administration's answer cannot be read: it is asked again")
}
