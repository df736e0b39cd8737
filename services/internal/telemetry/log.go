package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"

	"go.opentelemetry.io/otel/trace"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
)

// NewLogger makes a logger that writes one JSON object a line to w: time (by
// clk), level, msg, service, trace_id and span_id when the context has them.
// Whatever stands in a message, a key or a value, one record stays one line
// and holds no control or bidirectional characters. A nil w discards, a nil
// clk is the machine's clock.
func NewLogger(w io.Writer, service string, level slog.Level, clk clock.Clock) *slog.Logger {
	if w == nil {
		return slog.New(slog.DiscardHandler)
	}
	if clk == nil {
		clk = clock.System{}
	}
	inner := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: plain})
	return slog.New(&lineHandler{inner: inner, clock: clk}).With("service", service)
}

// lineHandler dates records and adds the trace they belong to.
type lineHandler struct {
	inner slog.Handler
	clock clock.Clock
}

func (h *lineHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.inner.Enabled(ctx, level)
}

func (h *lineHandler) Handle(ctx context.Context, r slog.Record) error {
	r = r.Clone()
	r.Time = h.clock.Now()
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		r.AddAttrs(slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String()))
	}
	return h.inner.Handle(ctx, r)
}

func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &lineHandler{inner: h.inner.WithAttrs(attrs), clock: h.clock}
}

func (h *lineHandler) WithGroup(name string) slog.Handler {
	return &lineHandler{inner: h.inner.WithGroup(clean(name)), clock: h.clock}
}

// plain replaces what would break or forge a line. What is neither text, number
// nor time becomes text.
func plain(_ []string, a slog.Attr) slog.Attr {
	a.Key = clean(a.Key)
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(clean(a.Value.String()))
	case slog.KindAny:
		a.Value = slog.StringValue(clean(fmt.Sprint(a.Value.Any())))
	}
	return a
}

// clean shows control and format characters (CR, LF, NEL, bidirectional
// marks) as U+FFFD and cuts text to 4 KiB.
func clean(s string) string {
	if len(s) > 4096 {
		s = s[:4096]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
