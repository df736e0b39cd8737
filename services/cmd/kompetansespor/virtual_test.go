package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/chaos/virtual"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// simulated runs a seed, on a stage of its own.
func simulated(t *testing.T, seed uint64, cases int, change func(*virtual.Config)) *virtual.Report {
	t.Helper()
	dir, err := os.MkdirTemp(memory(), "kompetansespor-virtual-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	stage, cfg, err := virtualStage(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	report, err := virtualRun(t.Context(), stage, cfg, seed, cases, change)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// A seed that fails can be run again: what happens, and when, is the same, though
// no key is.
func TestSameSeedGivesTheSameRun(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3} {
		var first, second bytes.Buffer
		a := simulated(t, seed, 3, func(c *virtual.Config) { c.Trace = &first })
		b := simulated(t, seed, 3, func(c *virtual.Config) { c.Trace = &second })
		if a.Trace != b.Trace {
			t.Errorf("seed %d: the runs part at %q", seed, parting(first.String(), second.String()))
		}
		if !a.Passed() || a.Lines < 200 || len(a.Faults) == 0 {
			t.Errorf("seed %d: %+v", seed, a)
		}
	}
}

func TestOtherSeedsGiveOtherRuns(t *testing.T) {
	if a, b := simulated(t, 4, 1, nil), simulated(t, 5, 1, nil); a.Trace == b.Trace {
		t.Error("two seeds, one trace")
	}
}

// parting is the first line that two texts do not share.
func parting(a, b string) string {
	other := strings.Split(b, "\n")
	for i, line := range strings.Split(a, "\n") {
		if i >= len(other) || line != other[i] {
			return line
		}
	}
	return "the end"
}

// Each kind of fault comes, alone, and no case is lost to it.
func TestSimulatedCasesSurviveEachKindOfFault(t *testing.T) {
	for i, kind := range virtual.Faults() {
		report := simulated(t, uint64(100+i), 2, func(c *virtual.Config) { c.Kinds = []string{kind} })
		if !report.Passed() {
			t.Errorf("%s: %d of %d cases\n%s", kind, report.Completed, report.Cases, strings.Join(report.Breaches, "\n"))
		}
		for _, f := range report.Faults {
			if f.Kind != kind {
				t.Errorf("%s was asked for, and %s came", kind, f.Kind)
			}
		}
	}
}

func TestSimulatedFaultThatIsNotKnownIsRefused(t *testing.T) {
	var out bytes.Buffer
	err := runVirtual(t.Context(), virtualRuns{seed: 1, runs: 1, cases: 1, kinds: []string{"kill", "flood"}}, &out)
	if fault.RuleOf(err) != "chaos.fault" || out.Len() != 0 {
		t.Error(err, out.String())
	}
}
