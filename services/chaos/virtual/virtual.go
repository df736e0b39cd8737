// Package virtual runs the whole system in one thread, in a world whose time,
// network, event bus and faults are simulated and drawn from a seed: the same seed
// gives the same run. Services are opened by their own wiring on their own SQLite
// databases and key stores; what they do is called step by step.
//
// A file has one part of that world:
//
//	scheduler.go  what is done next, and what time it is
//	process.go    a service: it starts, works, dies and comes back
//	wire.go       HTTP and gRPC between services, people and registers
//	jetstream.go  the event bus
//	people.go     those whose cases they are
//	faults.go     what goes wrong
//	trace.go      what happened, and its hash
//	prepare.go    what every run begins with
package virtual

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/chaos"
	"github.com/kompetansespor/kompetansespor/services/demo"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/crash"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/invariants"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
	"github.com/kompetansespor/kompetansespor/services/standins"
)

// Program runs a service from its configuration file in a world, until it ends.
type Program func(ctx context.Context, configFile string, world service.World) error

// Config says what to run.
type Config struct {
	Seed uint64
	// Persons are those whose cases are run.
	Persons []demo.Input
	// Kinds are the faults to draw from, by name, see Faults. Empty: all.
	Kinds []string
	// Programs are the services, by name.
	Programs map[string]Program
	// Rotate gives an organisation its next key to sign with, by the configuration
	// of the service that holds it.
	Rotate func(ctx context.Context, configFile, did string, overlap time.Duration, now clock.Clock) error
	// Target is the system as people reach it.
	Target demo.Target
	// Begin is when the run begins, in its world.
	Begin time.Time
	// Trace is told what happens, line by line. Nil: nobody is.
	Trace io.Writer
}

// Report is what was seen.
type Report struct {
	Seed      uint64   `json:"seed"`
	Cases     int      `json:"cases"`
	Completed int      `json:"completed"`
	Faults    []Fault  `json:"faults"`
	Deaths    int      `json:"deaths"` // of processes
	Breaches  []string `json:"breaches"`
	// Took is how long it was in the simulated world.
	Took time.Duration `json:"took_ns"`
	// Lines and Trace are how much happened, and its hash.
	Lines int    `json:"lines"`
	Trace string `json:"trace"`
}

// Fault is one that was injected.
type Fault struct {
	At   time.Time `json:"at"`
	Kind string    `json:"kind"`
	What string    `json:"what"`
}

// Passed says that all cases completed and nothing is wrong.
func (r *Report) Passed() bool { return r.Completed == r.Cases && len(r.Breaches) == 0 }

// world is a run under way.
type world struct {
	Config
	ctx       context.Context
	time      *Time
	scheduler *scheduler
	fate      *rand.Rand // of what goes wrong
	trace     *trace
	report    *Report
	layout    *devsetup.Layout
	logs      *logs

	processes map[string]*process
	hosts     map[string]string  // host, or host:port, to who answers there
	outside   *standins.StandIns // the registers
	bus       *JetStream
	stack     []*process // who is doing something, and for whom

	cuts             map[between]cut
	twice            map[between]time.Time
	refused          map[string]int // commits to be refused, by data directory
	busAway, busMute time.Time
	injected         [][]byte
	planned          int // faults to come
	deaths           int
	under            int // cases under way
	stops            []func()
	broken           error // what the world itself could not do
}

const (
	// patience is how long cases may take after the last fault, and then what waits
	// to be done: longer than it takes until an outbox and its stream are compared
	// whole, which is what finds the last of what a stream has lost.
	patience = 25 * time.Minute
	// firstLook is when it is looked first whether all is done; each time it takes
	// twice as long to the next.
	firstLook = 6 * time.Second
)

// Run takes the cases through, in the world that a stage has prepared. What is
// wrong is in the report; an error says that nothing is known.
func (s *Stage) Run(ctx context.Context, cfg Config) (_ *Report, err error) {
	kinds, err := chosen(cfg.Kinds)
	if err != nil {
		return nil, err
	}
	if err := s.reset(); err != nil {
		return nil, err
	}
	w, err := s.world(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.start(); err != nil {
		return nil, err
	}
	w.accredit(slices.DeleteFunc(slices.Clone(kinds), func(m mishap) bool { return m.name == skewed }))
	// Whoever was accredited a moment ago is refused by who has a clock that lags, and
	// rightly: clocks go wrong once that is longer ago than they may lag.
	w.scheduler.run(ctx, func() bool { return w.broken != nil }, w.time.now.Add(mostOff))
	began := w.time.now
	w.begin()
	w.plan(kinds, leastFaults+w.fate.IntN(mostFaults-leastFaults+1), faultsWithin)
	limit := began.Add(faultsWithin + patience)
	w.scheduler.run(ctx, func() bool { return w.broken != nil || w.under == 0 && w.planned == 0 }, limit)
	crash.Disarm()
	var left []invariants.Breach
	for wait := firstLook; wait < patience && w.broken == nil && ctx.Err() == nil; wait *= 2 {
		w.scheduler.run(ctx, func() bool { return w.broken != nil }, w.time.now.Add(wait))
		if left, err = invariants.Check(ctx, w.sources()); err != nil {
			return nil, err
		}
		if len(left) == 0 {
			break
		}
	}
	if err := errors.Join(w.broken, ctx.Err()); err != nil {
		return nil, err
	}
	for _, breach := range left {
		w.report.Breaches = append(w.report.Breaches, breach.String())
	}
	if w.under > 0 {
		w.report.Breaches = append(w.report.Breaches, fmt.Sprintf("%d cases are still under way after %s", w.under, patience))
	}
	w.report.Deaths, w.report.Took = w.deaths, w.time.now.Sub(began)
	w.report.Lines, w.report.Trace = w.trace.lines, w.trace.sum()
	return w.report, nil
}

// sources are what the run leaves behind.
func (w *world) sources() invariants.Sources {
	all := invariants.Sources{
		Layout: w.layout, Persons: chaos.Persons(w.Persons), Injected: w.injected, Streams: map[string][]invariants.Streamed{}, ClocksApart: 2 * mostOff,
		Texts: []invariants.Text{{Name: "logs", Content: w.logs.String()}},
	}
	for _, producer := range eventbus.Standard(1).Producers {
		all.Streams[producer] = w.bus.Stored(producer)
	}
	return all
}

// close ends everything.
func (w *world) close() error {
	crash.Disarm()
	for _, stop := range slices.Backward(w.stops) {
		stop()
	}
	for _, p := range w.processes {
		p.end()
	}
	return w.outside.Close()
}

// start starts every service.
func (w *world) start() error {
	for _, name := range devsetup.Services() {
		if err := w.processes[name].start(w.ctx); err != nil {
			return err
		}
	}
	return nil
}
