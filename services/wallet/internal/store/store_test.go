package store_test

import (
	"context"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/store"
)

// plain seals nothing.
type plain struct{}

func (plain) Seal(_ context.Context, content, _ []byte) ([]byte, error) { return content, nil }
func (plain) Open(_ context.Context, sealed, _ []byte) ([]byte, error)  { return sealed, nil }

func open(t *testing.T) (store.Store, *sqldb.DB) {
	t.Helper()
	db := testkit.Database(t, store.Migrations())
	s := store.Store{Sealer: plain{}, Clock: clock.System{}}
	err := db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		for _, holder := range []string{"lisa", "ola"} {
			if err := s.AddHolder(t.Context(), tx, holder, "hash of "+holder, holding.Wishes{Locale: "en", Format: credential.DataIntegrity}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, db
}

// What begins an exchange once is a unique row: whoever looks and finds
// nothing may have looked too early.
func TestInvitationBeginsOneExchangeUntilThatWasRefused(t *testing.T) {
	s, db := open(t)
	add := func(id, holder, invitation string) bool {
		t.Helper()
		var fresh bool
		err := db.Tx(t.Context(), func(tx *sqldb.Tx) (err error) {
			e := holding.Begin(holding.Exchange{ID: id, Holder: holder, Kind: holding.Collection, Thread: id, Ours: id, CreatedAt: clock.System{}.Now()})
			fresh, err = s.AddExchange(t.Context(), tx, e, invitation, map[string]string{"of": id})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return fresh
	}
	if !add("a", "lisa", "invitation") || add("b", "lisa", "invitation") {
		t.Fatal("one invitation has begun two exchanges")
	}
	if _, err := s.Exchange(t.Context(), db.Read(), "lisa", "b"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("the second exchange: %v", err)
	}
	if have, err := s.ByInvitation(t.Context(), db.Read(), "lisa", "invitation"); err != nil || have.ID != "a" {
		t.Errorf("the invitation's exchange is %q, %v", have.ID, err)
	}
	if !add("c", "ola", "invitation") || !add("d", "lisa", "another") {
		t.Error("another holder's, or another invitation, is not the same")
	}
	if !add("e", "lisa", "") || !add("f", "lisa", "") {
		t.Error("deliveries come without an invitation, as many as there are")
	}

	first, err := s.Exchange(t.Context(), db.Read(), "lisa", "a")
	if err != nil {
		t.Fatal(err)
	}
	from := first.State()
	if err := first.Refuse("offer.wrong-code", "the code is wrong"); err != nil {
		t.Fatal(err)
	}
	if err := db.Tx(t.Context(), func(tx *sqldb.Tx) error { return s.SaveExchange(t.Context(), tx, first, from) }); err != nil {
		t.Fatal(err)
	}
	if !add("g", "lisa", "invitation") || add("h", "lisa", "invitation") {
		t.Error("after a refusal the invitation begins one more exchange")
	}
}
