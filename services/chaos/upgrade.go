package chaos

import (
	"context"
	"fmt"
	"os/exec"
	"syscall"

	"github.com/kompetansespor/kompetansespor/services/cluster"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// upgrading is the name of the fault.
const upgrading = "rolling-upgrade"

// upgrade changes the schema to the next program's, under services that still run
// the one before, and then has one process after the other become the next.
func upgrade(ctx context.Context, r *run) (string, error) {
	if len(r.Next) == 0 {
		return "", fault.New(fault.Invalid, "chaos.next", "name a program to upgrade to for each time: --next PROGRAM")
	}
	next := r.Next[0]
	r.Next = r.Next[1:]
	r.begin()
	if r.Layout.Cluster != nil { // elsewhere a service changes its schema when it starts
		args := []string{"migrate", "--dsn", r.Layout.Cluster.AdminURL()}
		for _, name := range devsetup.Services() {
			args = append(args, "--config", r.Layout.Services[name].ConfigFile)
		}
		if said, err := exec.CommandContext(ctx, next, args...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("migrate: %w: %s", err, said)
		}
	}
	names := cluster.Names(r.Layout)["service"]
	for _, name := range names {
		if err := cluster.Become(r.Layout, name, next); err != nil {
			return "", err
		}
		before, err := r.running(ctx, name)
		if err != nil {
			return "", err
		}
		if err := syscall.Kill(before, syscall.SIGTERM); err != nil {
			return "", err
		}
		if _, err := r.another(ctx, name, before, faultLimit); err != nil {
			return "", err
		}
		if err := r.probe.allReady(ctx); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("upgraded %d processes", len(names)), nil
}
