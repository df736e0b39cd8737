package statuslist

import (
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/epoch"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// Neither how many issuers there are, nor how many credentials, makes a list slower.
func TestListsAreFoundByTheirIndexes(t *testing.T) {
	for _, c := range []struct {
		query string
		args  []any
		step  string
	}{
		{takePlace, []any{"did:web:x", 1, 1}, "SEARCH status_list USING INDEX status_list_issuer (issuer=? AND number>?)"},
		{selectMarked, []any{1}, "SEARCH status_entry USING INDEX status_entry_marked (list=?)"},
	} {
		if plan := testkit.Plan(t, c.query, c.args, epoch.Migrations(), Migrations()); !strings.Contains(plan, c.step) || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("no step of %s is %q:\n%s", c.query, c.step, plan)
		}
	}
}
