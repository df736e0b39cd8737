// Package store keeps registrations in the tax administration's database: rows
// to domain and back, no rules.
package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrations is the tax administration's schema.
func Migrations() sqldb.Migrations { return sqldb.Embedded("tax", schema) }

// Store is safe for concurrent use.
type Store struct {
	Sealer      onboarding.Sealer
	Fingerprint *onboarding.Fingerprint
}

// Save writes a registration with its numbers and its requisition.
func (s Store) Save(ctx context.Context, tx *sqldb.Tx, r *registration.Registration) error {
	snap := r.Snapshot()
	card := snap.Card
	ordinal := slices.IndexFunc(snap.Numbers, func(n registration.Number) bool { return n.Number == card.Number })
	_, err := tx.ExecContext(ctx, `
		INSERT INTO registration (case_ref, state, valid_from, valid_until, performed_by, performed_at, kind, standing, cause, edition,
			order_reference, card_id, card_at, card_ordinal, card_year, card_source, card_table, card_percent, card_months, card_edition,
			card_revoked_at, card_cause)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
		ON CONFLICT (case_ref) DO UPDATE SET state = excluded.state, valid_from = excluded.valid_from, valid_until = excluded.valid_until,
			performed_by = excluded.performed_by, performed_at = excluded.performed_at, kind = excluded.kind, standing = excluded.standing,
			cause = excluded.cause, edition = excluded.edition, order_reference = excluded.order_reference, card_id = excluded.card_id,
			card_at = excluded.card_at, card_ordinal = excluded.card_ordinal, card_year = excluded.card_year, card_source = excluded.card_source,
			card_table = excluded.card_table, card_percent = excluded.card_percent, card_months = excluded.card_months,
			card_edition = excluded.card_edition, card_revoked_at = excluded.card_revoked_at, card_cause = excluded.card_cause`,
		snap.CaseRef, string(r.State()), clock.Micros(snap.Permit.ValidFrom), clock.Micros(snap.Permit.ValidUntil), snap.Identified.PerformedBy,
		clock.Micros(snap.Identified.PerformedAt), string(snap.Kind), string(snap.Standing), snap.Cause, snap.Edition, snap.Order.Reference,
		sql.NullInt64{Int64: card.ID, Valid: card.ID > 0}, clock.Micros(card.IssuedAt), max(ordinal, 0), card.Year, flag(card.Deduction.Source),
		card.Deduction.Table, card.Deduction.Percent, card.Deduction.Months, card.Edition, clock.Micros(card.RevokedAt), card.Cause)
	if err != nil {
		return fmt.Errorf("save registration: %w", err)
	}
	if err := s.saveNumbers(ctx, tx, snap); err != nil {
		return err
	}
	return s.saveOrder(ctx, tx, snap)
}

// saveNumbers adds the numbers that are new and marks those that were replaced.
// What stands is never changed otherwise.
func (s Store) saveNumbers(ctx context.Context, tx *sqldb.Tx, snap registration.Snapshot) error {
	var kept int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM person_number WHERE case_ref = $1`, snap.CaseRef).Scan(&kept); err != nil {
		return fmt.Errorf("count numbers: %w", err)
	}
	for i, n := range snap.Numbers {
		if i < kept {
			if n.ReplacedAt.IsZero() {
				continue
			}
			_, err := tx.ExecContext(ctx, `UPDATE person_number SET replaced_at = $1 WHERE case_ref = $2 AND ordinal = $3 AND replaced_at = 0`,
				clock.Micros(n.ReplacedAt), snap.CaseRef, i)
			if err != nil {
				return fmt.Errorf("replace number: %w", err)
			}
			continue
		}
		sealed, err := s.Sealer.Seal(ctx, []byte(n.Number), []byte(snap.CaseRef))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO person_number (case_ref, ordinal, kind, number, fingerprint, deviates, how, assigned_at, replaced_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, snap.CaseRef, i, string(n.Kind), sealed, s.Fingerprint.Of(n.Number), flag(n.DateDeviates),
			string(n.How), clock.Micros(n.AssignedAt), clock.Micros(n.ReplacedAt))
		if err != nil {
			return fmt.Errorf("add number: %w", err)
		}
	}
	return nil
}

func flag(set bool) int64 {
	if set {
		return 1
	}
	return 0
}

// GivenToAnother says whether a number was assigned anew in another case.
func (s Store) GivenToAnother(ctx context.Context, q sqldb.Querier, caseRef, number string) (bool, error) {
	var given int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM person_number WHERE fingerprint = $1 AND how = 'ASSIGNED' AND case_ref <> $2`,
		s.Fingerprint.Of(number), caseRef).Scan(&given)
	return given > 0, err
}

// NextCard is the next tax card's id.
func (s Store) NextCard(ctx context.Context, q sqldb.Querier) (int64, error) {
	var next int64
	err := q.QueryRowContext(ctx, `SELECT COALESCE(MAX(card_id), 0) + 1 FROM registration`).Scan(&next)
	return next, err
}

const columns = `COALESCE(r.state, ''), COALESCE(r.valid_from, 0), COALESCE(r.valid_until, 0), COALESCE(r.performed_by, ''),
	COALESCE(r.performed_at, 0), COALESCE(r.kind, ''), COALESCE(r.standing, ''), COALESCE(r.cause, ''), COALESCE(r.edition, 0),
	COALESCE(r.order_reference, ''), COALESCE(r.card_id, 0), COALESCE(r.card_at, 0), COALESCE(r.card_ordinal, 0), COALESCE(r.card_year, 0),
	COALESCE(r.card_source, 0), COALESCE(r.card_table, ''), COALESCE(r.card_percent, 0), COALESCE(r.card_months, 0),
	COALESCE(r.card_edition, 0), COALESCE(r.card_revoked_at, 0), COALESCE(r.card_cause, '')`

// row is a registration as it is stored.
type row struct {
	snap                                                             registration.Snapshot
	state                                                            string
	from, until, performed, cardAt, cardOrdinal, cardSource, revoked int64
}

func (r *row) fields() []any {
	card := &r.snap.Card
	return []any{&r.state, &r.from, &r.until, &r.snap.Identified.PerformedBy, &r.performed, &r.snap.Kind, &r.snap.Standing, &r.snap.Cause, &r.snap.Edition,
		&r.snap.Order.Reference, &card.ID, &r.cardAt, &r.cardOrdinal, &card.Year, &r.cardSource, &card.Deduction.Table, &card.Deduction.Percent,
		&card.Deduction.Months, &card.Edition, &r.revoked, &card.Cause}
}

// restore completes a row with the numbers and the requisition of its case.
func (s Store) restore(ctx context.Context, q sqldb.Querier, caseRef string, r row) (*registration.Registration, error) {
	snap := r.snap
	snap.CaseRef = caseRef
	snap.Permit = registration.Permit{ValidFrom: clock.FromMicros(r.from), ValidUntil: clock.FromMicros(r.until)}
	snap.Identified.PerformedAt = clock.FromMicros(r.performed)
	snap.Card.IssuedAt, snap.Card.RevokedAt, snap.Card.Deduction.Source = clock.FromMicros(r.cardAt), clock.FromMicros(r.revoked), r.cardSource != 0
	var err error
	if snap.Numbers, err = s.numbers(ctx, q, caseRef); err != nil {
		return nil, err
	}
	if snap.Card.ID > 0 {
		if r.cardOrdinal >= int64(len(snap.Numbers)) {
			return nil, fault.New(fault.Internal, "registration.stored", "a tax card names a number that is not there")
		}
		snap.Card.Number = snap.Numbers[r.cardOrdinal].Number
	}
	if snap.Order.Reference != "" {
		if snap.Order, err = s.order(ctx, q, snap.Order.Reference); err != nil {
			return nil, err
		}
	}
	return registration.Restore(snap)
}

func (s Store) numbers(ctx context.Context, q sqldb.Querier, caseRef string) ([]registration.Number, error) {
	rows, err := q.QueryContext(ctx, `SELECT kind, number, deviates, how, assigned_at, replaced_at FROM person_number WHERE case_ref = $1 ORDER BY ordinal`, caseRef)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (registration.Number, error) {
		var n registration.Number
		var sealed []byte
		var deviates, assigned, replaced int64
		if err := r.Scan(&n.Kind, &sealed, &deviates, &n.How, &assigned, &replaced); err != nil {
			return n, err
		}
		plain, err := s.Sealer.Open(ctx, sealed, []byte(caseRef))
		n.Number, n.DateDeviates = string(plain), deviates != 0
		n.AssignedAt, n.ReplacedAt = clock.FromMicros(assigned), clock.FromMicros(replaced)
		return n, err
	})
	if err != nil {
		return nil, fmt.Errorf("read numbers: %w", err)
	}
	return all, nil
}

// ByCase finds a case's registration.
func (s Store) ByCase(ctx context.Context, q sqldb.Querier, caseRef string) (*registration.Registration, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM registration AS r WHERE r.case_ref = $1`, caseRef)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (row, error) {
		var one row
		return one, r.Scan(one.fields()...)
	})
	if err != nil {
		return nil, fmt.Errorf("read registration: %w", err)
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "registration.unknown", "there is no such registration")
	}
	return s.restore(ctx, q, caseRef, all[0])
}
