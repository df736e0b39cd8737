package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/taxcard"
)

// AddOrder puts an order in unless the offer has one.
func (s Store) AddOrder(ctx context.Context, tx *sqldb.Tx, o taxcard.Order, due time.Time) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO taxcard_order (offer_id, case_ref, year, state, reference, ordered_at, answered_at, due_at, attempts, rule)
		VALUES ($1, $2, $3, $4, '', 0, 0, $5, 0, '') ON CONFLICT (offer_id) DO NOTHING`,
		o.OfferID, o.CaseRef, o.Year, string(o.State), clock.Micros(due))
	if err != nil {
		return fmt.Errorf("add tax-card order: %w", err)
	}
	return nil
}

const orderColumns = `offer_id, case_ref, year, state, reference, person, card, ordered_at, answered_at, rule`

// Order finds the order of an offer; NotFound when there is none.
func (s Store) Order(ctx context.Context, q sqldb.Querier, offerID string) (taxcard.Order, error) {
	return s.scanOrder(ctx, q.QueryRowContext(ctx, `SELECT `+orderColumns+` FROM taxcard_order WHERE offer_id = $1`, offerID))
}

// NextOrder gives an order that is due; NotFound when there is none.
func (s Store) NextOrder(ctx context.Context, q sqldb.Querier, now time.Time) (taxcard.Order, int64, error) {
	var attempts int64
	o, err := s.scanOrder(ctx, q.QueryRowContext(ctx, `SELECT `+orderColumns+`, attempts FROM taxcard_order
		WHERE due_at > 0 AND due_at <= $1 ORDER BY due_at LIMIT 1`, clock.Micros(now)), &attempts)
	return o, attempts, err
}

func (s Store) scanOrder(ctx context.Context, row *sql.Row, more ...any) (taxcard.Order, error) {
	var o taxcard.Order
	var person, card []byte
	var ordered, answered int64
	err := row.Scan(append([]any{&o.OfferID, &o.CaseRef, &o.Year, &o.State, &o.Reference, &person, &card, &ordered, &answered, &o.Rule}, more...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return o, fault.New(fault.NotFound, "taxcard.unknown", "no tax card was ordered")
	}
	if err != nil {
		return o, fmt.Errorf("read tax-card order: %w", err)
	}
	o.OrderedAt, o.AnsweredAt = clock.FromMicros(ordered), clock.FromMicros(answered)
	if person != nil {
		plain, err := s.Sealer.Open(ctx, person, []byte(o.OfferID+" person"))
		if err != nil {
			return o, err
		}
		o.Person = string(plain)
	}
	if card != nil {
		plain, err := s.Sealer.Open(ctx, card, []byte(o.OfferID+" card"))
		if err != nil {
			return o, err
		}
		o.Card = &taxcard.Card{}
		if err := json.Unmarshal(plain, o.Card); err != nil {
			return o, fmt.Errorf("read tax card: %w", err)
		}
	}
	return o, nil
}

// SaveOrder writes an order back, provided that it is still as from. A zero due
// is never.
func (s Store) SaveOrder(ctx context.Context, tx *sqldb.Tx, o taxcard.Order, from taxcard.State, due time.Time) error {
	var person, card []byte
	var err error
	if o.Person != "" {
		if person, err = s.Sealer.Seal(ctx, []byte(o.Person), []byte(o.OfferID+" person")); err != nil {
			return err
		}
	}
	if o.Card != nil {
		plain, err := json.Marshal(o.Card)
		if err != nil {
			return fmt.Errorf("write tax card: %w", err)
		}
		if card, err = s.Sealer.Seal(ctx, plain, []byte(o.OfferID+" card")); err != nil {
			return err
		}
	}
	n, err := sqldb.Changed(ctx, tx, `
		UPDATE taxcard_order SET state = $1, reference = $2, person = $3, card = $4, ordered_at = $5, answered_at = $6, due_at = $7, rule = $8,
			attempts = CASE WHEN state = $1 THEN attempts + 1 ELSE 0 END
		WHERE offer_id = $9 AND state = $10`,
		string(o.State), o.Reference, person, card, clock.Micros(o.OrderedAt), clock.Micros(o.AnsweredAt), clock.Micros(due), o.Rule, o.OfferID, string(from))
	if err != nil {
		return fmt.Errorf("save tax-card order: %w", err)
	}
	if n == 0 {
		return fault.New(fault.Conflict, "taxcard.changed-meanwhile", "the order has moved on meanwhile")
	}
	return nil
}

// OrderLater puts an order off and notes why.
func (s Store) OrderLater(ctx context.Context, tx *sqldb.Tx, offerID, rule string, due time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE taxcard_order SET attempts = attempts + 1, due_at = $1, rule = CASE WHEN rule = 'taxcard.number-replaced' THEN rule ELSE $2 END
		WHERE offer_id = $3`, clock.Micros(due), rule, offerID)
	return err
}
