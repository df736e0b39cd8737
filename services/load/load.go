// Package load drives a running system from outside, over its public interfaces, with
// people who do not exist, and measures how many of their operations it takes, how
// long they wait and what its processes use.
package load

import (
	"context"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/demo"
)

// Scenario is what one operation is.
type Scenario string

// The scenarios.
const (
	// Offers: an employer signs an offer over gRPC; it is recorded, its place in the
	// status list is taken and its invitation made.
	Offers Scenario = "offers"
	// Credentials: a worker's wallet opens the invitation of an offer that was signed
	// before, asks for the credential over DIDComm and holds it.
	Credentials Scenario = "credentials"
	// Presentations: an offer is signed, collected and presented to UDI over DIDComm.
	Presentations Scenario = "presentations"
	// Cases: a whole case, from the signature to the account.
	Cases Scenario = "cases"
	// Verifications: a presentation that an agency has got is verified over gRPC. Each
	// is another person's; all are made before.
	Verifications Scenario = "verifications"
)

// Scenarios are all of them.
func Scenarios() []Scenario {
	return []Scenario{Offers, Credentials, Presentations, Cases, Verifications}
}

// operation is one of a scenario, by its number from 0.
type operation func(ctx context.Context, number int) error

// last is the stage of a case with which an operation ends.
var last = map[Scenario]demo.Stage{Offers: demo.Sign, Presentations: demo.Apply, Cases: demo.Finish}

// Config is a load.
type Config struct {
	Target   demo.Target
	Scenario Scenario
	Arrival  Arrival
	// Employers sign offers in turn; one at least. The target's own is not among them
	// unless it is named.
	Employers []Employer
	// Persons are different people, one for each operation; the load ends early when
	// there are no more.
	Persons []demo.Input
	// Stored is how many credentials the issuer has signed before anything is measured.
	Stored int
	// Processes are those of the system, as far as they run on this machine.
	Processes []Process
}

// Employer is an employer, and its token at the issuer.
type Employer struct {
	demo.Employer
	Token string
}

// signing gives the players of the employers, in their order, each accredited.
func (c Config) signing(ctx context.Context, shared *demo.Players) ([]*demo.Players, error) {
	all := make([]*demo.Players, len(c.Employers))
	for i, e := range c.Employers {
		all[i] = shared.For(e.Employer, e.Token)
		if err := all[i].Accredit(ctx, c.Persons); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Run makes the load and measures it.
func Run(ctx context.Context, c Config) (*Report, error) {
	players, err := demo.Join(c.Target)
	if err != nil {
		return nil, err
	}
	defer players.Close()
	signing, err := c.signing(ctx, players)
	if err != nil {
		return nil, err
	}
	if err := c.store(ctx); err != nil {
		return nil, err
	}
	do, closer, err := c.operation(ctx, signing)
	if err != nil {
		return nil, err
	}
	defer closer()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	meter := newMeter(c.Processes)
	ramp := time.AfterFunc(c.Arrival.Ramp, meter.begin)
	defer ramp.Stop()
	c.Arrival.Most = len(c.Persons)
	var following sync.WaitGroup
	following.Go(func() { meter.follow(ctx, c.Arrival) })
	samples := c.Arrival.run(ctx, do)
	cancel()
	following.Wait()
	report := &Report{
		Scenario: c.Scenario, Machine: thisMachine(), Rate: c.Arrival.Rate, Parallel: c.Arrival.Parallel, Employers: len(c.Employers), Stored: c.Stored,
	}
	report.take(samples, c.Arrival.Ramp)
	report.Services, report.GeneratorCPUMillis = meter.end(report.Done)
	return report, nil
}

// operation makes ready what the operations need.
func (c Config) operation(ctx context.Context, signing []*demo.Players) (do operation, closer func(), err error) {
	of := func(number int) *demo.Players { return signing[number%len(signing)] }
	switch c.Scenario {
	case Verifications:
		v, err := c.prepareVerifications(ctx)
		if err != nil {
			return nil, nil, err
		}
		return v.verify, v.close, nil
	case Credentials:
		signed := make([]*demo.Report, len(c.Persons))
		err := together(ctx, len(c.Persons), func(ctx context.Context, number int) (err error) {
			signed[number], err = of(number).Play(ctx, c.Persons[number], demo.Sign, nil)
			return err
		})
		return func(ctx context.Context, number int) error {
			return of(number).PlayOn(demo.WithPause(ctx, patiently(ctx)), signed[number], demo.Collect)
		}, func() {}, err
	}
	return func(ctx context.Context, number int) error {
		_, err := of(number).Play(demo.WithPause(ctx, patiently(ctx)), c.Persons[number], last[c.Scenario], nil)
		return err
	}, func() {}, nil
}

// patience is how many times as long as in a demonstration people wait before they look
// again whether something has happened: 40 ms at first, a second at most.
const patience = 4

// patiently waits for as long, unless ctx ends.
func patiently(ctx context.Context) func(time.Duration) error {
	return func(d time.Duration) error {
		sleep(ctx, patience*d)
		return ctx.Err()
	}
}

// meter measures what processes use from the end of the ramp on.
type meter struct {
	processes []Process
	mu        sync.Mutex // guards what follows
	before    map[string]Usage
	own       time.Duration
	memory    map[string][]float64 // MiB of each process, at each look
}

func newMeter(processes []Process) *meter {
	return &meter{processes: processes, memory: map[string][]float64{}}
}

func (m *meter) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before, m.own = consumed(m.processes), ownTime()
}

// looks is how often memory is looked at while operations are measured.
const looks = 10

// follow looks at memory until ctx ends.
func (m *meter) follow(ctx context.Context, a Arrival) {
	for look := range looks {
		if wait := a.Measured / looks; !sleep(ctx, wait) || look == 0 && !sleep(ctx, a.Ramp) {
			return
		}
		m.look()
	}
}

func (m *meter) look() {
	now := consumed(m.processes)
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, u := range now {
		m.memory[name] = append(m.memory[name], u.MemoryMiB)
	}
}

func (m *meter) end(operations int) (used []Usage, generatorMillis float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if operations > 0 {
		generatorMillis = float64((ownTime() - m.own).Milliseconds()) / float64(operations)
	}
	used = since(m.before, consumed(m.processes), operations)
	for i := range used {
		used[i].MemoryOver = m.memory[used[i].Name]
	}
	return used, generatorMillis
}

// thisMachine describes the machine.
func thisMachine() Machine {
	m := Machine{Cores: runtime.NumCPU(), Go: runtime.Version()}
	raw, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(raw)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			m.Processor = strings.TrimSpace(value)
			break
		}
	}
	return m
}
