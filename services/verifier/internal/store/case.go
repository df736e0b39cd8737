package store

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// Number gives a new case its position and its number within the year.
func (s *Store) Number(ctx context.Context, tx *sqldb.Tx, year int) (position, number int64, err error) {
	if position, err = count(ctx, tx, "case"); err != nil {
		return 0, 0, err
	}
	number, err = count(ctx, tx, "case-"+strconv.Itoa(year))
	return position, number, err
}

func count(ctx context.Context, tx *sqldb.Tx, name string) (n int64, err error) {
	err = tx.QueryRowContext(ctx, `
		INSERT INTO case_counter (name, last) VALUES ($1, 1)
		ON CONFLICT (name) DO UPDATE SET last = case_counter.last + 1 RETURNING last`, name).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("number case: %w", err)
	}
	return n, nil
}

// TakeDUF makes a DUF number the case's; false when it is taken.
func (s *Store) TakeDUF(ctx context.Context, tx *sqldb.Tx, duf, caseRef string) (bool, error) {
	digest := hmac.New(sha256.New, s.dufKey)
	digest.Write([]byte(duf))
	return sqldb.Inserted(ctx, tx, `INSERT INTO duf_taken (digest, case_ref) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
		hex.EncodeToString(digest.Sum(nil)), caseRef)
}

// sealed is what a case's sealed column holds.
type sealed struct {
	DUF        string             `json:"duf"`
	Evaluation ruleset.Evaluation `json:"evaluation"`
	File       desk.File          `json:"file"`
}

// Add puts in a new case; false when its offer has opened one already.
func (s *Store) Add(ctx context.Context, tx *sqldb.Tx, r desk.Record, o desk.Opening) (bool, error) {
	snap := r.Case.Snapshot()
	plain, err := json.Marshal(sealed{DUF: snap.DUF, Evaluation: snap.Evaluation, File: r.File})
	if err != nil {
		return false, fmt.Errorf("write case: %w", err)
	}
	file, err := s.sealer.Seal(ctx, plain, []byte(snap.ID))
	if err != nil {
		return false, err
	}
	presentation, err := s.sealer.Seal(ctx, o.Presentation, []byte(snap.ID+".presentation"))
	if err != nil {
		return false, err
	}
	fresh, err := sqldb.Inserted(ctx, tx, `
		INSERT INTO case_file (ref, position, number, issuer, offer_id, state, offer_withdrawn, applicant, capability_hash,
			rule_set, inputs_hash, sealed, presentation, traceparent, opened_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10, $11, $12, $13, $14, 1) ON CONFLICT (issuer, offer_id) DO NOTHING`,
		snap.ID, r.Position, snap.Number, r.File.Offer.Issuer, r.OfferID, string(snap.State), r.Applicant, o.CapabilityHash,
		snap.Evaluation.RuleSet, snap.Evaluation.InputsHash, file, presentation, r.Traceparent, clock.Micros(r.OpenedAt))
	if err != nil {
		return false, fmt.Errorf("add case: %w", err)
	}
	return fresh, nil
}

// Save writes a case back that nobody has changed since it was read.
func (s *Store) Save(ctx context.Context, tx *sqldb.Tx, r desk.Record) error {
	withdrawn := 0
	if r.Case.IsOfferWithdrawn() {
		withdrawn = 1
	}
	n, err := sqldb.Changed(ctx, tx, `UPDATE case_file SET state = $1, offer_withdrawn = $2, version = version + 1 WHERE ref = $3 AND version = $4`,
		string(r.Case.State()), withdrawn, r.Case.ID(), r.Version)
	if err != nil {
		return fmt.Errorf("save case: %w", err)
	}
	if n == 0 {
		return fault.New(fault.Unavailable, "case.changed-meanwhile", "the case has changed meanwhile: try again")
	}
	return nil
}

// AddStep puts the next step into a case's timeline.
func (s *Store) AddStep(ctx context.Context, tx *sqldb.Tx, caseRef string, step desk.Step) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO case_step (case_ref, position, milestone, service, at, time_class, event_id, event_type)
		VALUES ($1, (SELECT COALESCE(MAX(position), 0) + 1 FROM case_step WHERE case_ref = $1), $2, $3, $4, $5, $6, $7)`,
		caseRef, string(step.Step.Step), step.Service, clock.Micros(step.At), string(step.TimeClass), step.EventID, step.EventType)
	if err != nil {
		return fmt.Errorf("add step: %w", err)
	}
	return nil
}

// AddDecision records who decided, on what, and the note.
func (s *Store) AddDecision(ctx context.Context, tx *sqldb.Tx, r desk.Record, ruling desk.Ruling) error {
	decision, evaluation := r.Case.Decision(), r.Case.Evaluation()
	note, err := s.sealer.Seal(ctx, []byte(ruling.Note), []byte(decision.ID))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO decision (case_ref, id, officer, token_hash, outcome, reason, note, rule_set, inputs_hash, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		r.Case.ID(), decision.ID, decision.Officer, ruling.TokenHash, string(decision.Outcome), decision.Reason, note,
		evaluation.RuleSet, evaluation.InputsHash, clock.Micros(decision.At))
	if err != nil {
		return fmt.Errorf("add decision: %w", err)
	}
	return nil
}

// CapabilityHash is what is kept of the capability of a case's access log.
func (s *Store) CapabilityHash(ctx context.Context, q sqldb.Querier, caseRef string) (hash string, err error) {
	err = q.QueryRowContext(ctx, `SELECT capability_hash FROM case_file WHERE ref = $1`, caseRef).Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) {
		return "", unknown()
	}
	return hash, err
}

const selectCase = `
	SELECT c.ref, c.position, c.number, c.offer_id, c.state, c.offer_withdrawn, c.applicant, c.sealed, c.traceparent, c.opened_at, c.version,
		COALESCE(d.id, ''), COALESCE(d.officer, ''), COALESCE(d.outcome, ''), COALESCE(d.reason, ''), COALESCE(d.at, 0)
	FROM case_file AS c LEFT JOIN decision AS d ON d.case_ref = c.ref `

// ByRef finds a case.
func (s *Store) ByRef(ctx context.Context, q sqldb.Querier, caseRef string) (desk.Record, error) {
	return s.one(ctx, q, selectCase+`WHERE c.ref = $1`, caseRef)
}

// ByOffer finds the case that an offer has opened.
func (s *Store) ByOffer(ctx context.Context, q sqldb.Querier, offerID string) (desk.Record, error) {
	return s.one(ctx, q, selectCase+`WHERE c.offer_id = $1 ORDER BY c.position LIMIT 1`, offerID)
}

// List gives cases by position.
func (s *Store) List(ctx context.Context, q sqldb.Querier, l desk.Listing) ([]desk.Record, error) {
	return s.cases(ctx, q, selectCase+`
		WHERE c.position > $1 AND ($2 = '' OR c.offer_id = $2) AND ($3 = '' OR $3 =
			CASE WHEN c.state NOT IN ('RECEIVED', 'PROPOSED') THEN c.state WHEN c.offer_withdrawn = 1 THEN 'WITHDRAWN' ELSE 'OPEN' END)
		ORDER BY c.position LIMIT $4`, l.After, l.OfferID, l.State, l.Limit)
}

func (s *Store) one(ctx context.Context, q sqldb.Querier, query string, key string) (desk.Record, error) {
	all, err := s.cases(ctx, q, query, key)
	if err != nil {
		return desk.Record{}, err
	}
	if len(all) == 0 {
		return desk.Record{}, unknown()
	}
	return all[0], nil
}

func unknown() error { return fault.New(fault.NotFound, "case.unknown", "there is no such case") }

// row is a case as its columns have it.
type row struct {
	desk.Record
	snap   casefile.Snapshot
	sealed []byte
}

func (s *Store) cases(ctx context.Context, q sqldb.Querier, query string, args ...any) ([]desk.Record, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	found, err := sqldb.Collect(rows, err, scanCase)
	if err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	steps, err := s.steps(ctx, q, found[0].Position, found[len(found)-1].Position)
	if err != nil {
		return nil, err
	}
	records := make([]desk.Record, len(found))
	for i := range found {
		if records[i], err = s.restore(ctx, found[i], steps[found[i].snap.ID]); err != nil {
			return nil, err
		}
	}
	return records, nil
}

func scanCase(r *sql.Rows) (row, error) {
	var one row
	var withdrawn, opened, decided int64
	snap, decision := &one.snap, &one.snap.Decision
	err := r.Scan(&snap.ID, &one.Position, &snap.Number, &one.OfferID, &snap.State, &withdrawn, &one.Applicant, &one.sealed,
		&one.Traceparent, &opened, &one.Version, &decision.ID, &decision.Officer, &decision.Outcome, &decision.Reason, &decided)
	snap.OfferWithdrawn = withdrawn == 1
	one.OpenedAt = clock.FromMicros(opened)
	if decided != 0 {
		decision.At = clock.FromMicros(decided)
	}
	return one, err
}

// steps are the steps of the cases between two positions, by case.
func (s *Store) steps(ctx context.Context, q sqldb.Querier, first, last int64) (map[string][]desk.Step, error) {
	byCase := map[string][]desk.Step{}
	rows, err := q.QueryContext(ctx, `
		SELECT s.case_ref, s.milestone, s.service, s.at, s.time_class, s.event_id, s.event_type
		FROM case_step AS s JOIN case_file AS c ON c.ref = s.case_ref
		WHERE c.position BETWEEN $1 AND $2 ORDER BY s.case_ref, s.position`, first, last)
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (desk.Step, error) {
		var ref string
		var step desk.Step
		var at int64
		err := r.Scan(&ref, &step.Step.Step, &step.Service, &at, &step.TimeClass, &step.EventID, &step.EventType)
		step.At = clock.FromMicros(at)
		byCase[ref] = append(byCase[ref], step)
		return step, err
	})
	if err != nil {
		return nil, fmt.Errorf("read timeline: %w", err)
	}
	return byCase, nil
}

func (s *Store) restore(ctx context.Context, one row, steps []desk.Step) (desk.Record, error) {
	plain, err := s.sealer.Open(ctx, one.sealed, []byte(one.snap.ID))
	if err != nil {
		return desk.Record{}, fmt.Errorf("unseal case: %w", err)
	}
	var kept sealed
	decoder := json.NewDecoder(bytes.NewReader(plain))
	decoder.UseNumber() // claims are handed on as they were signed
	if err := decoder.Decode(&kept); err != nil {
		return desk.Record{}, fmt.Errorf("read case: %w", err)
	}
	one.snap.DUF, one.snap.Evaluation = kept.DUF, kept.Evaluation
	for _, step := range steps {
		one.snap.Timeline = append(one.snap.Timeline, step.Step)
	}
	record := one.Record
	record.File, record.Steps = kept.File, steps
	record.Case, err = casefile.Restore(one.snap)
	return record, err
}
