package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/card"
)

// AddCard puts in a new card and reports whether its number was free.
func (s Store) AddCard(ctx context.Context, tx *sqldb.Tx, c *card.Card) (bool, error) {
	free, err := sqldb.Inserted(ctx, tx, `
		INSERT INTO residence_card (case_ref, number, state, cause, shown, issued_at, ordered_at, expected_at, produced_at, delivered_at, revoked_at)
		VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0, 0) ON CONFLICT (number) DO NOTHING`,
		c.CaseRef, c.Number, string(c.State), c.Cause, c.Shown, clock.Micros(c.IssuedAt))
	if err != nil {
		return false, fmt.Errorf("add residence card: %w", err)
	}
	return free, nil
}

// SaveCard writes a card back. was is the state in which it was read: Conflict
// when it has left that meanwhile.
func (s Store) SaveCard(ctx context.Context, tx *sqldb.Tx, c *card.Card, was card.State) error {
	n, err := sqldb.Changed(ctx, tx, `
		UPDATE residence_card SET state = $1, cause = $2, shown = $3, ordered_at = $4, expected_at = $5, produced_at = $6, delivered_at = $7, revoked_at = $8
		WHERE case_ref = $9 AND state = $10`,
		string(c.State), c.Cause, c.Shown, clock.Micros(c.OrderedAt), clock.Micros(c.Expected), clock.Micros(c.ProducedAt), clock.Micros(c.DeliveredAt),
		clock.Micros(c.RevokedAt), c.CaseRef, string(was))
	if err != nil {
		return fmt.Errorf("save residence card: %w", err)
	}
	if n == 0 {
		return fault.New(fault.Conflict, "card.changed", "the card has been changed meanwhile: look at it again")
	}
	return nil
}

// Card finds the card of a case; NotFound before its visit.
func (s Store) Card(ctx context.Context, q sqldb.Querier, caseRef string) (*card.Card, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT case_ref, number, state, cause, shown, issued_at, ordered_at, expected_at, produced_at, delivered_at, revoked_at
		FROM residence_card WHERE case_ref = $1`, caseRef)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (*card.Card, error) {
		var c card.Card
		var issued, ordered, expected, produced, delivered, revoked int64
		err := r.Scan(&c.CaseRef, &c.Number, &c.State, &c.Cause, &c.Shown, &issued, &ordered, &expected, &produced, &delivered, &revoked)
		c.IssuedAt, c.OrderedAt, c.Expected = clock.FromMicros(issued), clock.FromMicros(ordered), clock.FromMicros(expected)
		c.ProducedAt, c.DeliveredAt, c.RevokedAt = clock.FromMicros(produced), clock.FromMicros(delivered), clock.FromMicros(revoked)
		if err == nil {
			err = c.Check()
		}
		return &c, err
	})
	if err != nil {
		return nil, fmt.Errorf("read residence card: %w", err)
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "card.unknown", "the case has no residence card yet")
	}
	return all[0], nil
}

// cardOf is the card that came of an appointment, nil when none did.
func (s Store) cardOf(ctx context.Context, q sqldb.Querier, a *appointment.Appointment) (*card.Card, error) {
	if a.State() != appointment.Attended {
		return nil, nil
	}
	found, err := s.Card(ctx, q, a.CaseRef())
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	return found, err
}
