// Package sqldb opens a service's own database and runs its transactions.
// It knows connections, migrations and the dialect; it never knows a table of
// a service.
//
// One schema and one set of queries run on every engine: parameters are $1,
// $2, ...; columns are TEXT, BIGINT (times in microseconds) and BYTEA. What
// differs between engines stands in dialect.go, sqlite.go and postgres.go.
package sqldb

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
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
	write    *sql.DB
	read     reader
	compiled *compiled // of the writing side; nil where the driver keeps queries itself
	group    *group    // nil where several write at a time
	dialect  dialect
	turns    *turns
	twice    bool
}

// Open opens the database that dsn names, for a service. Driver is sqlite, dsn
// then the path of the file, or postgres, dsn then a URL or keywords as libpq
// takes them (section 34.1.1 of PostgreSQL's manual).
//
// On SQLite the schema is brought up to date. On PostgreSQL a service may not
// change its schema: Open fails with the rule sqldb.schema_old when it is older
// than the migrations say, and Migrate is an operator's to call. On both it
// fails with sqldb.schema_new when the database has migrations that this
// program does not know.
func Open(ctx context.Context, driver, dsn string, migrations ...Migrations) (*DB, error) {
	db, err := connect(driver, dsn)
	if err != nil {
		return nil, err
	}
	for _, m := range migrations {
		err := db.current(ctx, m)
		if err == nil && db.dialect.migratesItself {
			_, err = db.migrate(ctx, m)
		}
		if err == nil {
			err = db.complete(ctx, m)
		}
		if err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	return db, nil
}

// connect opens the connections and looks at no schema.
func connect(driver, dsn string) (*DB, error) {
	d, err := dialectOf(driver)
	if err != nil {
		return nil, err
	}
	write, read, err := d.open(dsn)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db := &DB{write: write, read: read, dialect: d, turns: newTurns()}
	if d.compiles {
		db.read, db.compiled, db.group = newPrepared(read), &compiled{kept: map[string]*sql.Stmt{}}, &group{}
	}
	return db, nil
}

// reader is the side that only reads.
type reader interface {
	Querier
	BeginTx(ctx context.Context, options *sql.TxOptions) (*sql.Tx, error)
	PingContext(ctx context.Context) error
	Close() error
}

// Driver is the engine's name: sqlite or postgres.
func (db *DB) Driver() string { return db.dialect.name }

// SQL is the writing side, for a library that brings its own queries.
func (db *DB) SQL() *sql.DB { return db.write }

// Close releases the connections.
func (db *DB) Close() error {
	err := db.turns.close()
	if db.compiled != nil {
		err = errors.Join(err, db.compiled.close())
	}
	return errors.Join(err, db.write.Close(), db.read.Close())
}

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.read.PingContext(ctx) }

// Read is the side for queries that need no transaction. Writing through it
// fails.
func (db *DB) Read() Querier { return db.read }

// Snapshot runs f over one consistent state of the database: what f reads in
// several queries belongs together. It never waits for a writer.
func (db *DB) Snapshot(ctx context.Context, f func(q Querier) error) error {
	tx, err := db.read.BeginTx(ctx, db.dialect.snapshot)
	if err != nil {
		return fmt.Errorf("begin snapshot: %w", err)
	}
	kept, compiles := db.read.(*prepared)
	if !compiles {
		defer func() { _ = tx.Rollback() }()
		return f(tx)
	}
	q := &snapshot{Tx: tx, of: kept}
	defer func() {
		_ = tx.Rollback()
		q.compile(ctx)
	}()
	return f(q)
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
