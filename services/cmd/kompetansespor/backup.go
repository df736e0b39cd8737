package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/backup"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/epoch"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// takeBackup is the command that copies the databases of services that may be
// running.
func takeBackup(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	cfg, _, err := backupFlags("backup", "to", args, stderr)
	if err != nil {
		return err
	}
	m, err := backup.Take(ctx, cfg)
	if err != nil {
		return err
	}
	var bytes int64
	for _, file := range m.Files {
		bytes += file.Bytes
	}
	fmt.Fprintf(stdout, "copied the databases of %d services, %d bytes, to %s\n", len(m.Services), bytes, cfg.Dir)
	fmt.Fprintln(stdout, "The master keys are not in it. Keep them elsewhere: without them the copy cannot be read.")
	return nil
}

// restoreBackup is the command that puts a copy in the place of the databases of
// services that do not run, and begins an epoch in each.
func restoreBackup(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	cfg, configs, err := backupFlags("restore", "from", args, stderr)
	if err != nil {
		return err
	}
	m, err := backup.Restore(ctx, cfg)
	if err != nil {
		return err
	}
	for _, c := range configs {
		if _, err := migrateSchema(ctx, cfg.Admin, c); err != nil {
			return err
		}
		number, err := beginEpoch(ctx, c, m.ID)
		if err != nil {
			return fmt.Errorf("begin an epoch of %s: %w", c.Service, err)
		}
		fmt.Fprintf(stdout, "%-9s as of %s, epoch %d\n", c.Service, m.At.Format("2006-01-02 15:04:05 MST"), number)
	}
	fmt.Fprint(stdout, `
Before you start the services:
  kompetansespor nats recreate ...   the streams hold what the databases no longer know
  redis-cli FLUSHALL                 so does the cache
The services then publish again what the databases know.
`)
	return nil
}

// backupFlags reads what both commands take.
func backupFlags(name, folder string, args []string, stderr io.Writer) (cfg backup.Config, configs []config.Common, err error) {
	set := flags(name, stderr)
	set.StringVar(&cfg.Admin, "dsn", "", "the `URL` of a PostgreSQL role that may act as the schemas' owners; its password may stand in the environment as PGPASSWORD")
	set.StringVar(&cfg.Dir, folder, "", "the `FOLDER` of the copy")
	var named files
	set.Var(&named, "config", "the configuration `FILE` of a service; give one for each")
	if err := set.Parse(args); err != nil {
		return cfg, nil, err
	}
	if cfg.Dir == "" || len(named) == 0 {
		return cfg, nil, fmt.Errorf("name the folder and the configurations: --%s FOLDER --config FILE, once for each service", folder)
	}
	cfg.Now, cfg.Random = clock.System{}.Now(), rand.Reader
	for _, file := range named {
		c, err := commonOf(file)
		if err != nil {
			return cfg, nil, err
		}
		master, err := os.ReadFile(c.MasterKeyFile)
		if err != nil {
			return cfg, nil, fmt.Errorf("read master key of %s: %w", c.Service, err)
		}
		if slices.ContainsFunc(cfg.Sources, func(s backup.Source) bool { return s.Service == c.Service }) {
			return cfg, nil, fmt.Errorf("%s is named twice: one configuration of each service is enough", c.Service)
		}
		cfg.Sources = append(cfg.Sources, backup.Source{Service: c.Service, Driver: c.Database.Driver, Path: c.Database.DSN, MasterKey: master})
		configs = append(configs, c)
	}
	return cfg, configs, nil
}

func beginEpoch(ctx context.Context, cfg config.Common, id string) (number int64, err error) {
	driver, dsn, err := cfg.Database.Source()
	if err != nil {
		return 0, err
	}
	db, err := sqldb.Open(ctx, driver, dsn, services[cfg.Service].schema()...)
	if err != nil {
		return 0, err
	}
	err = db.Tx(ctx, func(tx *sqldb.Tx) error {
		number, err = epoch.Begin(ctx, tx, id, clock.System{}.Now())
		return err
	})
	return number, errors.Join(err, db.Close())
}
