package load

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// An open arrival begins as many operations as its rate says, evenly, and fewer
// while it grows.
func TestOpenArrivalFollowsItsRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Arrival{
			Rate: float64(rapid.IntRange(1, 5000).Draw(t, "rate")), Ramp: time.Duration(rapid.IntRange(0, 60).Draw(t, "ramp")) * time.Second,
		}
		n := rapid.IntRange(0, 100_000).Draw(t, "number")
		at, next := a.at(n), a.at(n+1)
		if next < at || a.at(0) != 0 {
			t.Fatalf("%d at %s, the next at %s", n, at, next)
		}
		gap := seconds(1 / a.Rate)
		switch difference := next - at - gap; {
		case at >= a.Ramp && difference.Abs() > time.Microsecond:
			t.Fatalf("after the ramp %d and the next are %s apart, want %s", n, next-at, gap)
		case next < a.Ramp && difference < -time.Microsecond:
			t.Fatalf("in the ramp %d and the next are %s apart, less than %s", n, next-at, gap)
		}
		// As many as the area below the rate, give or take one.
		s, ramp := at.Seconds(), a.Ramp.Seconds()
		area := a.Rate * (s - ramp/2)
		if s < ramp {
			area = a.Rate * s * s / (2 * ramp)
		}
		if area < float64(n)-1 || area > float64(n)+1 {
			t.Fatalf("%d have begun at %s, want %.1f", n, at, area)
		}
	})
}

// What had to wait for a place has waited: it is measured from when it was meant.
func TestWaitingForAPlaceCounts(t *testing.T) {
	block := make(chan struct{})
	a := Arrival{Rate: 1000, Parallel: 1, Measured: 20 * time.Millisecond, Most: 3}
	var begun atomic.Int32
	samples := a.run(t.Context(), func(context.Context, int) error {
		if begun.Add(1) == 1 {
			time.AfterFunc(100*time.Millisecond, func() { close(block) })
		}
		<-block
		return nil
	})
	if len(samples) != 3 {
		t.Fatalf("%d operations", len(samples))
	}
	for _, s := range samples {
		if s.took < 90*time.Millisecond {
			t.Errorf("the operation meant at %s took %s only", s.meant, s.took)
		}
	}
}

func TestClosedArrivalEndsWithItsPeople(t *testing.T) {
	var most, running atomic.Int32
	a := Arrival{Parallel: 4, Measured: time.Hour, Most: 50}
	samples := a.run(t.Context(), func(context.Context, int) error {
		for n := running.Add(1); ; {
			if before := most.Load(); n <= before || most.CompareAndSwap(before, n) {
				break
			}
		}
		running.Add(-1)
		return nil
	})
	if len(samples) != 50 || most.Load() > 4 {
		t.Errorf("%d operations, %d at a time", len(samples), most.Load())
	}
}

func TestReportCountsWhatWasMeantAfterTheRamp(t *testing.T) {
	failed := errors.New("no")
	samples := []sample{
		{0, time.Second, nil}, {0, time.Second, failed}, // in the ramp
		{time.Second, 100 * time.Millisecond, nil}, {1500 * time.Millisecond, 300 * time.Millisecond, nil}, {2 * time.Second, time.Second, failed},
	}
	var r Report
	r.take(samples, time.Second)
	if r.Done != 2 || r.Failed != 1 || r.Seconds != 2 || r.PerSecond != 1 || r.Failures["Unknown: no"] != 1 {
		t.Errorf("%+v", r)
	}
	if want := (Percentiles{P50: 100, P90: 300, P95: 300, P99: 300, Max: 300}); r.Latency != want {
		t.Errorf("%+v", r.Latency)
	}
	var none Report
	none.take(nil, time.Second)
	if none.PerSecond != 0 || none.Latency != (Percentiles{}) {
		t.Errorf("%+v", none)
	}
}

func TestPercentileIsOneOfTheValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 500).Draw(t, "n")
		took := make([]time.Duration, n)
		for i := range took { // from n milliseconds to 1
			took[i] = time.Duration(n-i) * time.Millisecond
		}
		p := percentilesOf(took)
		for part, got := range map[float64]float64{50: p.P50, 90: p.P90, 95: p.P95, 99: p.P99, 100: p.Max} {
			// At least that part is no larger, and it is the smallest such value.
			if got*100 < part*float64(n) || (got-1)*100 >= part*float64(n) {
				t.Fatalf("of 1 to %d the %v. percentile is %v", n, part, got)
			}
		}
	})
}

func TestUsageIsReadFromTheSystem(t *testing.T) {
	u, err := usageOf("/proc/self")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("there is no /proc here")
	}
	if err != nil || u.MemoryMiB < 1 || u.PeakMiB < u.MemoryMiB {
		t.Errorf("%+v, %v", u, err)
	}
	if all := consumed([]Process{{Name: "nobody", Argument: "no process has such an argument"}}); len(all) != 0 {
		t.Errorf("found %v", all)
	}
	used := since(map[string]Usage{"a": {Name: "a", CPUSeconds: 1}}, map[string]Usage{"a": {Name: "a", CPUSeconds: 3}, "b": {Name: "b", CPUSeconds: 1}}, 4)
	if len(used) != 2 || used[0].CPUSeconds != 2 || used[0].CPUMillis != 500 || used[1].CPUMillis != 250 {
		t.Errorf("%+v", used)
	}
	if m := thisMachine(); m.Cores < 1 || !strings.HasPrefix(m.Go, "go") {
		t.Errorf("%+v", m)
	}
}
