package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// manageEvents is the command for what a service could not take, and for what
// never came. It works on the services' own databases, also while they run.
func manageEvents(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	verbs := map[string]func(context.Context, []string, io.Writer, io.Writer) error{
		"parked": listParked, "retry": retryParked, "reconcile": reconcileEvents,
	}
	if len(args) > 0 && verbs[args[0]] != nil {
		return verbs[args[0]](ctx, args[1:], stdout, stderr)
	}
	return errors.New("say what to do with events: parked, retry or reconcile")
}

// listParked prints what a service could not take, and what waits for that.
func listParked(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	set := flags("events parked", stderr)
	file := set.String("config", "", "the configuration `FILE` of the service that takes events")
	if err := set.Parse(args); err != nil {
		return err
	}
	return withEvents(ctx, *file, func(db *sqldb.DB) error {
		all, err := events.ListParked(ctx, db.Read())
		if err != nil {
			return err
		}
		t := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintf(t, "received\tproducer\tcase\tplace\ttype\tstate\treason\tid\n")
		for _, p := range all {
			fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", p.ReceivedAt.Format(time.RFC3339), p.Producer, p.Case, p.Sequence, p.Type, p.State, p.Reason, p.ID)
		}
		return t.Flush()
	})
}

// retryParked has parked events tried again.
func retryParked(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	set := flags("events retry", stderr)
	file := set.String("config", "", "the configuration `FILE` of the service that takes events")
	all := set.Bool("all", false, "try everything that is parked again")
	if err := set.Parse(args); err != nil {
		return err
	}
	if *all == (set.NArg() == 1) || set.NArg() > 1 {
		return errors.New("name one event by its id, as events parked prints it, or give --all")
	}
	return withEvents(ctx, *file, func(db *sqldb.DB) error {
		n, err := events.Retry(ctx, db, set.Arg(0))
		if err != nil {
			return err
		}
		if n == 0 {
			return errors.New("nothing of that is parked: see events parked")
		}
		fmt.Fprintf(stdout, "%d will be tried again by the running service\n", n)
		return nil
	})
}

// reconcileEvents compares what services have sent with what others have taken.
// Each service compares its outbox with its stream by itself.
func reconcileEvents(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	set := flags("events reconcile", stderr)
	older := set.Duration("older", time.Minute, "look at events that left at least so long ago: `TIME`")
	var configs files
	set.Var(&configs, "config", "the configuration `FILE` of a service; give one for each")
	if err := set.Parse(args); err != nil {
		return err
	}
	if len(configs) < 2 {
		return errors.New("name the configurations of two services at least: one that sends and one that takes")
	}
	databases := map[string]*sqldb.DB{}
	defer func() {
		for _, db := range databases {
			_ = db.Close()
		}
	}()
	for _, file := range configs {
		cfg, err := commonOf(file)
		if err != nil {
			return err
		}
		if databases[cfg.Service], err = openEvents(ctx, cfg); err != nil {
			return err
		}
	}
	topology, before := eventbus.Standard(1), clock.System{}.Now().Add(-*older)
	for _, consumer := range topology.Users() {
		for _, producer := range topology.Consumers[consumer] {
			from, to := databases[producer], databases[consumer]
			if from == nil || to == nil {
				continue
			}
			missing, err := events.NotTaken(ctx, producer, from.Read(), to.Read(), before)
			if err == nil {
				err = events.Missed(ctx, from, missing)
			}
			if err != nil {
				return fmt.Errorf("compare %s with %s: %w", producer, consumer, err)
			}
			fmt.Fprintf(stdout, "%-9s to %-9s %d not taken, published again\n", producer, consumer, len(missing))
		}
	}
	return nil
}

// withEvents opens the database of the service that a configuration belongs to.
func withEvents(ctx context.Context, file string, do func(*sqldb.DB) error) error {
	cfg, err := commonOf(file)
	if err != nil {
		return err
	}
	db, err := openEvents(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(do(db), db.Close())
}

func openEvents(ctx context.Context, cfg config.Common) (*sqldb.DB, error) {
	driver, dsn, err := cfg.Database.Source()
	if err != nil {
		return nil, err
	}
	return sqldb.Open(ctx, driver, dsn, events.Migrations())
}
