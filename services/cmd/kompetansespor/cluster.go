package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/kompetansespor/kompetansespor/services/cluster"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// manageCluster is the command for a cluster on one machine, be it that up --cluster
// runs it or that containers do.
func manageCluster(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	verbs := map[string]func(context.Context, *devsetup.Layout, io.Writer) error{
		"prepare": prepareCluster, "settle": settleCluster, "failover": failOver,
	}
	if len(args) == 0 || verbs[args[0]] == nil {
		return errors.New("say what to do with the cluster: prepare, settle or failover")
	}
	set := flags("cluster "+args[0], stderr)
	data := set.String("data", "", "the data `DIR`ectory of the cluster")
	options := devsetup.Pilot()
	options.Clustered = true
	set.StringVar(&options.Sockets, "sockets", "", "the `DIR`ectory of PostgreSQL's sockets, when the data directory is made")
	if err := set.Parse(args[1:]); err != nil {
		return err
	}
	if *data == "" {
		return errors.New("name the data directory: --data DIR")
	}
	layout, err := devsetup.Prepare(*data, options)
	if err != nil {
		return err
	}
	return verbs[args[0]](ctx, layout, stdout)
}

// prepareCluster writes all that servers and services need to start.
func prepareCluster(_ context.Context, layout *devsetup.Layout, stdout io.Writer) error {
	if err := cluster.WriteProxy(layout); err != nil {
		return fmt.Errorf("write the proxy's configuration: %w", err)
	}
	_, err := fmt.Fprintf(stdout, "%s has what a cluster needs\n", layout.Dir)
	return err
}

// settleCluster makes roles, schemas and streams on servers that run.
func settleCluster(ctx context.Context, layout *devsetup.Layout, stdout io.Writer) error {
	if err := cluster.Settle(ctx, layout); err != nil {
		return err
	}
	drift, err := settle(ctx, layout, layout.Cluster.AdminURL())
	for _, one := range drift {
		fmt.Fprintln(stdout, one)
	}
	if err == nil {
		_, err = fmt.Fprintln(stdout, "roles, schemas and streams are there")
	}
	return err
}

// failOver ends the database primary and promotes a standby.
func failOver(ctx context.Context, layout *devsetup.Layout, stdout io.Writer) error {
	from, to, err := cluster.Failover(ctx, layout)
	if err != nil {
		return fmt.Errorf("fail over: %w", err)
	}
	_, err = fmt.Fprintf(stdout, "%s is the primary; %s follows it\n", to, from)
	return err
}
