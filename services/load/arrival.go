package load

import (
	"context"
	"math"
	"sync"
	"time"
)

// Arrival is when operations begin. It is open when it has a rate: operations begin
// by the clock, whether those before have ended or not, as people do who do not know
// of each other. It is closed without one: each of Parallel workers begins the next
// when its last has ended.
type Arrival struct {
	Rate     float64 // operations a second; 0: closed
	Parallel int     // closed: workers; open: the most that may be under way
	// Ramp comes before what is measured: the rate, or the number of workers, grows
	// from nothing.
	Ramp, Measured time.Duration
	// Most is how many operations begin at most.
	Most int
}

// at is when the operation with a number from 0 begins, after the beginning of an
// open arrival. While the rate grows, the operations so far are the area below it:
// Rate * t * t / (2 * Ramp).
func (a Arrival) at(number int) time.Duration {
	ramp, n := a.Ramp.Seconds(), float64(number)
	if inRamp := a.Rate * ramp / 2; n < inRamp {
		return seconds(math.Sqrt(2 * ramp * n / a.Rate))
	}
	return seconds(ramp/2 + n/a.Rate)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// sample is one operation. It is measured from when it was meant to begin: what had
// to wait for a place has waited.
type sample struct {
	meant time.Duration // since the beginning
	took  time.Duration
	err   error
}

// run has do called as the arrival says, and gives a sample of each that was begun.
func (a Arrival) run(ctx context.Context, do operation) []sample {
	var mu sync.Mutex // guards samples
	var samples []sample
	begun := time.Now()
	one := func(number int, meant time.Duration) {
		err := do(ctx, number)
		s := sample{meant: meant, took: time.Since(begun) - meant, err: err}
		mu.Lock()
		defer mu.Unlock()
		samples = append(samples, s)
	}
	var workers sync.WaitGroup
	if a.Rate > 0 {
		a.open(ctx, begun, &workers, one)
	} else {
		a.closed(ctx, begun, &workers, one)
	}
	workers.Wait()
	return samples
}

func (a Arrival) open(ctx context.Context, begun time.Time, workers *sync.WaitGroup, one func(int, time.Duration)) {
	places := make(chan struct{}, a.Parallel)
	for number := 0; ; number++ {
		meant := a.at(number)
		if number == a.Most || meant >= a.Ramp+a.Measured || !sleep(ctx, time.Until(begun.Add(meant))) {
			return
		}
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return
		}
		workers.Go(func() {
			defer func() { <-places }()
			one(number, meant)
		})
	}
}

func (a Arrival) closed(ctx context.Context, begun time.Time, workers *sync.WaitGroup, one func(int, time.Duration)) {
	var mu sync.Mutex // guards next
	next := 0
	for worker := range a.Parallel {
		workers.Go(func() {
			if !sleep(ctx, a.Ramp*time.Duration(worker)/time.Duration(a.Parallel)) {
				return
			}
			for ctx.Err() == nil {
				meant := time.Since(begun)
				if meant >= a.Ramp+a.Measured {
					return
				}
				mu.Lock()
				number := next
				next++
				mu.Unlock()
				if number >= a.Most {
					return
				}
				one(number, meant)
			}
		})
	}
}

// sleep reports whether the time has passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
