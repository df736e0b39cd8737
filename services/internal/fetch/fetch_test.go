package fetch

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// host is in the certificate of httptest's TLS server.
const host = "example.com"

type site struct {
	server   *httptest.Server
	pool     *x509.CertPool
	requests atomic.Int64
}

func open(t *testing.T, handler http.HandlerFunc) *site {
	t.Helper()
	s := &site{pool: x509.NewCertPool()}
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		handler(w, r)
	}))
	s.server.EnableHTTP2 = true
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
	s.pool.AddCert(s.server.Certificate())
	return s
}

// client reaches the site by its name, as in development.
func (s *site) client(t *testing.T) *Client {
	t.Helper()
	c := New(Config{CA: s.pool, Names: map[string]string{host: s.server.Listener.Addr().String()}})
	t.Cleanup(c.Close)
	return c
}

func TestDocumentIsFetchedOverTLS(t *testing.T) {
	s := open(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/did+json")
		fmt.Fprint(w, r.Proto, r.Method, r.URL.Path, r.Header.Get("Accept-Encoding"))
	})
	body, header, err := s.client(t).Get(t.Context(), "https://example.com/did.json", 0)
	if err != nil || string(body) != "HTTP/2.0GET/did.json" || header.Get("Content-Type") != "application/did+json" {
		t.Fatalf("%q, %v, %v", body, header, err)
	}
}

func TestDocumentThatHasNotChangedIsNotSentAgain(t *testing.T) {
	s := open(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/untagged":
			w.WriteHeader(http.StatusNotModified)
		case r.Header.Get("If-None-Match") == `"2"`:
			w.WriteHeader(http.StatusNotModified)
		default:
			w.Header().Set("ETag", `"2"`)
			fmt.Fprint(w, "second")
		}
	})
	c := s.client(t)
	for before, want := range map[string]string{"": "second", `"1"`: "second", `"2"`: ""} {
		body, tag, err := c.GetChanged(t.Context(), "https://example.com/list", before, 0)
		if err != nil || string(body) != want || (body == nil) != (want == "") || tag != `"2"` {
			t.Errorf("with %s: %q, %s, %v", before, body, tag, err)
		}
	}
	// Nobody has what an answer without a question says has not changed.
	if _, _, err := c.GetChanged(t.Context(), "https://example.com/untagged", "", 0); fault.KindOf(err) != fault.Invalid {
		t.Errorf("unchanged, without a tag: %v", err)
	}
}

func TestMessageIsPosted(t *testing.T) {
	s := open(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Content-Type") != "application/didcomm-encrypted+json" || string(body) != "sealed" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
	if _, _, err := s.client(t).Post(t.Context(), "https://example.com/didcomm", "application/didcomm-encrypted+json", []byte("sealed")); err != nil {
		t.Fatal(err)
	}
}

func TestTraceGoesAlong(t *testing.T) {
	s := open(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header.Get("Traceparent")) })
	ctx, end := telemetry.Span(t.Context(), "didcomm.Send")
	defer end(nil)
	body, _, err := s.client(t).Get(ctx, "https://example.com/", 0)
	if err != nil || string(body) != telemetry.Traceparent(ctx) {
		t.Fatalf("%q, %v", body, err)
	}
}

// Hostile input 31.
func TestAddressesInsideAreRefused(t *testing.T) {
	s := open(t, func(http.ResponseWriter, *http.Request) {})
	_, port, err := net.SplitHostPort(s.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := New(Config{CA: s.pool})
	t.Cleanup(c.Close)
	for _, inside := range []string{
		"localhost", // a name: refused when it has been resolved
		"127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254",
		"0", "017700000001", "0xa9fea9fe", "0.0.0.0", "[::1]", "[::]", "[fe80::1]", "[fd00::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "127.0.0.1.",
	} {
		t.Run("31 "+inside, func(t *testing.T) {
			_, _, err := c.Get(t.Context(), "https://"+inside+":"+port+"/did.json", 0)
			if fault.RuleOf(err) != "fetch.address-refused" && fault.RuleOf(err) != "fetch.url" || fault.KindOf(err) != fault.Invalid {
				t.Error(err)
			}
		})
	}
	if n := s.requests.Load(); n != 0 {
		t.Errorf("%d requests came through", n)
	}
	if _, _, err := New(Config{CA: s.pool, AllowPrivate: true}).Get(t.Context(), "https://127.0.0.1:"+port+"/", 0); err != nil {
		t.Errorf("in development: %v", err)
	}
}

// A name that resolved to a public address a moment ago and to one inside now
// is refused, because the address is checked when dialing.
func TestAddressIsCheckedWhenDialing(t *testing.T) {
	for address, allowed := range map[string]bool{
		"8.8.8.8:443": true, "[2606:4700::1111]:443": true,
		"127.0.0.1:443": false, "10.255.0.1:443": false, "172.16.0.1:443": false, "172.31.255.255:443": false, "192.168.0.1:443": false,
		"169.254.169.254:80": false, "100.64.0.1:443": false, "0.0.0.0:443": false, "255.255.255.255:443": false, "224.0.0.1:443": false,
		"198.18.0.1:443": false, "192.0.2.1:443": false, "240.0.0.1:443": false,
		"[::1]:443": false, "[::]:443": false, "[::7f00:1]:443": false, "[fe80::1%eth0]:443": false, "[fc00::1]:443": false, "[ff02::1]:443": false,
		"[::ffff:10.0.0.1]:443": false, "[64:ff9b::a00:1]:443": false, "[2002:7f00:1::]:443": false, "[2001:0:1::]:443": false,
		"nonsense": false, "/run/socket": false,
	} {
		t.Run("31 "+address, func(t *testing.T) {
			if err := checkResolved(address); (err == nil) != allowed {
				t.Error(err)
			}
		})
	}
}

func TestOnlyHTTPSIsSpoken(t *testing.T) {
	c := New(Config{AllowPrivate: true})
	for _, address := range []string{"http://example.com/", "ftp://example.com/", "file:///etc/passwd", "//example.com", "example.com",
		"https://", "https://user:pw@example.com/", "https:example.com", "https://exa mple.com/", "https://example.com/%zz", "",
		"https://example.com/" + strings.Repeat("a", 4096)} {
		if _, _, err := c.Get(t.Context(), address, 0); fault.RuleOf(err) != "fetch.url" {
			t.Errorf("%.60s: %v", address, err)
		}
	}
}

// Hostile input 32.
func TestLongAnswersAreCutOff(t *testing.T) {
	s := open(t, func(w http.ResponseWriter, r *http.Request) {
		for n := 0; n < 5<<20; n += 1 << 10 { // without a length
			if _, err := w.Write(make([]byte, 1<<10)); err != nil {
				return
			}
			if r.URL.Path == "/exact" && n+1<<10 == DefaultLimit {
				return
			}
		}
	})
	c := s.client(t)
	for path, limit := range map[string]int64{"/endless": 0, "/more": 1 << 20, "/most": 100 << 20} {
		t.Run("32 "+path, func(t *testing.T) {
			if _, _, err := c.Get(t.Context(), "https://example.com"+path, limit); fault.RuleOf(err) != "fetch.too-large" || fault.KindOf(err) != fault.Invalid {
				t.Error(err)
			}
		})
	}
	if body, _, err := c.Get(t.Context(), "https://example.com/exact", 0); err != nil || len(body) != DefaultLimit {
		t.Errorf("exactly the limit: %d bytes, %v", len(body), err)
	}
}

func TestSlowAnswerIsGivenUp(t *testing.T) {
	release := make(chan struct{})
	s := open(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, _, err := s.client(t).Get(ctx, "https://example.com/", 0); fault.RuleOf(err) != "fetch.timeout" || fault.KindOf(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
}

func TestCompressedAnswerIsRefused(t *testing.T) {
	s := open(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		fmt.Fprint(w, "bomb")
	})
	if _, _, err := s.client(t).Get(t.Context(), "https://example.com/", 0); fault.RuleOf(err) != "fetch.encoding" {
		t.Errorf("got %v", err)
	}
}

// Hostile input 35: what cannot be reached is Unavailable, never an answer.
func TestAnswersBecomeFaults(t *testing.T) {
	s := open(t, func(w http.ResponseWriter, r *http.Request) {
		var status int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &status); err != nil {
			status = http.StatusTeapot
		}
		w.WriteHeader(status)
	})
	c := s.client(t)
	for status, kind := range map[int]fault.Kind{
		400: fault.Invalid, 401: fault.Invalid, 403: fault.Invalid, 404: fault.NotFound, 410: fault.NotFound, 415: fault.Invalid,
		408: fault.Unavailable, 429: fault.Unavailable, 500: fault.Unavailable, 503: fault.Unavailable, 304: fault.Invalid,
	} {
		_, _, err := c.Get(t.Context(), fmt.Sprintf("https://example.com/%d?code=secret", status), 0)
		if fault.KindOf(err) != kind || strings.Contains(err.Error(), "secret") {
			t.Errorf("%d: %v", status, err)
		}
	}
	s.server.Close()
	_, _, err := c.Get(t.Context(), "https://example.com/?code=secret", 0)
	if fault.KindOf(err) != fault.Unavailable || strings.Contains(err.Error(), "secret") {
		t.Errorf("closed: %v", err)
	}
}

func TestUntrustedCertificateIsRefused(t *testing.T) {
	s := open(t, func(http.ResponseWriter, *http.Request) {})
	for name, c := range map[string]*Client{
		"other authority": New(Config{CA: x509.NewCertPool(), Names: map[string]string{host: s.server.Listener.Addr().String()}}),
		"other name":      New(Config{CA: s.pool, Names: map[string]string{"issuer.test": s.server.Listener.Addr().String()}}),
	} {
		address := "https://example.com/"
		if name == "other name" {
			address = "https://issuer.test/"
		}
		if _, _, err := c.Get(t.Context(), address, 0); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
		c.Close()
	}
	if n := s.requests.Load(); n != 0 {
		t.Errorf("%d requests came through", n)
	}
}

func TestEnvironmentsProxyIsIgnored(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	s := open(t, func(http.ResponseWriter, *http.Request) {})
	if _, _, err := s.client(t).Get(t.Context(), "https://example.com/", 0); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"https://example.com/a", "https://[::1]/", "https://2130706433/", "https://0x7f.1/", "https://a:b@c/"} {
		f.Add(seed)
	}
	c := New(Config{})
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := c.parse(raw)
		if err != nil {
			return
		}
		if u.Scheme != "https" || u.User != nil || u.Hostname() == "" {
			t.Errorf("%q was taken as %v", raw, u)
		}
		if _, err := netip.ParseAddr(u.Hostname()); err == nil {
			t.Errorf("%q names an address", raw)
		}
	})
}
