package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/accesslog"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// AddAnswer appends to the log of what employers were told. The head is moved
// first, so that two at once follow one another.
func (s Store) AddAnswer(ctx context.Context, tx *sqldb.Tx, e accesslog.Entry) error {
	var head accesslog.Head
	err := tx.QueryRowContext(ctx, `UPDATE payroll_answer_head SET position = position + 1 WHERE id = 1 RETURNING position, row_hash`).Scan(&head.Position, &head.Hash)
	if err != nil {
		return fmt.Errorf("move head of payroll answers: %w", err)
	}
	head.Position--
	if head.Position == 0 {
		head = accesslog.Empty()
	}
	e.At = clock.FromMicros(clock.Micros(e.At))
	row, err := head.Next(e)
	if err != nil {
		return err
	}
	claims, err := json.Marshal(row.Claims)
	if err != nil {
		return fmt.Errorf("write payroll answer: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO payroll_answer (position, case_ref, at, employer, caller, purpose, claims, prev_hash, row_hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		row.Position, row.Case, clock.Micros(row.At), row.Agency, row.Caller, row.Purpose, string(claims), row.Previous, row.Hash)
	if err != nil {
		return fmt.Errorf("add payroll answer: %w", err)
	}
	_, err = tx.ExecContext(ctx, `UPDATE payroll_answer_head SET row_hash = $1 WHERE id = 1`, row.Hash)
	return err
}

const selectAnswers = `SELECT position, case_ref, at, employer, caller, purpose, claims, prev_hash, row_hash FROM payroll_answer `

// Answers gives those of a case, oldest first.
func (s Store) Answers(ctx context.Context, q sqldb.Querier, caseRef string) ([]accesslog.Row, error) {
	rows, err := q.QueryContext(ctx, selectAnswers+`WHERE case_ref = $1 ORDER BY position`, caseRef)
	return answers(rows, err)
}

// VerifyAnswers checks that the whole log of answers is as it was written, and
// gives its length. Rule: accesslog.broken.
func VerifyAnswers(ctx context.Context, q sqldb.Querier) (int64, error) {
	var head accesslog.Head
	if err := q.QueryRowContext(ctx, `SELECT position, row_hash FROM payroll_answer_head WHERE id = 1`).Scan(&head.Position, &head.Hash); err != nil {
		return 0, fmt.Errorf("read head of payroll answers: %w", err)
	}
	if head.Position == 0 {
		head = accesslog.Empty()
	}
	rows, err := q.QueryContext(ctx, selectAnswers+`ORDER BY position`)
	all, err := answers(rows, err)
	if err != nil {
		return 0, err
	}
	return head.Position, accesslog.Verify(all, head)
}

func answers(rows *sql.Rows, err error) ([]accesslog.Row, error) {
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (accesslog.Row, error) {
		var row accesslog.Row
		var at int64
		var claims string
		if err := r.Scan(&row.Position, &row.Case, &at, &row.Agency, &row.Caller, &row.Purpose, &claims, &row.Previous, &row.Hash); err != nil {
			return row, err
		}
		row.At = clock.FromMicros(at)
		return row, json.Unmarshal([]byte(claims), &row.Claims)
	})
	if err != nil {
		return nil, fmt.Errorf("read payroll answers: %w", err)
	}
	return all, nil
}
