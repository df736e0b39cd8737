package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// oneWriter is a database whose transactions go together.
func oneWriter(t *testing.T) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), "sqlite", filepath.Join(t.TempDir(), "one.db"), schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func insert(ctx context.Context, tx *sqldb.Tx, id string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO things (id, n) VALUES ($1, 0)`, id)
	return err
}

func things(t *testing.T, db *sqldb.DB) (n int) {
	t.Helper()
	if err := db.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM things`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// holding begins a transaction that keeps the turn until it is let go, once so many
// others wait for it.
func holding(t *testing.T, db *sqldb.DB) (letGo func(waiting int), ended chan error) {
	t.Helper()
	begun, release := make(chan struct{}), make(chan struct{})
	ended = make(chan error, 1)
	once := sync.OnceFunc(func() { close(begun) }) // it begins again when another breaks the batch
	go func() {
		ended <- db.Tx(context.WithoutCancel(t.Context()), func(tx *sqldb.Tx) error {
			once()
			<-release
			return insert(t.Context(), tx, "first")
		})
	}()
	<-begun
	return func(waiting int) {
		for db.WaitingToWrite() < waiting {
			runtime.Gosched()
		}
		close(release)
	}, ended
}

// The first of a batch waits for a few others, also where those fail.
func TestBatchEndsThoughItsMembersFail(t *testing.T) {
	db := oneWriter(t)
	// A statement is compiled once it has been used, and needs the writer for that.
	if err := db.Tx(t.Context(), func(tx *sqldb.Tx) error { return insert(t.Context(), tx, "before") }); err != nil {
		t.Fatal(err)
	}
	letGo, first := holding(t, db)
	committed := make(chan struct{})
	refused := errors.New("refused")
	var turns atomic.Int32
	var others errgroup.Group
	for range 20 {
		others.Go(func() error {
			err := db.Tx(context.WithoutCancel(t.Context()), func(*sqldb.Tx) error {
				if turns.Add(1) >= 8 { // the first had the first
					select {
					case <-committed:
					case <-time.After(10 * time.Second):
						t.Error("the first waits for more than seven others")
					}
				}
				return refused
			})
			if !errors.Is(err, refused) {
				return fmt.Errorf("it failed with %w", err)
			}
			return nil
		})
	}
	letGo(20)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	close(committed)
	if err := others.Wait(); err != nil {
		t.Error(err)
	}
}

// Nobody is told that it is durable before those who went together are.
func TestNobodyReturnsBeforeTheCommitOfAll(t *testing.T) {
	db := oneWriter(t)
	letGo, first := holding(t, db)
	running, release, second := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		second <- db.Tx(context.WithoutCancel(t.Context()), func(tx *sqldb.Tx) error {
			close(running)
			<-release
			return insert(t.Context(), tx, "second")
		})
	}()
	letGo(1)
	<-running // in the same transaction, behind the first
	select {
	case <-first:
		t.Fatal("the first returned before its commit")
	default:
	}
	if n := things(t, db); n != 0 {
		t.Errorf("%d rows are seen before the commit", n)
	}
	close(release)
	for _, ended := range []chan error{first, second} {
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	if n := things(t, db); n != 2 {
		t.Errorf("%d rows", n)
	}
}

// Who fails for what another did hears of it when that can be seen.
func TestFailureIsToldWhenItsCauseIsDurable(t *testing.T) {
	db := oneWriter(t)
	letGo, first := holding(t, db)
	seen := make(chan int, 1)
	go func() {
		err := db.Tx(context.WithoutCancel(t.Context()), func(tx *sqldb.Tx) error { return insert(t.Context(), tx, "first") })
		if err == nil {
			t.Error("a row is there twice")
		}
		var n int
		if err := db.Read().QueryRowContext(context.WithoutCancel(t.Context()), `SELECT COUNT(*) FROM things WHERE id = 'first'`).Scan(&n); err != nil {
			t.Error(err)
		}
		seen <- n
	}()
	for db.WaitingToWrite() == 0 {
		runtime.Gosched()
	}
	third := make(chan error, 1)
	go func() {
		third <- db.Tx(context.WithoutCancel(t.Context()), func(tx *sqldb.Tx) error {
			for range 100_000 { // long enough for who fails to be told too early
				runtime.Gosched()
			}
			return insert(t.Context(), tx, "third")
		})
	}()
	letGo(2)
	if n := <-seen; n != 1 {
		t.Error("it was told of a row that nobody sees")
	}
	if err := errors.Join(<-first, <-third); err != nil {
		t.Error(err)
	}
}

// What fails takes back its own work alone, and hears of it; what breaks the whole
// transaction makes the others begin again; what panics holds up nobody.
func TestFailureIsTheOwnAlone(t *testing.T) {
	for name, fail := range map[string]func(ctx context.Context, tx *sqldb.Tx) error{
		"an error": func(context.Context, *sqldb.Tx) error { return errors.New("no") },
		"a row that is there": func(ctx context.Context, tx *sqldb.Tx) error {
			return insert(ctx, tx, "first")
		},
		"the end of the transaction": func(ctx context.Context, tx *sqldb.Tx) error {
			_, err := tx.ExecContext(ctx, `ROLLBACK`)
			return errors.Join(err, errors.New("no"))
		},
		"a panic": func(context.Context, *sqldb.Tx) error { panic("no") },
	} {
		t.Run(name, func(t *testing.T) {
			db := oneWriter(t)
			letGo, first := holding(t, db)
			const others = 10
			failed := make(chan any, 1)
			var group sync.WaitGroup
			problems := make([]error, others)
			for i := range others {
				group.Go(func() {
					problems[i] = db.Tx(context.WithoutCancel(t.Context()), func(tx *sqldb.Tx) error {
						return insert(t.Context(), tx, fmt.Sprint(i))
					})
				})
				if i == others/2 {
					for db.WaitingToWrite() <= i {
						runtime.Gosched()
					}
					group.Go(func() {
						defer func() {
							if said := recover(); said != nil {
								failed <- said
							}
						}()
						failed <- db.Tx(context.WithoutCancel(t.Context()), func(tx *sqldb.Tx) error {
							if err := insert(t.Context(), tx, "of the one that fails"); err != nil {
								return err
							}
							return fail(t.Context(), tx)
						})
					})
				}
			}
			letGo(others + 1)
			group.Wait()
			if err := errors.Join(append(problems, <-first)...); err != nil {
				t.Error(err)
			}
			if said := <-failed; said == nil {
				t.Error("it was not told that it failed")
			}
			if n := things(t, db); n != others+1 {
				t.Errorf("%d rows, want %d", n, others+1)
			}
		})
	}
}

// Whoever gives up waiting is gone, and holds up nobody.
func TestWaitingForTheTurnEnds(t *testing.T) {
	db := oneWriter(t)
	letGo, first := holding(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() { gone <- db.Tx(ctx, func(tx *sqldb.Tx) error { return insert(ctx, tx, "gone") }) }()
	for db.WaitingToWrite() == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	letGo(0)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if err := db.Tx(t.Context(), func(tx *sqldb.Tx) error { return insert(t.Context(), tx, "after") }); err != nil {
		t.Fatal(err)
	}
	if n := things(t, db); n != 2 {
		t.Errorf("%d rows", n)
	}
}

// Many who begin, fail, give up and end at once leave what succeeded, and the turn
// free.
func TestTurnIsNeverLost(t *testing.T) {
	db := oneWriter(t)
	var group sync.WaitGroup
	var mu sync.Mutex
	succeeded := 0
	for w := range 16 {
		group.Go(func() {
			for i := range 60 {
				ctx, cancel := context.WithCancel(t.Context())
				err := db.Tx(ctx, func(tx *sqldb.Tx) error {
					if err := insert(ctx, tx, fmt.Sprintf("%d.%d", w, i)); err != nil {
						return err
					}
					switch (w + i) % 5 {
					case 0:
						return errors.New("no")
					case 1:
						cancel()
						return insert(ctx, tx, fmt.Sprintf("%d.%d again", w, i))
					}
					return nil
				})
				cancel()
				if err == nil {
					mu.Lock()
					succeeded++
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	if n := things(t, db); n != succeeded || succeeded < 16*60/2 {
		t.Errorf("%d rows, %d succeeded", n, succeeded)
	}
}
