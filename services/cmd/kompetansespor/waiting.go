package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/waiting"
)

// showWaiting is the command that shows what work waits in services, which may be
// running.
func showWaiting(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	set := flags("waiting", stderr)
	var named files
	set.Var(&named, "config", "the configuration `FILE` of a service; it may be given several times")
	if err := set.Parse(args); err != nil {
		return err
	}
	if len(named) == 0 {
		return errors.New("name the configuration: --config FILE")
	}
	now := clock.System{}.Now()
	t := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "service\twhat waits\thow many\tfor\ttried\n")
	for _, file := range named {
		service, lines, err := waitingIn(ctx, file)
		if err != nil {
			return err
		}
		for _, line := range lines {
			since := "-"
			if line.Count > 0 {
				since = now.Sub(line.Oldest).Round(time.Second).String()
			}
			fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%d\n", service, line.What, line.Count, since, line.Attempts)
		}
	}
	return t.Flush()
}

func waitingIn(ctx context.Context, file string) (service string, lines []waiting.Line, err error) {
	cfg, err := commonOf(file)
	if err != nil {
		return "", nil, err
	}
	driver, dsn, err := cfg.Database.Source()
	if err != nil {
		return "", nil, err
	}
	known := services[cfg.Service]
	db, err := sqldb.Inspect(ctx, driver, dsn, known.schema()...)
	if err != nil {
		return "", nil, fmt.Errorf("open the database of %s: %w", cfg.Service, err)
	}
	lines, err = known.waiting()(ctx, db.Read())
	return cfg.Service, lines, errors.Join(err, db.Close())
}
