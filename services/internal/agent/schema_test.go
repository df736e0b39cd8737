package agent

import (
	"database/sql"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// What waits is found by its time, and who stands before it in its thread without a
// look at what is done: there may be any number of that.
func TestStepsLookOnlyAtWhatWaits(t *testing.T) {
	for name, c := range map[string]struct {
		query string
		args  []any
		want  []string
	}{
		"act":     {selectArrivals, []any{1}, []string{"SEARCH i USING INDEX agent_inbox_due (due_at<?)", "SEARCH e USING COVERING INDEX agent_inbox_waiting (thread=? AND sender=? AND received_at<?)"}},
		"send":    {selectDepartures, []any{1}, []string{"SEARCH o USING INDEX agent_outbox_due (due_at<?)", "SEARCH e USING INDEX agent_outbox_waiting (thread=? AND sender=? AND position<?)"}},
		"receive": {insertArrival, []any{"s", "i", "t", "k", "r", "", 1}, []string{"SEARCH agent_inbox USING COVERING INDEX agent_inbox_thread (thread=? AND sender=?)"}},
	} {
		plan := testkit.Plan(t, c.query, c.args, Migrations())
		for _, step := range c.want {
			if !strings.Contains(plan, step) {
				t.Errorf("%s: no step is %q:\n%s", name, step, plan)
			}
		}
		if strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s sorts:\n%s", name, plan)
		}
	}
}

// Messages that wait keep what they say when that moves to a table of its own.
func TestWaitingMessagesOfBeforeKeepTheirLetters(t *testing.T) {
	driver, dsn := testkit.Source(t)
	before := fstest.MapFS{}
	for _, name := range []string{"00001_agent.sql", "00002_waiting.sql"} {
		data, err := fs.ReadFile(schema, "schema/"+name)
		if err != nil {
			t.Fatal(err)
		}
		before[name] = &fstest.MapFile{Data: data}
	}
	old := testkit.Open(t, driver, dsn, sqldb.Migrations{Name: "agent", Files: before})
	err := old.Tx(t.Context(), func(tx *sqldb.Tx) error {
		for _, row := range []string{
			`INSERT INTO agent_inbox VALUES ('s', 'waits', 't', 'k', 'r', $1, '', 1, 1, 0, 'waiting', ''), ('s', 'done', 't', 'k', 'r', NULL, '', 2, 2, 0, 'done', '')`,
			`INSERT INTO agent_outbox VALUES ('waits', 't', 1, 'k', 's', 'r', $1, '', 1, 1, 0, 'waiting', ''), ('sent', 't', 2, 'k', 's', 'r', NULL, '', 2, 2, 0, 'sent', '')`,
		} {
			if _, err := tx.ExecContext(t.Context(), row, []byte("letter")); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	db := testkit.Open(t, driver, dsn, Migrations())
	for _, query := range []string{
		`SELECT i.id, l.envelope FROM agent_inbox AS i JOIN agent_inbox_letter AS l ON l.sender = i.sender AND l.id = i.id`,
		`SELECT o.id, l.sealed FROM agent_outbox AS o JOIN agent_outbox_letter AS l ON l.id = o.id`,
	} {
		rows, err := db.Read().QueryContext(t.Context(), query)
		found, err := sqldb.Collect(rows, err, func(r *sql.Rows) (id string, err error) {
			var letter []byte
			err = r.Scan(&id, &letter)
			return id + ": " + string(letter), err
		})
		if err != nil || !slices.Equal(found, []string{"waits: letter"}) {
			t.Errorf("%q, %v of %s", found, err, query)
		}
	}
}
