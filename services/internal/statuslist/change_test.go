package statuslist_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/epoch"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

func TestRevocationIsSeenByTheNextQuestion(t *testing.T) {
	o := open(t)
	a, b := o.reserve(issuer, "a"), o.reserve(issuer, "b")
	o.decided(a, "stands")
	o.ok(o.revoke("a"))
	o.decided(a, "denied status.revoked")
	o.decided(b, "stands")
	both := carrying(append(b.W3C(), a.W3C()...)...)
	same(t, answer(o.decides.CheckStatus(t.Context(), both)), "denied status.revoked")
	same(t, answer(o.revoke("nobody")), "not-found credential.unknown")
}

func TestSuspensionIsLiftedAndRevocationIsNot(t *testing.T) {
	o := open(t)
	a := o.reserve(issuer, "a")
	o.ok(o.suspend("a"))
	o.decided(a, "denied status.suspended")
	o.ok(o.reinstate("a"))
	o.decided(a, "stands")
	o.ok(o.reinstate("a"))
	o.ok(o.suspend("a"))
	o.ok(o.revoke("a"))
	o.decided(a, "denied status.revoked")
	same(t, answer(o.reinstate("a")), "conflict credential.revoked")
	same(t, answer(o.suspend("a")), "conflict credential.revoked")
	o.decided(a, "denied status.revoked")
}

func TestAMessageIsToldAndChangesNothing(t *testing.T) {
	o := open(t)
	a := o.reserve(issuer, "a")
	v := carrying(append(a.W3C(), a.Message(messages))...)
	for value, text := range messages.Texts {
		o.ok(o.tell("a", value))
		findings, err := o.decides.Look(t.Context(), v)
		o.ok(err)
		told := findings[len(findings)-1]
		same(t, told.Value, value)
		same(t, told.Message, text)
	}
	o.ok(o.revoke("a"))
	findings, err := o.decides.Look(t.Context(), v)
	same(t, answer(err), "denied status.revoked")
	same(t, findings[len(findings)-1].Message, "undefined")
	same(t, answer(o.tell("a", 4)), "invalid status.value")
	same(t, answer(o.tell("a", -1)), "invalid status.value")
	same(t, answer(o.tell("nobody", 1)), "not-found credential.unknown")
	without := open(t, func(c *statuslist.Config) { c.Messages = nil })
	without.reserve(issuer, "a")
	same(t, answer(without.tell("a", 1)), "invalid status.value")
	same(t, without.publish("/status/1/message").Code, 404)
}

// history reads what was written down of a list.
func (o *office) history() (rows []string) {
	o.t.Helper()
	all, err := o.db.Read().QueryContext(context.Background(), `
		SELECT list, version, credential_id, what, message, changed_by, reason, changed_at FROM status_change ORDER BY list, version`)
	rows, err = sqldb.Collect(all, err, func(r *sql.Rows) (string, error) {
		var list, version, message, at int64
		var id, what, by, reason string
		err := r.Scan(&list, &version, &id, &what, &message, &by, &reason, &at)
		return fmt.Sprintf("%d.%d %s %s %d by %s: %s at %s", list, version, id, what, message, by, reason, time.UnixMicro(at).UTC().Format("15:04")), err
	})
	o.ok(err)
	return rows
}

func TestEachChangeCountsOnceAndIsWrittenDown(t *testing.T) {
	o := open(t)
	for _, id := range []string{"a", "b"} {
		o.reserve(issuer, id)
	}
	for range 2 { // again, nothing happens
		o.ok(o.suspend("a"))
		o.pass(time.Minute)
	}
	o.ok(o.reinstate("a"))
	o.ok(o.reinstate("a"))
	o.ok(o.tell("b", 2))
	o.ok(o.tell("b", 2))
	for range 2 {
		o.pass(time.Minute)
		o.ok(o.tx(func(ctx context.Context, tx *sqldb.Tx) error {
			return o.lists.Revoke(ctx, tx, "a", statuslist.Change{Reason: "of no use"})
		}))
	}
	want := []string{
		"1.2 a suspended 0 by officer-1: withdrawn at 08:00",
		"1.3 a reinstated 0 by officer-1: withdrawn at 08:02",
		"1.4 b message 2 by officer-1: withdrawn at 08:02",
		"1.5 a revoked 0 by did:web:tax.example: of no use at 08:03",
	}
	if got := o.history(); !slices.Equal(got, want) {
		t.Fatal(strings.Join(got, "\n"))
	}
}

func TestAChangeNeedsAReason(t *testing.T) {
	o := open(t)
	o.reserve(issuer, "a")
	for _, reason := range []string{"", "  ", strings.Repeat("x", 501)} {
		err := o.tx(func(ctx context.Context, tx *sqldb.Tx) error {
			return o.lists.Revoke(ctx, tx, "a", statuslist.Change{Reason: reason})
		})
		same(t, answer(err), "invalid status.reason")
	}
}

func TestAChangeIsPartOfTheCallersTransaction(t *testing.T) {
	o := open(t)
	a := o.reserve(issuer, "a")
	undone := errors.New("undone")
	err := o.tx(func(ctx context.Context, tx *sqldb.Tx) error {
		return errors.Join(o.lists.Revoke(ctx, tx, "a", withdrawn), undone)
	})
	if !errors.Is(err, undone) || len(o.history()) != 0 {
		t.Fatal(err, o.history())
	}
	o.decided(a, "stands")
}

// The lists say what a model of a few credentials says, whatever is done to
// them, and in what order.
func TestPublishedListsSayWhatWasDone(t *testing.T) {
	type standing struct {
		revoked, suspended bool
		message            int
	}
	o := open(t)
	random := rand.New(rand.NewPCG(1, 2))
	model := map[string]*standing{}
	places := map[string]statuslist.Reservation{}
	for i := range 12 {
		id := fmt.Sprint(i)
		model[id], places[id] = &standing{}, o.reserve([]string{issuer, issuer, other}[i%3], id)
	}
	for range 60 {
		id := fmt.Sprint(random.IntN(len(model)))
		m, want := model[id], "stands"
		var err error
		switch random.IntN(9) {
		case 0:
			err = o.revoke(id)
			m.revoked = true
		case 1, 2, 3:
			err = o.suspend(id)
			if m.revoked {
				want = "conflict credential.revoked"
			} else {
				m.suspended = true
			}
		case 4, 5:
			err = o.reinstate(id)
			if m.revoked {
				want = "conflict credential.revoked"
			} else {
				m.suspended = false
			}
		case 6, 7:
			m.message = random.IntN(4)
			err = o.tell(id, m.message)
		case 8:
			o.pass(time.Minute)
		}
		same(t, answer(err), want)
		checked := fmt.Sprint(random.IntN(len(model)))
		at, m := places[checked], model[checked]
		v := carrying(append(append(at.W3C(), at.Message(messages)), at.Token())...)
		if n := at.List[len(at.List)-1]; n == '2' {
			v.Issuer = other
		}
		findings, err := o.decides.Look(t.Context(), v)
		expected := []int{0, 0, m.message, status.TokenValid}
		want = "stands"
		if m.suspended {
			expected[1], expected[3], want = 1, status.TokenSuspended, "denied status.suspended"
		}
		if m.revoked {
			expected[0], expected[3], want = 1, status.TokenInvalid, "denied status.revoked"
		}
		same(t, answer(err), want)
		for i, finding := range findings {
			same(t, finding.Value, expected[i])
		}
		same(t, len(findings), len(expected))
	}
}

func TestRevocationsOfTheFirstSchemaKeepTheirReasons(t *testing.T) {
	files := statuslist.Migrations().Files
	first, err := files.Open("00001_statuslist.sql")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	text := make([]byte, 4096)
	n, err := first.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	o := &office{t: t}
	driver, dsn := testkit.Source(t)
	old := sqldb.Migrations{Name: "statuslist", Files: fstest.MapFS{"00001_statuslist.sql": {Data: text[:n]}}}
	o.db = testkit.Open(t, driver, dsn, old)
	o.ok(o.tx(func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO status_list VALUES (1, 'did:web:tax.example', 3, 3), (2, 'did:web:bank.example', 1, 2)`)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO status_entry VALUES (1, 7, 'a', 60000000, 'late'), (1, 9, 'b', 30000000, 'early'), (1, 8, 'c', 0, ''), (2, 7, 'd', 30000000, 'else')`)
		return err
	}))
	o.ok(o.db.Close())
	o.db = testkit.Open(t, driver, dsn, epoch.Migrations(), statuslist.Migrations())
	want := []string{
		"1.2 b revoked 0 by did:web:tax.example: early at 00:00",
		"1.3 a revoked 0 by did:web:tax.example: late at 00:01",
		"2.2 d revoked 0 by did:web:bank.example: else at 00:00",
	}
	if got := o.history(); !slices.Equal(got, want) {
		t.Fatal(strings.Join(got, "\n"))
	}
	lists := statuslist.New(statuslist.Config{DB: o.db, Clock: o, Lifetime: time.Minute})
	o.ok(o.tx(func(ctx context.Context, tx *sqldb.Tx) error { return lists.Revoke(ctx, tx, "c", withdrawn) }))
	same(t, fault.RuleOf(o.tx(func(ctx context.Context, tx *sqldb.Tx) error { return lists.Suspend(ctx, tx, "a", withdrawn) })), "credential.revoked")
	same(t, len(o.history()), 4)
}
