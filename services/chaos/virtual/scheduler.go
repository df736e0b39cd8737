package virtual

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/runner"
)

// Time is the clock of a simulated world: it stands while something is done, and
// goes on to the next thing that is due when nothing is.
type Time struct{ now time.Time }

// Now implements clock.Clock.
func (t *Time) Now() time.Time { return t.now }

// pass lets some time go by.
func (t *Time) pass(d time.Duration) { t.now = t.now.Add(d) }

// task is what is done again and again: a job of a service, a person, a fault.
type task struct {
	name string
	// step does what is due, and says how long to wait then: nothing when there
	// may be more to do at once.
	step func() (wait time.Duration)
	due  time.Time
	bell *runner.Bell // nil: nothing wakes it
	// until is when a step wanted to be left waiting for something, see sleep.
	until time.Time
	job   bool // it is a service's own work, not a person's
	done  bool
}

// scheduler does one task at a time: of those that are due, one that the seed
// draws.
type scheduler struct {
	time    *Time
	random  *rand.Rand
	tasks   []*task
	current *task
}

// longestStep is how long a step takes at most.
const longestStep = 3 * time.Millisecond

// add has a task done from a time on.
func (s *scheduler) add(t *task, at time.Time) {
	t.due = at
	s.tasks = append(s.tasks, t)
}

// after has f done once, after some time.
func (s *scheduler) after(wait time.Duration, name string, f func()) {
	t := &task{name: name}
	t.step = func() time.Duration {
		t.done = true
		f()
		return 0
	}
	s.add(t, s.time.now.Add(wait))
}

// sleep leaves the task that is being done waiting, as a call does that waits for
// an answer, unless somebody wakes it.
func (s *scheduler) sleep(until time.Time) *task {
	if s.current != nil {
		s.current.until = until
	}
	return s.current
}

// wake ends the wait of a task.
func (s *scheduler) wake(t *task) {
	if t != nil && t.due.After(s.time.now) {
		t.due = s.time.now
	}
}

// run does what is due, one after the other, until that is so or the time has
// come.
func (s *scheduler) run(ctx context.Context, until func() bool, limit time.Time) {
	for ctx.Err() == nil && !until() && s.time.now.Before(limit) {
		next := s.draw()
		if next == nil {
			return
		}
		s.do(next)
		s.time.pass(time.Microsecond * time.Duration(50+s.random.Int64N(longestStep.Microseconds())))
	}
}

// do does one step of a task.
func (s *scheduler) do(t *task) {
	t.until, s.current = time.Time{}, t
	wait := t.step()
	s.current = nil
	t.due = s.time.now.Add(wait)
	if wait > 0 && t.until.After(t.due) {
		t.due = t.until
	}
}

// draw is the next task: one of those that are due or rung for. When there is
// none, time goes on to the next.
func (s *scheduler) draw() *task {
	kept := s.tasks[:0]
	var ready []*task
	var soonest *task
	for _, t := range s.tasks {
		if t.done {
			continue
		}
		kept = append(kept, t)
		if t.bell.Rung() {
			s.wake(t)
		}
		if !t.due.After(s.time.now) {
			ready = append(ready, t)
		}
		if soonest == nil || t.due.Before(soonest.due) {
			soonest = t
		}
	}
	clear(s.tasks[len(kept):])
	s.tasks = kept
	switch {
	case len(ready) > 0:
		return ready[s.random.IntN(len(ready))]
	case soonest != nil:
		s.time.now = soonest.due
	}
	return soonest
}
