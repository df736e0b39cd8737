// Package store keeps registrations in the tax administration's database: rows
// to domain and back, no rules.
package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrations is the tax administration's schema.
func Migrations() sqldb.Migrations { return sqldb.Embedded("tax", schema) }

// Store is safe for concurrent use.
type Store struct {
	Sealer      onboarding.Sealer
	Fingerprint *onboarding.Fingerprint
}

// Save writes a registration. An assigned number is never replaced.
func (s Store) Save(ctx context.Context, tx *sqldb.Tx, r desk.Record) error {
	snap := r.Registration.Snapshot()
	var number []byte
	var fingerprint sql.NullString
	if snap.Number != "" {
		var err error
		if number, err = s.Sealer.Seal(ctx, []byte(snap.Number), []byte(snap.CaseRef)); err != nil {
			return err
		}
		fingerprint = sql.NullString{String: s.Fingerprint.Of(snap.Number), Valid: true}
	}
	deviates := 0
	if snap.DateDeviates {
		deviates = 1
	}
	n, err := sqldb.Changed(ctx, tx, `
		INSERT INTO registration (case_ref, state, valid_from, valid_until, performed_by, performed_at, kind, number, fingerprint, deviates,
			assigned_at, card_id, card_at, card_year)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (case_ref) DO UPDATE SET state = excluded.state, valid_from = excluded.valid_from, valid_until = excluded.valid_until,
			performed_by = excluded.performed_by, performed_at = excluded.performed_at, kind = excluded.kind, number = excluded.number,
			fingerprint = excluded.fingerprint, deviates = excluded.deviates, assigned_at = excluded.assigned_at, card_id = excluded.card_id,
			card_at = excluded.card_at, card_year = excluded.card_year
		WHERE registration.fingerprint IS NULL`,
		snap.CaseRef, string(snap.State), clock.Micros(snap.Permit.ValidFrom), clock.Micros(snap.Permit.ValidUntil), snap.Identified.PerformedBy,
		clock.Micros(snap.Identified.PerformedAt), string(snap.Kind), number, fingerprint, deviates, clock.Micros(snap.AssignedAt),
		sql.NullInt64{Int64: snap.CardID, Valid: snap.CardID > 0}, clock.Micros(snap.CardAt), r.CardYear)
	if err != nil {
		return fmt.Errorf("save registration: %w", err)
	}
	if n == 0 {
		return fault.New(fault.Conflict, "registration.already-assigned", "a number has been assigned meanwhile")
	}
	return nil
}

// NumberTaken says whether somebody has the number.
func (s Store) NumberTaken(ctx context.Context, q sqldb.Querier, number string) (bool, error) {
	var taken int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM registration WHERE fingerprint = $1`, s.Fingerprint.Of(number)).Scan(&taken)
	return taken > 0, err
}

// NextCard is the next tax card's id.
func (s Store) NextCard(ctx context.Context, q sqldb.Querier) (int64, error) {
	var next int64
	err := q.QueryRowContext(ctx, `SELECT COALESCE(MAX(card_id), 0) + 1 FROM registration`).Scan(&next)
	return next, err
}

const columns = `COALESCE(r.state, ''), COALESCE(r.valid_from, 0), COALESCE(r.valid_until, 0), COALESCE(r.performed_by, ''),
	COALESCE(r.performed_at, 0), COALESCE(r.kind, ''), r.number, COALESCE(r.deviates, 0), COALESCE(r.assigned_at, 0),
	COALESCE(r.card_id, 0), COALESCE(r.card_at, 0), COALESCE(r.card_year, '')`

// row is a registration as it is stored.
type row struct {
	snap                                                     registration.Snapshot
	from, until, performed, deviates, assigned, card, cardAt int64
	number                                                   []byte
	cardYear                                                 string
}

func (r *row) fields() []any {
	return []any{&r.snap.State, &r.from, &r.until, &r.snap.Identified.PerformedBy, &r.performed, &r.snap.Kind, &r.number,
		&r.deviates, &r.assigned, &r.card, &r.cardAt, &r.cardYear}
}

func (s Store) restore(ctx context.Context, caseRef string, r row) (*registration.Registration, error) {
	r.snap.CaseRef, r.snap.DateDeviates, r.snap.CardID = caseRef, r.deviates != 0, r.card
	r.snap.Permit = registration.Permit{ValidFrom: clock.FromMicros(r.from), ValidUntil: clock.FromMicros(r.until)}
	r.snap.Identified.PerformedAt, r.snap.AssignedAt, r.snap.CardAt = clock.FromMicros(r.performed), clock.FromMicros(r.assigned), clock.FromMicros(r.cardAt)
	if r.number != nil {
		plain, err := s.Sealer.Open(ctx, r.number, []byte(caseRef))
		if err != nil {
			return nil, err
		}
		r.snap.Number = string(plain)
	}
	return registration.Restore(r.snap)
}

// ByCase finds a case's registration.
func (s Store) ByCase(ctx context.Context, q sqldb.Querier, caseRef string) (desk.Record, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM registration AS r WHERE r.case_ref = $1`, caseRef)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (desk.Record, error) {
		var one row
		if err := r.Scan(one.fields()...); err != nil {
			return desk.Record{}, err
		}
		found, err := s.restore(ctx, caseRef, one)
		return desk.Record{Registration: found, CardYear: one.cardYear}, err
	})
	if err != nil {
		return desk.Record{}, fmt.Errorf("read registration: %w", err)
	}
	if len(all) == 0 {
		return desk.Record{}, fault.New(fault.NotFound, "registration.unknown", "there is no such registration")
	}
	return all[0], nil
}

// lines is every case with its standing.
const lines = `SELECT case_ref, position, rule, standing, ` + columns + ` FROM (
		SELECT c.case_ref, c.position, c.rule, CASE
			WHEN n.fingerprint IS NOT NULL THEN 'ASSIGNED' WHEN c.state = 'FAILED' THEN 'FAILED'
			WHEN c.state = 'IGNORED' THEN 'NOT_GRANTED' ELSE 'WAITING' END AS standing, n.state, n.valid_from, n.valid_until,
			n.performed_by, n.performed_at, n.kind, n.number, n.deviates, n.assigned_at, n.card_id, n.card_at, n.card_year
		FROM onboarding_case AS c LEFT JOIN registration AS n ON n.case_ref = c.case_ref) AS r `

// Line finds a case; NotFound for one that no event has named.
func (s Store) Line(ctx context.Context, q sqldb.Querier, caseRef string) (desk.Line, error) {
	all, err := s.collect(ctx, q, lines+`WHERE case_ref = $1`, caseRef)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "registration.unknown", "no event has named this case")
	}
	if err != nil {
		return desk.Line{}, err
	}
	return all[0], nil
}

// Lines gives cases after a cursor, oldest first.
func (s Store) Lines(ctx context.Context, q sqldb.Querier, standing desk.Standing, after int64, limit int) ([]desk.Line, error) {
	return s.collect(ctx, q, lines+`WHERE ($1 = '' OR standing = $1) AND position > $2 ORDER BY position LIMIT $3`, string(standing), after, limit)
}

func (s Store) collect(ctx context.Context, q sqldb.Querier, query string, args ...any) ([]desk.Line, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (desk.Line, error) {
		var line desk.Line
		var one row
		err := r.Scan(append([]any{&line.CaseRef, &line.Cursor, &line.Rule, &line.Standing}, one.fields()...)...)
		if err != nil || one.snap.State == "" {
			return line, err
		}
		line.CardYear = one.cardYear
		line.Registration, err = s.restore(ctx, line.CaseRef, one)
		return line, err
	})
	if err != nil {
		return nil, fmt.Errorf("read registrations: %w", err)
	}
	return all, nil
}
