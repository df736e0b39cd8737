package sqldb_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// What a caller should try again is told apart from what is wrong with us.
func TestDatabaseThatIsAwayIsKnown(t *testing.T) {
	db := testkit.Database(t, schema)
	_, wrong := db.Read().QueryContext(t.Context(), `SELECT nothing FROM nowhere`)
	for name, err := range map[string]error{"nothing": nil, "any": errors.New("boom"), "a wrong query": wrong} {
		if sqldb.Away(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if wrong == nil {
		t.Fatal("a table that is not there can be read")
	}
	if db.Driver() == "sqlite" {
		return // a file is there or never was
	}
	_, refused := sqldb.Open(t.Context(), "postgres", "postgres://tax@127.0.0.1:1/kompetansespor", schema)
	ended := db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		var pid int
		if err := tx.QueryRowContext(t.Context(), `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
			return err
		}
		testkit.Admin(t, fmt.Sprintf(`SELECT pg_terminate_backend(%d)`, pid))
		_, err := tx.ExecContext(t.Context(), `INSERT INTO things (id, n) VALUES ('a', 1)`)
		return err
	})
	for name, err := range map[string]error{"nobody listens": refused, "the connection was ended": ended} {
		if !sqldb.Away(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
