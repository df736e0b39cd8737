// Package enhetsregisteret asks Norway's central register of organisations, the
// open API of Brønnøysundregistrene: an organisation (/enheter/{orgnr}), who
// holds a role in it (/enheter/{orgnr}/roller), and which organisations have
// changed (/oppdateringer/enheter). It needs no token and sends nothing but
// organisation numbers.
//
// What it cannot read, or what is not about what it asked, is as good as no
// answer: it fails as Unavailable and decides nothing.
package enhetsregisteret

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// Production is where the register is.
const Production = "https://data.brreg.no/enhetsregisteret/api"

const (
	deadline  = 3 * time.Second // of one attempt, from name to last byte
	attempts  = 3               // at once: who waits longer is the caller's runner
	maxEntity = 256 << 10
	maxRoles  = 1 << 20
	maxPage   = 4 << 20
)

// Client is safe for concurrent use.
type Client struct {
	base string
	http *http.Client
	// deadline bounds one attempt.
	deadline time.Duration
}

// New makes a client of the register at a base URL, such as Production. An
// empty one makes a client that never gets an answer. Web must follow no redirect.
func New(base string, web *http.Client) *Client {
	return &Client{base: strings.TrimSuffix(base, "/"), deadline: deadline, http: web}
}

// CheckBase refuses an address that the register cannot have: https, or, where
// development allows it, http on this machine.
func CheckBase(base string, development bool) error {
	u, err := url.Parse(base)
	if err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == "" {
		return nil
	}
	if err == nil && development && u.Scheme == "http" && u.User == nil && net.ParseIP(u.Hostname()).IsLoopback() {
		return nil
	}
	return errors.New("must be https, or in development http on a loopback address")
}

// get gets a document of at most limit bytes. gone tells that the register has
// none: 404, or 410 for what was there.
func (c *Client) get(ctx context.Context, path string, query url.Values, limit int64, into any) (gone int, err error) {
	if c.base == "" {
		return 0, unavailable("enhetsregisteret.not-configured", "no address of Enhetsregisteret is configured")
	}
	for range attempts {
		var again bool
		gone, again, err = c.once(ctx, path, query, limit, into)
		if !again || ctx.Err() != nil {
			break
		}
	}
	return gone, err
}

// once is one attempt; again says whether another may do better.
func (c *Client) once(ctx context.Context, path string, query url.Values, limit int64, into any) (gone int, again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.deadline)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return 0, false, unavailable("enhetsregisteret.address", "the address of Enhetsregisteret is not usable")
	}
	request.URL.RawQuery = query.Encode()
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "kompetansespor")
	answer, err := c.http.Do(request)
	if err != nil {
		// Slow is not asked again: that would only make the caller wait.
		late := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
		return 0, !late, unavailable("enhetsregisteret.unreachable", "Enhetsregisteret did not answer")
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode == http.StatusNotFound || answer.StatusCode == http.StatusGone:
		return answer.StatusCode, false, nil
	case answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests:
		return 0, answer.StatusCode >= 500, unavailable("enhetsregisteret.unreachable", "Enhetsregisteret cannot answer now")
	case answer.StatusCode != http.StatusOK:
		return 0, false, wrong()
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, limit+1))
	if err != nil {
		return 0, false, unavailable("enhetsregisteret.unreachable", "Enhetsregisteret did not finish its answer")
	}
	if int64(len(body)) > limit || strictjson.UnmarshalOpen(body, into, strictjson.Limits{Bytes: int(limit)}) != nil {
		return 0, false, wrong()
	}
	return 0, false, nil
}

func unavailable(rule, message string) error {
	return fault.New(fault.Unavailable, rule, "%s", message)
}

func wrong() error {
	return unavailable("enhetsregisteret.wrong", "what Enhetsregisteret answered cannot be read")
}
