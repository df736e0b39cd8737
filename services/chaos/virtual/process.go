package virtual

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"runtime"
	"time"

	"google.golang.org/grpc"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
)

// process is a service that runs in the simulated world. It is opened by its own
// wiring, on its own database and keys, and lives until it is ended or dies.
type process struct {
	*world
	layout      devsetup.Service
	program     Program
	random      io.Reader
	certificate *x509.Certificate
	off         time.Duration // how far its clock is ahead

	offered service.Offered
	alive   bool
	close   func()
	tasks   []*task
}

func (w *world) newProcess(layout devsetup.Service, program Program) (*process, error) {
	p := &process{world: w, layout: layout, program: program}
	var seed [32]byte
	copy(seed[:], fmt.Sprintf("%020d%s", w.Seed, layout.Name))
	p.random = rand.NewChaCha8(seed)
	raw, err := os.ReadFile(layout.CertFile)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, fmt.Errorf("read %s: not PEM", layout.CertFile)
	}
	p.certificate, err = x509.ParseCertificate(block.Bytes)
	return p, err
}

// Now implements clock.Clock: the time as this process has it.
func (p *process) Now() time.Time { return p.time.now.Add(p.off) }

// start opens the service. It has come back when what the service offers is there.
func (p *process) start(ctx context.Context) error {
	ctx = runner.OneAtATime(ctx)
	var failed error
	next, stop := iter.Pull(iter.Seq[struct{}](func(yield func(struct{}) bool) {
		failed = p.program(ctx, p.layout.ConfigFile, service.World{
			Logs: p.logs, Clock: p, Random: p.random, Web: web{p.world, p.layout.Name}, Bus: p.bus.Of(p.layout.Name), Peer: p.peer,
			Serve: func(_ context.Context, offered service.Offered) error {
				p.offered = offered
				yield(struct{}{})
				return nil
			},
		})
	}))
	if _, open := next(); !open {
		stop()
		return fmt.Errorf("start %s: %w", p.layout.Name, errors.Join(failed, errors.New("it has ended")))
	}
	p.alive, p.close = true, stop
	for _, job := range p.offered.Jobs {
		p.work(ctx, job)
	}
	return nil
}

// end takes the process out of the world, and lets go of what it had open.
func (p *process) end() {
	if !p.alive && p.close == nil {
		return
	}
	p.alive = false
	for _, t := range p.tasks {
		t.done = true
	}
	p.tasks = nil
	p.close()
	p.close, p.offered = nil, service.Offered{}
}

// looksSeldom is how long a job waits at least that is rung for: the more often it
// looks for nothing, the fewer runs there are in an hour.
const looksSeldom = time.Second

// work makes a task of a job.
func (p *process) work(ctx context.Context, job runner.Job) {
	t := &task{name: p.layout.Name + " " + job.Name, bell: job.Bell, job: true}
	if job.Bell != nil {
		job.Idle = max(job.Idle, looksSeldom)
	}
	failures := 0
	t.step = func() time.Duration {
		var busy bool
		var err error
		if !p.within(func() { busy, err = job.Step(ctx) }) {
			p.trace.note(p.time.now, "%s dies", t.name)
			return job.Idle
		}
		switch {
		case err != nil:
			failures++
			p.trace.note(p.time.now, "%s fails", t.name)
			return runner.BackOff(failures, p.scheduler.random.Int64N)
		case busy:
			p.trace.note(p.time.now, "%s", t.name)
		}
		failures = 0
		if busy {
			return 0
		}
		return job.Idle
	}
	p.tasks = append(p.tasks, t)
	p.scheduler.add(t, p.time.now)
}

// within does something as the process. It returns false when the process has died
// in it: what was under way has ended there, and its transaction with it.
func (p *process) within(f func()) (lives bool) {
	p.stack = append(p.stack, p)
	done := make(chan struct{})
	go func() { // of its own, so that it can end in the middle; nothing else goes on meanwhile
		defer close(done)
		f()
		lives = true
	}()
	<-done
	p.stack = p.stack[:len(p.stack)-1]
	if !lives {
		p.bury()
	}
	return lives
}

// die ends the process that is doing something, as kill -9 would, at a point in
// its code.
func (w *world) die() {
	if len(w.stack) > 0 {
		runtime.Goexit()
	}
}

// bury takes a process away that is dead, and has it started again after a while.
func (p *process) bury() {
	p.end()
	p.deaths++
	p.scheduler.after(downFor(p.fate), p.layout.Name+" starts", func() { p.again() })
}

// again starts a process that was ended.
func (p *process) again() {
	if p.alive {
		return
	}
	p.trace.note(p.time.now, "%s starts", p.layout.Name)
	if err := p.start(p.ctx); err != nil && p.broken == nil {
		p.broken = err
	}
}

// peer reaches the internal listener of another service.
func (p *process) peer(name string) (grpc.ClientConnInterface, error) {
	to, ok := p.processes[name]
	if !ok {
		return nil, fmt.Errorf("there is no service %q", name)
	}
	return call{p.world, p.layout.Name, to, p.certificate}, nil
}

var _ clock.Clock = (*process)(nil)
