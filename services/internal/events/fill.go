package events

import (
	"context"
	"log/slog"

	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// alarmAt is how full a stream may be before somebody must look, in percent. A full
// stream takes no more events; they wait in the outbox.
const alarmAt = 70

// Filling watches how full a producer's stream is.
type Filling struct {
	Producer string
	Of       interface {
		// Fill gives the bytes that the stream has, and how many it may.
		Fill(ctx context.Context) (used, most uint64, err error)
	}
	Log *slog.Logger
}

// Step looks once, and raises an alarm when the stream is nearly full.
func (f *Filling) Step(ctx context.Context) (bool, error) {
	used, most, err := f.Of.Fill(ctx)
	if err != nil || most == 0 {
		return false, err
	}
	if percent := used * 100 / most; percent >= alarmAt {
		f.Log.ErrorContext(ctx, "ALARM: the stream is nearly full: give it more room, or find out who writes so much", "producer", f.Producer, "percent", percent)
		telemetry.Count(ctx, "events.stream_nearly_full", 1)
	}
	return false, nil
}
