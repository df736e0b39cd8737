package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// Two replicas, and two calls of one, take turns; what has another name does
// not wait.
func TestReplicasTakeTurns(t *testing.T) {
	driver, dsn := testkit.Source(t)
	first := testkit.Open(t, driver, dsn)
	replicas := []*sqldb.DB{first}
	if driver == "postgres" { // a file has one process
		replicas = append(replicas, testkit.Open(t, driver, dsn))
	}
	ran, err := first.Alone(t.Context(), "relay", func(ctx context.Context) error {
		for _, db := range replicas {
			if ran, err := db.Alone(ctx, "relay", func(context.Context) error { t.Error("two at once"); return nil }); ran || err != nil {
				t.Errorf("ran %v, %v", ran, err)
			}
			if ran, err := db.Alone(ctx, "mail", func(context.Context) error { return nil }); !ran || err != nil {
				t.Errorf("another name waits: %v, %v", ran, err)
			}
		}
		return nil
	})
	if !ran || err != nil {
		t.Fatal(ran, err)
	}
	boom := errors.New("boom")
	for _, db := range replicas {
		if ran, err := db.Alone(t.Context(), "relay", func(context.Context) error { return boom }); !ran || !errors.Is(err, boom) {
			t.Errorf("the turn was not given back: %v, %v", ran, err)
		}
	}
}

// Schemas that share a server have turns of their own.
func TestServicesTakeTurnsByThemselves(t *testing.T) {
	a, b := testkit.Database(t), testkit.Database(t)
	ran, err := a.Alone(t.Context(), "relay", func(ctx context.Context) error {
		if ran, err := b.Alone(ctx, "relay", func(context.Context) error { return nil }); !ran || err != nil {
			t.Errorf("another service waits: %v, %v", ran, err)
		}
		return nil
	})
	if !ran || err != nil {
		t.Fatal(ran, err)
	}
}

// Whose connection is gone has lost the turn: its work is told to end, and
// another takes over.
func TestLostConnectionIsALostTurn(t *testing.T) {
	driver, dsn := testkit.Source(t)
	if driver == "sqlite" {
		return // a file has no connection to lose
	}
	one, other := testkit.Open(t, driver, dsn), testkit.Open(t, driver, dsn)
	begun := make(chan struct{})
	ended := make(chan error)
	go func() {
		_, err := one.Alone(context.Background(), "relay", func(ctx context.Context) error {
			close(begun)
			<-ctx.Done()
			return context.Cause(ctx)
		})
		ended <- err
	}()
	<-begun
	if ran, err := other.Alone(t.Context(), "relay", func(context.Context) error { return nil }); ran || err != nil {
		t.Fatalf("ran %v, %v", ran, err)
	}
	var key int64 // of this test's schema: others have turns on the same server
	if err := one.Read().QueryRowContext(t.Context(), `SELECT `+sqldb.TurnKey, "relay").Scan(&key); err != nil {
		t.Fatal(err)
	}
	testkit.Admin(t, fmt.Sprintf(`
		SELECT pg_terminate_backend(pid) FROM pg_locks
		WHERE locktype = 'advisory' AND classid::bigint << 32 | objid::bigint = %d`, key))
	for {
		ran, err := other.Alone(t.Context(), "relay", func(context.Context) error { return nil })
		if err == nil && ran {
			break
		}
	}
	if err := <-ended; err == nil {
		t.Error("who lost the turn was not told")
	}
	if ran, err := one.Alone(t.Context(), "relay", func(context.Context) error { return nil }); !ran || err != nil {
		t.Errorf("who lost a turn gets no other: %v, %v", ran, err)
	}
}
