package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/desk"
)

// Watch has an organisation looked up at an instant, or earlier if that was
// planned already.
func (Store) Watch(ctx context.Context, tx *sqldb.Tx, organisationNumber string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO employer_watch (organisation_number, due_at) VALUES ($1, $2)
		ON CONFLICT (organisation_number) DO UPDATE SET due_at = excluded.due_at WHERE employer_watch.due_at > excluded.due_at`,
		organisationNumber, clock.Micros(at))
	return err
}

// Hurry has an organisation looked up at an instant if it is watched at all.
func (Store) Hurry(ctx context.Context, tx *sqldb.Tx, organisationNumber string, at time.Time) (watched bool, err error) {
	n, err := sqldb.Changed(ctx, tx, `UPDATE employer_watch SET due_at = $1 WHERE organisation_number = $2`, clock.Micros(at), organisationNumber)
	return n == 1, err
}

// Postpone plans the next look, unless the plan has changed since it was due.
func (Store) Postpone(ctx context.Context, tx *sqldb.Tx, w desk.Watched, next time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE employer_watch SET due_at = $1 WHERE organisation_number = $2 AND due_at = $3`,
		clock.Micros(next), w.OrganisationNumber, clock.Micros(w.Due))
	return err
}

// Unwatch ends the looking.
func (Store) Unwatch(ctx context.Context, tx *sqldb.Tx, organisationNumber string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM employer_watch WHERE organisation_number = $1`, organisationNumber)
	return err
}

// Due gives who is to be looked up by an instant, the longest due first.
func (Store) Due(ctx context.Context, q sqldb.Querier, by time.Time, limit int) ([]desk.Watched, error) {
	rows, err := q.QueryContext(ctx, `SELECT organisation_number, due_at FROM employer_watch WHERE due_at <= $1 ORDER BY due_at, organisation_number LIMIT $2`,
		clock.Micros(by), limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (w desk.Watched, err error) {
		var due int64
		err = r.Scan(&w.OrganisationNumber, &due)
		w.Due = clock.FromMicros(due)
		return w, err
	})
}

// Pointer is how far the register's feed was read; it begins at an instant.
func (Store) Pointer(ctx context.Context, tx *sqldb.Tx, begin time.Time) (desk.Pointer, error) {
	if _, err := tx.ExecContext(ctx, `INSERT INTO register_pointer (id, last, began_at) VALUES ('enheter', 0, $1) ON CONFLICT (id) DO NOTHING`, clock.Micros(begin)); err != nil {
		return desk.Pointer{}, err
	}
	var p desk.Pointer
	var began int64
	err := tx.QueryRowContext(ctx, `SELECT last, began_at FROM register_pointer WHERE id = 'enheter'`).Scan(&p.Last, &began)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return p, fmt.Errorf("read pointer of the register: %w", err)
	}
	p.Began = clock.FromMicros(began)
	return p, nil
}

// Advance moves the pointer on, never back.
func (Store) Advance(ctx context.Context, tx *sqldb.Tx, to int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE register_pointer SET last = $1 WHERE id = 'enheter' AND last < $1`, to)
	return err
}
