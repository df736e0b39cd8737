// Package chaos takes cases through a running system while faults are injected,
// and then checks that every case has completed and every invariant holds. It
// uses what anybody outside can use, and the databases; a run is seeded.
//
// kinds.go names the faults; a file has those of one kind: kill.go, crash.go,
// network.go, clock.go, certificate.go, key.go, event.go, disk.go, power.go,
// database.go, upgrade.go.
package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/demo"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/invariants"
)

// Config says what to run.
type Config struct {
	// Layout is of a system that runs: package cluster's, since what is killed must
	// be started again.
	Layout *devsetup.Layout
	// Program is this program, for its commands.
	Program  string
	Target   demo.Target
	Persons  []demo.Input
	Parallel int
	Seed     uint64
	// Kinds are the faults, by name, see Kinds. Each comes Times times.
	Kinds []string
	Times int
	// Next are the programs that a rolling upgrade goes to, one for each time.
	Next []string
	// Patience is how long cases may take after the last fault, and then what waits
	// may take to be done.
	Patience time.Duration
	// Say is told each fault as it comes.
	Say func(string)
}

// Report is what was seen.
type Report struct {
	Seed      uint64   `json:"seed"`
	Cluster   bool     `json:"cluster"`
	Cases     int      `json:"cases"`
	Completed int      `json:"completed"`
	Faults    []Fault  `json:"faults"`
	Breaches  []string `json:"breaches"`
	// Slowest is the case that took longest: what a person feels of all faults on its
	// way. Middling is the one in the middle.
	Slowest  time.Duration `json:"slowest_ns"`
	Middling time.Duration `json:"middling_ns"`
	// Took is from the first case to the last that completed, Drained from then
	// until nothing waited anywhere.
	Took    time.Duration `json:"took_ns"`
	Drained time.Duration `json:"drained_ns"`
	// Intake is the longest time in which the issuer did not take a request.
	Intake time.Duration `json:"intake_ns"`
}

// Fault is one that was injected.
type Fault struct {
	Kind string `json:"kind"`
	What string `json:"what"`
	// Recovery is until every service was ready again.
	Recovery time.Duration `json:"recovery_ns"`
}

// Passed says that all cases completed and nothing is wrong.
func (r *Report) Passed() bool { return r.Completed == r.Cases && len(r.Breaches) == 0 }

const (
	// calmBetween is the longest time between one fault's end and the next.
	calmBetween = 1200 * time.Millisecond
	// recoverLimit is how long a fault may be felt.
	recoverLimit = 60 * time.Second
)

// run is one run under way.
type run struct {
	Config
	random   *rand.Rand
	injected [][]byte // payloads that a fault has put on a stream
	probe    *probe
	begin    func() // has the cases begin that are due at this fault
}

// Run takes the cases through and injects the faults meanwhile; the first comes
// when the first cases are on their way. What is wrong is in the report; an error
// says that nothing is known.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	if err := check(cfg); err != nil {
		return nil, err
	}
	r := &run{Config: cfg, random: rand.New(rand.NewPCG(cfg.Seed, 5))}
	report := &Report{Seed: cfg.Seed, Cluster: cfg.Layout.Cluster != nil, Cases: len(cfg.Persons)}
	begun := time.Now()
	probe := startProbe(ctx, cfg.Layout, cfg.Target.Authorities)
	r.probe = probe
	type result struct {
		report *demo.Report
		err    error
	}
	cases := make(chan result, 1)
	taking, giveUp := context.WithCancel(ctx)
	defer giveUp()
	due := make(chan struct{}, len(cfg.Persons))
	go func() {
		done, err := demo.Run(taking, cfg.Target, demo.Cases{Persons: cfg.Persons, Parallel: cfg.Parallel, Begin: func(ctx context.Context, _ int) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-due:
				return nil
			}
		}})
		cases <- result{done, err}
	}()
	if err := r.inject(ctx, report, probe, due); err != nil {
		giveUp()
		<-cases
		return nil, errors.Join(err, probe.stop())
	}
	late := time.AfterFunc(cfg.Patience, giveUp)
	defer late.Stop()
	ended := <-cases
	report.Took = time.Since(begun)
	if err := probe.stop(); err != nil {
		return nil, err
	}
	report.Intake = probe.worst
	if ended.report == nil {
		return nil, ended.err
	}
	var times []time.Duration
	for _, one := range ended.report.Cases {
		times = append(times, one.Took)
		if one.Outcome == demo.Completed {
			report.Completed++
		} else {
			report.Breaches = append(report.Breaches, fmt.Sprintf("case %s has not completed: %s %s", one.CaseRef, one.Outcome, one.Problem))
		}
	}
	slices.Sort(times)
	report.Slowest, report.Middling = times[len(times)-1], times[len(times)/2]
	if err := r.settle(ctx, report); err != nil {
		return nil, err
	}
	kept, err := r.unforgettable(ctx)
	report.Breaches = append(report.Breaches, kept...)
	return report, err
}

// inject has each kind of fault come as often as asked, in seeded order. The cases
// begin evenly over the faults, so that each meets some on their way.
func (r *run) inject(ctx context.Context, report *Report, probe *probe, due chan<- struct{}) error {
	var order []string
	for range r.Times {
		order = append(order, r.Kinds...)
	}
	r.random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	begun := 0
	for i, kind := range order {
		r.begin = func() {
			for ; begun*len(order) < (i+1)*len(r.Persons); begun++ {
				due <- struct{}{}
			}
		}
		if !kinds[kind].begins {
			r.begin()
		}
		if err := pause(ctx, 200*time.Millisecond+time.Duration(r.random.Int64N(int64(calmBetween)))); err != nil {
			return err
		}
		from := time.Now()
		bounded, cancel := context.WithTimeout(ctx, faultLimit)
		what, err := kinds[kind].inject(bounded, r)
		cancel()
		if err != nil {
			return fmt.Errorf("inject %s: %w", kind, err)
		}
		if err := probe.allReady(ctx); err != nil {
			return fmt.Errorf("after %s (%s): %w", kind, what, err)
		}
		one := Fault{Kind: kind, What: what, Recovery: time.Since(from)}
		report.Faults = append(report.Faults, one)
		r.Say(fmt.Sprintf("%-18s %-40s ready again after %s", one.Kind, one.What, one.Recovery.Round(time.Millisecond)))
	}
	return nil
}

// settle waits until nothing is under way, and checks the invariants: what is
// under way is a breach of them, so they are asked until they hold.
func (r *run) settle(ctx context.Context, report *Report) error {
	sources := invariants.Sources{Layout: r.Layout, Injected: r.injected, Logs: []string{filepath.Join(r.Layout.Dir, "services.log")}}
	if slices.Contains(r.Kinds, skewed) {
		sources.ClocksApart = 2 * mostOff
	}
	sources.Persons = Persons(r.Persons)
	from := time.Now()
	for {
		found, err := invariants.Check(ctx, sources)
		late := time.Since(from) > r.Patience
		if err != nil && (late || ctx.Err() != nil) {
			return err // what cannot be read is not known to hold
		}
		if err == nil && len(found) == 0 {
			report.Drained = time.Since(from)
			return nil
		}
		if late {
			for _, breach := range found {
				report.Breaches = append(report.Breaches, breach.String())
			}
			report.Drained = time.Since(from)
			return nil
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}

// Persons are people as the invariants look for them.
func Persons(inputs []demo.Input) (all []invariants.Person) {
	for _, p := range inputs {
		all = append(all, invariants.Person{
			GivenName: p.GivenName, FamilyName: p.FamilyName, Email: p.Email, PhoneNumber: p.PhoneNumber,
			Birthdate: p.Birthdate, PassportNumber: p.Passport.DocumentNumber,
		})
	}
	return all
}

func pause(ctx context.Context, wait time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}
