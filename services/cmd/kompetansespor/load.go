package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/synthetic"
	"github.com/kompetansespor/kompetansespor/services/load"
)

// runLoad is the command that loads a system and measures it.
func runLoad(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	set := flags("load", stderr)
	scenario := set.String("scenario", string(load.Offers), fmt.Sprintf("what one operation `IS`: %v", load.Scenarios()))
	rate := set.Float64("rate", 0, "operations that begin each second, `N`, whether others have ended or not; without it workers begin one after the other")
	parallel := set.Int("parallel", 0, "how many workers, or with --rate how many operations at most at a time, `P` (16, or 5000)")
	measured := set.Duration("for", 30*time.Second, "how `LONG` to measure")
	ramp := set.Duration("ramp", 5*time.Second, "how `LONG` the load grows before that")
	persons := set.Int("persons", 0, "how many different people there are, `N` at most 99999; without it enough for the rate, or 20000")
	seed := set.Uint64("seed", 1, "the seed that they are generated from")
	data := set.String("data", "", "load the system that runs on this data `DIR`ectory; without it one is started, a process for each service, and removed")
	postgres := set.String("postgres", "", postgresUsage)
	asJSON := set.Bool("json", false, "print one JSON document and nothing else")
	if err := set.Parse(args); err != nil {
		return err
	}
	config := load.Config{Scenario: load.Scenario(*scenario), Arrival: load.Arrival{Rate: *rate, Parallel: *parallel, Ramp: *ramp, Measured: *measured}}
	if err := completeLoad(&config, *persons, *seed); err != nil {
		return err
	}
	dir, running := *data, *data != ""
	if !running {
		if dir, err = os.MkdirTemp("", "kompetansespor-load-"); err != nil {
			return fmt.Errorf("make data directory: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	options := devsetup.Pilot()
	options.FreePorts = !running
	layout, err := prepareStack(ctx, dir, *postgres, options)
	if err != nil {
		return err
	}
	if config.Target, err = targetOf(layout); err != nil {
		return err
	}
	config.Processes = processesOf(layout)
	measure := func(ctx context.Context) error {
		report, err := load.Run(ctx, config)
		if err != nil {
			return err
		}
		if !*asJSON {
			return report.Print(stdout)
		}
		encoder := json.NewEncoder(stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(report)
	}
	if running {
		return measure(ctx)
	}
	return during(ctx, layout, processes, measure)
}

// completeLoad checks what was asked for, and makes the people.
func completeLoad(c *load.Config, persons int, seed uint64) error {
	a := &c.Arrival
	switch {
	case !slices.Contains(load.Scenarios(), c.Scenario):
		return fmt.Errorf("--scenario %s: use one of %v", c.Scenario, load.Scenarios())
	case a.Rate < 0 || a.Parallel < 0 || a.Ramp < 0 || a.Measured <= 0:
		return errors.New("--rate, --parallel and --ramp are not below nothing, and --for is above")
	case persons < 0 || persons > synthetic.Most:
		return fmt.Errorf("--persons %d: at most %d", persons, synthetic.Most)
	}
	if a.Parallel == 0 {
		a.Parallel = 16
		if a.Rate > 0 {
			a.Parallel = 5000
		}
	}
	if persons == 0 {
		persons = 20_000
		if a.Rate > 0 {
			persons = min(int(a.Rate*(a.Ramp+a.Measured).Seconds())+1, synthetic.Most)
		}
	}
	var err error
	c.Persons, err = peopleOf(persons, seed, clock.System{}.Now())
	return err
}

// processesOf are the processes of a layout that is not a cluster, each by an argument
// that no other has.
func processesOf(layout *devsetup.Layout) []load.Process {
	all := []load.Process{{Name: "event bus", Argument: layout.Dir}}
	for _, name := range devsetup.Services() {
		all = append(all, load.Process{Name: name, Argument: layout.Services[name].ConfigFile})
	}
	return all
}
