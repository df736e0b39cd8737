package virtual

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"google.golang.org/grpc"

	"github.com/kompetansespor/kompetansespor/services/demo"
)

// errOver ends what people do when the run is over.
var errOver = errors.New("the run is over")

// act has somebody do something that takes several steps: wherever f waits, others
// go on. It gives what ends it early.
func (w *world) act(name string, begin time.Duration, f func(ctx context.Context) error, ended func(error)) (stop func()) {
	next, stop := iter.Pull(iter.Seq[time.Duration](func(yield func(time.Duration) bool) {
		ended(f(demo.WithPause(w.ctx, func(wait time.Duration) error {
			if !yield(wait) {
				return errOver
			}
			return nil
		})))
	}))
	t := &task{name: name}
	t.step = func() time.Duration {
		wait, on := next()
		t.done = !on
		return wait
	}
	w.scheduler.add(t, w.time.now.Add(begin))
	return stop
}

const (
	// accreditWithin is the time in which things go wrong while the employer is
	// accredited.
	accreditWithin = 5 * time.Second
	// beginWithin is the time in which people begin their cases.
	beginWithin = 10 * time.Second
)

// from is what people reach the services by.
func (w *world) from() demo.Target {
	target := w.Target
	target.Web = web{w, people}
	target.Conn = func(p demo.Place) grpc.ClientConnInterface {
		return call{world: w, from: people, to: w.processes[w.hosts[p.Host]]}
	}
	return target
}

// accredit has the programme accredit the employer, while something goes wrong.
func (w *world) accredit(kinds []mishap) {
	target, done := w.from(), false
	stop := w.act("accredit", 0, func(ctx context.Context) error { return demo.Accredit(ctx, target, w.Persons) }, func(err error) {
		if err != nil {
			w.broken = fmt.Errorf("accredit the employer: %w", err)
		}
		done = true
	})
	w.stops = append(w.stops, stop)
	w.plan(kinds, w.fate.IntN(leastFaults), accreditWithin)
	w.scheduler.run(w.ctx, func() bool { return w.broken != nil || done && w.planned == 0 }, w.time.now.Add(patience))
}

// begin has everybody begin a case.
func (w *world) begin() {
	target := w.from()
	for i, person := range w.Persons {
		begin := time.Duration(w.scheduler.random.Int64N(int64(beginWithin)))
		name := fmt.Sprintf("person %d", i+1)
		stop := w.act(name, begin, func(ctx context.Context) error {
			report, err := demo.Play(ctx, target, person)
			if err == nil {
				w.trace.note(w.time.now, "%s has finished %s", name, report.CaseRef)
				return nil
			}
			if report != nil {
				err = fmt.Errorf("case %s: %s: %w", report.CaseRef, report.Outcome, err)
			}
			return fmt.Errorf("%s: %w", name, err)
		}, func(err error) {
			w.under--
			if err != nil {
				w.report.Breaches = append(w.report.Breaches, err.Error())
				return
			}
			w.report.Completed++
		})
		w.stops = append(w.stops, stop)
	}
	w.under = len(w.Persons)
}
