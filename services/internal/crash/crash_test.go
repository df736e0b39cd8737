package crash_test

import (
	"slices"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/crash"
)

func TestProcessDiesAtTheNamedPassageAndNowhereElse(t *testing.T) {
	defer crash.Arm("", 0, nil)
	crash.At(crash.BeforeSend) // nothing is armed
	killed := 0
	crash.Arm(crash.BeforeSend, 3, func() { killed++ })
	for i := range 5 {
		crash.At(crash.AfterSend)
		crash.At(crash.BeforeSend)
		if want := min(1, max(0, i-1)); killed != want {
			t.Fatalf("passage %d: killed %d times", i+1, killed)
		}
	}
}

func TestPointsAreDistinct(t *testing.T) {
	points := crash.Points()
	slices.Sort(points)
	if len(slices.Compact(points)) != len(crash.Points()) || len(points) != 12 {
		t.Fatal(points)
	}
}

func TestOnlyPointsThatCanBeReachedAreTaken(t *testing.T) {
	for text, want := range map[string]int{
		"didcomm.send.before-post": 1, "didcomm.send.before-post#3": 3,
		"": 0, "now": 0, "didcomm.send": 0, "didcomm.send.before-post#": 0, "didcomm.send.before-post#0": 0,
		"didcomm.send.before-post#-1": 0, "didcomm.send.before-post#many": 0, "didcomm.send.before-post#1#2": 0,
	} {
		at, nth, err := crash.Parse(text)
		if nth != want || (err == nil) != (want > 0) || (want > 0 && at != crash.BeforeSend) {
			t.Errorf("%q: %q %d %v", text, at, nth, err)
		}
	}
}
