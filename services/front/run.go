package front

import (
	"context"
	"slices"
	"time"

	"github.com/a-h/templ"

	"github.com/kompetansespor/kompetansespor/services/demo"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// Run is a watched case, as far as it has come.
type Run struct {
	Stage  demo.Stage // the one that goes on or comes next; empty when all are over
	Steps  []demo.Step
	Failed bool
	Ended  bool
	Took   time.Duration // of the machines, from the signature to the last step
}

// seen is what the page shows of the moment.
type seen struct {
	Counts map[string]Count
	Run    *Run // nil: nothing was run yet
}

func (f *Front) seen(ctx context.Context) seen {
	counts := f.count.all(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.run == nil {
		return seen{Counts: counts}
	}
	one := *f.run
	one.Steps = slices.Clone(one.Steps)
	return seen{Counts: counts, Run: &one}
}

// start runs a case, unless one is under way. It goes on when nobody watches.
func (f *Front) start(c *page.Call) error {
	person, err := f.cfg.Person()
	if err != nil {
		return err
	}
	if f.begin() {
		f.running.Go(func() { f.walk(person) })
	}
	return c.Go("/#run")
}

// begin reports whether a run may begin, and begins it.
func (f *Front) begin() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.run != nil && !f.run.Ended {
		return false
	}
	f.run = &Run{Stage: demo.Sign}
	return true
}

func (f *Front) walk(person demo.Input) {
	change := func(how func(*Run)) {
		f.mu.Lock()
		defer f.mu.Unlock()
		how(f.run)
	}
	report, err := demo.Run(f.cfg.Context, f.cfg.Target, demo.Cases{
		Persons: []demo.Input{person},
		Before: func(ctx context.Context, stage demo.Stage) error {
			change(func(r *Run) { r.Stage = stage })
			return f.cfg.Pause(ctx)
		},
		Say: func(s demo.Step) { change(func(r *Run) { r.Steps = append(r.Steps, s) }) },
	})
	change(func(r *Run) {
		r.Ended, r.Failed = true, err != nil
		if err == nil {
			r.Stage, r.Steps = "", report.Steps
			r.Took = time.Duration(report.MachineMS) * time.Millisecond
		}
	})
}

// live streams the chain and the run.
func (f *Front) live(c *page.Call) error {
	return c.Stream(func(ctx context.Context) (templ.Component, error) { return moment(c, f.seen(ctx)), nil })
}

// stateOf is how a stage stands, as page.Step has it.
func (r *Run) stateOf(stage demo.Stage) string {
	all := demo.Stages()
	at, this := slices.Index(all, r.Stage), slices.Index(all, stage)
	switch {
	case r.Stage == "" || this < at:
		return "done"
	case this > at:
		return "later"
	case r.Failed:
		return "stopped"
	}
	return "now"
}

// stages are the run as a sequence.
func (r *Run) stages(c *page.Call) (steps []page.Step) {
	for _, stage := range demo.Stages() {
		steps = append(steps, page.Step{
			Title: c.T("run." + string(stage)), Text: c.T("run." + string(stage) + ".text"), State: r.stateOf(stage),
		})
	}
	return steps
}

// active is the service that the run is at; empty when it is nowhere.
func (r *Run) active() string {
	if r == nil || r.Ended {
		return ""
	}
	return map[demo.Stage]string{
		demo.Sign: "issuer", demo.Collect: "wallet", demo.Apply: "wallet", demo.Pay: "wallet", demo.Decide: "verifier",
		demo.Attend: "police", demo.Finish: "bank",
	}[r.Stage]
}
