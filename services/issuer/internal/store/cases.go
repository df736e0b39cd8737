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
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/progress"
)

// AddStep puts a step at the end of an offer's timeline.
func (s Store) AddStep(ctx context.Context, tx *sqldb.Tx, offerID string, step desk.Step) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO offer_step (offer_id, position, name, time_class, event_id, event_type, at, service, cause)
		VALUES ($1, (SELECT COALESCE(MAX(position), 0) + 1 FROM offer_step WHERE offer_id = $1), $2, $3, $4, $5, $6, $7, $8)`,
		offerID, step.Name, string(step.TimeClass), step.EventID, step.EventType, clock.Micros(step.At), step.Service, step.Cause)
	return err
}

// AddCaseStep puts a step at the end of a case's timeline.
func (s Store) AddCaseStep(ctx context.Context, tx *sqldb.Tx, caseRef string, step desk.Step) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO case_step (case_ref, position, service, name, cause, time_class, event_id, event_type, at)
		VALUES ($1, (SELECT COALESCE(MAX(position), 0) + 1 FROM case_step WHERE case_ref = $1), $2, $3, $4, $5, $6, $7, $8)`,
		caseRef, step.Service, step.Name, step.Cause, string(step.TimeClass), step.EventID, step.EventType, clock.Micros(step.At))
	return err
}

// Steps gives an offer's timeline and that of its case, oldest first.
func (s Store) Steps(ctx context.Context, q sqldb.Querier, offerID string) ([]desk.Step, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT service, name, cause, time_class, event_id, event_type, at, 0 AS origin, position FROM offer_step WHERE offer_id = $1
		UNION ALL
		SELECT s.service, s.name, s.cause, s.time_class, s.event_id, s.event_type, s.at, 1 AS origin, s.position
		FROM case_step AS s JOIN offer_case AS c ON c.case_ref = s.case_ref WHERE c.offer_id = $1
		ORDER BY at, origin, position`, offerID)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (desk.Step, error) {
		var step desk.Step
		var happened, origin, position int64
		err := r.Scan(&step.Service, &step.Name, &step.Cause, &step.TimeClass, &step.EventID, &step.EventType, &happened, &origin, &position)
		step.At = clock.FromMicros(happened)
		return step, err
	})
}

const caseColumns = `case_ref, offer_id, state, cause, card_issued, account_shared, updated_at`

// Case finds a case by its reference. NotFound for one that no event has named.
func (s Store) Case(ctx context.Context, q sqldb.Querier, caseRef string) (progress.Case, error) {
	return scanCase(q.QueryRowContext(ctx, `SELECT `+caseColumns+` FROM offer_case WHERE case_ref = $1`, caseRef))
}

// CaseOf finds the case that rests on an offer; NotFound when there is none.
func (s Store) CaseOf(ctx context.Context, q sqldb.Querier, offerID string) (progress.Case, error) {
	return scanCase(q.QueryRowContext(ctx, `SELECT `+caseColumns+` FROM offer_case WHERE offer_id = $1 AND offer_id <> '' ORDER BY updated_at DESC LIMIT 1`, offerID))
}

func scanCase(row *sql.Row) (progress.Case, error) {
	var c progress.Case
	var card, account, updated int64
	err := row.Scan(&c.Ref, &c.OfferID, &c.State, &c.Cause, &card, &account, &updated)
	if errors.Is(err, sql.ErrNoRows) {
		return c, fault.New(fault.NotFound, "case.unknown", "no event has named this case here")
	}
	if err != nil {
		return c, fmt.Errorf("read case: %w", err)
	}
	c.CardIssued, c.AccountShared, c.UpdatedAt = card != 0, account != 0, clock.FromMicros(updated)
	return c, nil
}

// SaveCase puts a case in, or writes it back.
func (s Store) SaveCase(ctx context.Context, tx *sqldb.Tx, c progress.Case) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO offer_case (`+caseColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (case_ref) DO UPDATE SET offer_id = excluded.offer_id, state = excluded.state, cause = excluded.cause,
			card_issued = excluded.card_issued, account_shared = excluded.account_shared, updated_at = excluded.updated_at`,
		c.Ref, c.OfferID, string(c.State), c.Cause, number(c.CardIssued), number(c.AccountShared), clock.Micros(c.UpdatedAt))
	if err != nil {
		return fmt.Errorf("save case: %w", err)
	}
	return nil
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// AddRevokedEmployer notes that an employer's offers are to be withdrawn.
func (s Store) AddRevokedEmployer(ctx context.Context, tx *sqldb.Tx, r desk.RevokedEmployer) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO revoked_employer (event_id, organisation_number, revoked_at, done) VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING`,
		r.EventID, r.OrganisationNumber, clock.Micros(r.At))
	return err
}

// NextRevokedEmployer gives one whose offers are not all withdrawn yet; NotFound
// when there is none.
func (s Store) NextRevokedEmployer(ctx context.Context, q sqldb.Querier) (desk.RevokedEmployer, error) {
	var r desk.RevokedEmployer
	var at int64
	err := q.QueryRowContext(ctx, `SELECT event_id, organisation_number, revoked_at FROM revoked_employer WHERE done = 0 ORDER BY revoked_at LIMIT 1`).
		Scan(&r.EventID, &r.OrganisationNumber, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return r, fault.New(fault.NotFound, "employer.none-revoked", "no employer's offers are to be withdrawn")
	}
	r.At = clock.FromMicros(at)
	return r, err
}

// RevokedEmployerDone notes that all offers of an employer are withdrawn.
func (s Store) RevokedEmployerDone(ctx context.Context, tx *sqldb.Tx, eventID string) error {
	_, err := tx.ExecContext(ctx, `UPDATE revoked_employer SET done = 1 WHERE event_id = $1`, eventID)
	return err
}

// OpenOffers lists a tenant's offers that were signed until an instant, may
// still lead to a permit, and have led to none.
func (s Store) OpenOffers(ctx context.Context, q sqldb.Querier, tenant string, until time.Time, limit int) ([]string, error) {
	return ids(q.QueryContext(ctx, `
		SELECT id FROM offer AS o
		WHERE tenant = $1 AND state IN ('ISSUED', 'COLLECTING', 'COLLECTED') AND issued_at <= $2 AND NOT EXISTS (
			SELECT 1 FROM offer_case AS c WHERE c.offer_id = o.id AND c.state IN ('GRANTED', 'HALTED', 'REVOKED', 'COMPLETED'))
		ORDER BY issued_at LIMIT $3`, tenant, clock.Micros(until), limit))
}
