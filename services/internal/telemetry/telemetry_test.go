package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	metrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	traces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

var noon = clock.Fixed(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))

// Hostile input 41.
func TestOneRecordIsOneLine(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, "tax", slog.LevelInfo, noon)
	evil := "a\r\nb\u0085c\u2028d\u202ee\x1b[31m\x00"
	log.With(evil, evil).WithGroup(evil).Info(evil, "key", evil, "err", errors.New(evil), "any", map[string]string{evil: evil},
		slog.Group("g", "inner", evil))
	line, rest, _ := strings.Cut(out.String(), "\n")
	if rest != "" || strings.ContainsAny(line, "\r\n\u0085\u2028\x1b\x00") {
		t.Fatalf("%q", out.String())
	}
	var record map[string]any
	if err := json.Unmarshal([]byte(line), &record); err != nil {
		t.Fatal(err)
	}
	if record["service"] != "tax" || record["time"] != "2026-11-22T12:00:00Z" {
		t.Errorf("%s", line)
	}
	if message := record["msg"].(string); strings.Contains(message, "\u202e") || !strings.HasPrefix(message, "a\ufffd\ufffdb") {
		t.Errorf("%q", message)
	}
}

func TestLogLineNamesItsTrace(t *testing.T) {
	var out bytes.Buffer
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "tax", Logs: &out})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := telemetry.Span(tel.Into(t.Context()), "identifier.Assign")
	telemetry.Log(ctx).InfoContext(ctx, "assigned")
	end(nil)
	if id := telemetry.TraceID(ctx); len(id) != 32 || !strings.Contains(out.String(), `"trace_id":"`+id+`"`) {
		t.Errorf("trace %q: %s", id, out.String())
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTraceIsContinuedFromARow(t *testing.T) {
	ctx, end := telemetry.Span(t.Context(), "offer.Issue")
	row := telemetry.Traceparent(ctx)
	end(nil)
	later, end := telemetry.Span(telemetry.Continue(context.Background(), row), "offer.Deliver")
	defer end(nil)
	if telemetry.TraceID(later) != telemetry.TraceID(ctx) || len(row) != 55 {
		t.Errorf("%q: trace %s became %s", row, telemetry.TraceID(ctx), telemetry.TraceID(later))
	}
	if telemetry.Traceparent(context.Background()) != "" || telemetry.TraceID(context.Background()) != "" {
		t.Error("a trace out of nothing")
	}
}

func TestInvalidTraceparentChangesNothing(t *testing.T) {
	ctx, end := telemetry.Span(t.Context(), "offer.Issue")
	defer end(nil)
	for _, hostile := range []string{"", "x", "00-00000000000000000000000000000000-0000000000000000-01",
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n", strings.Repeat("0", 1<<20)} {
		if got := telemetry.TraceID(telemetry.Continue(ctx, hostile)); got != telemetry.TraceID(ctx) {
			t.Errorf("%.60q: trace %s", hostile, got)
		}
	}
}

// collector is an OTLP receiver.
type collector struct {
	traces.UnimplementedTraceServiceServer
	metrics.UnimplementedMetricsServiceServer
	mu   sync.Mutex
	text strings.Builder
	keys []string
	name []string
}

func (c *collector) Export(_ context.Context, r *traces.ExportTraceServiceRequest) (*traces.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text.WriteString(r.String())
	for _, resource := range r.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				c.name = append(c.name, span.GetName())
				for _, kv := range span.GetAttributes() {
					c.keys = append(c.keys, kv.GetKey())
				}
			}
		}
	}
	return &traces.ExportTraceServiceResponse{}, nil
}

type metricCollector struct {
	metrics.UnimplementedMetricsServiceServer
	c *collector
}

func (m metricCollector) Export(_ context.Context, r *metrics.ExportMetricsServiceRequest) (*metrics.ExportMetricsServiceResponse, error) {
	m.c.mu.Lock()
	defer m.c.mu.Unlock()
	m.c.text.WriteString(r.String())
	return &metrics.ExportMetricsServiceResponse{}, nil
}

func TestWhatLeavesTheProcessHoldsKnownKeysOnly(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{}
	server := grpc.NewServer()
	traces.RegisterTraceServiceServer(server, c)
	metrics.RegisterMetricsServiceServer(server, metricCollector{c: c})
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "bank", Endpoint: "http://" + listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := telemetry.Span(tel.Into(t.Context()), "account.Open", telemetry.Case.String("case-1"), telemetry.Number.Int(3))
	telemetry.Note(ctx, telemetry.Outcome.String("opened"))
	library := trace.SpanFromContext(ctx)
	library.SetAttributes(attribute.String("client.address", "lisa-address"), attribute.String("rpc.method", "OpenAccount"))
	library.AddEvent("lisa-event")
	library.RecordError(errors.New("lisa-error"))
	telemetry.Count(ctx, "accounts.opened", 1, telemetry.Purpose.String("kyc"))
	telemetry.Took(ctx, "accounts.open", 0.5)
	end(fault.Wrap(errors.New("lisa-cause"), fault.Conflict, "account.second", "lisa-message"))
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.GracefulStop()
	<-done
	sent := c.text.String()
	if strings.Contains(sent, "lisa") {
		t.Errorf("sent: %s", sent)
	}
	for _, want := range []string{"account.Open", "case-1", "OpenAccount", "account.second", "conflict", "bank", "accounts.opened", "accounts.open", "kyc"} {
		if !strings.Contains(sent, want) {
			t.Errorf("%s was not sent: %s", want, sent)
		}
	}
	if !slices.Contains(c.keys, "ks.case") || !slices.Contains(c.name, "account.Open") {
		t.Errorf("keys %v, names %v", c.keys, c.name)
	}
}

func TestCollectorThatIsDownCostsOnlyItsData(t *testing.T) {
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "bank", Endpoint: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	_, end := telemetry.Span(tel.Into(t.Context()), "account.Open")
	end(nil)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := tel.Shutdown(ctx); err == nil {
		t.Error("nobody noticed")
	}
}

func TestEndpointOfAnotherKindIsRefused(t *testing.T) {
	for _, endpoint := range []string{"localhost:4317", "ftp://x:1", "http://"} {
		if _, err := telemetry.Start(t.Context(), telemetry.Config{Service: "bank", Endpoint: endpoint}); err == nil {
			t.Errorf("%s was taken", endpoint)
		}
	}
}

func TestServicesInOneProcessSpeakForThemselves(t *testing.T) {
	tax, err := telemetry.Start(t.Context(), telemetry.Config{Service: "tax"})
	if err != nil {
		t.Fatal(err)
	}
	bank, err := telemetry.Start(t.Context(), telemetry.Config{Service: "bank"})
	if err != nil {
		t.Fatal(err)
	}
	if got := telemetry.From(bank.Into(tax.Into(t.Context()))).Service(); got != "bank" {
		t.Errorf("got %s", got)
	}
	if telemetry.From(t.Context()) == nil {
		t.Error("nil")
	}
}
