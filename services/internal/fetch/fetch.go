// Package fetch is the one way out to the web: DID documents, trust lists,
// status lists, schemas, DIDComm messages. Every address it is given may come
// from an attacker, so it speaks https only, follows no redirect, connects to
// no address inside (checked when dialing, after the name was resolved), and
// stops reading at a limit.
//
// It caches nothing and retries nothing; that belongs to its callers.
package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"go.opentelemetry.io/otel/propagation"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

const (
	// Deadline bounds every request, from name resolution to the last byte.
	Deadline = 3 * time.Second
	// DefaultLimit is the size of an answer when the caller gives none: what
	// a DID document may have.
	DefaultLimit = 64 << 10
	// MaxLimit is the largest limit a caller may give.
	MaxLimit = 4 << 20
)

// Config says what a Client trusts.
type Config struct {
	// CA holds the authorities to trust. Nil: the system's.
	CA *x509.CertPool
	// Names maps a host name to the host:port to connect to instead of asking
	// DNS; addresses inside are allowed there, and TLS still checks the name.
	// For development only.
	Names map[string]string
	// AllowPrivate allows every address. For development only.
	AllowPrivate bool
	// Clock dates the checks of certificates. Nil: the machine's clock.
	Clock clock.Clock
	// Web carries the requests. Nil: connections as the rest of Config says.
	Web http.RoundTripper
}

// Client fetches. It may be used from many goroutines.
type Client struct {
	cfg  Config
	http *http.Client
}

// Request is one request. Only Method and URL are needed.
type Request struct {
	Method string
	URL    string
	Header http.Header
	Body   []byte
	// Limit is the largest answer in bytes. Zero: DefaultLimit. At most
	// MaxLimit.
	Limit int64
}

// Response is an answer with a 2xx status, or 304 to a request with If-None-Match.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// New makes a Client.
func New(cfg Config) *Client {
	if cfg.Clock == nil {
		cfg.Clock = clock.System{}
	}
	c := &Client{cfg: cfg}
	if cfg.Web == nil {
		cfg.Web = &http.Transport{
			Proxy:                  nil, // the environment decides nothing here
			DialContext:            c.dial,
			ForceAttemptHTTP2:      true,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: cfg.CA, Time: cfg.Clock.Now},
			TLSHandshakeTimeout:    Deadline,
			DisableCompression:     true, // a small answer cannot become a big one
			MaxResponseHeaderBytes: 16 << 10,
			MaxIdleConns:           200,
			MaxIdleConnsPerHost:    32,
			MaxConnsPerHost:        64,
			IdleConnTimeout:        90 * time.Second,
		}
	}
	c.http = &http.Client{Transport: cfg.Web, CheckRedirect: stay}
	return c
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Get fetches url. limit is the largest answer in bytes; zero is
// DefaultLimit. Errors are those of Do.
func (c *Client) Get(ctx context.Context, url string, limit int64) ([]byte, http.Header, error) {
	resp, err := c.Do(ctx, Request{Method: http.MethodGet, URL: url, Limit: limit})
	if err != nil {
		return nil, nil, err
	}
	return resp.Body, resp.Header, nil
}

// GetChanged fetches url, unless it is still what an entity tag names (RFC 9110,
// section 13.1.2): then body is nil and the tag the same. An empty tag fetches in any
// case; an answer without one has the tag empty. Otherwise it is Get.
func (c *Client) GetChanged(ctx context.Context, url, tag string, limit int64) (body []byte, now string, err error) {
	req := Request{Method: http.MethodGet, URL: url, Limit: limit, Header: http.Header{}}
	if tag != "" {
		req.Header.Set("If-None-Match", tag)
	}
	resp, err := c.Do(ctx, req)
	switch {
	case err != nil:
		return nil, "", err
	case resp.Status == http.StatusNotModified:
		return nil, tag, nil
	}
	return resp.Body, resp.Header.Get("ETag"), nil
}

// Post sends body to url and returns the answer, of at most DefaultLimit
// bytes. Errors are those of Do.
func (c *Client) Post(ctx context.Context, url, contentType string, body []byte) ([]byte, http.Header, error) {
	resp, err := c.Do(ctx, Request{Method: http.MethodPost, URL: url, Body: body,
		Header: http.Header{"Content-Type": {contentType}}})
	if err != nil {
		return nil, nil, err
	}
	return resp.Body, resp.Header, nil
}

// Do sends one request within Deadline. Its errors are faults that never
// name the URL: Unavailable when the other side did not answer or answered
// 408, 425, 429 or 5xx (try again later), NotFound for 404 and 410, Invalid
// for everything that will not get better (a URL or address that is refused,
// a redirect, an answer that is too large, any other status).
func (c *Client) Do(ctx context.Context, req Request) (*Response, error) {
	target, err := c.parse(req.URL)
	if err != nil {
		return nil, err
	}
	limit := req.Limit
	if limit <= 0 {
		limit = DefaultLimit
	}
	limit = min(limit, MaxLimit)
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	out, err := http.NewRequestWithContext(ctx, req.Method, target.String(), bytes.NewReader(req.Body))
	if err != nil {
		return nil, fault.New(fault.Invalid, "fetch.url", "the address is not usable")
	}
	if req.Header != nil {
		out.Header = req.Header.Clone()
	}
	out.Header.Set("User-Agent", "kompetansespor")
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(out.Header))
	resp, err := c.http.Do(out)
	if err != nil {
		return nil, networkFault(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotModified && out.Header.Get("If-None-Match") != "" {
		return &Response{Status: resp.StatusCode, Header: resp.Header}, nil
	}
	if err := statusFault(resp.StatusCode); err != nil {
		return nil, err
	}
	if encoding := resp.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, fault.New(fault.Invalid, "fetch.encoding", "the answer is compressed though nobody asked for it")
	}
	if resp.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, networkFault(err)
	}
	if int64(len(body)) > limit {
		return nil, tooLarge(limit)
	}
	return &Response{Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
}

func tooLarge(limit int64) error {
	return fault.New(fault.Invalid, "fetch.too-large", "the answer is larger than %d bytes", limit)
}

// parse refuses what should not be asked for at all.
func (c *Client) parse(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Opaque != "" || len(raw) > 2048 {
		return nil, fault.New(fault.Invalid, "fetch.url", "the address must be https:// and a host name")
	}
	if !c.cfg.AllowPrivate && looksLikeAddress(u.Hostname()) {
		return nil, fault.New(fault.Invalid, "fetch.address-refused", "the address must name a host, not a number")
	}
	u.Fragment = ""
	return u, nil
}

// looksLikeAddress reports hosts that a resolver could take for an address:
// IPv6, dotted, decimal, octal or hexadecimal IPv4. A host name's last label
// is never a number (WHATWG URL, ends-in-a-number checker).
func looksLikeAddress(host string) bool {
	if strings.ContainsAny(host, ":%") {
		return true
	}
	host = strings.TrimSuffix(host, ".")
	last := strings.ToLower(host[strings.LastIndexByte(host, '.')+1:])
	if hex, found := strings.CutPrefix(last, "0x"); found {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}

// dial connects to a mapped name as it is mapped, and to everything else only
// where the resolved address is a public one.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: Deadline, KeepAlive: 30 * time.Second}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if mapped, ok := c.cfg.Names[strings.ToLower(host)]; ok {
		return dialer.DialContext(ctx, network, mapped)
	}
	if !c.cfg.AllowPrivate {
		dialer.Control = func(_, resolved string, _ syscall.RawConn) error { return checkResolved(resolved) }
	}
	return dialer.DialContext(ctx, network, address)
}

// errRefused marks an address inside.
var errRefused = errors.New("address is not a public one")

func checkResolved(resolved string) error {
	at, err := netip.ParseAddrPort(resolved)
	if err != nil || !public(at.Addr()) {
		return errRefused
	}
	return nil
}

// special are the address blocks that no public host has: the IANA special
// purpose registries, and the transition blocks that embed an IPv4 address.
var special = func() (blocks []netip.Prefix) {
	for _, block := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32",
		"2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
	} {
		blocks = append(blocks, netip.MustParsePrefix(block))
	}
	return blocks
}()

func public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, block := range special {
		if block.Contains(a) {
			return false
		}
	}
	return a.IsGlobalUnicast()
}

// networkFault keeps the URL, which net/http puts into its errors, out of
// ours.
func networkFault(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	switch {
	case errors.Is(err, errRefused):
		return fault.New(fault.Invalid, "fetch.address-refused", "the host is not a public one")
	case errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Unavailable, "fetch.timeout", "the other side did not answer in time")
	}
	return fault.Wrap(err, fault.Unavailable, "fetch.unreachable", "the other side could not be reached")
}

func statusFault(status int) error {
	switch {
	case status >= 200 && status < 300:
		return nil
	case status >= 300 && status < 400:
		return fault.New(fault.Invalid, "fetch.redirect", "the answer is a redirect, which is not followed")
	case status == http.StatusNotFound || status == http.StatusGone:
		return fault.New(fault.NotFound, "fetch.not-found", "the other side has no such thing")
	case status == http.StatusRequestTimeout || status == http.StatusTooEarly ||
		status == http.StatusTooManyRequests || status >= 500:
		return fault.New(fault.Unavailable, "fetch.status", "the other side cannot answer now (status %d)", status)
	}
	return fault.New(fault.Invalid, "fetch.status", "the other side refused (status %d)", status)
}
