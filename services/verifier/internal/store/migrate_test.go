package store

import (
	"context"
	"encoding/json"
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// open keeps secrets by leaving them as they are.
type open struct{}

func (open) Seal(_ context.Context, plain, _ []byte) ([]byte, error)  { return plain, nil }
func (open) Open(_ context.Context, sealed, _ []byte) ([]byte, error) { return sealed, nil }

// TestCasesOfTheFirstVersionAreStillRead fills a database of the first version
// and brings it to this one.
func TestCasesOfTheFirstVersionAreStillRead(t *testing.T) {
	driver, dsn := testkit.Source(t)
	first, err := fs.ReadFile(schema, "schema/00001_verifier.sql")
	if err != nil {
		t.Fatal(err)
	}
	old := testkit.Open(t, driver, dsn, sqldb.Migrations{Name: "verifier", Files: fstest.MapFS{"00001_verifier.sql": {Data: first}}})
	kept, err := json.Marshal(sealed{DUF: "202665432107", Evaluation: ruleset.Evaluation{RuleSet: "2026-11-22", Outcome: ruleset.ProposeGrant}, File: desk.File{Facts: ruleset.Facts{EvaluatedOn: "2026-01-02", OrganisationNumber: "310000019"}}})
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]string{"case_open": "PROPOSED", "case_gone": "PROPOSED", "case_granted": "GRANTED", "case_on": "GRANTED", "case_refused": "REFUSED", "case_done": "COMPLETED"}
	withdrawn := map[string]int{"case_gone": 1, "case_on": 1, "case_done": 1}
	position := 0
	err = old.Tx(t.Context(), func(tx *sqldb.Tx) error {
		exec := func(query string, args ...any) {
			t.Helper()
			if _, err := tx.ExecContext(t.Context(), query, args...); err != nil {
				t.Fatal(err)
			}
		}
		for ref, state := range states {
			position++
			exec(`INSERT INTO case_file (ref, position, number, issuer, offer_id, state, offer_withdrawn, applicant, capability_hash, rule_set, inputs_hash, sealed, presentation, traceparent, opened_at, version)
				VALUES ($1, $2, $1, 'did:web:employer', $1, $3, $4, 'did:peer:2', 'hash', 'r', 'i', $5, $5, '', 1, 1)`, ref, position, state, withdrawn[ref], kept)
			exec(`INSERT INTO case_step (case_ref, position, milestone, service, at, time_class, event_id, event_type) VALUES ($1, 1, 'APPLICATION_RECEIVED', 'verifier', 1, 'candidate', 'e', 't')`, ref)
			if outcome := map[string]string{"GRANTED": "GRANTED", "COMPLETED": "GRANTED", "REFUSED": "REFUSED"}[state]; outcome != "" {
				reason := map[string]string{"REFUSED": "NOT_SKILLED"}[outcome]
				exec(`INSERT INTO decision (case_ref, id, officer, token_hash, outcome, reason, note, rule_set, inputs_hash, at) VALUES ($1, $1, 'officer-1', 'h', $2, $3, $4, 'r', 'i', 2)`, ref, outcome, reason, []byte{})
			}
			if state == "COMPLETED" {
				for i, m := range []string{"IDENTITY_VERIFIED", "RESIDENCE_CARD_ISSUED", "IDENTIFIER_ASSIGNED", "ACCOUNT_OPENED"} {
					exec(`INSERT INTO case_step (case_ref, position, milestone, service, at, time_class, event_id, event_type) VALUES ($1, $2, $3, 'police', 3, 'machine', 'e', 't')`, ref, i+2, m)
				}
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
	s := &Store{sealer: open{}}
	for ref, state := range states {
		record, err := s.ByRef(t.Context(), db.Read(), ref)
		if err != nil {
			t.Errorf("%s: %v", ref, err)
			continue
		}
		if string(record.Case.State()) != state || record.Case.IsOfferWithdrawn() != (ref == "case_gone" || ref == "case_done") {
			t.Errorf("%s is %s, withdrawn %v", ref, record.Case.State(), record.Case.IsOfferWithdrawn())
		}
		if hashes, err := s.CapabilityHashes(t.Context(), db.Read(), ref); err != nil || len(hashes) != 1 {
			t.Errorf("%s: %d capabilities, %v", ref, len(hashes), err)
		}
	}
	// What was open then needs no fee now, and can be decided.
	record, err := s.ByRef(t.Context(), db.Read(), "case_open")
	if err != nil {
		t.Fatal(err)
	}
	decision := casefile.Decision{ID: "dec_1", Officer: "officer-1", Outcome: casefile.Granted, At: time.UnixMicro(5)}
	if changed, err := record.Case.Decide(decision); !changed || err != nil {
		t.Fatal(changed, err)
	}
	err = db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		if err := s.AddDecision(t.Context(), tx, record, decision, desk.Ruling{}); err != nil {
			return err
		}
		return s.Save(t.Context(), tx, record)
	})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.ByRef(t.Context(), db.Read(), "case_open"); err != nil || again.Case.State() != casefile.Granted {
		t.Error(err)
	}
}
