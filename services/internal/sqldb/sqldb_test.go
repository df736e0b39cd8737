package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"testing/fstest"

	"golang.org/x/sync/errgroup"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

var schema = sqldb.Migrations{Name: "things", Files: fstest.MapFS{
	"00001_things.sql": {Data: []byte("-- +goose Up\nCREATE TABLE things (id TEXT PRIMARY KEY, n BIGINT NOT NULL, raw BYTEA);\n")},
}}

func open(t *testing.T, path string) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), "sqlite", path, schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func count(t *testing.T, db *sqldb.DB) (n int) {
	t.Helper()
	if err := db.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM things`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFailedTransactionLeavesNothing(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "a.db"))
	woken := false
	boom := errors.New("boom")
	err := db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		tx.OnCommit(func() { woken = true })
		if _, err := tx.ExecContext(t.Context(), `INSERT INTO things (id, n) VALUES ($1, $2)`, "a", 1); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) || count(t, db) != 0 || woken {
		t.Fatalf("err %v, rows %d, woken %v", err, count(t, db), woken)
	}
}

func TestCommittedRowsSurviveReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "with space.db")
	db := open(t, path)
	raw := []byte{0, 1, 0xff}
	err := db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		for range 2 {
			fresh, err := sqldb.Inserted(t.Context(), tx, `INSERT INTO things (id, n, raw) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, "a", 7, raw)
			if err != nil {
				return err
			}
			t.Log("new row:", fresh)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var n int64
	var got []byte
	if err := open(t, path).Read().QueryRowContext(t.Context(), `SELECT n, raw FROM things WHERE id = $1`, "a").Scan(&n, &got); err != nil {
		t.Fatal(err)
	}
	if n != 7 || string(got) != string(raw) {
		t.Fatalf("got %d %x", n, got)
	}
}

func TestReadSideRefusesToWrite(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "a.db"))
	if _, err := db.Read().ExecContext(context.Background(), `INSERT INTO things (id, n) VALUES ('x', 1)`); err == nil {
		t.Fatal("the read side wrote")
	}
}

func TestUnknownDriverIsRefused(t *testing.T) {
	if _, err := sqldb.Open(t.Context(), "oracle", "x"); err == nil {
		t.Fatal("opened")
	}
}

// A snapshot holds a connection, and needs no other for statements that it was the
// first to ask for.
func TestManySnapshotsAtOnceDoNotWaitForEachOther(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "a.db"))
	var group errgroup.Group
	for i := range 32 {
		group.Go(func() error {
			return db.Snapshot(t.Context(), func(q sqldb.Querier) error {
				for n := range 5 {
					var rows int
					query := fmt.Sprintf(`SELECT COUNT(*) FROM things WHERE n >= $1 AND n < %d`, i%4+n)
					if err := q.QueryRowContext(t.Context(), query, 0).Scan(&rows); err != nil {
						return err
					}
				}
				rows, err := q.QueryContext(t.Context(), `SELECT id FROM things WHERE n = $1`, i)
				_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (id string, err error) { return id, r.Scan(&id) })
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestSnapshotSeesOneStateOfTheDatabase(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "a.db"))
	err := db.Snapshot(t.Context(), func(q sqldb.Querier) error {
		var before, after int
		if err := q.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM things`).Scan(&before); err != nil {
			return err
		}
		err := db.Tx(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.ExecContext(t.Context(), `INSERT INTO things (id, n) VALUES ('meanwhile', 1)`)
			return err
		})
		if err != nil {
			return err
		}
		if err := q.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM things`).Scan(&after); err != nil {
			return err
		}
		if before != after {
			t.Errorf("a snapshot saw %d rows, then %d", before, after)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if count(t, db) != 1 {
		t.Error("the writer had to wait for the snapshot")
	}
}
