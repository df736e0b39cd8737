// Package sqldb opens a service's own database and runs its transactions.
// It knows connections, migrations and the dialect; it never knows a table of
// a service.
//
// One schema and one set of queries run on every engine: parameters are $1,
// $2, ...; columns are TEXT, BIGINT (times in microseconds) and BYTEA. What
// differs between engines stands in dialect.go.
package sqldb

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// Querier is what a query needs: a transaction, or the read side of a DB.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Migrations are the schema of one package, in files 00001_name.sql upwards,
// forward only. Name is also the name of the table that counts them.
type Migrations struct {
	Name  string
	Files fs.FS
}

// Embedded are the migrations in the folder schema of embedded files.
func Embedded(name string, files embed.FS) Migrations {
	schema, err := fs.Sub(files, "schema")
	if err != nil {
		panic(err) // the folder was not embedded: a slip of the pen
	}
	return Migrations{Name: name, Files: schema}
}

// DB is a service's database. It is safe for concurrent use.
type DB struct {
	write   *sql.DB
	read    *sql.DB
	dialect dialect
}

// Open opens the database that dsn names and brings its schema up to date.
// Driver is "sqlite"; dsn is then the path of the file.
func Open(ctx context.Context, driver, dsn string, migrations ...Migrations) (*DB, error) {
	d, err := dialectOf(driver)
	if err != nil {
		return nil, err
	}
	write, read, err := d.open(dsn)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db := &DB{write: write, read: read, dialect: d}
	for _, m := range migrations {
		if err := db.migrate(ctx, m); err != nil {
			return nil, errors.Join(fmt.Errorf("migrate %s: %w", m.Name, err), db.Close())
		}
	}
	return db, nil
}

func (db *DB) migrate(ctx context.Context, m Migrations) error {
	counter, err := database.NewStore(db.dialect.goose, "schema_"+m.Name)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider("", db.write, m.Files, goose.WithStore(counter))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// Close releases the connections.
func (db *DB) Close() error { return errors.Join(db.write.Close(), db.read.Close()) }

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.read.PingContext(ctx) }

// Read is the side for queries that need no transaction. Writing through it
// fails.
func (db *DB) Read() Querier { return db.read }

// Snapshot runs f over one consistent state of the database: what f reads in
// several queries belongs together. It never waits for a writer.
func (db *DB) Snapshot(ctx context.Context, f func(q Querier) error) error {
	tx, err := db.read.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin snapshot: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	return f(tx)
}

// Tx is a transaction. What OnCommit takes runs after a successful commit,
// what OnEnd takes when the transaction has ended either way.
type Tx struct {
	*sql.Tx
	after []func()
	ended []func()
}

// OnEnd runs f when the transaction is over, committed or not.
func (tx *Tx) OnEnd(f func()) { tx.ended = append(tx.ended, f) }

// OnCommit runs f once the transaction is durable; never when it is not.
// f must not block: it wakes a runner or feeds a cache.
func (tx *Tx) OnCommit(f func()) { tx.after = append(tx.after, f) }

// Tx runs f in one writing transaction: all of it is durable when Tx returns
// nil, none of it is there when it returns an error. No network inside f.
func (db *DB) Tx(ctx context.Context, f func(tx *Tx) error) error {
	inner, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	tx := &Tx{Tx: inner}
	done := false
	defer func() {
		if !done {
			_ = inner.Rollback()
		}
		for _, f := range tx.ended {
			f()
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	done = true
	if err := inner.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	for _, f := range tx.after {
		f()
	}
	return nil
}

// Inserted runs an INSERT ... ON CONFLICT DO NOTHING and reports whether the
// row is new: the unique row is what makes a thing happen once.
func Inserted(ctx context.Context, q Querier, query string, args ...any) (bool, error) {
	res, err := q.ExecContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// Changed runs an UPDATE and reports how many rows it touched.
func Changed(ctx context.Context, q Querier, query string, args ...any) (int64, error) {
	res, err := q.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Collect reads every row of a query through scan.
func Collect[T any](rows *sql.Rows, err error, scan func(*sql.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
