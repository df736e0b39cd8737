package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/kompetansespor/kompetansespor/services/cluster"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
)

// processes runs everything that a layout has as processes of their own, and
// those that end early again. It returns when all have stopped.
func processes(ctx context.Context, layout *devsetup.Layout, logs io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	return cluster.Run(ctx, cluster.Config{
		Layout: layout, Program: self, Logs: logs,
		Prepare: func(ctx context.Context, postgres string) error {
			drift, err := settle(ctx, layout, postgres)
			for _, one := range drift {
				fmt.Fprintf(logs, "{\"level\":\"WARN\",\"msg\":\"event bus differs from what it should be\",\"drift\":%q}\n", one)
			}
			return err
		},
	})
}

// settle makes roles and schemas, as the administrator of PostgreSQL, and streams, as
// that of the event bus.
func settle(ctx context.Context, layout *devsetup.Layout, postgres string) (drift []string, err error) {
	if err := migrateAll(ctx, postgres, layout); err != nil {
		return nil, err
	}
	return reconcileLayout(ctx, layout, layout.NATS.URL, eventbus.Standard(len(layout.Cluster.NATS)))
}
