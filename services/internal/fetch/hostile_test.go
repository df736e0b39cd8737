package fetch

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// nameServer answers each question for an IPv4 address with the next of its
// answers, the last one again and again, and has no IPv6 address.
type nameServer struct {
	mu      sync.Mutex // guards answers
	answers []netip.Addr
}

// install makes every look-up of this process ask n.
func (n *nameServer) install(t *testing.T) {
	t.Helper()
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go n.serve(theirs)
		return ours, nil
	}}
	t.Cleanup(func() { net.DefaultResolver = before })
}

// serve answers one question, in the framing of DNS over TCP (RFC 1035 section
// 4.2.2).
func (n *nameServer) serve(conn net.Conn) {
	defer conn.Close()
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return
	}
	query := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, query); err != nil {
		return
	}
	end := 12 // after the header
	for query[end] != 0 {
		end += 1 + int(query[end])
	}
	end += 5 // the root, type and class
	reply := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, query[12:end]...)
	if query[end-3] == 1 { // type A
		reply[7] = 1
		reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		reply = append(reply, n.next().AsSlice()...)
	}
	_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...))
}

func (n *nameServer) next() netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	first := n.answers[0]
	if len(n.answers) > 1 {
		n.answers = n.answers[1:]
	}
	return first
}

// A name that leads to a public address when somebody looks, and inside when
// the connection is made: the address that counts is the one dialled.
func TestHostile31Rebinding(t *testing.T) {
	s := open(t, func(http.ResponseWriter, *http.Request) {})
	_, port, err := net.SplitHostPort(s.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, inside := range []string{"127.0.0.1", "169.254.169.254", "10.0.0.1", "0.0.0.0"} {
		t.Run("31 rebinding to "+inside, func(t *testing.T) {
			public := netip.MustParseAddr("93.184.215.14")
			(&nameServer{answers: []netip.Addr{public, netip.MustParseAddr(inside)}}).install(t)
			seen, err := net.DefaultResolver.LookupNetIP(t.Context(), "ip4", host)
			if err != nil || len(seen) != 1 || seen[0].Unmap() != public {
				t.Fatal(seen, err)
			}
			c := New(Config{CA: s.pool})
			t.Cleanup(c.Close)
			_, _, err = c.Get(t.Context(), "https://"+host+":"+port+"/did.json", 0)
			if fault.RuleOf(err) != "fetch.address-refused" || fault.KindOf(err) != fault.Invalid {
				t.Fatal(err)
			}
		})
	}
	if n := s.requests.Load(); n != 0 {
		t.Errorf("%d requests came through", n)
	}
}

// A redirect is the other side's wish to send us elsewhere: wherever it leads,
// nobody follows.
func TestHostile31RedirectsLeadNowhere(t *testing.T) {
	inner := open(t, func(http.ResponseWriter, *http.Request) {})
	for name, location := range map[string]string{
		"31 to loopback":   inner.server.URL + "/did.json",
		"31 to link-local": "http://169.254.169.254/latest/meta-data/",
		"31 to a file":     "file:///etc/passwd",
		"31 to itself":     "/did.json",
	} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			s := open(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", location)
				w.WriteHeader(status)
			})
			if _, _, err := s.client(t).Get(t.Context(), "https://example.com/did.json", 0); fault.RuleOf(err) != "fetch.redirect" {
				t.Errorf("%s by %d: %v", name, status, err)
			}
			if n := s.requests.Load() + inner.requests.Load(); n != 1 {
				t.Errorf("%s by %d: %d requests", name, status, n)
			}
		}
	}
}

// roundTripper is a network that a test makes up.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// drip is an endless answer, one byte a second.
type drip struct{ ctx context.Context }

func (d drip) Read(p []byte) (int, error) {
	select {
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	case <-time.After(time.Second):
		p[0] = ' '
		return 1, nil
	}
}

func (drip) Close() error { return nil }

// Time in the test is made up too: it passes when everybody waits.
func TestHostile32SlowDocumentsAreGivenUpAfterThreeSeconds(t *testing.T) {
	for name, network := range map[string]roundTripper{
		"32 no answer": func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		},
		"32 a byte a second": func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, ContentLength: -1, Body: drip{r.Context()}}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := New(Config{})
				c.http.Transport = network
				begun := time.Now()
				_, _, err := c.Get(t.Context(), "https://example.com/did.json", 0)
				if fault.RuleOf(err) != "fetch.timeout" || fault.KindOf(err) != fault.Unavailable {
					t.Errorf("got %v", err)
				}
				if took := time.Since(begun); took != 3*time.Second {
					t.Errorf("given up after %v", took)
				}
			})
		})
	}
}

// An answer that says it is small and is not, or says nothing and never ends.
func TestHostile32EndlessDocumentsAreCutOffAt64KiB(t *testing.T) {
	for name, length := range map[string]int64{"32 of unknown length": -1, "32 of another length": 10} {
		t.Run(name, func(t *testing.T) {
			read := 0
			c := New(Config{})
			c.http.Transport = roundTripper(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, ContentLength: length, Body: io.NopCloser(endless{&read})}, nil
			})
			_, _, err := c.Get(t.Context(), "https://example.com/did.json", 0)
			if fault.RuleOf(err) != "fetch.too-large" || read > 64<<10+1 {
				t.Errorf("%v after %d bytes", err, read)
			}
		})
	}
	c := New(Config{})
	c.http.Transport = roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, ContentLength: 64<<10 + 1, Body: io.NopCloser(untouched{t})}, nil
	})
	if _, _, err := c.Get(t.Context(), "https://example.com/did.json", 0); fault.RuleOf(err) != "fetch.too-large" {
		t.Error(err)
	}
}

type endless struct{ read *int }

func (e endless) Read(p []byte) (int, error) {
	*e.read += len(p)
	return len(p), nil
}

type untouched struct{ t *testing.T }

func (u untouched) Read([]byte) (int, error) {
	u.t.Error("an answer that is too large by its own word is read")
	return 0, errors.New("read")
}
