package runner

import (
	"context"

	"golang.org/x/sync/errgroup"
)

type inOrder struct{}

// OneAtATime has the steps that are called with ctx do what they do side by side
// one after the other instead, in the goroutine that calls them: a simulated run
// has one thread.
func OneAtATime(ctx context.Context) context.Context {
	return context.WithValue(ctx, inOrder{}, true)
}

// Each does f for every one of all, atOnce of them side by side at most. It
// returns when all have ended, with the first error; the first error ends the
// context of the others.
func Each[T any](ctx context.Context, atOnce int, all []T, f func(ctx context.Context, one T) error) error {
	if ctx.Value(inOrder{}) != nil {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var first error
		for _, one := range all {
			if err := f(ctx, one); err != nil && first == nil {
				first = err
				cancel()
			}
		}
		return first
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, one := range all {
		group.Go(func() error { return f(groupCtx, one) })
	}
	return group.Wait()
}
