package load

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"
	"time"

	"google.golang.org/grpc/status"
)

// Report is what came of a load; its JSON is the output of load --json.
type Report struct {
	Scenario Scenario `json:"scenario"`
	Machine  Machine  `json:"machine"`
	// Rate is that of an open arrival, in operations a second; 0 for a closed one of
	// Parallel workers.
	Rate     float64 `json:"rate,omitempty"`
	Parallel int     `json:"parallel"`
	// Employers sign in turn; Stored credentials had been signed before.
	Employers int `json:"employers"`
	Stored    int `json:"stored"`
	// Seconds are those measured, after the ramp, until the last operation had ended.
	Seconds   float64 `json:"seconds"`
	Done      int     `json:"done"`
	Failed    int     `json:"failed"`
	PerSecond float64 `json:"per_second"`
	// Latency is of operations that did not fail, in milliseconds, from when they were
	// meant to begin.
	Latency Percentiles `json:"latency_ms"`
	// Services are the processes of the system, and GeneratorCPUMillis what making the
	// load took on the same machine, for each operation.
	Services           []Usage        `json:"services"`
	GeneratorCPUMillis float64        `json:"generator_cpu_ms_per_operation"`
	Failures           map[string]int `json:"failures,omitempty"`
}

// Machine is what the load ran on.
type Machine struct {
	Processor string `json:"processor"`
	Cores     int    `json:"cores"`
	Go        string `json:"go"`
}

// Percentiles are of durations in milliseconds.
type Percentiles struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// percentilesOf takes each from the list itself: nothing is put in classes. The list
// is sorted.
func percentilesOf(took []time.Duration) Percentiles {
	if len(took) == 0 {
		return Percentiles{}
	}
	slices.Sort(took)
	at := func(part float64) float64 {
		rank := int(math.Ceil(part*float64(len(took)))) - 1 // nearest rank
		return float64(took[max(rank, 0)].Microseconds()) / 1000
	}
	return Percentiles{at(0.5), at(0.9), at(0.95), at(0.99), at(1)}
}

// take fills in what the samples say. Those meant for the ramp do not count.
func (r *Report) take(samples []sample, ramp time.Duration) {
	var took []time.Duration
	last := ramp
	for _, s := range samples {
		if s.meant < ramp {
			continue
		}
		last = max(last, s.meant+s.took)
		if s.err != nil {
			r.Failed++
			if r.Failures == nil {
				r.Failures = map[string]int{}
			}
			r.Failures[status.Code(s.err).String()+": "+firstWords(s.err)]++
			continue
		}
		took = append(took, s.took)
	}
	r.Done, r.Seconds = len(took), (last - ramp).Seconds()
	if r.Seconds > 0 {
		r.PerSecond = float64(r.Done) / r.Seconds
	}
	r.Latency = percentilesOf(took)
}

// firstWords keeps failures of one kind together.
func firstWords(err error) string {
	text := []rune(err.Error())
	return string(text[:min(len(text), 120)])
}

// Print writes the report for people.
func (r *Report) Print(w io.Writer) error {
	fmt.Fprintf(w, "%s, %dx %s, %s; employers: %d, stored before: %d\n", r.Scenario, r.Machine.Cores, r.Machine.Processor, r.Machine.Go, r.Employers, r.Stored)
	fmt.Fprintf(w, "%d done, %d failed in %.1f s: %.1f/s\n", r.Done, r.Failed, r.Seconds, r.PerSecond)
	fmt.Fprintf(w, "ms: p50 %.1f  p90 %.1f  p95 %.1f  p99 %.1f  max %.1f\n\n", r.Latency.P50, r.Latency.P90, r.Latency.P95, r.Latency.P99, r.Latency.Max)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "process\tCPU s\tCPU ms each\tMiB\tpeak MiB\tMiB by tenths of the time\t\n")
	for _, u := range r.Services {
		fmt.Fprintf(t, "%s\t%.1f\t%.2f\t%.0f\t%.0f\t%.0f\t\n", u.Name, u.CPUSeconds, u.CPUMillis, u.MemoryMiB, u.PeakMiB, u.MemoryOver)
	}
	fmt.Fprintf(t, "making the load\t\t%.2f\t\t\t\t\n", r.GeneratorCPUMillis)
	if err := t.Flush(); err != nil {
		return err
	}
	var failures []string
	for what := range r.Failures {
		failures = append(failures, what)
	}
	slices.SortFunc(failures, func(a, b string) int { return cmp.Compare(r.Failures[b], r.Failures[a]) })
	for _, what := range failures[:min(len(failures), 5)] {
		fmt.Fprintf(w, "%d failed: %s\n", r.Failures[what], what)
	}
	return nil
}
