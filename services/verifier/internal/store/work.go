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
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
)

// AddPayment keeps the payment of a case's fee, to be looked at from then on.
func (s *Store) AddPayment(ctx context.Context, tx *sqldb.Tx, caseRef string, p desk.Payment, look time.Time) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO fee_payment (case_ref, payment_id, url, state, next_at, attempts) VALUES ($1, $2, $3, 'due', $4, 0)`,
		caseRef, p.ID, p.URL, clock.Micros(look))
	if err != nil {
		return fmt.Errorf("add payment: %w", err)
	}
	return nil
}

// DuePayments are the payments to be looked at by now, first those that were
// looked at least.
func (s *Store) DuePayments(ctx context.Context, q sqldb.Querier, now time.Time, limit int) ([]desk.DuePayment, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT case_ref, payment_id, url, attempts FROM fee_payment WHERE state = 'due' AND next_at <= $1 ORDER BY attempts, next_at LIMIT $2`,
		clock.Micros(now), limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (one desk.DuePayment, err error) {
		err = r.Scan(&one.CaseRef, &one.Payment.ID, &one.Payment.URL, &one.Attempts)
		return one, err
	})
}

// PutOffPayment has a payment looked at later.
func (s *Store) PutOffPayment(ctx context.Context, tx *sqldb.Tx, p desk.DuePayment, until time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE fee_payment SET next_at = $1, attempts = $2 WHERE case_ref = $3 AND state = 'due'`,
		clock.Micros(until), p.Attempts, p.CaseRef)
	return err
}

// IsPaymentDue reports whether somebody waits for the payment.
func (s *Store) IsPaymentDue(ctx context.Context, q sqldb.Querier, paymentID string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM fee_payment WHERE payment_id = $1 AND state = 'due'`, paymentID).Scan(&n)
	return n > 0, err
}

// HastenPayment has a payment looked at now, and often again from there.
func (s *Store) HastenPayment(ctx context.Context, tx *sqldb.Tx, paymentID, caseRef string, now time.Time) (int64, error) {
	return sqldb.Changed(ctx, tx, `
		UPDATE fee_payment SET next_at = $1, attempts = 0 WHERE state = 'due' AND ((payment_id = $2 AND $2 <> '') OR (case_ref = $3 AND $3 <> ''))`,
		clock.Micros(now), paymentID, caseRef)
}

// EndPayment is when nobody waits for a payment any more.
func (s *Store) EndPayment(ctx context.Context, tx *sqldb.Tx, caseRef string) error {
	_, err := tx.ExecContext(ctx, `UPDATE fee_payment SET state = 'over' WHERE case_ref = $1`, caseRef)
	return err
}

// PaymentURL is where the fee of a case is paid.
func (s *Store) PaymentURL(ctx context.Context, q sqldb.Querier, caseRef string) (url string, err error) {
	err = q.QueryRowContext(ctx, `SELECT url FROM fee_payment WHERE case_ref = $1`, caseRef).Scan(&url)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fault.New(fault.NotFound, "case.no-payment", "the case has no payment")
	}
	return url, err
}

// PutStanding keeps how an employer stands; false for older news.
func (s *Store) PutStanding(ctx context.Context, tx *sqldb.Tx, one desk.Standing) (bool, error) {
	n, err := sqldb.Changed(ctx, tx, `
		INSERT INTO employer_standing (organisation_number, cause, at) VALUES ($1, $2, $3)
		ON CONFLICT (organisation_number) DO UPDATE SET cause = excluded.cause, at = excluded.at WHERE employer_standing.at < excluded.at`,
		one.OrganisationNumber, string(one.Cause), clock.Micros(one.At))
	if err != nil {
		return false, fmt.Errorf("keep standing: %w", err)
	}
	return n == 1, nil
}

// Standing is how an employer stands, good when nothing is known.
func (s *Store) Standing(ctx context.Context, q sqldb.Querier, organisationNumber string) (desk.Standing, error) {
	one := desk.Standing{OrganisationNumber: organisationNumber}
	var cause string
	var at int64
	err := q.QueryRowContext(ctx, `SELECT cause, at FROM employer_standing WHERE organisation_number = $1`, organisationNumber).Scan(&cause, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return one, nil
	}
	if err != nil {
		return one, fmt.Errorf("read standing: %w", err)
	}
	one.Cause, one.At = casefile.Cause(cause), clock.FromMicros(at)
	return one, nil
}

// AddCorrection keeps that a corrected identity is to be fetched.
func (s *Store) AddCorrection(ctx context.Context, tx *sqldb.Tx, caseRef, eventID string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO identity_correction (event_id, case_ref, state, next_at, attempts) VALUES ($1, $2, 'due', $3, 0) ON CONFLICT DO NOTHING`,
		eventID, caseRef, clock.Micros(now))
	if err != nil {
		return fmt.Errorf("add correction: %w", err)
	}
	return nil
}

// DueCorrections are the corrections to be fetched by now.
func (s *Store) DueCorrections(ctx context.Context, q sqldb.Querier, now time.Time, limit int) ([]desk.DueCorrection, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT event_id, case_ref, attempts FROM identity_correction WHERE state = 'due' AND next_at <= $1 ORDER BY next_at LIMIT $2`,
		clock.Micros(now), limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (one desk.DueCorrection, err error) {
		err = r.Scan(&one.EventID, &one.CaseRef, &one.Attempts)
		return one, err
	})
}

// PutOffCorrection has a correction fetched later.
func (s *Store) PutOffCorrection(ctx context.Context, tx *sqldb.Tx, c desk.DueCorrection, until time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE identity_correction SET next_at = $1, attempts = $2 WHERE event_id = $3 AND state = 'due'`,
		clock.Micros(until), c.Attempts, c.EventID)
	return err
}

// EndCorrection ends a correction, once.
func (s *Store) EndCorrection(ctx context.Context, tx *sqldb.Tx, eventID string) (bool, error) {
	n, err := sqldb.Changed(ctx, tx, `UPDATE identity_correction SET state = 'done' WHERE event_id = $1 AND state = 'due'`, eventID)
	return n == 1, err
}
