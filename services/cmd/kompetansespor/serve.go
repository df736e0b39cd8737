package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/kompetansespor/kompetansespor/services/bank"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/issuer"
	"github.com/kompetansespor/kompetansespor/services/police"
	"github.com/kompetansespor/kompetansespor/services/registry"
	"github.com/kompetansespor/kompetansespor/services/tax"
	"github.com/kompetansespor/kompetansespor/services/verifier"
	"github.com/kompetansespor/kompetansespor/services/wallet"
)

// start runs a service from its configuration file until ctx ends.
type start func(ctx context.Context, configFile string, logs io.Writer) error

var services = map[string]start{
	"registry": configured(registry.Run),
	"issuer":   configured(issuer.Run),
	"wallet":   configured(wallet.Run),
	"verifier": configured(verifier.Run),
	"police":   configured(police.Run),
	"tax":      configured(tax.Run),
	"bank":     configured(bank.Run),
}

// configured reads a service's configuration, file and environment, and runs
// it.
func configured[C any](run func(context.Context, C, io.Writer) error) start {
	return func(ctx context.Context, configFile string, logs io.Writer) error {
		var cfg C
		if err := config.Load(configFile, &cfg, os.Environ()); err != nil {
			return err
		}
		return run(ctx, cfg, logs)
	}
}

// serve is the command that runs one service.
func serve(ctx context.Context, name string, run start, args []string, stderr io.Writer) error {
	set := flags(name, stderr)
	file := set.String("config", "", "the service's configuration `FILE`")
	if err := set.Parse(args); err != nil {
		return err
	}
	if *file == "" {
		return errors.New("name the configuration: --config FILE")
	}
	return run(ctx, *file, stderr)
}
