package runner_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/runner"
)

func TestEachDoesAllAndNoMoreAtOnceThanAllowed(t *testing.T) {
	var now, most, done atomic.Int64
	err := runner.Each(t.Context(), 3, make([]int, 50), func(context.Context, int) error {
		for at := now.Add(1); ; {
			seen := most.Load()
			if at <= seen || most.CompareAndSwap(seen, at) {
				break
			}
		}
		done.Add(1)
		now.Add(-1)
		return nil
	})
	if err != nil || done.Load() != 50 || most.Load() > 3 {
		t.Error(done.Load(), most.Load(), err)
	}
}

func TestEachGivesTheFirstErrorAndEndsTheOthersContext(t *testing.T) {
	broken := errors.New("broken")
	for name, ctx := range map[string]context.Context{"side by side": t.Context(), "one at a time": runner.OneAtATime(t.Context())} {
		ended := 0
		err := runner.Each(ctx, 1, []int{1, 2, 3}, func(ctx context.Context, n int) error {
			if ctx.Err() != nil {
				ended++
				return ctx.Err()
			}
			if n == 1 {
				return broken
			}
			return nil
		})
		if !errors.Is(err, broken) || ended != 2 {
			t.Errorf("%s: %v, and %d of the others saw it", name, err, ended)
		}
	}
}

func TestOneAtATimeIsInOrderInTheCallersGoroutine(t *testing.T) {
	var order []int // without a lock: the race detector tells of another goroutine
	err := runner.Each(runner.OneAtATime(t.Context()), 8, []int{1, 2, 3, 4, 5}, func(_ context.Context, n int) error {
		order = append(order, n)
		return nil
	})
	if err != nil || !slices.Equal(order, []int{1, 2, 3, 4, 5}) {
		t.Error(order, err)
	}
}
