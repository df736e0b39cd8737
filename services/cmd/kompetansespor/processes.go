package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// processes runs every service, the NATS server and the stand-ins as processes of their own.
// It returns when all have stopped; one that ends early ends the others.
func processes(ctx context.Context, layout *devsetup.Layout, logs io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	group, groupCtx := errgroup.WithContext(ctx)
	begin := func(name string, args ...string) {
		group.Go(func() error {
			cmd := exec.CommandContext(groupCtx, self, args...)
			cmd.Stderr = logs
			cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
			cmd.WaitDelay = 20 * time.Second
			err := cmd.Run()
			if groupCtx.Err() != nil {
				return nil
			}
			return errors.Join(fmt.Errorf("%s ended", name), err)
		})
	}
	begin("nats", "nats", "--data", layout.Dir)
	begin("stand-ins", "stand-ins", "--listen", layout.StandIns.Addr, "--data", layout.StandIns.Dir)
	for _, name := range devsetup.Services() {
		begin(name, name, "--config", layout.Services[name].ConfigFile)
	}
	return group.Wait()
}
