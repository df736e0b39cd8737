package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/desk"
)

// lines is every case with its standing at the tax administration. A number that the
// register's clerks may replace waits for them, as one that is not assigned does.
const lines = `SELECT case_ref, position, rule, line_standing, ` + columns + ` FROM (
		SELECT c.case_ref, c.position, c.rule, CASE
			WHEN n.state IN ('ASSIGNED', 'CARD_ISSUED') AND q.stage = 'QUEUED' AND c.standing = 'ACTIVE' THEN 'QUEUED'
			WHEN n.state IN ('ASSIGNED', 'CARD_ISSUED') THEN 'ASSIGNED' WHEN c.state = 'FAILED' THEN 'FAILED'
			WHEN c.state = 'IGNORED' THEN 'NOT_GRANTED' WHEN c.standing <> 'ACTIVE' THEN 'STOPPED'
			WHEN n.state IN ('REQUESTED', 'QUEUED', 'REJECTED') THEN n.state ELSE 'WAITING' END AS line_standing,
			n.state, n.valid_from, n.valid_until, n.performed_by, n.performed_at, n.kind, n.standing, n.cause, n.edition, n.order_reference,
			n.card_id, n.card_at, n.card_ordinal, n.card_year, n.card_source, n.card_table, n.card_percent, n.card_months, n.card_edition,
			n.card_revoked_at, n.card_cause
		FROM onboarding_case AS c LEFT JOIN registration AS n ON n.case_ref = c.case_ref
			LEFT JOIN requisition AS q ON q.reference = n.order_reference) AS r `

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
	return s.collect(ctx, q, lines+`WHERE ($1 = '' OR line_standing = $1) AND position > $2`+among[standing]+` ORDER BY position LIMIT $3`,
		string(standing), after, limit)
}

// among narrows to the cases that can be in a standing by what an index finds, so that
// a list that few are in costs no look at all the others. Most cases are ASSIGNED, and
// one that WAITS is where it is for want of a row: these are gone through in order.
var among = map[desk.Standing]string{
	desk.Failed:     ` AND case_ref IN (SELECT case_ref FROM onboarding_case WHERE state = 'FAILED')`,
	desk.NotGranted: ` AND case_ref IN (SELECT case_ref FROM onboarding_case WHERE state = 'IGNORED')`,
	desk.Stopped:    ` AND case_ref IN (SELECT case_ref FROM onboarding_case WHERE standing <> 'ACTIVE')`,
	desk.Requested:  ` AND case_ref IN (SELECT case_ref FROM registration WHERE state = 'REQUESTED')`,
	desk.Rejected:   ` AND case_ref IN (SELECT case_ref FROM registration WHERE state = 'REJECTED')`,
	desk.Queued: ` AND case_ref IN (SELECT case_ref FROM registration WHERE state = 'QUEUED'
		UNION SELECT case_ref FROM requisition WHERE stage = 'QUEUED')`,
}

func (s Store) collect(ctx context.Context, q sqldb.Querier, query string, args ...any) ([]desk.Line, error) {
	type found struct {
		line desk.Line
		row  row
	}
	rows, err := q.QueryContext(ctx, query, args...)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (found, error) {
		var one found
		err := r.Scan(append([]any{&one.line.CaseRef, &one.line.Cursor, &one.line.Rule, &one.line.Standing}, one.row.fields()...)...)
		return one, err
	})
	if err != nil {
		return nil, fmt.Errorf("read registrations: %w", err)
	}
	out := make([]desk.Line, 0, len(all))
	for _, one := range all {
		if one.row.state != "" {
			if one.line.Registration, err = s.restore(ctx, q, one.line.CaseRef, one.row); err != nil {
				return nil, err
			}
		}
		out = append(out, one.line)
	}
	return out, nil
}

// Told records that a caller was told the n-th number of a case.
func (s Store) Told(ctx context.Context, tx *sqldb.Tx, caseRef string, h desk.Holder) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO identifier_told (case_ref, caller, ordinal, told_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (case_ref, caller) DO UPDATE SET ordinal = excluded.ordinal, told_at = excluded.told_at`,
		caseRef, h.Caller, h.Ordinal, clock.Micros(h.At))
	if err != nil {
		return fmt.Errorf("record who was told: %w", err)
	}
	return nil
}

// Holders are who was told a number of a case, by name.
func (s Store) Holders(ctx context.Context, q sqldb.Querier, caseRef string) ([]desk.Holder, error) {
	rows, err := q.QueryContext(ctx, `SELECT caller, ordinal, told_at FROM identifier_told WHERE case_ref = $1 ORDER BY caller`, caseRef)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (desk.Holder, error) {
		var h desk.Holder
		var at int64
		err := r.Scan(&h.Caller, &h.Ordinal, &at)
		h.At = clock.FromMicros(at)
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("read who was told: %w", err)
	}
	return all, nil
}
