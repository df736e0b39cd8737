package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

// saveOrder writes the requisition under way. One that is open is due at once;
// one that has left or is over is not.
func (s Store) saveOrder(ctx context.Context, tx *sqldb.Tx, snap registration.Snapshot) error {
	o := snap.Order
	if o.Reference == "" {
		return nil
	}
	replaces, err := s.sealed(ctx, snap.CaseRef, o.Replaces)
	if err != nil {
		return err
	}
	var kept []byte
	if o.Kept.Number != "" {
		plain, err := json.Marshal(o.Kept)
		if err != nil {
			return fmt.Errorf("write answer: %w", err)
		}
		if kept, err = s.Sealer.Seal(ctx, plain, []byte(o.Reference)); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO requisition (reference, case_ref, kind, stage, replaces, receipt, requested_at, deadline, reason, refusal, kept, due_at, attempts, rule, traceparent)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $7, 0, '', $12)
		ON CONFLICT (reference) DO UPDATE SET stage = excluded.stage, receipt = excluded.receipt, deadline = excluded.deadline,
			reason = excluded.reason, refusal = excluded.refusal, kept = excluded.kept,
			due_at = CASE WHEN excluded.stage IN ('OPEN', 'SENDING') THEN requisition.due_at ELSE 0 END`,
		o.Reference, snap.CaseRef, string(o.Kind), string(o.Stage), replaces, o.Receipt, clock.Micros(o.RequestedAt), clock.Micros(o.Deadline),
		string(o.Reason), string(o.Refusal), kept, telemetry.Traceparent(ctx))
	if err != nil {
		return fmt.Errorf("save requisition: %w", err)
	}
	return nil
}

func (s Store) sealed(ctx context.Context, aad, text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	return s.Sealer.Seal(ctx, []byte(text), []byte(aad))
}

func (s Store) order(ctx context.Context, q sqldb.Querier, reference string) (registration.Order, error) {
	o := registration.Order{Reference: reference}
	var caseRef string
	var replaces, kept []byte
	var requested, deadline int64
	err := q.QueryRowContext(ctx, `
		SELECT case_ref, kind, stage, replaces, receipt, requested_at, deadline, reason, refusal, kept FROM requisition WHERE reference = $1`, reference).
		Scan(&caseRef, &o.Kind, &o.Stage, &replaces, &o.Receipt, &requested, &deadline, &o.Reason, &o.Refusal, &kept)
	if err != nil {
		return o, fmt.Errorf("read requisition: %w", err)
	}
	o.RequestedAt, o.Deadline = clock.FromMicros(requested), clock.FromMicros(deadline)
	if replaces != nil {
		plain, err := s.Sealer.Open(ctx, replaces, []byte(caseRef))
		if err != nil {
			return o, err
		}
		o.Replaces = string(plain)
	}
	if kept != nil {
		plain, err := s.Sealer.Open(ctx, kept, []byte(reference))
		if err != nil {
			return o, err
		}
		if err := json.Unmarshal(plain, &o.Kept); err != nil {
			return o, fmt.Errorf("read answer: %w", err)
		}
	}
	return o, nil
}

// Due gives requisitions that are to be sent now, the longest waiting first.
func (s Store) Due(ctx context.Context, q sqldb.Querier, now int64, limit int) ([]desk.Due, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT reference, case_ref, attempts, traceparent FROM requisition
		WHERE stage IN ('OPEN', 'SENDING') AND due_at > 0 AND due_at <= $1 ORDER BY due_at LIMIT $2`, now, limit)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (desk.Due, error) {
		var d desk.Due
		return d, r.Scan(&d.Reference, &d.CaseRef, &d.Attempts, &d.Traceparent)
	})
	if err != nil {
		return nil, fmt.Errorf("read due requisitions: %w", err)
	}
	return all, nil
}

// Postpone has a requisition sent again later, and says why it was not.
func (s Store) Postpone(ctx context.Context, tx *sqldb.Tx, reference string, until int64, rule string) error {
	_, err := tx.ExecContext(ctx, `UPDATE requisition SET due_at = $1, attempts = attempts + 1, rule = $2 WHERE reference = $3 AND stage IN ('OPEN', 'SENDING')`,
		until, rule, reference)
	if err != nil {
		return fmt.Errorf("postpone requisition: %w", err)
	}
	return nil
}

// Awaited says since when the youngest requisition that the register is to answer
// has waited, and how many there are; zeros when there is none. A requisition
// that waits for the register's clerks counts among them.
func (s Store) Awaited(ctx context.Context, q sqldb.Querier) (youngest, count int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT COALESCE(MAX(requested_at), 0), COUNT(*) FROM requisition WHERE stage IN ('SENDING', 'SENT', 'QUEUED')`).Scan(&youngest, &count)
	if err != nil {
		return 0, 0, fmt.Errorf("read awaited requisitions: %w", err)
	}
	return youngest, count, nil
}

// CaseOf is the case of a requisition; NotFound for one that is not ours.
func (s Store) CaseOf(ctx context.Context, q sqldb.Querier, reference string) (caseRef, traceparent string, err error) {
	err = q.QueryRowContext(ctx, `SELECT case_ref, traceparent FROM requisition WHERE reference = $1`, reference).Scan(&caseRef, &traceparent)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", fault.New(fault.NotFound, "requisition.unknown", "there is no such requisition")
	}
	return caseRef, traceparent, err
}

// Pointer is how far the feedback of a register has been read.
func (s Store) Pointer(ctx context.Context, q sqldb.Querier, register string) (int64, error) {
	var pointer int64
	err := q.QueryRowContext(ctx, `SELECT pointer FROM register_feed WHERE register = $1`, register).Scan(&pointer)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return pointer, err
}

// Advance moves the pointer of a register from where it was read; Conflict when
// another has moved it meanwhile.
func (s Store) Advance(ctx context.Context, tx *sqldb.Tx, register string, from, to int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO register_feed (register, pointer) VALUES ($1, 0) ON CONFLICT (register) DO NOTHING`, register)
	if err != nil {
		return fmt.Errorf("begin to read a register: %w", err)
	}
	n, err := sqldb.Changed(ctx, tx, `UPDATE register_feed SET pointer = $1 WHERE register = $2 AND pointer = $3`, to, register, from)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "register.read-twice", "the register's feedback has been read meanwhile")
	}
	return err
}
