// Package store keeps accounts in the bank's database: rows to domain and back,
// no rules.
package store

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/account"
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

// Name gives a text a short name that tells nobody the text.
func (s Store) Name(text string) string { return s.Fingerprint.Of(text) }

// Adopt gives the accounts that were opened when there was one bank to it.
func Adopt(ctx context.Context, db *sqldb.DB, bank string) error {
	return db.Tx(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE account SET bank = $1 WHERE bank = '' AND state = 'OPENED'`, bank)
		return err
	})
}

// Save writes an account. The number of one that is open never changes.
func (s Store) Save(ctx context.Context, tx *sqldb.Tx, a *account.Account) error {
	snap := a.Snapshot()
	var bban, holder []byte
	var fingerprint sql.NullString
	opened := int64(0)
	plain, err := json.Marshal(snap.Facts)
	if err != nil {
		return fmt.Errorf("write account: %w", err)
	}
	facts, err := s.Sealer.Seal(ctx, plain, []byte("facts/"+snap.CaseRef))
	if err != nil {
		return err
	}
	if snap.BBAN != "" {
		if bban, err = s.Sealer.Seal(ctx, []byte(snap.BBAN), []byte("bban/"+snap.CaseRef)); err != nil {
			return err
		}
		if holder, err = s.Sealer.Seal(ctx, []byte(snap.Holder), []byte("holder/"+snap.CaseRef)); err != nil {
			return err
		}
		// Cases that share an account share its number, which stands once.
		fingerprint = sql.NullString{String: s.Fingerprint.Of(snap.BBAN), Valid: snap.SameAs == ""}
		opened = clock.Micros(snap.OpenedAt)
	}
	n, err := sqldb.Changed(ctx, tx, `
		INSERT INTO account (case_ref, state, granted, identified, bban, fingerprint, holder, kind, opened_at, bank, standing, cause, same_as, facts, screened)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (case_ref) DO UPDATE SET state = excluded.state, granted = excluded.granted, identified = excluded.identified,
			bban = excluded.bban, fingerprint = excluded.fingerprint, holder = excluded.holder, kind = excluded.kind, opened_at = excluded.opened_at,
			bank = excluded.bank, standing = excluded.standing, cause = excluded.cause, same_as = excluded.same_as, facts = excluded.facts, screened = excluded.screened
		WHERE (account.fingerprint IS NULL OR account.fingerprint = excluded.fingerprint) AND (account.same_as = '' OR account.same_as = excluded.same_as)`,
		snap.CaseRef, string(snap.State), truth(snap.Granted), truth(snap.Identified), bban, fingerprint, holder, string(snap.Kind), opened,
		snap.Bank, string(snap.Standing), snap.Cause, snap.SameAs, facts, a.Screened())
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

// Unscreened gives the cases after one, in their order, whose account is open
// and whose holder was last compared with another list.
func (s Store) Unscreened(ctx context.Context, q sqldb.Querier, list, after string, limit int) ([]string, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT case_ref FROM account WHERE state IN ('OPENED', 'FROZEN') AND screened <> $1 AND case_ref > $2 ORDER BY case_ref LIMIT $3`, list, after, limit)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (string, error) {
		var ref string
		err := r.Scan(&ref)
		return ref, err
	})
	if err != nil {
		return nil, fmt.Errorf("find customers to screen: %w", err)
	}
	return all, nil
}

const columns = `COALESCE(state, ''), COALESCE(granted, 0), COALESCE(identified, 0), bban, holder, COALESCE(kind, ''), COALESCE(opened_at, 0),
	COALESCE(bank, ''), COALESCE(standing, ''), COALESCE(cause, ''), COALESCE(same_as, ''), facts`

// row is an account as it is stored.
type row struct {
	snap                        account.Snapshot
	granted, identified, opened int64
	bban, holder, facts         []byte
}

func (r *row) fields() []any {
	return []any{&r.snap.State, &r.granted, &r.identified, &r.bban, &r.holder, &r.snap.Kind, &r.opened,
		&r.snap.Bank, &r.snap.Standing, &r.snap.Cause, &r.snap.SameAs, &r.facts}
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
	if r.facts != nil {
		plain, err := s.Sealer.Open(ctx, r.facts, []byte("facts/"+caseRef))
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(plain, &r.snap.Facts); err != nil {
			return nil, fmt.Errorf("read account: %w", err)
		}
	}
	return account.Restore(r.snap)
}

// ByCase finds a case's account.
func (s Store) ByCase(ctx context.Context, q sqldb.Querier, caseRef string) (*account.Account, error) {
	all, err := s.accounts(ctx, q, `WHERE case_ref = $1`, caseRef)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "account.unknown", "there is no such account")
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Sharing gives the accounts of all cases that share the one that a case opened.
func (s Store) Sharing(ctx context.Context, q sqldb.Querier, root string) ([]*account.Account, error) {
	return s.accounts(ctx, q, `WHERE case_ref = $1 OR same_as = $1 ORDER BY case_ref`, root)
}

func (s Store) accounts(ctx context.Context, q sqldb.Querier, where string, args ...any) ([]*account.Account, error) {
	rows, err := q.QueryContext(ctx, `SELECT case_ref, `+columns+` FROM account `+where, args...)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (*account.Account, error) {
		var caseRef string
		var one row
		if err := r.Scan(append([]any{&caseRef}, one.fields()...)...); err != nil {
			return nil, err
		}
		return s.restore(ctx, caseRef, one)
	})
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	return all, nil
}
