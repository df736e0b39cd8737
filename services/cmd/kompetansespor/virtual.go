package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kompetansespor/kompetansespor/services/chaos/virtual"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
)

// virtualRuns says which simulated runs.
type virtualRuns struct {
	seed        uint64
	runs, cases int
	kinds       []string
	data        string
	trace, json bool
}

// runVirtual runs a seed and those that follow in simulated worlds. It ends with 1
// when something does not hold in one of them, and says with which seed.
func runVirtual(ctx context.Context, v virtualRuns, stdout io.Writer) (err error) {
	dir := v.data
	if dir == "" {
		if dir, err = os.MkdirTemp(memory(), "kompetansespor-virtual-"); err != nil {
			return fmt.Errorf("make data directory: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	stage, cfg, err := virtualStage(ctx, dir)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(stdout)
	failed := 0
	for n := range uint64(v.runs) {
		report, err := virtualRun(ctx, stage, cfg, v.seed+n, v.cases, func(c *virtual.Config) {
			c.Kinds = v.kinds
			if v.trace {
				c.Trace = stdout
			}
		})
		switch {
		case err != nil:
			return fmt.Errorf("seed %d: %w", v.seed+n, err)
		case v.json:
			err = encoder.Encode(report)
		default:
			err = printVirtual(stdout, report)
		}
		if err != nil {
			return err
		}
		if !report.Passed() {
			failed++
		}
	}
	if failed > 0 {
		return &exit{code: 1, why: fmt.Errorf("%d of %d simulated runs failed", failed, v.runs)}
	}
	return nil
}

// virtualRun runs one seed with so many persons; change, when given, says more of it.
func virtualRun(ctx context.Context, stage *virtual.Stage, cfg virtual.Config, seed uint64, cases int, change func(*virtual.Config)) (*virtual.Report, error) {
	var err error
	cfg.Seed, cfg.Begin = seed, virtualDay.Add(time.Duration(seed%virtualHours)*time.Hour)
	if cfg.Persons, err = peopleOf(cases, seed, cfg.Begin); err != nil {
		return nil, err
	}
	if change != nil {
		change(&cfg)
	}
	return stage.Run(ctx, cfg)
}

// memory is a folder that is kept in memory, where there is one: what is simulated
// needs no disk.
func memory() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return ""
}

// virtualDay is when simulated runs are prepared and, at the earliest, begin.
var virtualDay = time.Date(2026, 11, 2, 7, 0, 0, 0, time.UTC)

// virtualHours are the hours over which the beginnings of runs are spread: seven
// weeks and an hour, so that a seed begins at every hour of the week.
const virtualHours = 7*7*24 + 1

// virtualStage prepares simulated runs in a directory.
func virtualStage(ctx context.Context, dir string) (*virtual.Stage, virtual.Config, error) {
	cfg := virtual.Config{Programs: map[string]virtual.Program{}, Rotate: rotateFor, Begin: virtualDay}
	options := devsetup.Pilot()
	options.Clock = clock.Fixed(virtualDay)
	layout, err := devsetup.Prepare(dir, options)
	if err != nil {
		return nil, cfg, err
	}
	for name, one := range services {
		cfg.Programs[name] = one.run
	}
	if cfg.Target, err = targetOf(layout); err != nil {
		return nil, cfg, err
	}
	stage, err := virtual.Open(ctx, layout, cfg)
	return stage, cfg, err
}

// rotateFor gives an organisation its next key to sign with.
func rotateFor(ctx context.Context, configFile, did string, overlap time.Duration, now clock.Clock) error {
	return withBook(ctx, configFile, now, func(book *identity.Book) error {
		_, err := book.Rotate(ctx, did, keystore.Ed25519, overlap)
		return err
	})
}

func printVirtual(w io.Writer, r *virtual.Report) error {
	_, err := fmt.Fprintf(w, "seed %d: %d of %d cases completed, %d faults, %d deaths, %d breaches, %s simulated; trace %.16s of %d lines\n",
		r.Seed, r.Completed, r.Cases, len(r.Faults), r.Deaths, len(r.Breaches), r.Took.Round(time.Second), r.Trace, r.Lines)
	for _, breach := range r.Breaches {
		fmt.Fprintln(w, "  "+breach)
	}
	return err
}
