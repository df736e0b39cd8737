package testkit

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Plan is how SQLite goes about a query on an empty database of these migrations, a
// line for each step. What PostgreSQL chooses for so few rows says nothing.
func Plan(t testing.TB, query string, args []any, migrations ...sqldb.Migrations) string {
	t.Helper()
	db, err := sqldb.Open(t.Context(), "sqlite", filepath.Join(t.TempDir(), "plan.db"), migrations...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.Read().QueryContext(t.Context(), `EXPLAIN QUERY PLAN `+query, args...)
	steps, err := sqldb.Collect(rows, err, func(r *sql.Rows) (detail string, err error) {
		var id, parent, unused int
		return detail, r.Scan(&id, &parent, &unused, &detail)
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "\n")
}
