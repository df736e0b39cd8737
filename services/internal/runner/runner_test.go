package runner_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/runner"
)

var quiet = slog.New(slog.DiscardHandler)

func TestBellEndsTheWait(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	bell := runner.NewBell()
	steps := 0
	runner.Run(ctx, quiet, runner.Job{Name: "j", Idle: time.Hour, Bell: bell, Step: func(context.Context) (bool, error) {
		steps++
		if steps == 3 {
			cancel()
		}
		bell.Ring()
		return false, nil
	}})
	if steps != 3 {
		t.Fatalf("%d steps", steps)
	}
}

func TestWorkThatGathersWaitsForMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		bell := runner.NewBell()
		var at []time.Duration
		start := time.Now()
		time.AfterFunc(time.Minute, bell.Ring)
		runner.Run(ctx, quiet, runner.Job{Name: "j", Idle: time.Hour, Bell: bell, Gather: time.Second, Step: func(context.Context) (bool, error) {
			at = append(at, time.Since(start))
			if len(at) == 4 {
				cancel()
			}
			return len(at) == 2, nil // there is more after the bell
		}})
		// At first, a second after the bell, a second after that, and when idle.
		want := []time.Duration{0, 61 * time.Second, 62 * time.Second, 62*time.Second + time.Hour}
		if !slices.Equal(at, want) {
			t.Errorf("steps after %v, want %v", at, want)
		}
	})
}

func TestFailedStepIsTriedAgainLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		steps := 0
		runner.Run(ctx, quiet, runner.Job{Name: "j", Idle: time.Hour, Step: func(context.Context) (bool, error) {
			steps++
			if steps == 4 {
				cancel()
				return false, nil
			}
			return false, errors.New("down")
		}})
		if waited := time.Since(start); waited < 150*time.Millisecond || waited > 20*time.Second {
			t.Fatalf("four tries after %v", waited)
		}
	})
}

func TestRunWaitsForTheStepUnderWay(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	finished := false
	runner.Run(ctx, quiet, runner.Job{Name: "j", Idle: time.Hour, Step: func(context.Context) (bool, error) {
		cancel()
		finished = true
		return true, nil
	}})
	if !finished {
		t.Fatal("the step did not finish")
	}
}
