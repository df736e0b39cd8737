package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
)

// Writers are SERIALIZABLE and run again when they are turned back; a service
// may not change its schema.
var postgresDialect = dialect{
	name:     "postgres",
	goose:    database.DialectPostgres,
	open:     openPostgres,
	write:    &sql.TxOptions{Isolation: sql.LevelSerializable},
	snapshot: &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
	again:    mayPass,
	table:    `SELECT 1 WHERE to_regclass($1) IS NOT NULL`,
	locker:   func() (lock.SessionLocker, error) { return lock.NewPostgresSessionLocker() },
	lock:     lockPostgres,
	unlock:   unlockPostgres,
	expire:   expirePostgres,
}

// openPostgres connects lazily: a database that is away when a service begins
// is one that is away, not a failure to open.
func openPostgres(dsn string) (write, read *sql.DB, err error) {
	if write, err = postgresPool(dsn, stdlib.OptionAfterConnect(byIndex)); err != nil {
		return nil, nil, err
	}
	if read, err = postgresPool(dsn, stdlib.OptionAfterConnect(readOnly)); err != nil {
		return nil, nil, errors.Join(err, write.Close())
	}
	return write, read, nil
}

// connections is how many each of the two pools holds. Fourteen processes of
// both kinds stay below PostgreSQL's usual limit of 100 when they are idle, and
// a pool gives back what it has not needed for a minute.
const connections = 8

func postgresPool(dsn string, options ...stdlib.OptionOpenDB) (*sql.DB, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{
		"timezone":                            "UTC",
		"statement_timeout":                   "30s",
		"lock_timeout":                        "10s",
		"idle_in_transaction_session_timeout": "30s",
	} {
		if _, set := cfg.RuntimeParams[name]; !set {
			cfg.RuntimeParams[name] = value
		}
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 5 * time.Second
	}
	pool := stdlib.OpenDB(*cfg, options...)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxIdleTime(time.Minute)
	return pool, nil
}

// byIndex has writers look at what they ask for and not at whole tables, as
// PostgreSQL does with small ones: whoever has read a whole table conflicts with
// everybody who writes to it (section 13.2.3 of its manual).
func byIndex(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SET enable_seqscan = off")
	return err
}

// readOnly makes a connection one that only reads. As a setting of the connection
// from its beginning it would look like a standby's to target_session_attrs.
func readOnly(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SET default_transaction_read_only = on")
	return err
}

// mayPass also tries again when a row was there already, twice: who has looked
// for it before may have met somebody who added it meanwhile (section 13.2.3).
func mayPass(err error, n int) bool {
	var refused *pgconn.PgError
	return turnedBack(err) || n <= 2 && errors.As(err, &refused) && refused.Code == "23505"
}

// turnedBack reports serialization_failure and deadlock_detected (appendix A
// of PostgreSQL's manual): nothing was changed, and trying again may succeed.
func turnedBack(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == "40001" || refused.Code == "40P01")
}

// The key of a turn is made of schema and name, so that services that share a
// database take turns by themselves.
const turnKey = `hashtextextended(current_schema() || '/' || $1, 0)`

func lockPostgres(ctx context.Context, conn *sql.Conn, name string) (free bool, err error) {
	err = conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock(`+turnKey+`)`, name).Scan(&free)
	return free, err
}

func unlockPostgres(ctx context.Context, conn *sql.Conn, name string) error {
	_, err := conn.ExecContext(ctx, `SELECT pg_advisory_unlock(`+turnKey+`)`, name)
	return err
}

func expirePostgres(ctx context.Context, conn *sql.Conn, after time.Duration) error {
	_, err := conn.ExecContext(ctx, `SELECT set_config('idle_session_timeout', $1, false)`, strconv.FormatInt(after.Milliseconds(), 10))
	return err
}
