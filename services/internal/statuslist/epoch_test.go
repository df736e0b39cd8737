package statuslist_test

import (
	"context"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/epoch"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// After a restore no list is gone on with: an index of it may have been handed out
// since the backup. Nor is its number taken again.
func TestRestoredListsAreNotGoneOnWith(t *testing.T) {
	o := open(t)
	const tax = "did:web:tax.example"
	if first := o.reserve(tax, "a"); !strings.HasSuffix(first.List, "/status/1") {
		t.Fatal(first)
	}
	for number, want := range []string{"/status/1000001", "/status/2000001"} {
		o.ok(o.tx(func(ctx context.Context, tx *sqldb.Tx) error {
			_, err := epoch.Begin(ctx, tx, "backup", o.Now())
			return err
		}))
		if at := o.reserve(tax, "b"+want); !strings.HasSuffix(at.List, want) {
			t.Errorf("epoch %d: %s", number+1, at.List)
		}
		if at := o.reserve(tax, "c"+want); !strings.HasSuffix(at.List, want) {
			t.Errorf("epoch %d, again: %s", number+1, at.List)
		}
	}
}
