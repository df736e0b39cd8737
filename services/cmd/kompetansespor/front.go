package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kompetansespor/kompetansespor/services/demo"
	"github.com/kompetansespor/kompetansespor/services/front"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// stagePause is what a watched case waits before each stage.
const stagePause = 3 * time.Second

// frontFor is the front page of a stack. input is the file of the person whose case
// is run. The page stops with ctx.
func frontFor(ctx context.Context, layout *devsetup.Layout, input string) (*front.Front, error) {
	target, err := targetOf(layout)
	if err != nil {
		return nil, err
	}
	return front.Open(front.Config{
		Context: ctx, Target: target, Portals: portalsOf(layout),
		Person: func() (demo.Input, error) {
			found, err := people(input, 0, 0)
			if err != nil {
				return demo.Input{}, err
			}
			return found[0], nil
		},
		Page: page.Portal{Clock: clock.System{}, Random: rand.Reader, PublicURL: layout.Gateway.Front(), Development: true},
		Pause: func(ctx context.Context) error {
			timer := time.NewTimer(stagePause)
			defer timer.Stop()
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-timer.C:
				return nil
			}
		},
	})
}

// portalsOf are the ways into a stack's services, in the order of the journey.
func portalsOf(layout *devsetup.Layout) (all []front.Portal) {
	for _, name := range devsetup.Services() {
		one := front.Portal{Service: name, URL: layout.Gateway.URL(name)}
		for _, p := range devsetup.Pilot().People {
			if p.At(name) {
				one.People = append(one.People, front.Person{Name: p.Name, About: p.About})
			}
		}
		all = append(all, one)
	}
	return all
}

// withBrowsers adds to a stack what browsers need: front page and gateway.
func withBrowsers(stack runStack, input string) runStack {
	return func(ctx context.Context, layout *devsetup.Layout, logs io.Writer) error {
		group, groupCtx := errgroup.WithContext(ctx)
		first, err := frontFor(groupCtx, layout, input)
		if err != nil {
			return err
		}
		group.Go(func() error { return stack(groupCtx, layout, logs) })
		group.Go(func() error { return gateway(groupCtx, layout, first.Handler()) })
		return errors.Join(group.Wait(), first.Close())
	}
}
