package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/desk"
)

// Version gives the trust list's version.
func (Store) Version(ctx context.Context, q sqldb.Querier) (int64, error) {
	var version int64
	if err := q.QueryRowContext(ctx, `SELECT version FROM trust_list WHERE id = 'current'`).Scan(&version); err != nil {
		return 0, fmt.Errorf("read version of trust list: %w", err)
	}
	return version, nil
}

// NextVersion moves the trust list on. Others wait until the transaction ends.
func (Store) NextVersion(ctx context.Context, tx *sqldb.Tx) (version int64, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE trust_list SET version = version + 1 WHERE id = 'current' RETURNING version`).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fault.New(fault.Internal, "trustlist.missing", "there is no trust list yet")
	}
	return version, err
}

// SetAgencies keeps which agencies are configured, begins the trust list, and
// reports whether they are others than before.
func (Store) SetAgencies(ctx context.Context, tx *sqldb.Tx, hash string) (changed bool, err error) {
	if _, err := tx.ExecContext(ctx, `INSERT INTO trust_list (id, version, agencies) VALUES ('current', 0, '') ON CONFLICT (id) DO NOTHING`); err != nil {
		return false, err
	}
	n, err := sqldb.Changed(ctx, tx, `UPDATE trust_list SET agencies = $1 WHERE id = 'current' AND agencies <> $1`, hash)
	return n == 1, err
}

// AddList keeps a version as it was first signed.
func (Store) AddList(ctx context.Context, tx *sqldb.Tx, l desk.Published) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO trust_list_version (version, issued_at, next_update, body) VALUES ($1, $2, $3, $4)`,
		l.Version, clock.Micros(l.IssuedAt), clock.Micros(l.NextUpdate), l.Body)
	if err != nil {
		return fmt.Errorf("keep trust list: %w", err)
	}
	return nil
}

// PastList gives a version as it was first signed.
func (Store) PastList(ctx context.Context, q sqldb.Querier, version int64) (desk.Published, error) {
	l := desk.Published{Version: version}
	var issued, next int64
	err := q.QueryRowContext(ctx, `SELECT issued_at, next_update, body FROM trust_list_version WHERE version = $1`, version).Scan(&issued, &next, &l.Body)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return l, fault.New(fault.NotFound, "trustlist.no-version", "there is no such version of the trust list")
	case err != nil:
		return l, fmt.Errorf("read trust list: %w", err)
	}
	l.IssuedAt, l.NextUpdate = clock.FromMicros(issued), clock.FromMicros(next)
	return l, nil
}

// ListsBetween gives the versions that held at some time of [from, until): the
// last that was issued by then, and those that were issued within.
func (Store) ListsBetween(ctx context.Context, q sqldb.Querier, from, until time.Time, limit int) ([]int64, error) {
	rows, err := q.QueryContext(ctx, `SELECT version FROM trust_list_version
		WHERE issued_at < $2 AND version >= (SELECT COALESCE(MAX(version), 0) FROM trust_list_version WHERE issued_at <= $1)
		ORDER BY version LIMIT $3`, clock.Micros(from), clock.Micros(until), limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (version int64, err error) {
		err = r.Scan(&version)
		return version, err
	})
}
