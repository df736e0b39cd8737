package programme

import (
	"context"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
)

// counted are cases, and how often their month was read.
type counted struct {
	Source
	cases []Timeline
	reads int
}

func (c *counted) Taken(_ context.Context, until time.Time) (n int64, err error) {
	for _, one := range c.cases {
		for _, s := range one.Steps {
			if s.At.Before(until) {
				n++
			}
		}
	}
	return n, nil
}

func (c *counted) Month(context.Context, time.Time, time.Time) ([]Timeline, error) {
	c.reads++
	return c.cases, nil
}

func TestMonthIsReadAgainOnlyWhenAStepArrived(t *testing.T) {
	source := &counted{cases: november(40, 10)}
	office := &Office{Source: source, Targets: targets(t), Clock: clock.Fixed(afterwards), Zone: time.UTC}
	cases := func(agency string) int64 {
		t.Helper()
		s, err := office.Statistics(t.Context(), "2026-11", agency)
		if err != nil {
			t.Fatal(err)
		}
		return s.Rows[0].All.Cases
	}
	first := cases("")
	if cases(""); source.reads != 1 {
		t.Errorf("the month was read %d times for two questions", source.reads)
	}
	if cases("verifier"); source.reads != 2 {
		t.Error("what was told of all was told of one agency")
	}
	source.cases = november(60, 10)
	if again := cases(""); again == first || source.reads != 3 {
		t.Errorf("%d, and %d before steps arrived", again, first)
	}
}
