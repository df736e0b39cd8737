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
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

func TestFaultKeepsKindRuleAndViolationsOnTheWire(t *testing.T) { eachWay(t, faultKeepsWhatItSays) }

func faultKeepsWhatItSays(t *testing.T, w *world) {
	for _, kind := range []fault.Kind{fault.Invalid, fault.Denied, fault.NotFound, fault.Conflict, fault.Throttled, fault.Unavailable} {
		w.echo.answer = func(context.Context, *say) (*say, error) {
			return nil, fmt.Errorf("issue: %w", &fault.Error{Kind: kind, Rule: "offer.some-rule", Message: "mend it",
				Violations: []fault.Violation{{Field: "start_date", Rule: "offer.end-after-start", Message: "too early"}}})
		}
		_, err := call(t, w.dialInternal("police"), methodSay)
		f := fault.From(err)
		if f.Kind != kind || f.Rule != "offer.some-rule" || f.Message != "mend it" || len(f.Violations) != 1 || f.Violations[0].Rule != "offer.end-after-start" {
			t.Errorf("gRPC %v: %+v", kind, f)
		}
		s := status.Convert(errors.Unwrap(f))
		info, ok := s.Details()[0].(*errdetails.ErrorInfo)
		if !ok || info.GetReason() != "offer.some-rule" || info.GetDomain() != "kompetansespor.no" || len(info.GetMetadata()["trace_id"]) != 32 {
			t.Errorf("details: %v", s.Details())
		}
		if w.directly.on {
			continue
		}
		resp, body := w.rest(http.MethodPost, "/v1/shout", "", []byte(`{}`))
		p := w.problem(resp, body)
		if p.Rule != "offer.some-rule" || p.Detail != "mend it" || len(p.Violations) != 1 || p.Violations[0].Field != "start_date" || len(p.TraceID) != 32 ||
			p.Type != "https://kompetansespor.no/problems/offer.some-rule" {
			t.Errorf("REST %v: %s", kind, body)
		}
	}
}

func TestCauseOfAnInternalFaultIsLoggedAndNotShown(t *testing.T) {
	eachWay(t, causeIsLoggedAndNotShown)
}

func causeIsLoggedAndNotShown(t *testing.T, w *world) {
	for name, answer := range map[string]func() error{
		"plain error": func() error { return errors.New("dial db secret-host") },
		"fault":       func() error { return fault.New(fault.Internal, "store.secret-host", "secret-host") },
		"panic":       func() error { panic("secret-host") },
		"status":      func() error { return status.Error(codes.Internal, "secret-host") },
	} {
		w.echo.answer = func(context.Context, *say) (*say, error) { return nil, answer() }
		_, err := call(t, w.dialInternal("police"), methodSay)
		if fault.KindOf(err) != fault.Internal || strings.Contains(fmt.Sprint(status.Convert(errors.Unwrap(err)).Proto()), "secret-host") {
			t.Errorf("gRPC %s: %v", name, err)
		}
		if w.directly.on {
			continue
		}
		resp, body := w.rest(http.MethodPost, "/v1/shout", "", nil)
		if resp.StatusCode != 500 || strings.Contains(body, "secret-host") {
			t.Errorf("REST %s: %s", name, body)
		}
	}
	if w.directly.on {
		answer := httptest.NewRecorder()
		w.directly.web.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/panic", nil))
		if answer.Code != 500 || strings.Contains(answer.Body.String(), "secret") || answer.Header().Get("X-Content-Type-Options") == "" {
			t.Errorf("route: %d %s %v", answer.Code, answer.Body, answer.Header())
		}
		if n := strings.Count(w.log.String(), "secret-host"); n < 4 {
			t.Errorf("the causes are logged %d times", n)
		}
		return
	}
	resp, body := w.rest(http.MethodGet, "/panic", "", nil)
	if p := w.problem(resp, body); p.Status != 500 || strings.Contains(body, "secret") {
		t.Errorf("route: %s", body)
	}
	w.stop()
	if n := strings.Count(w.log.String(), "secret-host"); n < 8 {
		t.Errorf("the causes are logged %d times", n)
	}
}

// Hostile input 37.
func TestLargeAndCompressedBodiesAreRefused(t *testing.T) {
	w := open(t)
	large := bytes.Repeat([]byte(" "), rpc.MaxRequest+1)
	for _, path := range []string{"/v1/shout", "/didcomm"} {
		if resp, body := w.rest(http.MethodPost, path, "", large); w.problem(resp, body).Status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s large: %s", path, body)
		}
		if resp, body := w.rest(http.MethodPost, path, "", []byte("x"), "Content-Encoding", "gzip"); w.problem(resp, body).Status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s gzip: %s", path, body)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+w.public.Addr()+"/didcomm", io.MultiReader(bytes.NewReader(large)))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := w.http.Do(r) // without a length
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("without a length: %s", resp.Status)
	}
	if resp, body := w.rest(http.MethodPost, "/didcomm", "", large[:rpc.MaxRequest]); resp.StatusCode != 200 || body != fmt.Sprint(rpc.MaxRequest) {
		t.Errorf("exactly the limit: %s %s", resp.Status, body)
	}
	out := &say{}
	err = w.dialPublic("").Invoke(t.Context(), methodShout, &say{Reason: string(large)}, out)
	if fault.KindOf(err) != fault.Invalid || fault.RuleOf(err) != "rpc.body-too-large" {
		t.Errorf("gRPC large: %v", err)
	}
	for listener, conn := range map[string]grpc.ClientConnInterface{"public": w.dialPublic(w.token("issuer", "employer")), "internal": w.dialInternal("police")} {
		for _, sent := range []*say{{Reason: "small"}, {Reason: string(large)}} {
			err := conn.Invoke(t.Context(), methodSay, sent, out, grpc.UseCompressor(gzip.Name))
			want := "rpc.content-encoding"
			if sent.Reason != "small" {
				want = "rpc.body-too-large" // found out while it was opened
			}
			if fault.KindOf(err) != fault.Invalid || fault.RuleOf(err) != want {
				t.Errorf("gRPC gzip at the %s listener: %v, want %s", listener, err, want)
			}
		}
	}
}

func TestRestTakesStrictJSONOnly(t *testing.T) {
	w := open(t)
	for name, body := range map[string]string{
		"unknown member":  `{"reason":"a","extra":1}`,
		"other case":      `{"Reason":"a"}`,
		"repeated member": `{"reason":"a","reason":"b"}`,
		"trailing data":   `{"reason":"a"}{}`,
		"not UTF-8":       "{\"reason\":\"\xff\"}",
		"array":           `[]`,
	} {
		resp, answer := w.rest(http.MethodPost, "/v1/shout", "", []byte(body))
		if p := w.problem(resp, answer); p.Status != 400 {
			t.Errorf("%s: %s", name, answer)
		}
	}
	resp, answer := w.rest(http.MethodPost, "/v1/shout", "", []byte(`{"reason":"a"}`))
	var got map[string]any
	if err := json.Unmarshal([]byte(answer), &got); err != nil || resp.StatusCode != 200 || got["reason"] != "a" {
		t.Errorf("%v %s", err, answer)
	}
}

func TestUnknownPathsAndMethodsAreProblemsToo(t *testing.T) {
	w := open(t)
	for path, want := range map[string]int{"/v1/nothing": 404, "/v1/say": 405, "/": 404} {
		resp, body := w.rest(http.MethodGet, path, "", nil)
		if p := w.problem(resp, body); p.Status != want {
			t.Errorf("%s: %s", path, body)
		}
	}
	if _, err := call(t, w.dialPublic(""), "/test.v1.Echo/Whisper"); fault.RuleOf(err) != "rpc.unimplemented" {
		t.Errorf("gRPC: %v", err)
	}
}

func TestHealthReadinessAndContractAreOpenToAll(t *testing.T) {
	w := open(t)
	if resp, body := w.rest(http.MethodGet, "/healthz", "", nil); resp.StatusCode != 200 {
		t.Errorf("healthz: %s", body)
	}
	if resp, body := w.rest(http.MethodGet, "/readyz", "", nil); resp.StatusCode != 200 {
		t.Errorf("readyz: %s", body)
	}
	w.ready = errors.New("secret-host is down")
	if resp, body := w.rest(http.MethodGet, "/readyz", "", nil); resp.StatusCode != 503 || !strings.Contains(body, "database") || strings.Contains(body, "secret") {
		t.Errorf("readyz: %s", body)
	}
	if resp, body := w.rest(http.MethodGet, "/openapi.json", "", nil); resp.StatusCode != 200 || body != `{"openapi":"3.0.0"}` {
		t.Errorf("openapi: %s", body)
	}
	if _, err := grpc_health_v1.NewHealthClient(w.dialPublic("")).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{}); err != nil {
		t.Errorf("health: %v", err)
	}
}

func TestEveryAnswerCarriesSecurityHeaders(t *testing.T) {
	w := open(t)
	for _, path := range []string{"/healthz", "/v1/nothing"} {
		resp, _ := w.rest(http.MethodGet, path, "", nil)
		for _, name := range []string{"Strict-Transport-Security", "X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy", "Cache-Control"} {
			if resp.Header.Get(name) == "" {
				t.Errorf("%s: no %s", path, name)
			}
		}
	}
}

func TestOneTraceCrossesRestAndGRPC(t *testing.T) {
	w := open(t)
	inside := make(chan string, 1)
	onward := w.dialInternal("police")
	w.echo.answer = func(ctx context.Context, in *say) (*say, error) {
		if _, internal := rpc.Caller(ctx); internal {
			inside <- telemetry.TraceID(ctx)
			return in, nil
		}
		return in, onward.Invoke(ctx, methodSay, in, &say{})
	}
	const trace = "0af7651916cd43dd8448eb211c80319c"
	resp, body := w.rest(http.MethodPost, "/v1/shout", "", []byte(`{}`), "Traceparent", "00-"+trace+"-b7ad6b7169203331-01")
	if resp.StatusCode != 200 {
		t.Fatal(body)
	}
	if got := <-inside; got != trace {
		t.Errorf("the second service is in trace %s", got)
	}
	ctx := telemetry.Continue(t.Context(), "00-"+trace+"-b7ad6b7169203331-01")
	if err := w.dialPublic("").Invoke(ctx, methodShout, &say{}, &say{}); err != nil {
		t.Fatal(err)
	}
	if got := <-inside; got != trace {
		t.Errorf("over gRPC the second service is in trace %s", got)
	}
}

func TestAccessLogHasOneLineAndNothingPersonal(t *testing.T) {
	w := open(t)
	resp, body := w.rest(http.MethodPost, "/v1/say?name=lisa", w.token("issuer", "employer"), []byte(`{"reason":"lisa"}`), "User-Agent", "lisa")
	if resp.StatusCode != 200 {
		t.Fatal(body)
	}
	w.rest(http.MethodGet, "/lisa", "", nil)
	w.stop()
	lines := w.log.String()
	if strings.Contains(lines, "lisa") || strings.Contains(lines, "310000019") || strings.Contains(lines, "127.0.0.1") {
		t.Errorf("log: %s", lines)
	}
	if n := strings.Count(lines, `"msg":"call"`); n != 1 || !strings.Contains(lines, `"method":"`+methodSay+`"`) || !strings.Contains(lines, `"role":"employer"`) {
		t.Errorf("%d access lines: %s", n, lines)
	}
}

// What is refused leaves its rule in the log, over REST and plain HTTP as over
// gRPC.
func TestRefusalLeavesItsRuleInTheLog(t *testing.T) {
	w := open(t)
	w.rest(http.MethodPost, "/didcomm", "", []byte("x"), "Content-Encoding", "gzip")
	w.rest(http.MethodGet, "/v1/nothing", "", nil)
	w.rest(http.MethodGet, "/healthz", "", nil)
	w.rest(http.MethodPost, "/v1/say", "guess", []byte(`{}`))
	w.stop()
	var lines []string
	for line := range strings.Lines(w.log.String()) {
		var said struct{ Msg, Route, Rule string }
		if err := json.Unmarshal([]byte(line), &said); err != nil {
			t.Fatal(err)
		}
		if said.Msg == "request" {
			lines = append(lines, said.Route+": "+said.Rule)
		}
	}
	want := []string{"POST /didcomm: rpc.content-encoding", "rest: rpc.unknown-path", "GET /healthz: ", "rest: rpc.token-unknown"}
	if !slices.Equal(lines, want) {
		t.Errorf("request lines %q, want %q", lines, want)
	}
}

func TestStoppingLetsARunningCallFinish(t *testing.T) {
	w := open(t)
	begun, finish := make(chan struct{}, 3), make(chan struct{})
	w.echo.answer = func(_ context.Context, in *say) (*say, error) {
		begun <- struct{}{}
		<-finish
		return in, nil
	}
	results := make(chan error, 3)
	public, internal := w.dialPublic(""), w.dialInternal("police")
	go func() { results <- public.Invoke(t.Context(), methodShout, &say{}, &say{}) }()
	go func() { results <- internal.Invoke(t.Context(), methodSay, &say{}, &say{}) }()
	go func() {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+w.public.Addr()+"/v1/shout", strings.NewReader("{}"))
		if err == nil {
			var resp *http.Response
			if resp, err = w.http.Do(r); err == nil {
				err = resp.Body.Close()
				if resp.StatusCode != 200 {
					err = errors.New(resp.Status)
				}
			}
		}
		results <- err
	}()
	for range 3 {
		<-begun
	}
	stopped := make(chan struct{})
	go func() { w.stop(); close(stopped) }()
	for { // until the listeners are closed, new calls still get in
		resp, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(t.Context(), "tcp", w.public.Addr())
		if err != nil {
			break
		}
		_ = resp.Close()
	}
	close(finish)
	for range 3 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	<-stopped
}

func TestCallsHaveADeadline(t *testing.T) {
	w := open(t)
	w.echo.answer = func(ctx context.Context, in *say) (*say, error) {
		if left, ok := ctx.Deadline(); !ok || time.Until(left) > 10*time.Second {
			return nil, errors.New("no deadline")
		}
		return in, nil
	}
	if _, err := call(t, w.dialPublic(""), methodShout); err != nil {
		t.Error(err)
	}
	w.echo.answer = func(ctx context.Context, _ *say) (*say, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := w.dialPublic("").Invoke(ctx, methodShout, &say{}, &say{}); fault.KindOf(err) != fault.Unavailable || fault.RuleOf(err) != "rpc.deadline" {
		t.Errorf("got %v", err)
	}
}

func TestWiringThatNamesUnknownMethodsIsRefused(t *testing.T) {
	w := open(t)
	_, err := rpc.NewInternal(rpc.InternalConfig{Listen: "127.0.0.1:0", Certificates: w.certificates("tax"), Telemetry: w.telemetry,
		Callers: map[string][]string{"/test.v1.Echo/Sya": {"x.y"}}})
	if err == nil || !strings.Contains(err.Error(), "Sya") {
		t.Errorf("internal: %v", err)
	}
	_, err = rpc.NewPublic(rpc.PublicConfig{Listen: "127.0.0.1:0", Certificates: w.certificates("tax"), Telemetry: w.telemetry,
		Authenticator: either{}, Policy: rpc.Policy{Public: []string{"/test.v1.Echo/Sya"}}})
	if err == nil || !strings.Contains(err.Error(), "Sya") {
		t.Errorf("public: %v", err)
	}
}
