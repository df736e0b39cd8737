// Package store keeps accounts in the bank's database: rows to domain and back,
// no rules.
package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/account"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrations is the bank's schema.
func Migrations() sqldb.Migrations { return sqldb.Embedded("bank", schema) }

// Store is safe for concurrent use.
type Store struct {
	Sealer      onboarding.Sealer
	Fingerprint *onboarding.Fingerprint
}

// Save writes an account. An opened one is never replaced.
func (s Store) Save(ctx context.Context, tx *sqldb.Tx, a *account.Account) error {
	snap := a.Snapshot()
	var bban, holder []byte
	var fingerprint sql.NullString
	opened := int64(0)
	if snap.BBAN != "" {
		var err error
		if bban, err = s.Sealer.Seal(ctx, []byte(snap.BBAN), []byte("bban/"+snap.CaseRef)); err != nil {
			return err
		}
		if holder, err = s.Sealer.Seal(ctx, []byte(snap.Holder), []byte("holder/"+snap.CaseRef)); err != nil {
			return err
		}
		fingerprint = sql.NullString{String: s.Fingerprint.Of(snap.BBAN), Valid: true}
		opened = clock.Micros(snap.OpenedAt)
	}
	n, err := sqldb.Changed(ctx, tx, `
		INSERT INTO account (case_ref, state, granted, identified, bban, fingerprint, holder, kind, opened_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (case_ref) DO UPDATE SET state = excluded.state, granted = excluded.granted, identified = excluded.identified,
			bban = excluded.bban, fingerprint = excluded.fingerprint, holder = excluded.holder, kind = excluded.kind, opened_at = excluded.opened_at
		WHERE account.fingerprint IS NULL`,
		snap.CaseRef, string(snap.State), truth(snap.Granted), truth(snap.Identified), bban, fingerprint, holder, string(snap.Kind), opened)
	if err != nil {
		return fmt.Errorf("save account: %w", err)
	}
	if n == 0 {
		return fault.New(fault.Conflict, "account.already-open", "an account has been opened meanwhile")
	}
	return nil
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// NumberTaken says whether an account has the number.
func (s Store) NumberTaken(ctx context.Context, q sqldb.Querier, bban string) (bool, error) {
	var taken int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM account WHERE fingerprint = $1`, s.Fingerprint.Of(bban)).Scan(&taken)
	return taken > 0, err
}

const columns = `COALESCE(state, ''), COALESCE(granted, 0), COALESCE(identified, 0), bban, holder, COALESCE(kind, ''), COALESCE(opened_at, 0)`

// row is an account as it is stored.
type row struct {
	snap                        account.Snapshot
	granted, identified, opened int64
	bban, holder                []byte
}

func (r *row) fields() []any {
	return []any{&r.snap.State, &r.granted, &r.identified, &r.bban, &r.holder, &r.snap.Kind, &r.opened}
}

func (s Store) restore(ctx context.Context, caseRef string, r row) (*account.Account, error) {
	r.snap.CaseRef, r.snap.Granted, r.snap.Identified = caseRef, r.granted != 0, r.identified != 0
	if r.bban != nil {
		bban, err := s.Sealer.Open(ctx, r.bban, []byte("bban/"+caseRef))
		if err != nil {
			return nil, err
		}
		holder, err := s.Sealer.Open(ctx, r.holder, []byte("holder/"+caseRef))
		if err != nil {
			return nil, err
		}
		r.snap.BBAN, r.snap.Holder, r.snap.OpenedAt = string(bban), string(holder), clock.FromMicros(r.opened)
	}
	return account.Restore(r.snap)
}

// ByCase finds a case's account.
func (s Store) ByCase(ctx context.Context, q sqldb.Querier, caseRef string) (*account.Account, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM account WHERE case_ref = $1`, caseRef)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (*account.Account, error) {
		var one row
		if err := r.Scan(one.fields()...); err != nil {
			return nil, err
		}
		return s.restore(ctx, caseRef, one)
	})
	if err != nil {
		return nil, fmt.Errorf("read account: %w", err)
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "account.unknown", "there is no such account")
	}
	return all[0], nil
}

// lines is every case with its standing.
const lines = `SELECT case_ref, position, rule, standing, ` + columns + ` FROM (
		SELECT c.case_ref, c.position, c.rule, CASE
			WHEN a.fingerprint IS NOT NULL THEN 'OPENED' WHEN c.state = 'FAILED' THEN 'FAILED'
			WHEN c.state = 'IGNORED' THEN 'NOT_GRANTED' ELSE 'WAITING' END AS standing,
			a.state, a.granted, a.identified, a.bban, a.holder, a.kind, a.opened_at
		FROM onboarding_case AS c LEFT JOIN account AS a ON a.case_ref = c.case_ref) AS line `

// Line finds a case; NotFound for one that no event has named.
func (s Store) Line(ctx context.Context, q sqldb.Querier, caseRef string) (desk.Line, error) {
	all, err := s.collect(ctx, q, lines+`WHERE case_ref = $1`, caseRef)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "account.unknown", "no event has named this case")
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
		line.Account, err = s.restore(ctx, line.CaseRef, one)
		return line, err
	})
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	return all, nil
}
