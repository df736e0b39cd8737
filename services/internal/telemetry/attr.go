package telemetry

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Key is the name of an attribute. The variables below are all there are.
type Key struct{ name string }

// The keys of attributes. None of them may hold anything about a person; a
// case reference is a pseudonym that only the services can resolve.
var (
	Case        = Key{"ks.case"}         // case reference
	Event       = Key{"ks.event"}        // event id
	EventType   = Key{"ks.event.type"}   // CloudEvents type
	Message     = Key{"ks.message"}      // DIDComm message id
	MessageType = Key{"ks.message.type"} // DIDComm message type URI
	Thread      = Key{"ks.thread"}       // DIDComm thread id
	Credential  = Key{"ks.credential"}   // credential type, never an id of one
	Format      = Key{"ks.format"}       // credential or attachment format
	Peer        = Key{"ks.peer"}         // service name of the other side
	Job         = Key{"ks.job"}          // background step
	Outcome     = Key{"ks.outcome"}      // ok, parked, a fault kind, a rule's proposal
	Rule        = Key{"ks.rule"}         // fault rule
	TimeClass   = Key{"ks.time_class"}   // machine, human, queue, candidate, physical
	Purpose     = Key{"ks.purpose"}      // purpose of a read
	Number      = Key{"ks.number"}       // how many
	Attempt     = Key{"ks.attempt"}      // which attempt
	Sequence    = Key{"ks.sequence"}     // sequence in case or stream
)

// Attr is one attribute of a span or a metric.
type Attr struct{ kv attribute.KeyValue }

// String makes an attribute of text, cut to 200 bytes.
func (k Key) String(value string) Attr {
	if len(value) > 200 {
		value = strings.ToValidUTF8(value[:200], "")
	}
	return Attr{attribute.String(k.name, value)}
}

// Int makes an attribute of a number.
func (k Key) Int(value int64) Attr { return Attr{attribute.Int64(k.name, value)} }

func keyValues(attrs []Attr) []attribute.KeyValue {
	kvs := make([]attribute.KeyValue, len(attrs))
	for i, a := range attrs {
		kvs[i] = a.kv
	}
	return kvs
}

// known reports whether an attribute key may leave the process: ours, and
// those that gRPC's and HTTP's conventions use for methods and outcomes.
// Addresses of clients are not among them.
func known(key attribute.Key) bool {
	if strings.HasPrefix(string(key), "ks.") {
		return true
	}
	switch key {
	case "rpc.system", "rpc.system.name", "rpc.service", "rpc.method",
		"rpc.grpc.status_code", "rpc.response.status_code",
		"http.request.method", "http.response.status_code", "http.route",
		"error.type", "server.address", "server.port":
		return true
	}
	return false
}

func onlyKnown(kvs []attribute.KeyValue) []attribute.KeyValue {
	kept := make([]attribute.KeyValue, 0, len(kvs))
	for _, kv := range kvs {
		if known(kv.Key) {
			kept = append(kept, kv)
		}
	}
	return kept
}

// knownKeysView keeps unknown keys off every metric.
func knownKeysView() sdkmetric.View {
	return sdkmetric.NewView(sdkmetric.Instrument{Name: "*"},
		sdkmetric.Stream{AttributeFilter: func(kv attribute.KeyValue) bool { return known(kv.Key) }})
}

// knownKeysOnly keeps unknown keys, event texts and status texts of other
// libraries off every exported span.
type knownKeysOnly struct{ sdktrace.SpanExporter }

func (e knownKeysOnly) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	kept := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, s := range spans {
		kept[i] = boundedSpan{s}
	}
	return e.SpanExporter.ExportSpans(ctx, kept)
}

// boundedSpan is a span as it may leave the process.
type boundedSpan struct{ sdktrace.ReadOnlySpan }

func (s boundedSpan) Attributes() []attribute.KeyValue {
	return onlyKnown(s.ReadOnlySpan.Attributes())
}

// Events are left out: what libraries put there (error texts, stack traces)
// is not ours to vouch for.
func (s boundedSpan) Events() []sdktrace.Event { return nil }

func (s boundedSpan) Status() sdktrace.Status {
	status := s.ReadOnlySpan.Status()
	if !isRule(status.Description) {
		status.Description = ""
	}
	return status
}

// isRule reports whether text can only be a fault rule: lower-case words with
// dots and dashes.
func isRule(text string) bool {
	for _, r := range text {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_' {
			return false
		}
	}
	return len(text) <= 100
}
