package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
)

// turns is what a process knows of the turns it holds. One connection, kept for
// nothing else, holds them all: when it ends, so do they.
type turns struct {
	mu    sync.Mutex // guards what follows, and what is said on the connection
	conn  *sql.Conn
	asked time.Time                          // when the connection last answered
	held  map[string]context.CancelCauseFunc // by name, those under way here
}

func newTurns() *turns { return &turns{held: map[string]context.CancelCauseFunc{}} }

// heartbeat is how often a turn asks whether its connection still stands. A
// process that has lost it goes on for about so long; one that is paused loses
// its turns when the database has not heard of it for patience.
const (
	heartbeat = 2 * time.Second
	patience  = 8 * time.Second
)

// Alone runs f, which may go on for as long as the process lives, unless another process, or another call of this one, runs
// something of the same name on this database now; ran says whether it did. The
// context of f ends when the turn is lost. The turn saves work and keeps the
// usual order, it is no proof: a process may be stopped at any point, lose its
// turn, and go on (docs/decisions/0011-replicas-take-turns.md).
func (db *DB) Alone(ctx context.Context, name string, f func(ctx context.Context) error) (ran bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if taken, err := db.take(ctx, name, cancel); !taken || err != nil {
		return false, err
	}
	defer db.give(context.WithoutCancel(ctx), name)
	if db.dialect.lock != nil {
		watched := make(chan struct{})
		defer func() { <-watched }()
		defer cancel(nil)
		go func() {
			defer close(watched)
			db.watch(ctx)
		}()
	}
	return true, f(ctx)
}

func (db *DB) take(ctx context.Context, name string, lost context.CancelCauseFunc) (bool, error) {
	t := db.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, busy := t.held[name]; busy {
		return false, nil
	}
	if db.dialect.lock != nil {
		if t.conn == nil {
			if err := t.connect(ctx, db); err != nil {
				return false, fmt.Errorf("connect for turns: %w", err)
			}
		}
		free, err := db.dialect.lock(ctx, t.conn, name)
		if err != nil {
			t.lose(err)
			return false, fmt.Errorf("take the turn of %s: %w", name, err)
		}
		if !free {
			return false, nil
		}
	}
	t.held[name] = lost
	return true, nil
}

// connect takes a connection out of the pool for good. t.mu is held.
func (t *turns) connect(ctx context.Context, db *DB) error {
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return err
	}
	if err := db.dialect.expire(ctx, conn, patience); err != nil {
		return errors.Join(err, conn.Close())
	}
	t.conn, t.asked = conn, clock.System{}.Now()
	return nil
}

func (db *DB) give(ctx context.Context, name string) {
	t := db.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, still := t.held[name]; !still {
		return
	}
	delete(t.held, name)
	if db.dialect.unlock == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	if err := db.dialect.unlock(ctx, t.conn, name); err != nil {
		t.lose(err)
	}
}

// watch ends every turn when the connection that holds them does not answer.
func (db *DB) watch(ctx context.Context) {
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			db.turns.check(ctx)
		}
	}
}

func (t *turns) check(ctx context.Context) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conn == nil || (clock.System{}).Now().Sub(t.asked) < heartbeat/2 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	if err := t.conn.PingContext(ctx); err != nil {
		t.lose(err)
		return
	}
	t.asked = clock.System{}.Now()
}

// lose gives up the connection and with it every turn. t.mu is held.
func (t *turns) lose(why error) {
	for name, cancel := range t.held {
		cancel(fmt.Errorf("the turn of %s is lost: %w", name, why))
	}
	clear(t.held)
	if t.conn != nil {
		// A connection that has failed must not go back to the pool with locks.
		_ = t.conn.Raw(func(any) error { return driver.ErrBadConn })
		_ = t.conn.Close()
		t.conn = nil
	}
}

func (t *turns) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conn == nil {
		return nil
	}
	err := t.conn.Close()
	t.conn = nil
	return err
}
