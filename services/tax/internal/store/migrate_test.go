package store_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/epoch"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/store"
)

// labelled stands in for the key store: it hides nothing, and opens what was
// sealed for the same place alone.
type labelled struct{}

func (labelled) Seal(_ context.Context, text, aad []byte) ([]byte, error) {
	return slices.Concat(aad, []byte{0}, text), nil
}

func (labelled) Open(_ context.Context, sealed, aad []byte) ([]byte, error) {
	text, ok := bytes.CutPrefix(sealed, slices.Concat(aad, []byte{0}))
	if !ok {
		return nil, errors.New("sealed for another place")
	}
	return text, nil
}

// A database of the first version keeps its numbers: they are current, nobody
// else gets them, and a card that was issued counts.
func TestNumbersOfTheFirstVersionStay(t *testing.T) {
	driver, dsn := testkit.Source(t)
	first, err := os.ReadFile("schema/00001_tax.sql")
	if err != nil {
		t.Fatal(err)
	}
	old := testkit.Open(t, driver, dsn, onboarding.Migrations(),
		sqldb.Migrations{Name: "tax", Files: fstest.MapFS{"00001_tax.sql": {Data: first}}})
	sealer := labelled{}
	fingerprint, err := onboarding.OpenFingerprint(t.Context(), old, sealer, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	const number = "01819020074"
	sealed, err := sealer.Seal(t.Context(), []byte(number), []byte("case_1"))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	err = old.Tx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(t.Context(), `
			INSERT INTO registration (case_ref, state, valid_from, valid_until, performed_by, performed_at, kind, number, fingerprint, deviates,
				assigned_at, card_id, card_at, card_year)
			VALUES ('case_1', 'CARD_ISSUED', $1, $2, 'police', $3, 'FNR', $4, $5, 0, $3, 7, $3, '2026'),
				('case_2', 'WAITING', $1, $2, '', 0, 'FNR', NULL, NULL, 0, 0, NULL, 0, '')`,
			clock.Micros(at), clock.Micros(at.AddDate(1, 0, 0)), clock.Micros(at), sealed, fingerprint.Of(number))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}

	db := testkit.Open(t, driver, dsn, epoch.Migrations(), onboarding.Migrations(), store.Migrations())
	s := store.Store{Sealer: sealer, Fingerprint: fingerprint}
	r, err := s.ByCase(t.Context(), db.Read(), "case_1")
	if err != nil {
		t.Fatal(err)
	}
	current, _ := r.Current()
	if current.Number != number || current.How != registration.New || !current.AssignedAt.Equal(at) || r.State() != registration.CardIssued ||
		r.Card().ID != 7 || r.Card().Year != 2026 || r.Card().Number != number || r.WantsCard() || r.Wants() {
		t.Errorf("%+v %+v", current, r.Snapshot())
	}
	waiting, err := s.ByCase(t.Context(), db.Read(), "case_2")
	if err != nil || waiting.State() != registration.Waiting || waiting.Kind() != identifier.BirthNumber {
		t.Errorf("%+v %v", waiting, err)
	}
	parameters, err := registration.LoadParameters()
	if err != nil {
		t.Fatal(err)
	}
	own := store.Population{DB: db, Store: s, Clock: clock.Fixed(at), Parameters: parameters}
	for n := range 3 {
		reference := string(rune('a' + n))
		_, err := own.Requisition(t.Context(), registration.Requisition{
			Reference: reference, Kind: identifier.BirthNumber, GivenName: "Lisa", FamilyName: "Johnson" + reference,
			Birth: time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), Sex: identifier.SexFemale,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	answers, err := own.Answers(t.Context(), 0)
	if err != nil || len(answers) != 3 {
		t.Fatal(answers, err)
	}
	for _, a := range answers {
		if a.Number.Number == number {
			t.Error("a number of the first version was given again")
		}
	}

	// After a restore the register passes over what may have been handed out since
	// the backup.
	err = db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := epoch.Begin(t.Context(), tx, "backup", at)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	series := identifier.Series{
		Kind: identifier.BirthNumber, Birth: time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), Sex: identifier.SexFemale, Rule: identifier.ControlRuleAt(at),
	}
	passed := map[string]bool{}
	for candidate := range series.Numbers() {
		if passed[candidate.Number] = true; len(passed) == 300 {
			break
		}
	}
	_, err = own.Requisition(t.Context(), registration.Requisition{
		Reference: "d", Kind: identifier.BirthNumber, GivenName: "Lisa", FamilyName: "Johnsond", Birth: series.Birth, Sex: series.Sex,
	})
	if err != nil {
		t.Fatal(err)
	}
	answers, err = own.Answers(t.Context(), 3)
	if err != nil || len(answers) != 1 || passed[answers[0].Number.Number] {
		t.Errorf("%+v, %v", answers, err)
	}
}

func TestPointerIsMovedFromWhereItWasRead(t *testing.T) {
	db := testkit.Database(t, epoch.Migrations(), onboarding.Migrations(), store.Migrations())
	s := store.Store{}
	move := func(register string, from, to int64) error {
		return db.Tx(t.Context(), func(tx *sqldb.Tx) error { return s.Advance(t.Context(), tx, register, from, to) })
	}
	if err := move("a", 0, 7); err != nil {
		t.Fatal(err)
	}
	if err := move("a", 0, 9); fault.RuleOf(err) != "register.read-twice" {
		t.Error(err)
	}
	for register, want := range map[string]int64{"a": 7, "b": 0} {
		if got, err := s.Pointer(t.Context(), db.Read(), register); err != nil || got != want {
			t.Errorf("%s: %d %v", register, got, err)
		}
	}
}
