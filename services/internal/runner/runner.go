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
}

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

// worst is the longest wait after repeated failures.
const worst = 5 * time.Second

// Run calls the jobs until ctx ends, then waits for the steps under way.
func Run(ctx context.Context, log *slog.Logger, jobs ...Job) {
	var wg sync.WaitGroup
	for _, job := range jobs {
		wg.Go(func() { run(ctx, log, job) })
	}
	wg.Wait()
}

func run(ctx context.Context, log *slog.Logger, job Job) {
	failures := 0
	for ctx.Err() == nil {
		busy, err := job.Step(ctx)
		if err != nil && ctx.Err() == nil {
			failures++
			log.WarnContext(ctx, "background step failed", "job", job.Name, "failures", failures, "error", err.Error())
			pause(ctx, backOff(failures), nil)
			continue
		}
		failures = 0
		if !busy {
			pause(ctx, job.Idle, job.Bell)
		}
	}
}

func backOff(failures int) time.Duration {
	wait := 50 * time.Millisecond << min(failures, 10)
	wait = min(wait, worst)
	return wait/2 + rand.N(wait/2)
}

func pause(ctx context.Context, wait time.Duration, bell *Bell) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	var rung chan struct{}
	if bell != nil {
		rung = bell.c
	}
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-rung:
	}
}
