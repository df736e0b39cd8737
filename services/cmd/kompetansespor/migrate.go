package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// files collects a flag that may be given several times.
type files []string

func (f *files) String() string { return strings.Join(*f, " ") }

// Set implements flag.Value.
func (f *files) Set(file string) error {
	*f = append(*f, file)
	return nil
}

// migrateSchemas is the command that brings the databases of services up to
// date. On PostgreSQL it acts as the owner of each schema, which the service is
// not; with --bootstrap it makes roles and schemas first.
func migrateSchemas(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	set := flags("migrate", stderr)
	admin := set.String("dsn", "", "the `URL` of a PostgreSQL role that may act as the schemas' owners; its password may stand in the environment as PGPASSWORD")
	bootstrap := set.Bool("bootstrap", false, "make roles and schemas where they are missing first; the role of --dsn must be allowed to")
	var configs files
	set.Var(&configs, "config", "the configuration `FILE` of a service; give one for each")
	if err := set.Parse(args); err != nil {
		return err
	}
	if len(configs) == 0 {
		return errors.New("name the configurations: --config FILE, once for each service")
	}
	for _, file := range configs {
		cfg, err := commonOf(file)
		if err != nil {
			return err
		}
		if *bootstrap && cfg.Database.Driver == "postgres" {
			if err := bootstrapSchema(ctx, *admin, cfg); err != nil {
				return fmt.Errorf("make the schema of %s: %w", cfg.Service, err)
			}
		}
		ran, err := migrateSchema(ctx, *admin, cfg)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "%-9s %d migrations run\n", cfg.Service, ran)
	}
	return nil
}

// migrateSchema brings one service's database up to date, on PostgreSQL by way
// of the administrator.
func migrateSchema(ctx context.Context, admin string, cfg config.Common) (ran int, err error) {
	driver, dsn := cfg.Database.Driver, cfg.Database.DSN
	if driver == "postgres" {
		if admin == "" {
			return 0, errors.New("a service may not change its own schema: name a role that may with --dsn")
		}
		if dsn, err = asOwner(admin, cfg.Service); err != nil {
			return 0, err
		}
	}
	if ran, err = sqldb.Migrate(ctx, driver, dsn, services[cfg.Service].schema()...); err != nil {
		return ran, fmt.Errorf("%s: %w", cfg.Service, err)
	}
	return ran, nil
}

// bootstrapSchema makes a service's role, and gives it what the role needs of
// its schema and nothing else.
func bootstrapSchema(ctx context.Context, admin string, cfg config.Common) error {
	password := ""
	if cfg.Database.PasswordFile != "" {
		raw, err := os.ReadFile(cfg.Database.PasswordFile)
		if err != nil {
			return err
		}
		password = strings.TrimSpace(string(raw))
	}
	db, err := sql.Open("pgx", admin)
	if err != nil {
		return err
	}
	return errors.Join(sqldb.Bootstrap(ctx, db, cfg.Service, password), db.Close())
}

// asOwner is the database as its owner sees it, reached by the administrator.
func asOwner(admin, service string) (string, error) {
	u, err := url.Parse(admin)
	if err != nil || u.Scheme != "postgres" {
		return "", errors.New("--dsn must be a URL such as postgres://admin@db.example/kompetansespor")
	}
	query := u.Query()
	query.Set("role", sqldb.Owner(service))
	query.Set("search_path", service)
	u.RawQuery = query.Encode()
	return u.String(), nil
}
