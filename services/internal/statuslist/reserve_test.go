package statuslist_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
)

func TestEachIndexIsOneCredentialsAlone(t *testing.T) {
	o := open(t)
	seen := map[statuslist.Reservation]bool{}
	for i := range 10 {
		at := o.reserve(issuer, fmt.Sprint(i))
		if seen[at] {
			t.Fatal(at)
		}
		seen[at] = true
	}
	err := o.tx(func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := o.lists.Reserve(ctx, tx, issuer, "3")
		return err
	})
	if err == nil {
		t.Fatal("a credential has two indexes")
	}
}

func TestAReservationServesEveryForm(t *testing.T) {
	o := open(t)
	at := o.reserve(issuer, "a")
	stored, err := json.Marshal(at)
	o.ok(err)
	var back statuslist.Reservation
	o.ok(json.Unmarshal(stored, &back))
	same(t, back, at)
	// What records held before there was more than a list for revocation.
	o.ok(json.Unmarshal([]byte(`{"List":"https://tax.example/status/1","Index":0,"Purpose":"revocation"}`), &back))
	same(t, back, at)
	entries := append(at.W3C(), at.Token())
	for i, want := range []status.Entry{
		{List: "https://tax.example/status/1", Index: 0, Purpose: status.Revocation},
		{List: "https://tax.example/status/1/suspension", Index: 0, Purpose: status.Suspension},
		{List: "https://tax.example/token-status/1", Index: 0, Mechanism: status.TokenList},
	} {
		same(t, entries[i], want)
	}
	same(t, at.Message(messages), status.Entry{List: "https://tax.example/status/1/message", Index: 0, Purpose: status.Message, Messages: messages})
	if (statuslist.Reservation{}).Token().List == "" {
		t.Fatal("an empty reservation")
	}
}

func TestIndexOfATransactionThatFailedIsFree(t *testing.T) {
	o := open(t)
	_ = o.tx(func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := o.lists.Reserve(ctx, tx, issuer, "a")
		o.ok(err)
		return fmt.Errorf("undone")
	})
	o.draws = 0
	same(t, o.reserve(issuer, "b").Index, 0)
}

func TestIssuersDoNotShareAListAndAHalfFullOneIsLeft(t *testing.T) {
	o := open(t)
	first := o.reserve(issuer, "a")
	if theirs := o.reserve(other, "b"); theirs.List == first.List {
		t.Fatal("two issuers in one list")
	}
	o.ok(o.tx(func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE status_list SET taken = $1 WHERE issuer = $2`, status.MinEntries/2-1, issuer)
		return err
	}))
	same(t, o.reserve(issuer, "c").List, first.List)
	same(t, o.reserve(issuer, "d").List, "https://tax.example/status/3")
	same(t, o.reserve(issuer, "e").List, "https://tax.example/status/3")
}

func TestTwentyThousandReservationsAreUnique(t *testing.T) {
	const credentials, capacity = 20_000, 6_000
	o := open(t, func(c *statuslist.Config) {
		c.Capacity, c.Random = capacity, rand.NewChaCha8([32]byte{1})
	})
	var perList map[string]int
	var seen map[statuslist.Reservation]bool
	o.ok(o.tx(func(ctx context.Context, tx *sqldb.Tx) error {
		perList, seen = map[string]int{}, map[statuslist.Reservation]bool{}
		for i := range credentials {
			at, err := o.lists.Reserve(ctx, tx, issuer, fmt.Sprint(i))
			if err != nil {
				return err
			}
			if seen[at] || at.Index < 0 || at.Index >= status.MinEntries {
				return fmt.Errorf("position %+v", at)
			}
			seen[at] = true
			perList[at.List]++
		}
		return nil
	}))
	for number, want := range map[int]int{1: capacity, 2: capacity, 3: capacity, 4: credentials - 3*capacity} {
		same(t, perList[fmt.Sprintf("https://tax.example/status/%d", number)], want)
	}
}
