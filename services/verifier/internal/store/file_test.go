package store

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// counting counts what is sealed of a case itself.
type counting struct {
	open
	times int
}

func (c *counting) Seal(ctx context.Context, plain, aad []byte) ([]byte, error) {
	if string(aad) == "case_1" {
		c.times++
	}
	return c.open.Seal(ctx, plain, aad)
}

// Most steps of a case change nothing of what it is about.
func TestFileIsWrittenAnewWhenItChanges(t *testing.T) {
	db, sealer := testkit.Database(t, Migrations()), &counting{}
	s := &Store{sealer: sealer}
	begun, err := casefile.Restore(casefile.Snapshot{ID: "case_1", Number: "2026-000001", DUF: "202665432107", State: casefile.Proposed, Evaluation: ruleset.Evaluation{RuleSet: "r", Outcome: ruleset.ProposeGrant}})
	if err != nil {
		t.Fatal(err)
	}
	record := desk.Record{Case: begun, Position: 1, OfferID: "off_1", OpenedAt: time.UnixMicro(1), File: desk.File{
		Facts: ruleset.Facts{OrganisationNumber: "310000019"}, Offer: desk.Offer{Issuer: "did:web:x", SignedAt: time.UnixMicro(1).UTC(), Claims: map[string]any{"amount": json.Number("1.50"), "name": "<Å>"}},
	}}
	step := func(name string, sealed int, change func(tx *sqldb.Tx) error) {
		t.Helper()
		err := db.Tx(t.Context(), func(tx *sqldb.Tx) error {
			sealer.times = 0 // a transaction may begin again
			return change(tx)
		})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if sealer.times != sealed {
			t.Errorf("%s sealed the file %d times, not %d", name, sealer.times, sealed)
		}
	}
	saved := func(change func(r *desk.Record)) func(tx *sqldb.Tx) error {
		return func(tx *sqldb.Tx) error {
			r, err := s.ByRef(t.Context(), tx, "case_1")
			if err != nil {
				return err
			}
			change(&r)
			return s.Save(t.Context(), tx, r)
		}
	}
	step("opening", 1, func(tx *sqldb.Tx) error {
		fresh, err := s.Add(t.Context(), tx, record, desk.Presentation{Document: []byte("{}")})
		if err == nil && !fresh {
			t.Error("it was there before")
		}
		return err
	})
	step("nothing", 0, saved(func(*desk.Record) {}))
	step("a correction", 1, saved(func(r *desk.Record) { r.File.Offer.Claims["name"] = "Æ" }))
	step("nothing after it", 0, saved(func(*desk.Record) {}))
	again, err := s.ByRef(t.Context(), db.Read(), "case_1")
	if err != nil || again.File.Offer.Claims["name"] != "Æ" || again.File.Offer.Claims["amount"] != json.Number("1.50") || again.Version != 4 {
		t.Error(again.File.Offer.Claims, again.Version, err)
	}
}
