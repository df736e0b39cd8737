package chaos

import (
	"context"
	"syscall"
	"time"

	"github.com/kompetansespor/kompetansespor/services/cluster"
)

// kill ends a process as kill -9 does. Its keeper starts it again.
func (r *run) kill(name string) (string, error) {
	return describe("killed", name), cluster.Signal(r.Layout, name, syscall.SIGKILL)
}

func killService(_ context.Context, r *run) (string, error) {
	return r.kill(r.one(cluster.Names(r.Layout)["service"]))
}

func killNATS(_ context.Context, r *run) (string, error) {
	return r.kill(r.one(cluster.Names(r.Layout)["nats"]))
}

// stopped is how long a process is stopped for: longer than its database waits
// for word of the turns that it holds.
const stopped = 10 * time.Second

// pauseService stops a process and lets it go on, as a machine does that is out
// of memory or is moved: it wakes with what it believed before.
func pauseService(ctx context.Context, r *run) (string, error) {
	name, wait := r.one(cluster.Names(r.Layout)["service"]), stopped
	if r.Layout.Cluster == nil {
		wait = 3 * time.Second // nobody takes its place
	}
	return describe("stopped for "+wait.String(), name), r.still(ctx, name, wait)
}

// still stops a process for a while.
func (r *run) still(ctx context.Context, name string, wait time.Duration) error {
	if err := cluster.Signal(r.Layout, name, syscall.SIGSTOP); err != nil {
		return err
	}
	waited := pause(ctx, wait)
	if err := cluster.Signal(r.Layout, name, syscall.SIGCONT); err != nil {
		return err
	}
	return waited
}
