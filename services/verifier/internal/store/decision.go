package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// found is what the rules found, as a decision keeps it. Nothing of it is
// personal.
type found struct {
	Results []ruleset.RuleResult `json:"results"`
	Flags   []string             `json:"flags,omitempty"`
	Outcome ruleset.Outcome      `json:"outcome"`
}

// AddDecision records who decided, on what, and the note.
func (s *Store) AddDecision(ctx context.Context, tx *sqldb.Tx, r desk.Record, decision casefile.Decision, ruling desk.Ruling) error {
	evaluation := r.Case.Evaluation()
	note, err := s.sealer.Seal(ctx, []byte(ruling.Note), []byte(decision.ID))
	if err != nil {
		return err
	}
	basis, err := json.Marshal(r.File.Basis)
	if err != nil {
		return fmt.Errorf("write decision: %w", err)
	}
	results, err := json.Marshal(found{Results: evaluation.Results, Flags: evaluation.Flags, Outcome: evaluation.Outcome})
	if err != nil {
		return fmt.Errorf("write decision: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO decision (id, case_ref, position, officer, token_hash, outcome, reason, note, rule_set, inputs_hash, at, together, basis, results)
		VALUES ($1, $2, (SELECT COALESCE(MAX(position), 0) + 1 FROM decision WHERE case_ref = $2), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		decision.ID, r.Case.ID(), decision.Officer, ruling.TokenHash, string(decision.Outcome), decision.Reason, note,
		evaluation.RuleSet, evaluation.InputsHash, clock.Micros(decision.At), decision.Together, string(basis), string(results))
	if err != nil {
		return fmt.Errorf("add decision: %w", err)
	}
	return nil
}

// decisions are the decisions of cases, by case,
// oldest first.
func (s *Store) decisions(ctx context.Context, q sqldb.Querier, refs []string) (map[string][]casefile.Decision, error) {
	byCase := map[string][]casefile.Decision{}
	err := collectOf(ctx, q, refs, `
		SELECT case_ref, id, officer, outcome, reason, at, together
		FROM decision WHERE case_ref IN `, ` ORDER BY case_ref, position`, func(r *sql.Rows) (casefile.Decision, error) {
		var ref string
		var at int64
		var one casefile.Decision
		err := r.Scan(&ref, &one.ID, &one.Officer, &one.Outcome, &one.Reason, &at, &one.Together)
		one.At = clock.FromMicros(at)
		byCase[ref] = append(byCase[ref], one)
		return one, err
	})
	if err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	return byCase, nil
}

// Decisions are a case's decisions and what each rests on, oldest first.
func (s *Store) Decisions(ctx context.Context, q sqldb.Querier, caseRef string) ([]desk.Made, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT id, officer, outcome, reason, at, together, rule_set, inputs_hash, basis FROM decision WHERE case_ref = $1 ORDER BY position`, caseRef)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (one desk.Made, err error) {
		var at int64
		var basis string
		if err := r.Scan(&one.ID, &one.Officer, &one.Outcome, &one.Reason, &at, &one.Together, &one.RuleSet, &one.InputsHash, &basis); err != nil {
			return one, err
		}
		one.At = clock.FromMicros(at)
		return one, json.Unmarshal([]byte(basis), &one.Basis)
	})
	if err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	return all, nil
}

// AddAppeal records an appeal; its grounds are sealed.
func (s *Store) AddAppeal(ctx context.Context, tx *sqldb.Tx, r desk.Record, grounds string) error {
	appeal := r.Case.Appeal()
	sealed, err := s.sealer.Seal(ctx, []byte(grounds), []byte(r.Case.ID()+".appeal"))
	if err != nil {
		return err
	}
	late := 0
	if appeal.Late {
		late = 1
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO appeal (case_ref, id, state, received_at, late, officer, at, grounds) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		r.Case.ID(), appeal.ID, string(appeal.State), clock.Micros(appeal.ReceivedAt), late, appeal.Officer, clock.Micros(appeal.At), sealed)
	if err != nil {
		return fmt.Errorf("add appeal: %w", err)
	}
	return nil
}

// Grounds are why an applicant appeals.
func (s *Store) Grounds(ctx context.Context, q sqldb.Querier, caseRef string) (string, error) {
	var sealed []byte
	if err := q.QueryRowContext(ctx, `SELECT grounds FROM appeal WHERE case_ref = $1`, caseRef).Scan(&sealed); err != nil {
		return "", fmt.Errorf("read the grounds of an appeal: %w", err)
	}
	grounds, err := s.sealer.Open(ctx, sealed, []byte(caseRef+".appeal"))
	return string(grounds), err
}

// Automatic are the cases that rules are to decide by now.
func (s *Store) Automatic(ctx context.Context, q sqldb.Querier, now time.Time, limit int) ([]string, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT ref FROM case_file WHERE automatic_at > 0 AND automatic_at <= $1 AND state = 'PROPOSED' ORDER BY automatic_at, position LIMIT $2`,
		clock.Micros(now), limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (ref string, err error) {
		err = r.Scan(&ref)
		return ref, err
	})
}

// SetAutomatic says when rules are to decide a case; the zero time is never.
func (s *Store) SetAutomatic(ctx context.Context, tx *sqldb.Tx, caseRef string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE case_file SET automatic_at = $1 WHERE ref = $2`, clock.Micros(at), caseRef)
	if err != nil {
		return fmt.Errorf("put off decision by rules: %w", err)
	}
	return nil
}

// AddMember links a case with a family.
func (s *Store) AddMember(ctx context.Context, tx *sqldb.Tx, family string, m desk.Member, officer string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO family_member (case_ref, family, position, relation, linked_by, linked_at)
		VALUES ($1, $2, (SELECT COALESCE(MAX(position), 0) + 1 FROM family_member WHERE family = $2), $3, $4, $5)`,
		m.CaseRef, family, string(m.Relation), officer, clock.Micros(at))
	if err != nil {
		return fmt.Errorf("link family: %w", err)
	}
	return nil
}

// Members are a family's cases, in the order in which they were linked.
func (s *Store) Members(ctx context.Context, q sqldb.Querier, family string) ([]desk.Member, error) {
	rows, err := q.QueryContext(ctx, `SELECT case_ref, relation FROM family_member WHERE family = $1 ORDER BY position`, family)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (m desk.Member, err error) {
		err = r.Scan(&m.CaseRef, &m.Relation)
		return m, err
	})
}
