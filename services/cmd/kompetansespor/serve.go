package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/bank"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/waiting"
	"github.com/kompetansespor/kompetansespor/services/issuer"
	"github.com/kompetansespor/kompetansespor/services/police"
	"github.com/kompetansespor/kompetansespor/services/registry"
	"github.com/kompetansespor/kompetansespor/services/tax"
	"github.com/kompetansespor/kompetansespor/services/verifier"
	"github.com/kompetansespor/kompetansespor/services/wallet"
)

// program is one service, as its commands know it.
type program struct {
	// run serves from a configuration file until ctx ends.
	run func(ctx context.Context, configFile string, world service.World) error
	// common reads what every service is told from a service's own file.
	common func(configFile string) (config.Common, error)
	// schema are the migrations of its database.
	schema func() []sqldb.Migrations
	// waiting is what waits in it.
	waiting func() waiting.Source
}

var services = map[string]program{
	"registry": programOf(registry.Run, func(c registry.Config) config.Common { return c.Common }, registry.Schema, registry.Waiting),
	"issuer":   programOf(issuer.Run, func(c issuer.Config) config.Common { return c.Common }, issuer.Schema, issuer.Waiting),
	"wallet":   programOf(wallet.Run, func(c wallet.Config) config.Common { return c.Common }, wallet.Schema, wallet.Waiting),
	"verifier": programOf(verifier.Run, func(c verifier.Config) config.Common { return c.Common }, verifier.Schema, verifier.Waiting),
	"police":   programOf(police.Run, func(c police.Config) config.Common { return c.Common }, police.Schema, police.Waiting),
	"tax":      programOf(tax.Run, func(c tax.Config) config.Common { return c.Common }, tax.Schema, tax.Waiting),
	"bank":     programOf(bank.Run, func(c bank.Config) config.Common { return c.Common }, bank.Schema, bank.Waiting),
}

func programOf[C any](
	run func(context.Context, C, service.World) error, common func(C) config.Common, schema func() []sqldb.Migrations,
	waits func() waiting.Source,
) program {
	return program{
		schema: schema, waiting: waits,
		run: func(ctx context.Context, configFile string, world service.World) error {
			var cfg C
			if err := config.Load(configFile, &cfg, os.Environ()); err != nil {
				return err
			}
			return run(ctx, cfg, world)
		},
		common: func(configFile string) (config.Common, error) {
			var cfg C
			err := config.Load(configFile, &cfg, os.Environ())
			return common(cfg), err
		},
	}
}

// commonOf reads a configuration file by the service that it names.
func commonOf(file string) (config.Common, error) {
	if file == "" {
		return config.Common{}, errors.New("name the configuration: --config FILE")
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return config.Common{}, fmt.Errorf("read configuration: %w", err)
	}
	var named struct {
		Service string `yaml:"service"`
	}
	if err := yaml.Unmarshal(content, &named); err != nil {
		return config.Common{}, fmt.Errorf("read configuration: %w", err)
	}
	known, ok := services[named.Service]
	if !ok {
		return config.Common{}, fmt.Errorf("%s names no service", file)
	}
	return known.common(file)
}

// serve is the command that runs one service.
func serve(ctx context.Context, name string, one program, args []string, stderr io.Writer) error {
	set := flags(name, stderr)
	file := set.String("config", "", "the service's configuration `FILE`")
	if err := set.Parse(args); err != nil {
		return err
	}
	if *file == "" {
		return errors.New("name the configuration: --config FILE")
	}
	return one.run(ctx, *file, service.World{Logs: stderr})
}
