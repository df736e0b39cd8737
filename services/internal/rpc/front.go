package rpc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// front is what every HTTP request meets first: native gRPC goes to the gRPC
// server, the rest gets security headers, a limited body, a deadline, a trace
// and one line in the access log.
func (p *Public) front(routes *http.ServeMux) http.Handler {
	tracer := p.cfg.Telemetry.TracerProvider().Tracer("github.com/kompetansespor/kompetansespor/services/rpc")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			p.grpc.ServeHTTP(w, r)
			return
		}
		began := p.cfg.Clock.Now()
		_, pattern := routes.Handler(r)
		ctx := telemetry.Continue(p.cfg.Telemetry.Into(r.Context()), r.Header.Get("Traceparent"))
		ctx, span := tracer.Start(ctx, "HTTP "+nameOf(pattern), trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		ctx, cancel := context.WithTimeout(ctx, orDefault(p.cfg.Deadline))
		defer cancel()
		r = r.WithContext(ctx)

		recorded := &recorder{ResponseWriter: w, status: http.StatusOK}
		securityHeaders(recorded.Header())
		p.answer(recorded, r, routes)

		span.SetAttributes(attribute.Int("http.response.status_code", recorded.status))
		if recorded.status >= 500 {
			span.SetStatus(codes.Error, "")
		}
		p.log(ctx, pattern, r.Method, recorded, p.cfg.Clock.Now().Sub(began))
	})
}

// log writes the access line of a request that is not gRPC, as around.log does
// for calls: the rule is that of the problem document, when there was one.
func (p *Public) log(ctx context.Context, pattern, method string, answer *recorder, took time.Duration) {
	line := []slog.Attr{
		slog.String("listener", "public"),
		slog.String("route", nameOf(pattern)),
		slog.String("verb", verbOf(method)),
		slog.Int("status", answer.status),
		slog.Float64("ms", float64(took.Microseconds())/1000),
	}
	if answer.rule != "" {
		line = append(line, slog.String("rule", answer.rule))
	}
	p.cfg.Telemetry.Logger().LogAttrs(ctx, slog.LevelInfo, "request", line...)
}

// answer limits the body, then lets the route answer; a panic becomes a
// problem document when nothing was written yet.
func (p *Public) answer(w *recorder, r *http.Request, routes *http.ServeMux) {
	defer func() {
		problem := recover()
		if problem == nil {
			return
		}
		p.cfg.Telemetry.Logger().ErrorContext(r.Context(), "panic in a handler", "panic", problem)
		if !w.wrote {
			WriteProblem(w, r, fault.New(fault.Internal, "internal", "panic in a handler"))
		}
	}()
	body, err := limitedBody(w, r)
	if err != nil {
		WriteProblem(w, r, err)
		return
	}
	r.Body = body
	routes.ServeHTTP(w, r)
}

// limitedBody reads the whole body: at most MaxRequest bytes, not compressed.
// A bigger one is 413 before anything looks at it, and so is a compressed one,
// which may be of any size once it is open.
func limitedBody(w http.ResponseWriter, r *http.Request) (io.ReadCloser, error) {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, compressed()
	}
	if r.ContentLength > MaxRequest {
		return nil, fault.New(fault.Invalid, ruleTooLarge, "the body is larger than 1 MiB")
	}
	if r.Body == nil || r.ContentLength == 0 {
		return http.NoBody, nil
	}
	content, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxRequest))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, fault.New(fault.Invalid, ruleTooLarge, "the body is larger than 1 MiB")
	case err != nil:
		return nil, fault.Wrap(err, fault.Invalid, ruleMalformed, "the body could not be read")
	}
	r.ContentLength = int64(len(content))
	return io.NopCloser(bytes.NewReader(content)), nil
}

func compressed() error {
	return fault.New(fault.Invalid, ruleEncoding, "send the body without compression")
}

// securityHeaders are the strictest that hold for documents and REST alike.
// Handlers of pages replace the content security policy by their own.
func securityHeaders(h http.Header) {
	h.Set("Strict-Transport-Security", "max-age=31536000")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("Cache-Control", "no-store")
}

// nameOf is a route as logs and spans name it: its pattern, never a path.
func nameOf(pattern string) string {
	if pattern == "" || pattern == "/" {
		return "rest"
	}
	return pattern
}

// verbOf keeps made-up methods out of logs.
func verbOf(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// recorder remembers the status, and the rule of a problem, for the log.
type recorder struct {
	http.ResponseWriter
	status int
	rule   string
	wrote  bool
}

func (w *recorder) WriteHeader(status int) {
	if !w.wrote {
		w.status, w.wrote = status, true
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	w.wrote = true
	return w.ResponseWriter.Write(b)
}

// NoteRule notes the rule of a page's error for the access line.
func NoteRule(w http.ResponseWriter, rule string) {
	if recorded, ok := w.(*recorder); ok {
		recorded.rule = rule
	}
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// newGateway makes the REST side: strict JSON with the contract's own field
// names, every error a problem document.
func newGateway() *runtime.ServeMux {
	return runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, &strictJSON{runtime.JSONPb{
			MarshalOptions: protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true},
		}}),
		runtime.WithErrorHandler(func(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler,
			w http.ResponseWriter, r *http.Request, err error) {
			WriteProblem(w, r, FromStatus(err))
		}),
		runtime.WithRoutingErrorHandler(func(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler,
			w http.ResponseWriter, r *http.Request, code int) {
			WriteProblem(w, r, routingFault(code))
		}),
		runtime.WithIncomingHeaderMatcher(incomingHeader),
		runtime.WithOutgoingHeaderMatcher(func(string) (string, bool) { return "", false }),
		runtime.WithDisablePathLengthFallback(),
	)
}

// incomingHeader lets through what handlers may see of a REST request. The
// gateway itself passes Authorization on.
func incomingHeader(key string) (string, bool) {
	switch http.CanonicalHeaderKey(key) {
	case "Idempotency-Key":
		return "idempotency-key", true
	case "Accept-Language":
		return "accept-language", true
	}
	return "", false
}

func routingFault(code int) error {
	switch code {
	case http.StatusNotFound:
		return fault.New(fault.NotFound, ruleUnknownPath, "there is nothing at this path")
	case http.StatusMethodNotAllowed:
		return fault.New(fault.Invalid, ruleMethod, "this path does not take this method")
	}
	return fault.New(fault.Invalid, ruleMalformed, "the request could not be understood (%s)", strconv.Itoa(code))
}

// strictJSON reads a request body as exactly one JSON value: what follows it
// is refused, as are unknown and repeated members.
type strictJSON struct{ runtime.JSONPb }

// NewDecoder implements runtime.Marshaler.
func (j *strictJSON) NewDecoder(r io.Reader) runtime.Decoder {
	return runtime.DecoderFunc(func(into any) error {
		content, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(content)) == 0 {
			return io.EOF
		}
		_, err = strictjson.Decode(content, strictjson.Limits{Bytes: MaxRequest})
		if err == nil {
			err = j.Unmarshal(content, into)
		}
		if err != nil {
			// The decoder's own words may quote the body.
			return errors.New("the body is not JSON of this method's request: check member names and types")
		}
		return nil
	})
}
