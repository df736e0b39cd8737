package events_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/events"
)

type filled struct {
	used, most uint64
	err        error
}

func (f filled) Fill(context.Context) (used, most uint64, err error) { return f.used, f.most, f.err }

// From seven tenths on somebody is told.
func TestNearlyFullStreamRaisesAnAlarm(t *testing.T) {
	away := errors.New("away")
	for _, c := range []struct {
		filled
		alarm bool
	}{
		{filled{0, 1000, nil}, false}, {filled{699, 1000, nil}, false}, {filled{700, 1000, nil}, true}, {filled{1000, 1000, nil}, true},
		{filled{900, 0, nil}, false}, {filled{900, 1000, away}, false},
	} {
		said := &strings.Builder{}
		f := &events.Filling{Producer: producer, Of: c.filled, Log: slog.New(slog.NewTextHandler(said, nil))}
		if _, err := f.Step(t.Context()); !errors.Is(err, c.err) {
			t.Errorf("%+v: %v", c.filled, err)
		}
		if alarm := strings.Contains(said.String(), "ALARM"); alarm != c.alarm {
			t.Errorf("%+v: alarm %t", c.filled, alarm)
		}
	}
}
