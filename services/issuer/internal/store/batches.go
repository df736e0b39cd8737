package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/batch"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
)

// AddBatch puts in a batch with all its lines, their forms sealed.
func (s Store) AddBatch(ctx context.Context, tx *sqldb.Tx, b desk.Batch, lines []batch.Line) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO batch (id, tenant, idempotency_key, file_hash, token_hash, code_form, traceparent, imported_at, done_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`,
		b.ID, b.Tenant, b.IdempotencyKey, b.FileHash, b.TokenHash, string(b.CodeForm), b.Traceparent, clock.Micros(b.ImportedAt))
	if err != nil {
		return fmt.Errorf("add batch: %w", err)
	}
	for _, line := range lines {
		form, err := json.Marshal(line.Form)
		if err != nil {
			return fmt.Errorf("write form: %w", err)
		}
		sealed, err := s.Sealer.Seal(ctx, form, lineName(b.ID, line.Number))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO batch_line (batch_id, line, sealed, state, offer_id, rule, message, due_at, attempts) VALUES ($1, $2, $3, $4, '', '', '', $5, 0)`,
			b.ID, line.Number, sealed, string(line.State), clock.Micros(b.ImportedAt))
		if err != nil {
			return fmt.Errorf("add line: %w", err)
		}
	}
	return nil
}

func lineName(batchID string, line int) []byte { return []byte(batchID + "-" + strconv.Itoa(line)) }

const batchColumns = `b.id, b.tenant, b.idempotency_key, b.file_hash, b.token_hash, b.code_form, b.traceparent, b.imported_at, b.done_at,
	(SELECT COUNT(*) FROM batch_line AS l WHERE l.batch_id = b.id),
	(SELECT COUNT(*) FROM batch_line AS l WHERE l.batch_id = b.id AND l.state = 'ISSUED'),
	(SELECT COUNT(*) FROM batch_line AS l WHERE l.batch_id = b.id AND l.state = 'FAILED')`

// Batch finds one of a tenant's batches, with its progress.
func (s Store) Batch(ctx context.Context, q sqldb.Querier, tenant, id string) (desk.Batch, error) {
	return scanBatch(q.QueryRowContext(ctx, `SELECT `+batchColumns+` FROM batch AS b WHERE b.tenant = $1 AND b.id = $2`, tenant, id))
}

// BatchByKey finds the batch that a tenant imported under an idempotency key.
func (s Store) BatchByKey(ctx context.Context, q sqldb.Querier, tenant, key string) (desk.Batch, error) {
	return scanBatch(q.QueryRowContext(ctx, `SELECT `+batchColumns+` FROM batch AS b WHERE b.tenant = $1 AND b.idempotency_key = $2`, tenant, key))
}

func scanBatch(row *sql.Row, more ...any) (desk.Batch, error) {
	var b desk.Batch
	var imported, done int64
	err := row.Scan(append([]any{
		&b.ID, &b.Tenant, &b.IdempotencyKey, &b.FileHash, &b.TokenHash, &b.CodeForm, &b.Traceparent, &imported, &done, &b.Total, &b.Issued, &b.Failed,
	}, more...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return b, fault.New(fault.NotFound, "batch.unknown", "there is no such batch")
	}
	b.ImportedAt, b.DoneAt = clock.FromMicros(imported), clock.FromMicros(done)
	return b, err
}

// NextLine gives a line that is due, and its batch without its progress, which would
// cost a look at every line; NotFound when there is none.
func (s Store) NextLine(ctx context.Context, q sqldb.Querier, now time.Time) (desk.Batch, batch.Line, int64, error) {
	line := batch.Line{State: batch.Waiting}
	var sealed []byte
	var attempts int64
	b, err := scanBatch(q.QueryRowContext(ctx, `
		SELECT b.id, b.tenant, b.idempotency_key, b.file_hash, b.token_hash, b.code_form, b.traceparent, b.imported_at, b.done_at, 0, 0, 0,
			n.line, n.sealed, n.attempts FROM batch_line AS n JOIN batch AS b ON b.id = n.batch_id
		WHERE n.state = 'WAITING' AND n.due_at <= $1 ORDER BY n.due_at, n.batch_id, n.line LIMIT 1`, clock.Micros(now)),
		&line.Number, &sealed, &attempts)
	if err != nil {
		return b, line, 0, err
	}
	return b, line, attempts, s.openForm(ctx, b.ID, sealed, &line)
}

func (s Store) openForm(ctx context.Context, batchID string, sealed []byte, line *batch.Line) error {
	if sealed == nil {
		return nil
	}
	plain, err := s.Sealer.Open(ctx, sealed, lineName(batchID, line.Number))
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, &line.Form)
}

// EndLine ends a line that waits, and forgets the form of one that was issued:
// the offer has it. It reports false for a line that was ended before.
func (s Store) EndLine(ctx context.Context, tx *sqldb.Tx, batchID string, line batch.Line) (bool, error) {
	n, err := sqldb.Changed(ctx, tx, `
		UPDATE batch_line SET state = $1, offer_id = $2, rule = $3, message = $4, sealed = CASE WHEN $1 = 'ISSUED' THEN NULL ELSE sealed END
		WHERE batch_id = $5 AND line = $6 AND state = 'WAITING'`,
		string(line.State), line.OfferID, line.Rule, line.Message, batchID, line.Number)
	return n == 1, err
}

// LineLater puts a line off.
func (s Store) LineLater(ctx context.Context, tx *sqldb.Tx, batchID string, line int, due time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE batch_line SET attempts = attempts + 1, due_at = $1 WHERE batch_id = $2 AND line = $3 AND state = 'WAITING'`,
		clock.Micros(due), batchID, line)
	return err
}

// BatchDone notes when the last line was done; it does nothing while one waits.
func (s Store) BatchDone(ctx context.Context, tx *sqldb.Tx, id string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE batch SET done_at = $1 WHERE id = $2 AND done_at = 0
			AND NOT EXISTS (SELECT 1 FROM batch_line AS l WHERE l.batch_id = $2 AND l.state = 'WAITING')`, clock.Micros(at), id)
	return err
}

// Lines lists a batch's lines in the order of the file. The form of a line that
// was issued is empty.
func (s Store) Lines(ctx context.Context, q sqldb.Querier, batchID string) ([]batch.Line, error) {
	rows, err := q.QueryContext(ctx, `SELECT line, sealed, state, offer_id, rule, message FROM batch_line WHERE batch_id = $1 ORDER BY line`, batchID)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (batch.Line, error) {
		var line batch.Line
		var sealed []byte
		if err := r.Scan(&line.Number, &sealed, &line.State, &line.OfferID, &line.Rule, &line.Message); err != nil {
			return line, err
		}
		return line, s.openForm(ctx, batchID, sealed, &line)
	})
}
