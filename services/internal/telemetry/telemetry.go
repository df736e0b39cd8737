// Package telemetry is what a service says about itself while it runs:
// structured log lines, OpenTelemetry traces and metrics. One case is one
// trace, so trace context is carried through gRPC, DIDComm threads, outbox
// rows and NATS messages as a W3C traceparent string.
//
// Nothing personal leaves through here. Spans and metrics take only Attr,
// which can be made only from the keys of this package, and what other
// libraries put on spans is cut down to a list of known keys before export.
//
// Nothing is global: several services in one process each have their own
// Telemetry, carried in the context.
package telemetry

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/credentials"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
)

// Config says what Start is to build.
type Config struct {
	// Service is the service's name; it becomes service.name. Required.
	Service string
	// Endpoint is an OTLP gRPC collector, http://host:4317 or
	// https://host:4317. Empty: nothing is exported, trace ids are still made.
	Endpoint string
	// CA holds the authorities for an https endpoint. Nil: the system's.
	CA *x509.CertPool
	// Logs is where log lines go. Nil: nowhere.
	Logs io.Writer
	// Level is the lowest level that is logged.
	Level slog.Level
	// Clock dates the log lines. Nil: the machine's clock.
	Clock clock.Clock
	// MetricInterval is the time between two exports of metrics. Zero: 10 s.
	MetricInterval time.Duration
}

// Telemetry is one service's logger, tracer and meter. All methods may be
// called from many goroutines.
type Telemetry struct {
	service string
	logger  *slog.Logger
	traces  *sdktrace.TracerProvider
	metrics *sdkmetric.MeterProvider
	tracer  trace.Tracer
	meter   metric.Meter

	mu          sync.Mutex
	counters    map[string]metric.Int64Counter     // guarded by mu
	durations   map[string]metric.Float64Histogram // guarded by mu
	instruments int                                // guarded by mu
}

// Start builds a service's telemetry. It returns before the collector has
// answered; an endpoint that is down costs nothing but its data. The caller
// must call Shutdown.
func Start(ctx context.Context, cfg Config) (*Telemetry, error) {
	if cfg.Service == "" {
		return nil, errors.New("start telemetry: the service has no name")
	}
	describe := resource.NewSchemaless(attribute.String("service.name", cfg.Service),
		attribute.String("service.namespace", "kompetansespor"))
	traceOptions := []sdktrace.TracerProviderOption{
		sdktrace.WithResource(describe),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.AlwaysSample())),
	}
	metricOptions := []sdkmetric.Option{sdkmetric.WithResource(describe), sdkmetric.WithView(knownKeysView())}
	if cfg.Endpoint != "" {
		spans, readings, err := exporters(ctx, cfg)
		if err != nil {
			return nil, fmt.Errorf("start telemetry: %w", err)
		}
		interval := cfg.MetricInterval
		if interval <= 0 {
			interval = 10 * time.Second
		}
		traceOptions = append(traceOptions, sdktrace.WithBatcher(knownKeysOnly{spans}, sdktrace.WithBatchTimeout(time.Second)))
		metricOptions = append(metricOptions,
			sdkmetric.WithReader(sdkmetric.NewPeriodicReader(readings, sdkmetric.WithInterval(interval))))
	}
	return assemble(cfg, sdktrace.NewTracerProvider(traceOptions...), sdkmetric.NewMeterProvider(metricOptions...)), nil
}

func exporters(ctx context.Context, cfg Config) (sdktrace.SpanExporter, sdkmetric.Exporter, error) {
	endpoint, err := url.Parse(cfg.Endpoint)
	if err != nil || endpoint.Host == "" || (endpoint.Scheme != "http" && endpoint.Scheme != "https") {
		return nil, nil, errors.New("the endpoint must be http://host:port or https://host:port")
	}
	traceTo := []otlptracegrpc.Option{otlptracegrpc.WithEndpoint(endpoint.Host)}
	metricTo := []otlpmetricgrpc.Option{otlpmetricgrpc.WithEndpoint(endpoint.Host)}
	if endpoint.Scheme == "http" {
		traceTo = append(traceTo, otlptracegrpc.WithInsecure())
		metricTo = append(metricTo, otlpmetricgrpc.WithInsecure())
	} else {
		trust := credentials.NewClientTLSFromCert(cfg.CA, "")
		traceTo = append(traceTo, otlptracegrpc.WithTLSCredentials(trust))
		metricTo = append(metricTo, otlpmetricgrpc.WithTLSCredentials(trust))
	}
	spans, err := otlptracegrpc.New(ctx, traceTo...)
	if err != nil {
		return nil, nil, fmt.Errorf("open trace exporter: %w", err)
	}
	readings, err := otlpmetricgrpc.New(ctx, metricTo...)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open metric exporter: %w", err), spans.Shutdown(ctx))
	}
	return spans, readings, nil
}

func assemble(cfg Config, traces *sdktrace.TracerProvider, metrics *sdkmetric.MeterProvider) *Telemetry {
	const scope = "github.com/kompetansespor/kompetansespor/services"
	return &Telemetry{
		service:   cfg.Service,
		logger:    NewLogger(cfg.Logs, cfg.Service, cfg.Level, cfg.Clock),
		traces:    traces,
		metrics:   metrics,
		tracer:    traces.Tracer(scope),
		meter:     metrics.Meter(scope),
		counters:  map[string]metric.Int64Counter{},
		durations: map[string]metric.Float64Histogram{},
	}
}

// Shutdown sends what is waiting and stops. It obeys ctx's deadline.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	return errors.Join(t.traces.Shutdown(ctx), t.metrics.Shutdown(ctx))
}

// Service is the service's name.
func (t *Telemetry) Service() string { return t.service }

// Logger is the service's logger. Lines logged with a context carry its
// trace_id and span_id.
func (t *Telemetry) Logger() *slog.Logger { return t.logger }

// TracerProvider is for libraries that instrument themselves.
func (t *Telemetry) TracerProvider() trace.TracerProvider { return t.traces }

// MeterProvider is for libraries that instrument themselves.
func (t *Telemetry) MeterProvider() metric.MeterProvider { return t.metrics }

type contextKey struct{}

// Into returns a context that carries t: Span, Count, Took and Log with it,
// or with a context made from it, speak for t's service.
func (t *Telemetry) Into(ctx context.Context) context.Context {
	return context.WithValue(ctx, contextKey{}, t)
}

// silent makes trace ids for contexts without a service, as in tests.
var silent = sync.OnceValue(func() *Telemetry {
	return assemble(Config{Service: "none"}, sdktrace.NewTracerProvider(), sdkmetric.NewMeterProvider())
})

// From is the Telemetry that ctx carries. It is never nil: a context without
// one gets a silent one, which still makes trace ids.
func From(ctx context.Context) *Telemetry {
	if t, ok := ctx.Value(contextKey{}).(*Telemetry); ok {
		return t
	}
	return silent()
}

// Log is the logger of the service that ctx speaks for.
func Log(ctx context.Context) *slog.Logger { return From(ctx).logger }
