package main

import (
	"context"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
)

// embedded runs every service, the NATS server and the stand-ins in this process: each with
// its own sockets and its own database, and no call between them but over the
// network. It returns when all have stopped.
func embedded(ctx context.Context, layout *devsetup.Layout, logs io.Writer) error {
	server, err := startNATS(ctx, layout, logs)
	if err != nil {
		return err
	}
	defer server.Stop()
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return runStandIns(groupCtx, layout.StandIns.Addr, layout.StandIns.Dir) })
	for _, name := range devsetup.Services() {
		group.Go(func() error {
			if err := services[name].run(groupCtx, layout.Services[name].ConfigFile, service.World{Logs: logs}); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		})
	}
	return group.Wait()
}
