package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Migrate brings the schemas in a database up to date, forward only, and
// returns how many migrations it ran. It needs the rights of the schema's
// owner. Two that run at once wait for each other.
func Migrate(ctx context.Context, driver, dsn string, migrations ...Migrations) (ran int, err error) {
	db, err := connect(driver, dsn)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, m := range migrations {
		if err := db.current(ctx, m); err != nil {
			return ran, err
		}
		n, err := db.migrate(ctx, m)
		ran += n
		if err != nil {
			return ran, err
		}
	}
	return ran, nil
}

// Inspect opens a database to look at it, and changes nothing. It fails when the
// database does not answer or is not there, and with sqldb.schema_new or, where a
// service may not change its schema, sqldb.schema_old.
func Inspect(ctx context.Context, driver, dsn string, migrations ...Migrations) (_ *DB, err error) {
	if driver == sqliteDialect.name {
		if _, err := os.Stat(dsn); err != nil {
			return nil, err // opening would make it
		}
	}
	db, err := connect(driver, dsn)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	if err := db.Ping(ctx); err != nil {
		return nil, err
	}
	for _, m := range migrations {
		if err := db.current(ctx, m); err != nil {
			return nil, err
		}
		if db.dialect.migratesItself {
			continue
		}
		if err := db.complete(ctx, m); err != nil {
			return nil, err
		}
	}
	return db, nil
}

func (db *DB) migrate(ctx context.Context, m Migrations) (int, error) {
	provider, err := db.provider(m)
	if err != nil {
		return 0, fmt.Errorf("migrate %s: %w", m.Name, err)
	}
	done, err := provider.Up(ctx)
	if err != nil {
		return len(done), fmt.Errorf("migrate %s: %w", m.Name, err)
	}
	return len(done), nil
}

func (db *DB) provider(m Migrations) (*goose.Provider, error) {
	counter, err := database.NewStore(db.dialect.goose, m.table())
	if err != nil {
		return nil, err
	}
	options := []goose.ProviderOption{goose.WithStore(counter)}
	if db.dialect.locker != nil {
		locker, err := db.dialect.locker()
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	return goose.NewProvider("", db.write, m.Files, options...)
}

// table is the table that counts the migrations.
func (m Migrations) table() string { return "schema_" + m.Name }

// current refuses a database with migrations that this program does not know:
// it could misread what they made.
func (db *DB) current(ctx context.Context, m Migrations) error {
	has, knows, err := db.versions(ctx, m)
	if err != nil {
		return err
	}
	if has > knows {
		return fault.New(fault.Invalid, "sqldb.schema_new",
			"the database has migration %d of %s, this program knows %d: run the newer program that made it", has, m.Name, knows)
	}
	return nil
}

// complete refuses a database that lacks migrations.
func (db *DB) complete(ctx context.Context, m Migrations) error {
	has, knows, err := db.versions(ctx, m)
	if err != nil {
		return err
	}
	if has < knows {
		return fault.New(fault.Invalid, "sqldb.schema_old",
			"the database has migration %d of %s, this program needs %d: run kompetansespor migrate first", has, m.Name, knows)
	}
	return nil
}

// versions are the newest migration in the database, 0 when there is none, and
// the newest that this program knows.
func (db *DB) versions(ctx context.Context, m Migrations) (has, knows int64, err error) {
	provider, err := db.provider(m)
	if err != nil {
		return 0, 0, fmt.Errorf("read migrations of %s: %w", m.Name, err)
	}
	for _, source := range provider.ListSources() {
		knows = max(knows, source.Version)
	}
	var there int
	err = db.read.QueryRowContext(ctx, db.dialect.table, m.table()).Scan(&there)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, knows, nil
	}
	if err == nil {
		err = db.read.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM `+m.table()).Scan(&has)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("read the schema's version of %s: %w", m.Name, err)
	}
	return has, knows, nil
}
