package chaos

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/kompetansespor/kompetansespor/services/cluster"
	"github.com/kompetansespor/kompetansespor/services/internal/crash"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
)

const (
	// reachLimit is how long a crash point may take to be reached: it is not, when
	// all cases are past it.
	reachLimit = 8 * time.Second
	lookEvery  = 20 * time.Millisecond
)

// crashAt starts a service again that will die at a point in its code, and waits
// until it has. What dies before the point has failed and is not persisted; after
// it, it is persisted and nobody has been told.
func (r *run) crashAt(ctx context.Context, at crash.Point) (string, error) {
	name := r.one(passing(r.Layout, at))
	armed, err := r.startWith(ctx, name, "KOMPETANSESPOR_CRASH_AT="+string(at))
	if err != nil {
		return "", err
	}
	if err := r.leaveTurns(name); err != nil {
		return "", err
	}
	r.begin()
	if _, err := r.another(ctx, name, armed, reachLimit); err != nil {
		return describe("not reached by", name), ctx.Err()
	}
	return describe("crashed there:", name), nil
}

// startWith ends a process, has it started with a variable, and gives its new id.
func (r *run) startWith(ctx context.Context, name, variable string) (int, error) {
	if err := cluster.NextStart(r.Layout, name, variable); err != nil {
		return 0, err
	}
	before, err := cluster.PID(r.Layout, name)
	if err != nil {
		return 0, err
	}
	if err := cluster.Signal(r.Layout, name, syscall.SIGKILL); err != nil {
		return 0, err
	}
	return r.another(ctx, name, before, faultLimit)
}

// leaveTurns ends the replicas beside one, so that what replicas take turns at
// comes to it.
func (r *run) leaveTurns(to string) error {
	for _, name := range cluster.Names(r.Layout)["service"] {
		if name != to && cluster.ServiceOf(name) == cluster.ServiceOf(to) {
			if err := cluster.Signal(r.Layout, name, syscall.SIGKILL); err != nil {
				return err
			}
		}
	}
	return nil
}

// passing are the processes whose work leads them past a point.
func passing(layout *devsetup.Layout, at crash.Point) (names []string) {
	topology := eventbus.Standard(1)
	for _, name := range cluster.Names(layout)["service"] {
		service := cluster.ServiceOf(name)
		passes := service != "registry" // which writes no messages, and events seldom
		switch at {
		case crash.BeforeAppendCommit, crash.AfterAppendCommit, crash.BeforePublish, crash.AfterPublish:
			passes = passes && slices.Contains(topology.Producers, service)
		case crash.BeforeConsumeCommit, crash.AfterConsumeCommit:
			passes = passes && len(topology.Consumers[service]) > 0
		}
		if passes {
			names = append(names, name)
		}
	}
	return names
}

// another waits until another process than one runs under a name.
func (r *run) another(ctx context.Context, name string, than int, limit time.Duration) (int, error) {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); {
		if pid, err := cluster.PID(r.Layout, name); err == nil && pid != than {
			return pid, nil
		}
		if err := pause(ctx, lookEvery); err != nil {
			return 0, err
		}
	}
	return 0, fmt.Errorf("%s has not ended after %s", name, limit)
}
