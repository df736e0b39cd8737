// Package programme is the clock: where a case's time goes, which steps are
// late, and how long steps took in a month, in numbers that tell of nobody.
//
// It reads timelines, which hold no personal data, and changes nothing. It is
// pure.
package programme

import (
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// Timeline is a case's steps.
type Timeline struct {
	CaseRef string
	// Position is the case's place among all cases.
	Position int64
	Steps    []casefile.Step
}

// Clock is where a case's time went.
type Clock struct {
	From, Until time.Time
	// Ended says that the case has: completed, refused, withdrawn or revoked.
	Ended bool
	// Stretches follow each other without a gap from From until Until.
	Stretches []Stretch
}

// Stretch is the time up to one step.
type Stretch struct {
	From, Until time.Time
	Class       casefile.TimeClass
	// Step ended it; its Step is empty while the case waits.
	Step casefile.Step
}

// Classes are all classes of time, in the order in which they are shown.
var Classes = []casefile.TimeClass{casefile.Machine, casefile.Human, casefile.Queue, casefile.Candidate, casefile.Physical}

// Elapsed is from the first step until the end, or until now.
func (c Clock) Elapsed() time.Duration { return c.Until.Sub(c.From) }

// Of is how much of the time was of one class. The classes add up to Elapsed.
func (c Clock) Of(class casefile.TimeClass) time.Duration {
	var sum time.Duration
	for _, s := range c.Stretches {
		if s.Class == class {
			sum += s.Until.Sub(s.From)
		}
	}
	return sum
}

// interrupts are steps that somebody else takes while the case waits for
// something: they do not say what the time before them was spent on.
var interrupts = map[casefile.Milestone]bool{
	casefile.OfferWithdrawn: true, casefile.OfferSuperseded: true, casefile.EmployerStopped: true, casefile.EmployerStands: true,
	casefile.CaseHalted: true, casefile.IdentityCorrected: true, casefile.CaseCorrected: true, casefile.EarlyStartConfirmed: true,
	casefile.OnboardingStopped: true, casefile.AppointmentCancelled: true, casefile.PermitRevoked: true,
}

// ClockOf computes the clock of a case that has at least one step, as it is now.
//
// The time up to a step is of the step's own class, with these exceptions. Of
// the time up to a step that people took (human) only so much is their work as
// the step's target says that such work takes; before that the case waited in
// their queue. Up to a step that comes in between (a halt, a withdrawal, a
// correction) the case waited for what it waited for. While a case is halted it
// waits in a queue. The time since the last step goes to what is waited for.
func ClockOf(t Timeline, targets Targets, now time.Time) Clock {
	steps := ordered(t.Steps)
	c := Clock{From: steps[0].At, Until: steps[0].At}
	halted := false
	for i, step := range steps[:ends(steps)] {
		switch {
		case i == 0:
		case halted:
			c.spend(step.At, casefile.Queue, step)
		case interrupts[step.Step]:
			c.spend(step.At, targets.waits(steps[:i]), step)
		case step.TimeClass == casefile.Human:
			c.spend(step.At.Add(-targets.work(steps[:i], step)), casefile.Queue, step)
			c.spend(step.At, casefile.Human, step)
		default:
			c.spend(step.At, step.TimeClass, step)
		}
		halted = step.Step == casefile.CaseHalted || halted && step.Step != casefile.CaseResumed && step.Step != casefile.PermitRevoked
	}
	if c.Ended = ended(steps); !c.Ended && now.After(c.Until) {
		class := targets.waits(steps)
		if halted {
			class = casefile.Queue
		}
		c.spend(now, class, casefile.Step{})
	}
	return c
}

func (c *Clock) spend(until time.Time, class casefile.TimeClass, step casefile.Step) {
	if !until.After(c.Until) {
		return
	}
	c.Stretches = append(c.Stretches, Stretch{From: c.Until, Until: until, Class: class, Step: step})
	c.Until = until
}

func ordered(steps []casefile.Step) []casefile.Step {
	steps = slices.Clone(steps)
	slices.SortStableFunc(steps, func(a, b casefile.Step) int { return a.At.Compare(b.At) })
	return steps
}

// ending says whether a case ends with a step. A completed case stays completed
// for the clock, whatever happens later.
func ending(s casefile.Step) bool {
	switch s.Step {
	case casefile.CaseCompleted, casefile.ApplicationWithdrawn, casefile.PermitRevoked:
		return true
	case casefile.DecisionMade:
		return s.Cause == string(casefile.Refused)
	}
	return false
}

// ends is how many steps there are up to the end, which is all of them for a
// case that goes on: an appeal that is granted opens a refused case again.
func ends(steps []casefile.Step) int {
	end := len(steps)
	for i, s := range steps {
		switch {
		case s.Step == casefile.CaseCompleted:
			return i + 1
		case ending(s):
			end = i + 1
		case s.Step == casefile.DecisionMade || s.Step == casefile.DecisionAppealed:
			end = len(steps)
		}
	}
	return end
}

func ended(steps []casefile.Step) bool { return ending(steps[ends(steps)-1]) }
