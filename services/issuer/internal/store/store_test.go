package store_test

import (
	"context"
	"encoding/json"
	"testing"
	"testing/fstest"
	"time"

	"io/fs"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/synthetic"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/store"
)

// plain seals nothing.
type plain struct{}

func (plain) Seal(_ context.Context, content, _ []byte) ([]byte, error) { return content, nil }
func (plain) Open(_ context.Context, sealed, _ []byte) ([]byte, error)  { return sealed, nil }

var issued = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// Offers that were signed before there were drafts and numbers are read as they
// were: open for 90 days, without a number.
func TestOffersOfBeforeAreReadAndExpire(t *testing.T) {
	driver, dsn := testkit.Source(t)
	first, err := fs.ReadFile(store.Migrations().Files, "00001_issuer.sql")
	if err != nil {
		t.Fatal(err)
	}
	db := testkit.Open(t, driver, dsn, sqldb.Migrations{Name: "issuer", Files: fstest.MapFS{"00001_issuer.sql": {Data: first}}})
	raw, err := json.Marshal(synthetic.Offers(3, 1, issued, synthetic.Employer{OrganisationNumber: "310000019", LegalName: "University of Oslo", ContactEmail: "hr@example.com"})[0])
	if err != nil {
		t.Fatal(err)
	}
	var form offer.Form
	if err := json.Unmarshal(raw, &form); err != nil {
		t.Fatal(err)
	}
	form.Signatory = offer.Signatory{Name: "Kari Nordmann", Role: "HR manager"}
	terms, err := offer.Check(form, issued, offer.DefaultRules(identifier.Synthetic))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(terms)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO offer (id, tenant, idempotency_key, form_hash, credential_id, terms, accreditation_ref, state,
			code_salt, code_sum, wrong_codes, connection, issued_at, collected_at, delivered_at, withdrawn_at, withdraw_reason, traceparent)
			VALUES ('off_1', '310000019', 'key-000001', 'h', 'urn:uuid:1', $1, 'acc_7', 'ISSUED', $2, $3, 2, '', $4, 0, 0, 0, '', '')`,
			text, make([]byte, 16), make([]byte, 32), clock.Micros(issued))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = testkit.Open(t, driver, dsn, store.Migrations())
	s := store.Store{Sealer: plain{}}
	old, err := s.ByID(t.Context(), db.Read(), "off_1")
	if err != nil {
		t.Fatal(err)
	}
	o := old.Offer
	if o.State() != offer.Issued || o.Number() != "" || o.AttemptsLeft() != 3 || !o.CreatedAt().Equal(issued) || !o.ExpiresAt().Equal(issued.Add(90*24*time.Hour)) {
		t.Errorf("%s %q %d %s %s", o.State(), o.Number(), o.AttemptsLeft(), o.CreatedAt(), o.ExpiresAt())
	}
	if due, err := s.Due(t.Context(), db.Read(), issued.Add(90*24*time.Hour), 10); err != nil || len(due) != 1 {
		t.Errorf("due %v, %v", due, err)
	}
	// Without a number nobody finds it by the empty one.
	err = db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		lock, err := s.Attempt(t.Context(), tx, "", 5)
		if lock.OfferID != "" || !lock.Exhausted {
			t.Errorf("the empty number is %+v", lock)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
