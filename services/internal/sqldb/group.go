package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// group lets transactions that wait for the one writer of SQLite go into the
// transaction that is open, one after the other, each behind a savepoint of its own:
// one commit, and one wait for the disk, makes all of them durable. None returns
// before, also none that failed. What one of them does the next one sees, as if it had
// been committed; when the commit fails, it fails for all.
//
// The writer's turn is handed on in the order in which it was asked for.
type group struct {
	mu      sync.Mutex // guards the fields below
	taken   bool       // somebody has the turn
	waiting []*waiter
}

// mostTogether bounds how long the first of a batch waits for the last.
const mostTogether = 8

// waiter waits for the turn, and gets the batch that is open with it, or nil.
type waiter struct{ turn chan *batch }

// batch is one transaction of the engine, and what came of it.
type batch struct {
	tx    *sql.Tx
	turns int // that it has had, of those who failed as well
	done  chan struct{}
	err   error // once done
}

// errBroken says that the engine has given up a batch for something that another of
// its members did: the others begin again.
var errBroken = errors.New("another transaction of the batch broke it")

// take waits for the turn, and gives the batch that is open, or nil.
func (g *group) take(ctx context.Context) (*batch, error) {
	g.mu.Lock()
	if !g.taken {
		g.taken = true
		g.mu.Unlock()
		return nil, nil
	}
	w := &waiter{make(chan *batch, 1)}
	g.waiting = append(g.waiting, w)
	g.mu.Unlock()
	select {
	case b := <-w.turn:
		return b, nil
	case <-ctx.Done():
	}
	if g.leave(w) {
		return nil, ctx.Err()
	}
	// The turn came at the same time: it is handed on as it is.
	g.pass(<-w.turn)
	return nil, ctx.Err()
}

// leave gives up waiting, and is false when the turn has come.
func (g *group) leave(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, other := range g.waiting {
		if other == w {
			g.waiting = append(g.waiting[:i], g.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// pass hands the turn on: with the batch, while there is room in it and somebody
// waits. Otherwise the batch is committed first.
func (g *group) pass(b *batch) {
	if b != nil && b.turns < mostTogether && g.next(b) {
		return
	}
	if b != nil {
		if b.err = b.tx.Commit(); b.err != nil {
			b.err = fmt.Errorf("commit: %w", b.err)
		}
		close(b.done)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) > 0 {
		g.first() <- nil
		return
	}
	g.taken = false
}

// next gives the turn and the batch to the first who waits, if anybody does.
func (g *group) next(b *batch) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		return false
	}
	g.first() <- b
	return true
}

// first takes the first who waits from the list. mu is held.
func (g *group) first() chan *batch {
	w := g.waiting[0]
	g.waiting = g.waiting[1:]
	return w.turn
}

// giveUp ends a batch without a commit, and hands the turn on.
func (g *group) giveUp(b *batch) {
	_ = b.tx.Rollback()
	b.err = errBroken
	close(b.done)
	g.pass(nil)
}

// together runs f in the transaction that is open, or opens one, and returns when the
// whole is durable. f runs in the caller's goroutine.
func (db *DB) together(ctx context.Context, f func(tx *Tx) error, ended *[]func()) error {
	b, err := db.group.take(ctx)
	if err != nil {
		return err
	}
	alone := b == nil
	if alone {
		inner, err := db.write.BeginTx(context.WithoutCancel(ctx), db.dialect.write)
		if err != nil {
			db.group.pass(nil)
			return fmt.Errorf("begin: %w", err)
		}
		b = &batch{tx: inner, done: make(chan struct{})}
	}
	tx := &Tx{Tx: b.tx, ended: ended, kept: db.compiled, steady: true}
	err = db.join(ctx, tx, b, alone, f)
	if err != nil && alone {
		return err
	}
	// Also what fails waits: it may have failed for what others did before it, and
	// whoever hears of that looks for it.
	<-b.done
	db.compiled.keep(context.WithoutCancel(ctx), db.write, tx.wanted)
	if err := cmp.Or(b.err, err); err != nil {
		return err
	}
	for _, f := range tx.after {
		f()
	}
	return nil
}

// join puts what f does into a batch and hands the turn on, whatever becomes of f.
func (db *DB) join(ctx context.Context, tx *Tx, b *batch, alone bool, f func(tx *Tx) error) (err error) {
	uncancelled := context.WithoutCancel(ctx)
	in := false // what f did is in the batch
	defer func() {
		b.turns++
		switch {
		case in:
			db.group.pass(b)
		case alone:
			db.group.giveUp(b)
		case undo(uncancelled, b.tx) != nil:
			db.group.giveUp(b)
		default:
			db.group.pass(b)
		}
	}()
	if !alone {
		if _, err := b.tx.ExecContext(uncancelled, "SAVEPOINT member"); err != nil {
			return fmt.Errorf("begin: %w", err)
		}
	}
	if err := f(tx); err != nil {
		return err
	}
	if !alone {
		if _, err := b.tx.ExecContext(uncancelled, "RELEASE member"); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
	}
	in = true
	return nil
}

// undo takes back what the last member did. It fails when the engine has rolled back
// everything.
func undo(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "ROLLBACK TO member; RELEASE member")
	return err
}
