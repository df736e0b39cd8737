package events

import (
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// What is open is found whatever was taken before: a step of the inbox asks for it
// each time.
func TestWhatIsOpenIsFoundByItsIndex(t *testing.T) {
	db, err := sqldb.Open(t.Context(), "sqlite", filepath.Join(t.TempDir(), "events.db"), Migrations())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	rows, err := db.Read().QueryContext(t.Context(), `EXPLAIN QUERY PLAN `+openNow, "issuer")
	plan, err := sqldb.Collect(rows, err, func(r *sql.Rows) (detail string, err error) {
		var id, parent, unused int
		return detail, r.Scan(&id, &parent, &unused, &detail)
	})
	if err != nil || !slices.ContainsFunc(plan, func(s string) bool { return strings.Contains(s, "USING INDEX event_inbox_open (producer=?)") }) {
		t.Errorf("%q, %v", plan, err)
	}
}
