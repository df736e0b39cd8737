package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Tx is a transaction. What OnCommit takes runs after a successful commit,
// what OnEnd takes when the transaction has ended either way.
type Tx struct {
	*sql.Tx
	after  []func()
	ended  *[]func()
	kept   *compiled // nil: the driver keeps queries itself
	wanted []string
	// steady lets no statement be interrupted: SQLite would take back the work of
	// others that is in the same transaction.
	steady bool
}

// while is the context that a statement runs in.
func (tx *Tx) while(ctx context.Context) (context.Context, error) {
	if !tx.steady {
		return ctx, nil
	}
	return context.WithoutCancel(ctx), ctx.Err()
}

// ExecContext implements Querier.
func (tx *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx, err := tx.while(ctx)
	if err != nil {
		return nil, err
	}
	if s := tx.statement(ctx, query); s != nil {
		return s.ExecContext(ctx, args...)
	}
	return tx.Tx.ExecContext(ctx, query, args...)
}

// QueryContext implements Querier.
func (tx *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx, err := tx.while(ctx)
	if err != nil {
		return nil, err
	}
	if s := tx.statement(ctx, query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return tx.Tx.QueryContext(ctx, query, args...)
}

// QueryRowContext implements Querier.
func (tx *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if steady, err := tx.while(ctx); err == nil {
		ctx = steady
	} // else the row says that ctx is over
	if s := tx.statement(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return tx.Tx.QueryRowContext(ctx, query, args...)
}

// statement is a query that was compiled before, nil for any other.
func (tx *Tx) statement(ctx context.Context, query string) *sql.Stmt {
	if tx.kept == nil {
		return nil
	}
	s := tx.kept.of(query, &tx.wanted)
	if s == nil {
		return nil
	}
	return tx.StmtContext(ctx, s)
}

// OnEnd runs f when the transaction is over, committed or not, and will not be
// tried again.
func (tx *Tx) OnEnd(f func()) { *tx.ended = append(*tx.ended, f) }

// OnCommit runs f once the transaction is durable; never when it is not.
// f must not block: it wakes a runner or feeds a cache.
func (tx *Tx) OnCommit(f func()) { tx.after = append(tx.after, f) }

// tries is how often a transaction is begun at most. Others' commits are what
// turns one back, so each of eight writers on one row is through long before.
const tries = 40

// Tx runs f in one writing transaction: all of it is durable when Tx returns
// nil, none of it is there when it returns an error. No network inside f.
//
// Transactions have the outcome of some order in which each was alone. Where
// the engine cannot give that, Tx runs f again from the start, so f changes
// nothing outside itself but through OnCommit and OnEnd
// (docs/decisions/0010-serializable.md).
func (db *DB) Tx(ctx context.Context, f func(tx *Tx) error) error {
	var ended []func()
	defer func() {
		for _, f := range ended {
			f()
		}
	}()
	if db.twice {
		if err := db.try(ctx, f, rehearsed, &ended); err != nil && !errors.Is(err, errRehearsed) {
			return err
		}
	}
	for n := 1; ; n++ {
		var err error
		if db.group != nil {
			err = db.together(ctx, f, &ended)
		} else {
			err = db.try(ctx, f, (*sql.Tx).Commit, &ended)
		}
		if err == nil || n == tries || !errors.Is(err, errBroken) && !db.dialect.again(err, n) {
			return err
		}
		if err := scatter(ctx, n); err != nil {
			return err
		}
	}
}

// TryTwice makes every transaction run twice, the first time for nothing, so
// that a test notices what a function given to Tx leaves behind outside.
func (db *DB) TryTwice() { db.twice = true }

var errRehearsed = errors.New("only a rehearsal")

func rehearsed(tx *sql.Tx) error { return errors.Join(tx.Rollback(), errRehearsed) }

func (db *DB) try(ctx context.Context, f func(tx *Tx) error, finish func(*sql.Tx) error, ended *[]func()) error {
	inner, err := db.write.BeginTx(ctx, db.dialect.write)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	tx := &Tx{Tx: inner, ended: ended, kept: db.compiled}
	done := false
	defer func() {
		if !done {
			_ = inner.Rollback()
		}
		if len(tx.wanted) > 0 {
			tx.kept.keep(context.WithoutCancel(ctx), db.write, tx.wanted)
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	done = true
	if err := finish(inner); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	for _, f := range tx.after {
		f()
	}
	return nil
}

// scatter waits longer after each try, and never as long as another does.
func scatter(ctx context.Context, n int) error {
	longest := min(time.Millisecond<<min(n, 8), 100*time.Millisecond)
	timer := time.NewTimer(rand.N(longest))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
