package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/chaos"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// chaosLimit is how long a run may take, started services not counted.
const chaosLimit = 30 * time.Minute

// runChaos is the command that takes cases through a system while faults are
// injected, and checks the invariants after. It ends with 1 when something does
// not hold.
func runChaos(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	set := flags("chaos", stderr)
	seed := set.Uint64("seed", 1, "the seed of persons and faults")
	cases := set.Int("cases", 20, "run `N` cases")
	parallel := set.Int("parallel", 8, "how many of them at a time, `P`")
	several := set.Bool("cluster", false, clusterUsage)
	kinds := set.String("fault", "", "the `FAULTS`, separated by commas; all that the system can have when not given")
	times := set.Int("times", 1, "how often each fault comes, `N`")
	next := set.String("next", "", "the `PROGRAMS` that a rolling-upgrade goes to, one for each time, separated by commas")
	patience := set.Duration("patience", time.Minute, "how long cases may take after the last fault, and then what waits to be done, `TIME`")
	simulated := set.Bool("virtual", false, "run in one thread, with time, network, event bus and faults simulated: the same seed gives the same run")
	runs := set.Int("runs", 1, "how many simulated runs, `N`, of this seed and those that follow")
	trace := set.Bool("trace", false, "print what happens in a simulated run, line by line")
	asJSON := set.Bool("json", false, "print one JSON document and nothing else")
	data := set.String("data", "", "the data `DIR`ectory, kept afterwards; a fresh one, removed when all is well, when not given")
	if err := set.Parse(args); err != nil {
		return err
	}
	if *cases < 1 {
		return errors.New("--cases: run one case at least")
	}
	if *runs < 1 {
		return errors.New("--runs: run one at least")
	}
	if *simulated {
		return runVirtual(ctx, virtualRuns{
			seed: *seed, runs: *runs, cases: *cases, kinds: split(*kinds), data: *data, trace: *trace, json: *asJSON,
		}, stdout)
	}
	persons, err := people("", *cases, *seed)
	if err != nil {
		return err
	}
	dir := *data
	if dir == "" {
		if dir, err = os.MkdirTemp("", "kompetansespor-chaos-"); err != nil {
			return fmt.Errorf("make data directory: %w", err)
		}
		defer func() {
			if err == nil {
				err = os.RemoveAll(dir)
			}
		}()
	}
	options := devsetup.Pilot()
	options.FreePorts, options.Clustered = true, *several
	layout, err := devsetup.Prepare(dir, options)
	if err != nil {
		return err
	}
	target, err := targetOf(layout)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	cfg := chaos.Config{
		Layout: layout, Program: self, Target: target, Persons: persons, Parallel: *parallel, Seed: *seed,
		Kinds: chaos.Kinds(*several), Times: *times, Patience: *patience, Say: func(line string) { fmt.Fprintln(stdout, line) },
	}
	if *kinds != "" {
		cfg.Kinds = split(*kinds)
	}
	cfg.Next = split(*next)
	if *asJSON {
		cfg.Say = func(string) {}
	}
	return during(ctx, layout, processes, func(ctx context.Context) error {
		bounded, cancel := context.WithTimeout(ctx, chaosLimit)
		defer cancel()
		report, err := chaos.Run(bounded, cfg)
		if err != nil {
			return err
		}
		if *asJSON {
			encoder := json.NewEncoder(stdout)
			encoder.SetIndent("", "  ")
			err = encoder.Encode(report)
		} else {
			err = printChaos(stdout, report)
		}
		if err == nil && !report.Passed() {
			err = &exit{code: 1, why: fmt.Errorf("%d of %d cases completed, %d breaches; what is left is in %s", report.Completed, report.Cases, len(report.Breaches), dir)}
		}
		return err
	})
}

// split gives the parts of a list with commas, none of an empty one.
func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

func printChaos(w io.Writer, r *chaos.Report) error {
	round := func(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
	slowest := time.Duration(0)
	for _, f := range r.Faults {
		slowest = max(slowest, f.Recovery)
	}
	_, err := fmt.Fprintf(w, `
seed        %d
cases       %d of %d completed in %s
a case      took %s at most, %s in the middle
faults      %d, ready again after %s at most
intake      closed for %s at most
backlog     nothing waited %s after the last case
invariants  %d breaches
`, r.Seed, r.Completed, r.Cases, round(r.Took), round(r.Slowest), round(r.Middling), len(r.Faults), round(slowest), round(r.Intake), round(r.Drained), len(r.Breaches))
	for i, breach := range r.Breaches {
		if i == 20 {
			fmt.Fprintf(w, "  and %d more\n", len(r.Breaches)-i)
			break
		}
		fmt.Fprintln(w, "  "+breach)
	}
	return err
}
