// Package accessrows keeps the access log of a service as rows: a hash chain
// (accesslog) in the tables access_log and access_log_head of its database.
package accessrows

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/accesslog"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Add puts a row at the end of the access log. The head is moved first,
// so that two at once follow one another.
func Add(ctx context.Context, tx *sqldb.Tx, e accesslog.Entry) error {
	var head accesslog.Head
	err := tx.QueryRowContext(ctx, `UPDATE access_log_head SET position = position + 1 WHERE id = 1 RETURNING position, row_hash`).Scan(&head.Position, &head.Hash)
	if err != nil {
		return fmt.Errorf("move head of access log: %w", err)
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
		return fmt.Errorf("write access row: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO access_log (position, case_ref, at, agency, caller, purpose, claims, prev_hash, row_hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		row.Position, row.Case, clock.Micros(row.At), row.Agency, row.Caller, row.Purpose, string(claims), row.Previous, row.Hash)
	if err != nil {
		return fmt.Errorf("add access row: %w", err)
	}
	_, err = tx.ExecContext(ctx, `UPDATE access_log_head SET row_hash = $1 WHERE id = 1`, row.Hash)
	return err
}

const selectAccess = `SELECT position, case_ref, at, agency, caller, purpose, claims, prev_hash, row_hash FROM access_log `

// Of gives the rows of a case after a position, oldest first.
func Of(ctx context.Context, q sqldb.Querier, caseRef string, after int64, limit int) ([]accesslog.Row, error) {
	rows, err := q.QueryContext(ctx, selectAccess+`WHERE case_ref = $1 AND position > $2 ORDER BY position LIMIT $3`, caseRef, after, limit)
	return read(rows, err)
}

// Verify checks that the whole access log is as it was written, and gives
// its length. Rule: accesslog.broken.
func Verify(ctx context.Context, q sqldb.Querier) (int64, error) {
	var head accesslog.Head
	if err := q.QueryRowContext(ctx, `SELECT position, row_hash FROM access_log_head WHERE id = 1`).Scan(&head.Position, &head.Hash); err != nil {
		return 0, fmt.Errorf("read head of access log: %w", err)
	}
	if head.Position == 0 {
		head = accesslog.Empty()
	}
	rows, err := q.QueryContext(ctx, selectAccess+`ORDER BY position`)
	all, err := read(rows, err)
	if err != nil {
		return 0, err
	}
	return head.Position, accesslog.Verify(all, head)
}

func read(rows *sql.Rows, err error) ([]accesslog.Row, error) {
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
		return nil, fmt.Errorf("read access log: %w", err)
	}
	return all, nil
}
