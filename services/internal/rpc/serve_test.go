package rpc_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// say is the request and answer of the test's service: any message will do,
// and this one has named fields.
type say = errdetails.ErrorInfo

const (
	methodSay    = "/test.v1.Echo/Say"    // for employers
	methodShout  = "/test.v1.Echo/Shout"  // public
	methodForgot = "/test.v1.Echo/Forgot" // named by nobody
)

// echo answers what the test wants.
type echo struct {
	answer func(ctx context.Context, in *say) (*say, error)
}

func (e *echo) register(r grpc.ServiceRegistrar) {
	method := func(name string) grpc.MethodDesc {
		return grpc.MethodDesc{MethodName: name, Handler: func(_ any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
			in := &say{}
			if err := decode(in); err != nil {
				return nil, err
			}
			return intercept(ctx, in, &grpc.UnaryServerInfo{FullMethod: "/test.v1.Echo/" + name}, func(ctx context.Context, req any) (any, error) {
				return e.answer(ctx, req.(*say))
			})
		}}
	}
	r.RegisterService(&grpc.ServiceDesc{
		ServiceName: "test.v1.Echo", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{method("Say"), method("Shout"), method("Forgot")},
	}, e)
}

// gateway is what the generator writes for `post: "/v1/say" body: "*"`.
func gateway(_ context.Context, mux *runtime.ServeMux, conn *grpc.ClientConn) error {
	for path, method := range map[string]string{"/v1/say": methodSay, "/v1/shout": methodShout, "/v1/forgot": methodForgot} {
		err := mux.HandlePath(http.MethodPost, path, func(w http.ResponseWriter, r *http.Request, _ map[string]string) {
			in, out := runtime.MarshalerForRequest(mux, r)
			ctx, err := runtime.AnnotateContext(r.Context(), mux, r, method)
			request, answer := &say{}, &say{}
			if err == nil {
				if err = in.NewDecoder(r.Body).Decode(request); err != nil && !errors.Is(err, io.EOF) {
					err = status.Errorf(codes.InvalidArgument, "%v", err)
				} else {
					err = conn.Invoke(ctx, method, request, answer)
				}
			}
			if err != nil {
				runtime.HTTPError(ctx, mux, out, w, r, err)
				return
			}
			runtime.ForwardResponseMessage(ctx, mux, out, w, r, answer)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// log collects log lines.
type log struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.String()
}

// world is a public and an internal listener of the verifier, for real.
type world struct {
	t         *testing.T
	layout    *devsetup.Layout
	echo      *echo
	log       *log
	telemetry *telemetry.Telemetry
	public    *rpc.Public
	internal  *rpc.Internal
	http      *http.Client
	stop      func()
	ready     error
	// directly is the same without listeners; on says to call it.
	directly struct {
		on               bool
		public, internal *rpc.Direct
		web              http.Handler
	}
}

// eachWay runs a test over sockets and without: what serves directly keeps what the
// listeners promise.
func eachWay(t *testing.T, test func(t *testing.T, w *world)) {
	for name, directly := range map[string]bool{"over sockets": false, "directly": true} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			w.directly.on = directly
			test(t, w)
		})
	}
}

// directConn shows a token with each call, and gives faults as DialPublic does.
type directConn struct {
	grpc.ClientConnInterface
	token string
}

func (c directConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	if c.token != "" {
		opts = append(opts, grpc.PerRPCCredentials(bearer(c.token)))
	}
	return rpc.FromStatus(c.ClientConnInterface.Invoke(ctx, method, args, reply, opts...))
}

type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

func (bearer) RequireTransportSecurity() bool { return true }

// shared holds certificates and tokens, the same for every test.
var shared *devsetup.Layout

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "rpc-test-")
	if err == nil {
		shared, err = devsetup.Prepare(dir, devsetup.Options{})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func open(t *testing.T) *world {
	t.Helper()
	layout := shared
	w := &world{t: t, layout: layout, log: &log{}, echo: &echo{answer: func(_ context.Context, in *say) (*say, error) { return in, nil }}}
	var err error
	w.telemetry, err = telemetry.Start(t.Context(), telemetry.Config{Service: "verifier", Logs: w.log})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := rpc.LoadTokens(layout.Services["issuer"].TokensFile, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	officers, err := rpc.LoadTokens(layout.Services["verifier"].TokensFile, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	certs := w.certificates("verifier")
	atPublic := rpc.PublicConfig{
		Listen: "127.0.0.1:0", Certificates: certs, Telemetry: w.telemetry, Authenticator: either{tokens, officers},
		Policy:   rpc.Policy{Public: []string{methodShout}, Roles: map[string][]rpc.Role{methodSay: {"employer"}}},
		Register: w.echo.register,
		Gateway:  []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{gateway},
		Routes: map[string]http.Handler{
			"POST /didcomm": http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					rpc.WriteProblem(rw, r, err)
					return
				}
				fmt.Fprintf(rw, "%d", len(body))
			}),
			"GET /panic": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret") }),
		},
		Ready:   map[string]func(context.Context) error{"database": func(context.Context) error { return w.ready }},
		OpenAPI: []byte(`{"openapi":"3.0.0"}`),
	}
	if w.public, err = rpc.NewPublic(atPublic); err != nil {
		t.Fatal(err)
	}
	if w.directly.public, w.directly.web, err = rpc.DirectPublic(atPublic); err != nil {
		t.Fatal(err)
	}
	atInternal := rpc.InternalConfig{
		Listen: "127.0.0.1:0", Certificates: certs, Telemetry: w.telemetry, Register: w.echo.register,
		Callers: map[string][]string{methodSay: {devsetup.InternalName("police")}},
	}
	if w.internal, err = rpc.NewInternal(atInternal); err != nil {
		t.Fatal(err)
	}
	w.directly.internal = rpc.DirectInternal(atInternal)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := w.public.Serve(ctx); err != nil {
			t.Error(err)
		}
	})
	running.Go(func() {
		if err := w.internal.Serve(ctx); err != nil {
			t.Error(err)
		}
	})
	pool, err := certs.Pool()
	if err != nil {
		t.Fatal(err)
	}
	w.http = &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "udi.kompetansespor.example"}}}
	w.stop = sync.OnceFunc(func() {
		w.http.CloseIdleConnections()
		cancel()
		running.Wait()
	})
	t.Cleanup(w.stop)
	return w
}

// either knows the tokens of several files.
type either []rpc.Authenticator

func (e either) Authenticate(ctx context.Context, token string) (who rpc.Principal, err error) {
	for _, a := range e {
		if who, err = a.Authenticate(ctx, token); err == nil {
			return who, nil
		}
	}
	return who, err
}

func (w *world) certificates(service string) *rpc.Certificates {
	w.t.Helper()
	s := w.layout.Services[service]
	certs, err := rpc.LoadCertificates(w.layout.CAFile, s.CertFile, s.KeyFile, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return certs
}

func (w *world) token(service, role string) string {
	w.t.Helper()
	token, ok := w.layout.Token(service, role)
	if !ok {
		w.t.Fatalf("no token for %s %s", service, role)
	}
	return token
}

func (w *world) dialPublic(token string) grpc.ClientConnInterface {
	w.t.Helper()
	if w.directly.on {
		return directConn{w.directly.public.FromAnyone(), token}
	}
	pool, err := w.certificates("verifier").Pool()
	if err != nil {
		w.t.Fatal(err)
	}
	conn, err := rpc.DialPublic(rpc.PublicTarget{Addr: "udi.kompetansespor.example:443",
		Names: map[string]string{"udi.kompetansespor.example": w.public.Addr()}, CA: pool, Token: token, Telemetry: w.telemetry})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (w *world) dialInternal(as string) grpc.ClientConnInterface {
	w.t.Helper()
	if w.directly.on {
		own, err := w.certificates(as).Own()
		if err != nil {
			w.t.Fatal(err)
		}
		return w.directly.internal.FromService(own.Leaf)
	}
	conn, err := rpc.Dial(rpc.Target{Addr: devsetup.InternalName("verifier") + ":7204",
		Names:        map[string]string{devsetup.InternalName("verifier"): w.internal.Addr()},
		Certificates: w.certificates(as), Telemetry: w.telemetry})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// rest sends a request and returns the answer with its body read.
func (w *world) rest(method, path, token string, body []byte, headers ...string) (*http.Response, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, "https://"+w.public.Addr()+path, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := w.http.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp, string(content)
}

func (w *world) problem(resp *http.Response, body string) rpc.Problem {
	w.t.Helper()
	var p rpc.Problem
	if err := json.Unmarshal([]byte(body), &p); err != nil || resp.Header.Get("Content-Type") != "application/problem+json" || p.Status != resp.StatusCode {
		w.t.Fatalf("not a problem document: %s: %q", resp.Status, body)
	}
	return p
}

func call(t *testing.T, conn grpc.ClientConnInterface, method string) (*say, error) {
	t.Helper()
	out := &say{}
	return out, conn.Invoke(t.Context(), method, &say{Reason: "hello"}, out)
}

func TestEveryMethodWantsATokenThatMayCallIt(t *testing.T) { eachWay(t, everyMethodWantsAToken) }

func everyMethodWantsAToken(t *testing.T, w *world) {
	employer, officer := w.token("issuer", "employer"), w.token("verifier", "officer")
	for _, c := range []struct {
		method, path, token, rule string
		status                    int
	}{
		{methodSay, "/v1/say", employer, "", 200},
		{methodSay, "/v1/say", officer, "rpc.role", 403},
		{methodSay, "/v1/say", "", "rpc.token-missing", 401},
		{methodSay, "/v1/say", "guess", "rpc.token-unknown", 401},
		{methodShout, "/v1/shout", "", "", 200},
		{methodShout, "/v1/shout", officer, "", 200},
		{methodShout, "/v1/shout", "guess", "rpc.token-unknown", 401},
		{methodForgot, "/v1/forgot", employer, "rpc.role", 403},
		{methodForgot, "/v1/forgot", "", "rpc.token-missing", 401},
	} {
		_, err := call(t, w.dialPublic(c.token), c.method)
		if (err == nil) != (c.rule == "") || (err != nil && (fault.RuleOf(err) != c.rule || fault.KindOf(err) != fault.Denied)) {
			t.Errorf("gRPC %s with %.4q: %v, want %s", c.method, c.token, err, c.rule)
		}
		if w.directly.on {
			continue // REST is not served
		}
		resp, body := w.rest(http.MethodPost, c.path, c.token, []byte(`{"reason":"hello"}`))
		if resp.StatusCode != c.status {
			t.Errorf("REST %s with %.4q: %d %s", c.path, c.token, resp.StatusCode, body)
		}
		if c.rule != "" && w.problem(resp, body).Rule != c.rule {
			t.Errorf("REST %s with %.4q: %s", c.path, c.token, body)
		}
	}
	if left := w.public.Unnamed(); !slices.Equal(left, []string{methodForgot}) {
		t.Errorf("unnamed: %v", left)
	}
}

func TestHandlersSeeThePrincipal(t *testing.T) { eachWay(t, handlersSeeThePrincipal) }

func handlersSeeThePrincipal(t *testing.T, w *world) {
	token := w.token("issuer", "employer")
	w.echo.answer = func(ctx context.Context, _ *say) (*say, error) {
		who, ok := rpc.PrincipalFrom(ctx)
		return &say{Reason: fmt.Sprintf("%v %s %s %v", ok, who.Role, who.Subject, who.TokenHash == rpc.HashToken(token))}, nil
	}
	if out, err := call(t, w.dialPublic(token), methodSay); err != nil || out.GetReason() != "true employer 310000019 true" {
		t.Errorf("%v: %s", err, out.GetReason())
	}
}

// Hostile input 55.
func TestServiceThatIsNotListedIsDenied(t *testing.T) { eachWay(t, serviceThatIsNotListed) }

func serviceThatIsNotListed(t *testing.T, w *world) {
	w.echo.answer = func(ctx context.Context, _ *say) (*say, error) {
		name, _ := rpc.Caller(ctx)
		return &say{Reason: name}, nil
	}
	if out, err := call(t, w.dialInternal("police"), methodSay); err != nil || out.GetReason() != devsetup.InternalName("police") {
		t.Errorf("police: %v, %s", err, out.GetReason())
	}
	for service, method := range map[string]string{"tax": methodSay, "verifier": methodSay, "police": methodShout, "bank": methodForgot} {
		if _, err := call(t, w.dialInternal(service), method); fault.KindOf(err) != fault.Denied || fault.RuleOf(err) != "rpc.caller" {
			t.Errorf("%s calling %s: %v", service, method, err)
		}
	}
	// What a caller knows of itself does not cross over.
	out := &say{}
	inside := rpc.WithCaller(t.Context(), devsetup.InternalName("police"))
	if err := w.dialInternal("tax").Invoke(inside, methodSay, &say{}, out); fault.RuleOf(err) != "rpc.caller" {
		t.Errorf("tax with police's context: %v", err)
	}
	if w.directly.on {
		return // nobody asks about its health
	}
	if _, err := grpc_health_v1.NewHealthClient(w.dialInternal("tax")).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{}); err != nil {
		t.Errorf("health: %v", err)
	}
}

func TestCertificateOfAnotherAuthorityIsRefused(t *testing.T) {
	w := open(t)
	other, err := devsetup.Prepare(t.TempDir(), devsetup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := other.Services["police"]
	for name, ca := range map[string]string{"stranger's certificate": w.layout.CAFile, "stranger's server": other.CAFile} {
		cert, key := s.CertFile, s.KeyFile
		if name == "stranger's server" {
			cert, key = w.layout.Services["police"].CertFile, w.layout.Services["police"].KeyFile
		}
		certs, err := rpc.LoadCertificates(ca, cert, key, nil)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := rpc.Dial(rpc.Target{Addr: w.internal.Addr(), ServerName: devsetup.InternalName("verifier"), Certificates: certs, Telemetry: w.telemetry})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := call(t, conn, methodSay); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
		_ = conn.Close()
	}
}

func TestServerThatShowsAnotherNameIsRefused(t *testing.T) {
	w := open(t)
	conn, err := rpc.Dial(rpc.Target{Addr: w.internal.Addr(), ServerName: devsetup.InternalName("tax"),
		Certificates: w.certificates("police"), Telemetry: w.telemetry})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := call(t, conn, methodSay); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
}
