package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/kompetansespor/kompetansespor/services/cluster"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// manageCluster is the command for a cluster that up --cluster runs on this machine.
func manageCluster(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 || args[0] != "failover" {
		return errors.New("say what to do with the cluster: failover")
	}
	set := flags("cluster failover", stderr)
	data := set.String("data", "", "the data `DIR`ectory of the cluster")
	if err := set.Parse(args[1:]); err != nil {
		return err
	}
	if *data == "" {
		return errors.New("name the data directory: --data DIR")
	}
	options := devsetup.Pilot()
	options.Clustered = true
	layout, err := devsetup.Prepare(*data, options)
	if err != nil {
		return err
	}
	from, to, err := cluster.Failover(ctx, layout)
	if err != nil {
		return fmt.Errorf("fail over: %w", err)
	}
	_, err = fmt.Fprintf(stdout, "%s is the primary; %s follows it\n", to, from)
	return err
}
