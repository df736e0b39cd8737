package sqldb_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/fstest"

	"golang.org/x/sync/errgroup"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// Eight who read, decide and write at once leave what they would have left one
// after the other.
func TestTransactionsHaveTheOutcomeOfOneAfterTheOther(t *testing.T) {
	db := testkit.Database(t, schema)
	const writers, each = 8, 50
	var group errgroup.Group
	for w := range writers {
		group.Go(func() error {
			for i := range each {
				err := db.Tx(t.Context(), func(tx *sqldb.Tx) error {
					var taken int
					if err := tx.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM things`).Scan(&taken); err != nil {
						return err
					}
					_, err := tx.ExecContext(t.Context(), `INSERT INTO things (id, n) VALUES ($1, $2)`, fmt.Sprintf("%d.%d", w, i), taken)
					return err
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	var rows, different, last int
	err := db.Read().QueryRowContext(t.Context(), `SELECT COUNT(*), COUNT(DISTINCT n), MAX(n) FROM things`).Scan(&rows, &different, &last)
	if err != nil || rows != writers*each || different != rows || last != rows-1 {
		t.Errorf("%d rows, %d numbers up to %d, %v", rows, different, last, err)
	}
}

// Eight who want the same row, and look before they add it, add it once, and
// nobody is told that it was there.
func TestWhoLooksBeforeAddingIsNeverToldOfTheOthers(t *testing.T) {
	db := testkit.Database(t, schema)
	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			for i := range 20 {
				err := db.Tx(t.Context(), func(tx *sqldb.Tx) error {
					var there int
					id := fmt.Sprint("row ", i)
					if err := tx.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM things WHERE id = $1`, id).Scan(&there); err != nil || there == 1 {
						return err
					}
					_, err := tx.ExecContext(t.Context(), `INSERT INTO things (id, n) VALUES ($1, 1)`, id)
					return err
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil || count(t, db) != 20 {
		t.Errorf("%d rows, %v", count(t, db), err)
	}
}

// What is tried again is told of once, and ends once.
func TestTransactionThatIsTriedAgainCommitsOnce(t *testing.T) {
	db := testkit.Database(t, schema)
	db.TryTwice()
	runs, commits, ends := 0, 0, 0
	err := db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		runs++
		tx.OnCommit(func() { commits++ })
		tx.OnEnd(func() { ends += 10*runs + commits })
		_, err := tx.ExecContext(t.Context(), `INSERT INTO things (id, n) VALUES ('a', 1)`)
		return err
	})
	if err != nil || runs != 2 || commits != 1 || ends != 2*21 || count(t, db) != 1 {
		t.Errorf("%d runs, %d commits, %d, %d rows, %v", runs, commits, ends, count(t, db), err)
	}
}

// A connection that ends in mid-transaction leaves nothing, and the next one
// goes on.
func TestConnectionLostInMidTransactionLeavesNothing(t *testing.T) {
	db := testkit.Database(t, schema)
	if db.Driver() == "sqlite" {
		return // a file has no connection to lose
	}
	err := db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		if _, err := tx.ExecContext(t.Context(), `INSERT INTO things (id, n) VALUES ('lost', 1)`); err != nil {
			return err
		}
		var pid int
		if err := tx.QueryRowContext(t.Context(), `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
			return err
		}
		testkit.Admin(t, fmt.Sprintf(`SELECT pg_terminate_backend(%d)`, pid))
		return nil
	})
	if err == nil || count(t, db) != 0 {
		t.Fatalf("%d rows, %v", count(t, db), err)
	}
	err = db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO things (id, n) VALUES ('kept', 1)`)
		return err
	})
	if err != nil || count(t, db) != 1 {
		t.Errorf("%d rows, %v", count(t, db), err)
	}
}

func TestErrorOfTheWorkIsNotTriedAgain(t *testing.T) {
	db := testkit.Database(t, schema)
	runs, boom := 0, errors.New("boom")
	if err := db.Tx(t.Context(), func(*sqldb.Tx) error { runs++; return boom }); !errors.Is(err, boom) || runs != 1 {
		t.Errorf("%d runs, %v", runs, err)
	}
}

// second is the schema one step on.
func second(t *testing.T) sqldb.Migrations {
	t.Helper()
	first, err := schema.Files.(fstest.MapFS).ReadFile("00001_things.sql")
	if err != nil {
		t.Fatal(err)
	}
	return sqldb.Migrations{Name: schema.Name, Files: fstest.MapFS{
		"00001_things.sql": {Data: first},
		"00002_more.sql":   {Data: []byte("-- +goose Up\nALTER TABLE things ADD COLUMN more TEXT NOT NULL DEFAULT '';\n")},
	}}
}

func TestSchemaOfANewerProgramIsRefused(t *testing.T) {
	driver, dsn := testkit.Source(t)
	testkit.Open(t, driver, dsn, second(t))
	for name, open := range map[string]func() error{
		"open":    func() error { _, err := sqldb.Open(t.Context(), driver, dsn, schema); return err },
		"migrate": func() error { _, err := sqldb.Migrate(t.Context(), driver, dsn, schema); return err },
	} {
		if err := open(); fault.RuleOf(err) != "sqldb.schema_new" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A service on PostgreSQL leaves its schema to kompetansespor migrate; on SQLite
// it has nobody else.
func TestSchemaThatIsTooOldIsMigratedOrRefused(t *testing.T) {
	driver, dsn := testkit.Source(t)
	testkit.Open(t, driver, dsn, schema)
	db, err := sqldb.Open(t.Context(), driver, dsn, second(t))
	if driver == "postgres" {
		if fault.RuleOf(err) != "sqldb.schema_old" {
			t.Fatal(err)
		}
		if ran, err := sqldb.Migrate(t.Context(), driver, dsn, second(t)); ran != 1 || err != nil {
			t.Fatal(ran, err)
		}
		db, err = sqldb.Open(t.Context(), driver, dsn, second(t))
	}
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Read().ExecContext(t.Context(), `SELECT more FROM things`); err != nil {
		t.Error(err)
	}
	if ran, err := sqldb.Migrate(t.Context(), driver, dsn, second(t)); ran != 0 || err != nil {
		t.Errorf("%d migrations ran again, %v", ran, err)
	}
}
