package desk

import (
	"testing"
	"time"
)

func TestFeedbackIsReadAtOnceAtFirstAndSeldomInTheEnd(t *testing.T) {
	last := time.Duration(0)
	for _, waited := range []time.Duration{0, 10 * time.Millisecond, time.Second, time.Minute, time.Hour, 5 * 24 * time.Hour} {
		got := interval(waited)
		if got < last || got < soonest || got > seldomest {
			t.Errorf("after %s: %s", waited, got)
		}
		last = got
	}
	if interval(0) != soonest || interval(time.Hour) != seldomest {
		t.Error("the bounds are not reached")
	}
}
