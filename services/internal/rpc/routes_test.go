package rpc_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
)

// guarded serves routes under a policy on a listener of its own.
func (w *world) guarded(policy rpc.Policy, routes map[string]http.Handler) (*world, error) {
	w.t.Helper()
	public, err := rpc.NewPublic(rpc.PublicConfig{
		Listen: "127.0.0.1:0", Certificates: w.certificates("verifier"), Telemetry: w.telemetry,
		Authenticator: tokensOf(w), Policy: policy, Routes: routes,
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := public.Serve(ctx); err != nil {
			w.t.Error(err)
		}
	})
	w.t.Cleanup(func() { w.http.CloseIdleConnections(); cancel(); running.Wait() })
	return &world{t: w.t, layout: w.layout, public: public, http: w.http}, nil
}

// tokensOf knows the development tokens by what they are.
func tokensOf(w *world) rpc.Authenticator {
	known := known{}
	for _, t := range w.layout.Tokens {
		known[t.Token] = rpc.Principal{Role: rpc.Role(t.Role), Subject: t.Subject}
	}
	return known
}

type known map[string]rpc.Principal

func (k known) Authenticate(_ context.Context, token string) (rpc.Principal, error) {
	who, ok := k[token]
	if !ok {
		return who, fault.New(fault.Denied, "rpc.token-unknown", "this token is not known")
	}
	return who, nil
}

func TestRouteThatThePolicyNamesWantsATokenThatMayCallIt(t *testing.T) {
	subject := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		who, ok := rpc.PrincipalFrom(r.Context())
		if !ok {
			who.Subject = "nobody"
		}
		_, _ = rw.Write([]byte(who.Subject))
	})
	w, err := open(t).guarded(rpc.Policy{Routes: map[string][]rpc.Role{"POST /mine": {"employer"}, "POST /all": {rpc.AnyRole}}},
		map[string]http.Handler{"POST /mine": subject, "POST /all": subject, "POST /open": subject})
	if err != nil {
		t.Fatal(err)
	}
	employer, officer := w.token("issuer", "employer"), w.token("verifier", "officer")
	for _, c := range []struct {
		path, token, want string
		status            int
	}{
		{"/mine", employer, "310000019", 200},
		{"/mine", officer, "rpc.role", 403},
		{"/mine", "", "rpc.token-missing", 401},
		{"/mine", "guess", "rpc.token-unknown", 401},
		{"/all", officer, "officer-1", 200},
		{"/all", "", "rpc.token-missing", 401},
		{"/open", "", "nobody", 200},
	} {
		resp, body := w.rest(http.MethodPost, c.path, c.token, nil)
		if resp.StatusCode != 200 {
			body = w.problem(resp, body).Rule
		}
		if resp.StatusCode != c.status || body != c.want {
			t.Errorf("%s with %q: %d %s", c.path, c.token, resp.StatusCode, body)
		}
	}
	if _, err := open(t).guarded(rpc.Policy{Routes: map[string][]rpc.Role{"POST /mime": {"employer"}}},
		map[string]http.Handler{"POST /mine": subject}); err == nil || !strings.Contains(err.Error(), "POST /mime") {
		t.Errorf("a policy for a route that is not there: %v", err)
	}
}

func TestProblemCarriesFurtherMembers(t *testing.T) {
	answers := map[string]func(http.ResponseWriter, *http.Request){
		"GET /more": func(rw http.ResponseWriter, r *http.Request) {
			rpc.WriteProblemWith(rw, r, fault.New(fault.Invalid, "a.rule", "why"), map[string]any{"title": "Not verified", "verified": false})
		},
		"GET /large": func(rw http.ResponseWriter, r *http.Request) { rpc.WriteProblem(rw, r, rpc.TooLarge(64<<10)) },
		"GET /media": func(rw http.ResponseWriter, r *http.Request) {
			rpc.WriteProblem(rw, r, rpc.UnknownMediaType("application/json"))
		},
		"GET /ours": func(rw http.ResponseWriter, r *http.Request) {
			rpc.WriteProblemWith(rw, r, errors.New("secret"), map[string]any{"verified": false})
		},
	}
	routes := map[string]http.Handler{}
	for pattern, answer := range answers {
		routes[pattern] = http.HandlerFunc(answer)
	}
	w, err := open(t).guarded(rpc.Policy{}, routes)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]struct {
		status int
		parts  []string
	}{
		"/more":  {400, []string{`"title":"Not verified"`, `"verified":false`, `"rule":"a.rule"`, `"status":400`, `"detail":"why"`}},
		"/large": {413, []string{`"detail":"send at most 64 KiB"`}},
		"/media": {415, []string{`"rule":"rpc.media-type"`}},
		"/ours":  {500, []string{`"rule":"internal"`, `"verified":false`}},
	} {
		resp, body := w.rest(http.MethodGet, path, "", nil)
		w.problem(resp, body)
		for _, part := range want.parts {
			if !strings.Contains(body, part) || strings.Contains(body, "secret") {
				t.Errorf("%s: %s", path, body)
			}
		}
		if resp.StatusCode != want.status {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}
