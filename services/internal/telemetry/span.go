package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Span begins a span named after the verb, such as "offer.Issue". end must be
// called once with the verb's outcome; of an error only the fault's rule and
// kind are recorded, never its text.
func Span(ctx context.Context, name string, attrs ...Attr) (_ context.Context, end func(error)) {
	ctx, span := From(ctx).tracer.Start(ctx, name, trace.WithAttributes(keyValues(attrs)...))
	return ctx, func(err error) {
		if err != nil {
			f := fault.From(err)
			span.SetStatus(codes.Error, f.Rule)
			span.SetAttributes(attribute.String(Rule.name, f.Rule), attribute.String(Outcome.name, f.Kind.String()))
		}
		span.End()
	}
}

// Note adds attributes to ctx's current span.
func Note(ctx context.Context, attrs ...Attr) {
	trace.SpanFromContext(ctx).SetAttributes(keyValues(attrs)...)
}

// Traceparent is ctx's trace context as W3C Trace Context writes it
// ("00-<trace>-<span>-01"), or "" when there is none. Store it with whatever
// is done later: outbox rows, threads, jobs.
func Traceparent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier["traceparent"]
}

// Continue makes the remote span of a stored or received traceparent ctx's
// current span context. What is not a valid traceparent changes nothing: it
// comes from outside and costs only the link.
func Continue(ctx context.Context, traceparent string) context.Context {
	if len(traceparent) > 64 {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": traceparent})
}

// TraceID is the id of ctx's trace in hexadecimal, or "".
func TraceID(ctx context.Context) string {
	if sc := trace.SpanContextFromContext(ctx); sc.HasTraceID() {
		return sc.TraceID().String()
	}
	return ""
}

// Count adds n to the counter called name, such as "outbox.delivered".
func Count(ctx context.Context, name string, n int64, attrs ...Attr) {
	if c := From(ctx).counter(name); c != nil {
		c.Add(ctx, n, metric.WithAttributes(keyValues(attrs)...))
	}
}

// Took records a duration in seconds in the histogram called name, such as
// "inbox.handle".
func Took(ctx context.Context, name string, seconds float64, attrs ...Attr) {
	if h := From(ctx).duration(name); h != nil {
		h.Record(ctx, seconds, metric.WithAttributes(keyValues(attrs)...))
	}
}

// maxInstruments guards against names made from data.
const maxInstruments = 200

func (t *Telemetry) counter(name string) metric.Int64Counter {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c, ok := t.counters[name]; ok || t.instruments >= maxInstruments {
		return c
	}
	c, err := t.meter.Int64Counter("kompetansespor." + name)
	if err != nil {
		return nil
	}
	t.instruments++
	t.counters[name] = c
	return c
}

func (t *Telemetry) duration(name string) metric.Float64Histogram {
	t.mu.Lock()
	defer t.mu.Unlock()
	if h, ok := t.durations[name]; ok || t.instruments >= maxInstruments {
		return h
	}
	h, err := t.meter.Float64Histogram("kompetansespor."+name, metric.WithUnit("s"))
	if err != nil {
		return nil
	}
	t.instruments++
	t.durations[name] = h
	return h
}
