// Package front serves plain routes as services do, over HTTPS with the public
// listener's own rules, on a free port of a test.
package front

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// Tokens says whom each token stands for. Others are not known.
type Tokens map[string]rpc.Principal

// Authenticate implements rpc.Authenticator.
func (t Tokens) Authenticate(_ context.Context, token string) (rpc.Principal, error) {
	who, ok := t[token]
	if !ok {
		return who, fault.New(fault.Denied, "rpc.token-unknown", "this token is not known")
	}
	who.TokenHash = rpc.HashToken(token)
	return who, nil
}

// Front is a listener and a client of it.
type Front struct {
	t    testing.TB
	url  string
	http *http.Client
}

// Serve serves routes, of which roles says who may call them, until the test
// ends.
func Serve(t testing.TB, tokens Tokens, routes map[string]http.Handler, roles map[string][]rpc.Role) *Front {
	t.Helper()
	layout, err := devsetup.Prepare(t.TempDir(), devsetup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	place := layout.Services["issuer"]
	certificates, err := rpc.LoadCertificates(layout.CAFile, place.CertFile, place.KeyFile, nil)
	if err != nil {
		t.Fatal(err)
	}
	quiet, err := telemetry.Start(t.Context(), telemetry.Config{Service: "issuer", Logs: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	public, err := rpc.NewPublic(rpc.PublicConfig{
		Listen: "127.0.0.1:0", Certificates: certificates, Telemetry: quiet, Authenticator: tokens,
		Routes: routes, Policy: rpc.Policy{Routes: roles},
	})
	if err != nil {
		t.Fatal(err)
	}
	pool, err := certificates.Pool()
	if err != nil {
		t.Fatal(err)
	}
	f := &Front{t: t, url: "https://" + public.Addr(), http: &http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: place.Host, MinVersion: tls.VersionTLS12},
	}}}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := public.Serve(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		f.http.CloseIdleConnections()
		cancel()
		running.Wait()
	})
	return f
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	// Rule is that of a problem document.
	Rule string
}

// Post sends a body in a media type; a token that is empty is not sent.
func (f *Front) Post(path, token, mediaType string, body []byte) Answer {
	f.t.Helper()
	return f.ask(http.MethodPost, path, token, mediaType, body)
}

// Get asks without a body.
func (f *Front) Get(path, token string) Answer {
	f.t.Helper()
	return f.ask(http.MethodGet, path, token, "", nil)
}

// JSON posts a value as application/json.
func (f *Front) JSON(path, token string, value any) Answer {
	f.t.Helper()
	body, err := json.Marshal(value)
	if err != nil {
		f.t.Fatal(err)
	}
	return f.Post(path, token, "application/json", body)
}

func (f *Front) ask(method, path, token, mediaType string, body []byte) Answer {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.url+path, bytes.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	if mediaType != "" {
		r.Header.Set("Content-Type", mediaType)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := f.http.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	got := Answer{Status: answer.StatusCode, Header: answer.Header, Body: content}
	if answer.Header.Get("Content-Type") == "application/problem+json" {
		var problem rpc.Problem
		if err := json.Unmarshal(content, &problem); err != nil || problem.Status != got.Status {
			f.t.Fatalf("not a problem document: %d %s", got.Status, content)
		}
		got.Rule = problem.Rule
	}
	return got
}
