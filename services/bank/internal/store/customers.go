package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/bankid"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// person names a number so that it tells nobody the number, and is no account
// number's name.
func (s Store) person(number string) string { return s.Fingerprint.Of("person\x00" + number) }

// Register writes down that a person is the customer whose account a case
// opened, and gives the case that is so already, or this one.
func (s Store) Register(ctx context.Context, tx *sqldb.Tx, bank, number, caseRef string) (string, error) {
	_, err := tx.ExecContext(ctx, `INSERT INTO customer (bank, person, case_ref) VALUES ($1, $2, $3) ON CONFLICT (bank, person) DO NOTHING`,
		bank, s.person(number), caseRef)
	if err != nil {
		return "", fmt.Errorf("register customer: %w", err)
	}
	return s.Customer(ctx, tx, bank, number)
}

// Customer is the case that opened the account of a person at a bank; empty
// when there is none.
func (s Store) Customer(ctx context.Context, q sqldb.Querier, bank, number string) (string, error) {
	var root string
	err := q.QueryRowContext(ctx, `SELECT case_ref FROM customer WHERE bank = $1 AND person = $2`, bank, s.person(number)).Scan(&root)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("find customer: %w", err)
	}
	return root, nil
}

// Succeed has a case follow another that opened an account which is closed.
func (s Store) Succeed(ctx context.Context, tx *sqldb.Tx, bank, root, by string) error {
	_, err := tx.ExecContext(ctx, `UPDATE customer SET case_ref = $1 WHERE bank = $2 AND case_ref = $3`, by, bank, root)
	return err
}

// Order gives the BankID order of an account.
func (s Store) Order(ctx context.Context, q sqldb.Querier, root string) (*bankid.Order, error) {
	var o bankid.Snapshot
	var ordered, confirmed, issued, revoked int64
	err := q.QueryRowContext(ctx, `
		SELECT state, ordered_at, confirmed_at, confirmed_by, issued_at, revoked_at, reason FROM bankid_order WHERE case_ref = $1`, root).
		Scan(&o.State, &ordered, &confirmed, &o.ConfirmedBy, &issued, &revoked, &o.Reason)
	if errors.Is(err, sql.ErrNoRows) {
		return &bankid.Order{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read BankID order: %w", err)
	}
	o.OrderedAt, o.ConfirmedAt = clock.FromMicros(ordered), clock.FromMicros(confirmed)
	o.IssuedAt, o.RevokedAt = clock.FromMicros(issued), clock.FromMicros(revoked)
	return bankid.Restore(o)
}

// SaveOrder writes a BankID order.
func (s Store) SaveOrder(ctx context.Context, tx *sqldb.Tx, root string, order *bankid.Order) error {
	o := order.Snapshot()
	_, err := tx.ExecContext(ctx, `
		INSERT INTO bankid_order (case_ref, state, ordered_at, confirmed_at, confirmed_by, issued_at, revoked_at, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (case_ref) DO UPDATE SET state = excluded.state, ordered_at = excluded.ordered_at, confirmed_at = excluded.confirmed_at,
			confirmed_by = excluded.confirmed_by, issued_at = excluded.issued_at, revoked_at = excluded.revoked_at, reason = excluded.reason`,
		root, string(o.State), clock.Micros(o.OrderedAt), clock.Micros(o.ConfirmedAt), o.ConfirmedBy, clock.Micros(o.IssuedAt), clock.Micros(o.RevokedAt), o.Reason)
	if err != nil {
		return fmt.Errorf("save BankID order: %w", err)
	}
	return nil
}
