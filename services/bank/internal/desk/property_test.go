package desk_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/store"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

func (w *world) exec(t testing.TB, query string, args ...any) {
	t.Helper()
	err := w.db().Tx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(t.Context(), query, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) count(t testing.TB, query string) (n int) {
	t.Helper()
	if err := w.db().Read().QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// happening is an event on its way: one producer's of one case come in order,
// those of two in any.
type happening struct {
	producer, name string
	data           map[string]any
}

// Events of several cases of few people at two banks, in every order that the
// streams allow, some of them twice, with a clerk who works when they like and
// a tax administration and a list that are sometimes away: nobody gets two
// accounts at a bank, nobody one without a grant, a person on the list none
// without a clerk, and no revoked permit leaves an account to be paid to that
// nobody has looked at.
func TestAnyOrderOfEventsLeavesEachPersonOneAccount(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { shuffled(t, rand.New(rand.NewPCG(seed, 7))) })
	}
}

func shuffled(t *testing.T, r *rand.Rand) {
	w := openWorld(t)
	w.list = listOf(t, "v1", "S1,SANCTION,Boris Example,1990-01-01,x")
	people := []string{fnr, otherFNR, dNumber}
	const cases = 8
	refused, revoked, listed := map[string]bool{}, map[string]bool{}, map[string]bool{}
	queues := map[string][]happening{}
	for n := range cases {
		ref := fmt.Sprintf("case_%d", n)
		w.numbers[ref] = people[r.IntN(len(people))]
		w.shares[ref] = []string{onboarding.SharePayroll}
		if r.IntN(3) == 0 {
			w.bank[ref] = w.other.Bank.DID
		}
		if r.IntN(4) == 0 {
			w.claims[ref], listed[ref] = map[string]any{"given_name": "Boris", "family_name": "Example"}, true
		}
		outcome := "GRANTED"
		if r.IntN(5) == 0 {
			outcome, refused[ref] = "REFUSED", true
		}
		verifier := []happening{{"verifier", "decision.made", map[string]any{"outcome": outcome}}}
		for range r.IntN(3) {
			verifier = append(verifier, happening{"verifier", "case.halted", map[string]any{"cause": "EMPLOYER_SUSPENDED"}},
				happening{"verifier", "case.resumed", map[string]any{"cause": "EMPLOYER_SUSPENDED"}})
		}
		if r.IntN(3) == 0 {
			verifier = append(verifier, happening{"verifier", "case.corrected", map[string]any{"fields": []any{"sex"}}})
		}
		if r.IntN(3) == 0 {
			verifier, revoked[ref] = append(verifier, happening{"verifier", "permit.revoked", map[string]any{"cause": "PERMIT_REVOKED"}}), true
		}
		tax := []happening{{"tax", "identifier.assigned", map[string]any{"kind": "FNR", "how": "ASSIGNED"}}}
		if r.IntN(2) == 0 {
			tax = append(tax, happening{"tax", "identifier.replaced", nil})
		}
		queues[ref+" verifier"], queues[ref+" tax"] = verifier, tax
	}
	looked := map[string]bool{}
	for len(queues) > 0 {
		keys := make([]string, 0, len(queues))
		for key := range queues {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		key := keys[r.IntN(len(keys))]
		ref, _, _ := strings.Cut(key, " ")
		one := queues[key][0]
		if one.name == "identifier.replaced" && w.numbers[ref] == dNumber {
			w.numbers[ref] = otherFNR // the person with the D-number is the other one
		}
		w.told(t, one.producer, one.name, ref, one.data)
		if r.IntN(3) == 0 {
			w.told(t, one.producer, one.name, ref, one.data)
		}
		if queues[key] = queues[key][1:]; len(queues[key]) == 0 {
			delete(queues, key)
		}
		if r.IntN(3) == 0 {
			w.steps(t)
		}
		if r.IntN(3) == 0 {
			w.clerkWorks(t, r, fmt.Sprintf("case_%d", r.IntN(cases)), looked)
		}
		w.holds(t, refused, listed)
	}
	w.later(t)
	w.holds(t, refused, listed)
	for n := range cases {
		ref := fmt.Sprintf("case_%d", n)
		if refused[ref] {
			continue
		}
		if a, err := w.store.ByCase(t.Context(), w.db().Read(), ref); err != nil || a.Bank() == "" {
			// Revoked before the view was fetched: no bank was told of it.
			if err != nil || !revoked[ref] || a.State() != "STOPPED" {
				t.Errorf("%s: %v", ref, err)
			}
			continue
		}
		line := w.line(t, ref)
		if revoked[ref] && line.Standing == desk.Opened && !looked[ref] {
			t.Errorf("%s: a revoked permit, an open account, and nobody has looked", ref)
		}
		if line.Standing == desk.Failed || line.Standing == desk.Waiting {
			t.Errorf("%s: %s %s", ref, line.Standing, line.Rule)
		}
	}
}

// clerkWorks lets a clerk do what the case asks for, or nothing.
func (w *world) clerkWorks(t *testing.T, r *rand.Rand, ref string, looked map[string]bool) {
	line, err := w.Get(t.Context(), w.clerkOf(ref), ref)
	if err != nil {
		return
	}
	word := w.word(ref, "NOT_THE_LISTED_PERSON")
	switch {
	case line.Standing == desk.Queued:
		_, err = w.Approve(t.Context(), word)
	case line.Standing == desk.Frozen && r.IntN(2) == 0:
		_, err = w.Release(t.Context(), word)
		looked[ref] = true
	case line.Standing == desk.Frozen:
		_, err = w.Close(t.Context(), word)
		looked[ref] = true
	}
	if err != nil {
		t.Fatal(ref, line.Standing, err)
	}
}

// holds checks what always must be so.
func (w *world) holds(t *testing.T, refused, listed map[string]bool) {
	t.Helper()
	if n := w.count(t, `SELECT COUNT(*) FROM (SELECT bank, person FROM customer GROUP BY bank, person HAVING COUNT(*) > 1) AS twice`); n != 0 {
		t.Fatal("a person is two customers")
	}
	// No two open accounts of one person at one bank, told by the names of the
	// numbers that they are registered by.
	rows, err := w.db().Read().QueryContext(t.Context(), `
		SELECT c.bank, c.person, c.case_ref, a.state, a.same_as FROM customer c JOIN account a ON a.case_ref = c.case_ref`)
	type owner struct{ bank, person, root, state, sameAs string }
	owners, err := sqldb.Collect(rows, err, func(r *sql.Rows) (o owner, err error) {
		return o, r.Scan(&o.bank, &o.person, &o.root, &o.state, &o.sameAs)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range owners {
		if o.sameAs != "" || o.state != "OPENED" && o.state != "FROZEN" && o.state != "CLOSED" {
			t.Fatalf("a customer without an account of their own: %+v", o)
		}
	}
	for ref := range refused {
		if got := w.happened(t, ref); got != "" || len(w.Credentials(t, ref)) != 0 {
			t.Fatalf("%s was refused, and: %s", ref, got)
		}
	}
	for n := range 8 {
		ref := fmt.Sprintf("case_%d", n)
		got := w.happened(t, ref)
		for _, once := range []string{"bankaccount.opened", "payrollaccount.shared", "bankid.ordered", "bankid.issued", "bankaccount.closed"} {
			if strings.Count(got, once) > 1 {
				t.Fatalf("%s: %s more than once: %s", ref, once, got)
			}
		}
		if listed[ref] && strings.Contains(got, "bankaccount.opened") && !strings.HasPrefix(strings.ReplaceAll(got, "onboarding.stopped,", ""), "duediligence.queued") {
			t.Fatalf("%s is on the list, and nobody looked: %s", ref, got)
		}
	}
}

func TestFiftyAtOnceOpenOneAccount(t *testing.T) {
	w := openWorld(t)
	at50 := func(do func(n int)) {
		var all sync.WaitGroup
		for n := range 50 {
			all.Go(func() { do(n) })
		}
		all.Wait()
	}
	// One case, told fifty times.
	at50(func(int) {
		w.told(t, "tax", "identifier.assigned", "case_0", nil)
		w.told(t, "verifier", "decision.made", "case_0", map[string]any{"outcome": "GRANTED"})
		if _, err := w.Cases.Step(t.Context()); err != nil {
			t.Error(err)
		}
	})
	w.steps(t)
	w.standing(t, "case_0", desk.Opened)
	if got := w.happened(t, "case_0"); strings.Count(got, "bankaccount.opened") != 1 {
		t.Error(got)
	}
	// Fifty cases of the same person.
	at50(func(n int) {
		ref := fmt.Sprintf("case_%d", n+1)
		w.told(t, "verifier", "decision.made", ref, map[string]any{"outcome": "GRANTED"})
		w.told(t, "tax", "identifier.assigned", ref, nil)
		if _, err := w.Cases.Step(t.Context()); err != nil {
			t.Error(err)
		}
	})
	w.later(t)
	if n := w.count(t, `SELECT COUNT(*) FROM account WHERE fingerprint IS NOT NULL`); n != 1 {
		t.Errorf("one person has %d accounts", n)
	}
	if n := w.count(t, `SELECT COUNT(*) FROM account WHERE state = 'OPENED' AND same_as = 'case_0'`); n != 50 {
		t.Errorf("%d of fifty cases share it", n)
	}
	// Fifty questions at once make fifty rows of one chain.
	w.shares["case_51"] = []string{onboarding.SharePayroll}
	w.numbers["case_51"] = otherFNR
	w.opened(t, "case_51")
	at50(func(int) {
		if _, err := w.Payroll(t.Context(), "issuer", "case_51", employer); err != nil {
			t.Error(err)
		}
	})
	if n, err := store.VerifyAnswers(t.Context(), w.db().Read()); n != 50 || err != nil {
		t.Error(n, err)
	}
}
