package virtual

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
)

// What people and the registers outside are called on the wire.
const (
	people   = "people"
	standIns = "stand-ins"
)

// cut is a connection between two that loses what they say: what is asked, or only
// what is answered, so that the one has acted and the other does not know.
type cut struct {
	answers bool
	until   time.Time
}

// between is a connection from one to another.
type between struct{ from, to string }

var (
	errUnreachable = errors.New("connection refused")
	errLost        = errors.New("connection reset by peer")
)

// lost reports whether the wire loses a question, or an answer.
func (w *world) lost(from, to string, answers bool) bool {
	c, ok := w.cuts[between{from, to}]
	return ok && c.answers == answers && w.time.now.Before(c.until)
}

// web carries the HTTP requests of one who asks.
type web struct {
	*world
	from string
}

// RoundTrip implements http.RoundTripper: whoever is asked answers at once, in its
// own time.
func (c web) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		_ = r.Body.Close()
	}
	name, known := c.hosts[r.URL.Host]
	if !known {
		return nil, errUnreachable
	}
	if c.lost(c.from, name, false) {
		return nil, errUnreachable
	}
	times := 1
	if r.Method == http.MethodPost && c.repeats(c.from, name) {
		times = 2
	}
	var answer *http.Response
	for range times {
		var err error
		if answer, err = c.ask(name, r, body); err != nil {
			return nil, err
		}
	}
	if c.lost(c.from, name, true) {
		return nil, errLost
	}
	return answer, nil
}

// ask has one answer a request.
func (c web) ask(name string, r *http.Request, body []byte) (*http.Response, error) {
	asked, err := http.NewRequestWithContext(c.ctx, r.Method, r.URL.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	asked.Header, asked.RequestURI, asked.RemoteAddr = r.Header.Clone(), r.URL.RequestURI(), "192.0.2.1:443"
	answer := &written{header: http.Header{}, status: http.StatusOK}
	if name == standIns {
		c.outside.ServeHTTP(answer, asked)
		return answer.response(r), nil
	}
	to := c.processes[name]
	if !to.alive {
		return nil, errUnreachable
	}
	handler := to.offered.Web
	if !to.within(func() { handler.ServeHTTP(answer, asked) }) {
		return nil, errLost
	}
	return answer.response(r), nil
}

// written is an answer as a handler writes it.
type written struct {
	header http.Header
	status int
	sent   bool
	body   bytes.Buffer
}

func (w *written) Header() http.Header { return w.header }

func (w *written) WriteHeader(status int) {
	if !w.sent {
		w.status, w.sent = status, true
	}
}

func (w *written) Write(p []byte) (int, error) {
	w.sent = true
	return w.body.Write(p)
}

func (w *written) response(to *http.Request) *http.Response {
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: to,
	}
}

// call carries calls to the internal listener of a service, or of people to its
// public one.
type call struct {
	*world
	from        string
	to          *process
	certificate *x509.Certificate // nil: of people
}

// Invoke implements grpc.ClientConnInterface.
func (c call) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	away := func(what string) error {
		err := status.Error(codes.Unavailable, what)
		if c.certificate != nil {
			return rpc.FromStatus(err)
		}
		return err
	}
	if !c.to.alive || c.lost(c.from, c.to.layout.Name, false) {
		return away("nobody answers")
	}
	through := c.to.offered.Public.FromAnyone()
	if c.certificate != nil {
		through = c.to.offered.Internal.FromService(c.certificate)
	}
	var err error
	lives := c.to.within(func() { err = through.Invoke(ctx, method, args, reply, opts...) })
	if !lives || c.lost(c.from, c.to.layout.Name, true) {
		return away("the connection was lost")
	}
	return err
}

// NewStream implements grpc.ClientConnInterface.
func (call) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errors.New("there are no streams here")
}
