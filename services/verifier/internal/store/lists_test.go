package store

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// The index is on an expression: it is of no use when the two are not the same.
func TestListOfAStateIsFoundByItsIndex(t *testing.T) {
	plan := testkit.Plan(t, selectCase+`WHERE c.position > 0 AND `+listState+` = 'HALTED' ORDER BY c.position LIMIT 25`, nil, Migrations())
	if !strings.Contains(plan, "case_file_listed") || strings.Contains(plan, "TEMP B-TREE") {
		t.Error(plan)
	}
}

func TestWhatBelongsToManyCasesIsFoundOnce(t *testing.T) {
	db := testkit.Database(t, Migrations())
	var refs []string
	err := db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		refs = nil
		if _, err := tx.ExecContext(t.Context(), `CREATE TABLE many (case_ref TEXT NOT NULL)`); err != nil {
			return err
		}
		for i := range 2*atOnce + 3 {
			refs = append(refs, fmt.Sprintf("case_%04d", i))
			if _, err := tx.ExecContext(t.Context(), `INSERT INTO many (case_ref) VALUES ($1)`, refs[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 2, 3, atOnce - 1, atOnce, atOnce + 1, len(refs)} {
		var found []string
		err := collectOf(t.Context(), db.Read(), refs[:n], `SELECT case_ref FROM many WHERE case_ref IN `, ` ORDER BY case_ref`, func(r *sql.Rows) (string, error) {
			var ref string
			err := r.Scan(&ref)
			found = append(found, ref)
			return ref, err
		})
		if err != nil || !slices.Equal(found, refs[:n]) {
			t.Errorf("of %d cases %d were found: %v", n, len(found), err)
		}
	}
}
