package testkit

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
)

// OTLP is an OpenTelemetry collector that keeps what it is sent, by gRPC
// without TLS on the loopback interface.
type OTLP struct {
	endpoint string

	mu     sync.Mutex // guards what follows
	spans  []Span
	points map[string]int // by service
	text   strings.Builder
}

// Span is one span as it was received. Ids are hexadecimal; Parent is empty
// for the first span of a trace.
type Span struct {
	Service, TraceID, SpanID, Parent, Name string

	Start      time.Time
	Attributes map[string]string
}

// StartOTLP starts a collector and stops it with the test. Start it before
// whatever sends to it, so that it is stopped after.
func StartOTLP(t testing.TB) *OTLP {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &OTLP{endpoint: "http://" + listener.Addr().String(), points: map[string]int{}}
	server := grpc.NewServer()
	collectortrace.RegisterTraceServiceServer(server, spanSink{o: o})
	collectormetrics.RegisterMetricsServiceServer(server, metricSink{o: o})
	var serving errgroup.Group
	serving.Go(func() error { return server.Serve(listener) })
	t.Cleanup(func() {
		server.Stop()
		if err := serving.Wait(); err != nil {
			t.Errorf("serve OTLP: %v", err)
		}
	})
	return o
}

// Endpoint is the collector's URL, http://127.0.0.1:port.
func (o *OTLP) Endpoint() string { return o.endpoint }

// Spans gives what has been received so far, in the order of arrival.
func (o *OTLP) Spans() []Span {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.spans)
}

// Points counts the points of metrics that a service has sent so far.
func (o *OTLP) Points(service string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.points[service]
}

// Text gives every text that has been received so far, of spans and of
// metrics, a line for each span, metric and point.
func (o *OTLP) Text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

type spanSink struct {
	collectortrace.UnimplementedTraceServiceServer
	o *OTLP
}

// Export implements the trace service.
func (s spanSink) Export(_ context.Context, request *collectortrace.ExportTraceServiceRequest) (*collectortrace.ExportTraceServiceResponse, error) {
	s.o.mu.Lock()
	defer s.o.mu.Unlock()
	for _, resource := range request.GetResourceSpans() {
		about := attributes(resource.GetResource().GetAttributes())
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				s.o.span(about, scope.GetScope(), span)
			}
		}
	}
	return &collectortrace.ExportTraceServiceResponse{}, nil
}

// span keeps one span. mu is held.
func (o *OTLP) span(about map[string]string, scope *common.InstrumentationScope, span *trace.Span) {
	kept := Span{
		Service: about["service.name"], TraceID: hex.EncodeToString(span.GetTraceId()), SpanID: hex.EncodeToString(span.GetSpanId()),
		Parent: hex.EncodeToString(span.GetParentSpanId()), Name: span.GetName(),
		Start: instant(span.GetStartTimeUnixNano()), Attributes: attributes(span.GetAttributes()),
	}
	o.spans = append(o.spans, kept)
	fmt.Fprintf(&o.text, "span %s trace=%s span=%s parent=%s start=%s scope=%s attributes=%v resource=%v state=%s status=%s",
		kept.Name, kept.TraceID, kept.SpanID, kept.Parent, kept.Start.Format(time.RFC3339Nano), scope.GetName(), kept.Attributes, about,
		span.GetTraceState(), span.GetStatus().GetMessage())
	for _, event := range span.GetEvents() {
		fmt.Fprintf(&o.text, " event=%s%v", event.GetName(), attributes(event.GetAttributes()))
	}
	for _, link := range span.GetLinks() {
		fmt.Fprintf(&o.text, " link=%v", attributes(link.GetAttributes()))
	}
	o.text.WriteByte('\n')
}

type metricSink struct {
	collectormetrics.UnimplementedMetricsServiceServer
	o *OTLP
}

// Export implements the metrics service.
func (s metricSink) Export(_ context.Context, request *collectormetrics.ExportMetricsServiceRequest) (*collectormetrics.ExportMetricsServiceResponse, error) {
	s.o.mu.Lock()
	defer s.o.mu.Unlock()
	for _, resource := range request.GetResourceMetrics() {
		about := attributes(resource.GetResource().GetAttributes())
		for _, scope := range resource.GetScopeMetrics() {
			for _, metric := range scope.GetMetrics() {
				fmt.Fprintf(&s.o.text, "metric %s unit=%s description=%s scope=%s resource=%v\n",
					metric.GetName(), metric.GetUnit(), metric.GetDescription(), scope.GetScope().GetName(), about)
				for _, point := range points(metric) {
					s.o.points[about["service.name"]]++
					fmt.Fprintf(&s.o.text, "point %s attributes=%v\n", metric.GetName(), attributes(point.GetAttributes()))
				}
			}
		}
	}
	return &collectormetrics.ExportMetricsServiceResponse{}, nil
}

// point is a data point of any kind of metric.
type point interface{ GetAttributes() []*common.KeyValue }

func points(metric *metrics.Metric) (all []point) {
	for _, p := range metric.GetSum().GetDataPoints() {
		all = append(all, p)
	}
	for _, p := range metric.GetGauge().GetDataPoints() {
		all = append(all, p)
	}
	for _, p := range metric.GetHistogram().GetDataPoints() {
		all = append(all, p)
	}
	for _, p := range metric.GetExponentialHistogram().GetDataPoints() {
		all = append(all, p)
	}
	for _, p := range metric.GetSummary().GetDataPoints() {
		all = append(all, p)
	}
	return all
}

func attributes(all []*common.KeyValue) map[string]string {
	texts := make(map[string]string, len(all))
	for _, one := range all {
		texts[one.GetKey()] = text(one.GetValue())
	}
	return texts
}

// text writes a value without escapes, so that a search finds what is in it.
func text(value *common.AnyValue) string {
	switch v := value.GetValue().(type) {
	case *common.AnyValue_StringValue:
		return v.StringValue
	case *common.AnyValue_BytesValue:
		return string(v.BytesValue)
	case *common.AnyValue_BoolValue:
		return fmt.Sprint(v.BoolValue)
	case *common.AnyValue_IntValue:
		return fmt.Sprint(v.IntValue)
	case *common.AnyValue_DoubleValue:
		return fmt.Sprint(v.DoubleValue)
	case *common.AnyValue_ArrayValue:
		var texts []string
		for _, one := range v.ArrayValue.GetValues() {
			texts = append(texts, text(one))
		}
		return strings.Join(texts, " ")
	case *common.AnyValue_KvlistValue:
		return fmt.Sprint(attributes(v.KvlistValue.GetValues()))
	}
	return ""
}

func instant(nanoseconds uint64) time.Time {
	return time.Unix(0, int64(nanoseconds)).UTC()
}
