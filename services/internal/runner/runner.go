// Package runner calls the background work of a service. Work is a Step: do
// what is due now, say whether there was any. No service owns a ticker or a
// free goroutine; the runner does, and waits for each to end.
package runner

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// Job is one piece of background work.
type Job struct {
	Name string
	// Step does what is due and returns whether it did anything: then it is
	// called again at once. It must return soon after ctx ends.
	Step func(ctx context.Context) (busy bool, err error)
	// Idle is the longest wait between two calls when nothing rings.
	Idle time.Duration
	// Bell, when it rings, ends the wait early. It may be nil.
	Bell *Bell
	// Gather is how long to wait, once there is something to do, for more of it: for
	// work that costs less together and that nobody waits for.
	Gather time.Duration
	// Turns, when there are several replicas, lets one of them have this job at
	// a time. Nil: nobody else does it.
	Turns Turns
}

// Turns gives the turn of a name to one of several replicas.
type Turns interface {
	// Alone runs f, whose context ends when the turn is lost, unless somebody
	// else has it now; ran says whether it did.
	Alone(ctx context.Context, name string, f func(ctx context.Context) error) (ran bool, err error)
}

// turnEvery is how often a replica asks for the turn of a job that another has:
// how long a job stands still when the one that had it dies.
const turnEvery = 500 * time.Millisecond

// Bell wakes a job. The zero value is not usable: see NewBell.
type Bell struct{ c chan struct{} }

// NewBell makes a bell.
func NewBell() *Bell { return &Bell{c: make(chan struct{}, 1)} }

// Ring wakes the job that listens, now or at its next wait. It never blocks.
func (b *Bell) Ring() {
	if b == nil {
		return
	}
	select {
	case b.c <- struct{}{}:
	default:
	}
}

// Rung reports whether somebody has rung since it was last asked.
func (b *Bell) Rung() bool {
	if b == nil {
		return false
	}
	select {
	case <-b.c:
		return true
	default:
		return false
	}
}

// worst is the longest wait after repeated failures.
const worst = 5 * time.Second

// Run calls the jobs until ctx ends, then waits for the steps under way.
func Run(ctx context.Context, log *slog.Logger, jobs ...Job) {
	var wg sync.WaitGroup
	for _, job := range jobs {
		wg.Go(func() { inTurn(ctx, log, job) })
	}
	wg.Wait()
}

// inTurn does a job for as long as it is this replica's.
func inTurn(ctx context.Context, log *slog.Logger, job Job) {
	if job.Turns == nil {
		run(ctx, log, job)
		return
	}
	for failures := 0; ctx.Err() == nil; {
		ran, err := job.Turns.Alone(ctx, job.Name, func(ctx context.Context) error {
			run(ctx, log, job)
			return nil
		})
		switch {
		case err != nil && ctx.Err() == nil:
			failures++
			log.WarnContext(ctx, "the turn of a job cannot be had", "job", job.Name, "failures", failures, "error", err.Error())
			pause(ctx, BackOff(failures, rand.Int64N), nil)
			continue
		case ran && ctx.Err() == nil:
			log.WarnContext(ctx, "the turn of a job was lost", "job", job.Name)
		}
		failures = 0
		pause(ctx, turnEvery, nil)
	}
}

func run(ctx context.Context, log *slog.Logger, job Job) {
	failures := 0
	for ctx.Err() == nil {
		busy, err := job.Step(ctx)
		if err != nil && ctx.Err() == nil {
			failures++
			log.WarnContext(ctx, "background step failed", "job", job.Name, "failures", failures, "error", err.Error())
			pause(ctx, BackOff(failures, rand.Int64N), nil)
			continue
		}
		failures = 0
		if (busy || pause(ctx, job.Idle, job.Bell)) && job.Gather > 0 {
			pause(ctx, job.Gather, nil)
		}
	}
}

// BackOff is how long to wait after so many failures in a row: twice as long each
// time, up to 5 s, half of it drawn from random, which gives one of 0 to n-1.
func BackOff(failures int, random func(n int64) int64) time.Duration {
	wait := min(50*time.Millisecond<<min(failures, 10), worst)
	return wait/2 + time.Duration(random(int64(wait/2)))
}

// pause waits, and reports whether the bell ended it.
func pause(ctx context.Context, wait time.Duration, bell *Bell) (rung bool) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	var rings chan struct{}
	if bell != nil {
		rings = bell.c
	}
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-rings:
		return true
	}
	return false
}
