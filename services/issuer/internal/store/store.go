// Package store keeps offers in the issuer's database: rows to domain and
// back, no rules.
package store

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrations is the issuer's schema.
func Migrations() sqldb.Migrations { return sqldb.Embedded("issuer", schema) }

// Sealer keeps secrets at rest.
type Sealer interface {
	Seal(ctx context.Context, plain, aad []byte) ([]byte, error)
	Open(ctx context.Context, sealed, aad []byte) ([]byte, error)
}

// Store is safe for concurrent use.
type Store struct{ Sealer Sealer }

const columns = `id, tenant, credential_id, form_hash, terms, accreditation_ref, state, code_salt, code_sum, wrong_codes,
	connection, issued_at, collected_at, delivered_at, withdrawn_at, withdraw_reason, traceparent`

// Add puts in a new offer with the employer's authorisation.
func (s Store) Add(ctx context.Context, tx *sqldb.Tx, r desk.Record, a desk.Authorisation) error {
	snap := r.Offer.Snapshot()
	terms, err := json.Marshal(snap.Terms)
	if err != nil {
		return fmt.Errorf("write terms: %w", err)
	}
	sealed, err := s.Sealer.Seal(ctx, terms, []byte(snap.ID))
	if err != nil {
		return err
	}
	code, err := s.Sealer.Seal(ctx, []byte(a.Code), []byte(snap.ID))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO offer (`+columns+`, idempotency_key, code_sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0, 0, '', $13, $14, $15)`,
		snap.ID, r.Tenant, r.CredentialID, r.FormHash, sealed, snap.AccreditationRef, string(snap.State), snap.CodeSalt, snap.CodeSum, snap.WrongCodes,
		snap.Connection, clock.Micros(snap.IssuedAt), telemetry.Traceparent(ctx), a.IdempotencyKey, code)
	if err != nil {
		return fmt.Errorf("add offer: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO authorisation (offer_id, tenant, token_hash, authorised_by, form_hash, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		snap.ID, r.Tenant, a.TokenHash, a.AuthorisedBy, r.FormHash, clock.Micros(snap.IssuedAt))
	return err
}

// Save writes an offer's life back.
func (s Store) Save(ctx context.Context, tx *sqldb.Tx, o *offer.Offer) error {
	snap := o.Snapshot()
	_, err := tx.ExecContext(ctx, `
		UPDATE offer SET state = $1, wrong_codes = $2, connection = $3, collected_at = $4, delivered_at = $5, withdrawn_at = $6, withdraw_reason = $7,
			code_sealed = CASE WHEN $1 = 'ISSUED' THEN code_sealed END
		WHERE id = $8`,
		string(snap.State), snap.WrongCodes, snap.Connection, clock.Micros(snap.CollectedAt), clock.Micros(snap.DeliveredAt), clock.Micros(snap.WithdrawnAt), snap.WithdrawReason, snap.ID)
	return err
}

// ByID finds an offer; NotFound when there is none.
func (s Store) ByID(ctx context.Context, q sqldb.Querier, id string) (desk.Record, error) {
	return s.one(ctx, q, `SELECT `+columns+` FROM offer WHERE id = $1`, id)
}

// ByCredential finds the offer of a credential.
func (s Store) ByCredential(ctx context.Context, q sqldb.Querier, id string) (desk.Record, error) {
	return s.one(ctx, q, `SELECT `+columns+` FROM offer WHERE credential_id = $1`, id)
}

// ByKey finds the offer that a tenant issued under an idempotency key.
func (s Store) ByKey(ctx context.Context, q sqldb.Querier, tenant, key string) (desk.Record, error) {
	return s.one(ctx, q, `SELECT `+columns+` FROM offer WHERE tenant = $1 AND idempotency_key = $2`, tenant, key)
}

// Code gives the collection code while the offer has not been collected, for
// an employer that asks again with the same key; empty afterwards.
func (s Store) Code(ctx context.Context, q sqldb.Querier, id string) (offer.CollectionCode, error) {
	var sealed []byte
	if err := q.QueryRowContext(ctx, `SELECT code_sealed FROM offer WHERE id = $1`, id).Scan(&sealed); err != nil || sealed == nil {
		return "", err
	}
	code, err := s.Sealer.Open(ctx, sealed, []byte(id))
	return offer.CollectionCode(code), err
}

// List gives a tenant's offers that were issued before an instant, newest
// first; state may be empty.
func (s Store) List(ctx context.Context, q sqldb.Querier, tenant string, state offer.State, before time.Time, limit int) ([]desk.Record, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM offer
		WHERE tenant = $1 AND ($2 = '' OR state = $2) AND issued_at < $3 ORDER BY issued_at DESC LIMIT $4`,
		tenant, string(state), clock.Micros(before), limit)
	return s.records(ctx, rows, err)
}

func (s Store) one(ctx context.Context, q sqldb.Querier, query string, args ...any) (desk.Record, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	all, err := s.records(ctx, rows, err)
	if err != nil {
		return desk.Record{}, fmt.Errorf("read offer: %w", err)
	}
	if len(all) == 0 {
		return desk.Record{}, fault.New(fault.NotFound, "offer.unknown", "there is no such offer")
	}
	return all[0], nil
}

func (s Store) records(ctx context.Context, rows *sql.Rows, err error) ([]desk.Record, error) {
	return sqldb.Collect(rows, err, func(r *sql.Rows) (desk.Record, error) {
		var rec desk.Record
		var snap offer.Snapshot
		var terms []byte
		var issued, collected, delivered, withdrawn int64
		err := r.Scan(&snap.ID, &rec.Tenant, &rec.CredentialID, &rec.FormHash, &terms, &snap.AccreditationRef, &snap.State, &snap.CodeSalt, &snap.CodeSum,
			&snap.WrongCodes, &snap.Connection, &issued, &collected, &delivered, &withdrawn, &snap.WithdrawReason, &rec.Traceparent)
		if err != nil {
			return rec, err
		}
		snap.IssuedAt, snap.CollectedAt, snap.DeliveredAt, snap.WithdrawnAt = clock.FromMicros(issued), clock.FromMicros(collected), clock.FromMicros(delivered), clock.FromMicros(withdrawn)
		plain, err := s.Sealer.Open(ctx, terms, []byte(snap.ID))
		if err != nil {
			return rec, err
		}
		if snap.Terms, err = offer.ParseTerms(plain); err != nil {
			return rec, err
		}
		rec.Offer, err = offer.Restore(snap)
		return rec, err
	})
}

// AddStep puts a step in an offer's timeline, once for each name.
func (s Store) AddStep(ctx context.Context, tx *sqldb.Tx, offerID string, step desk.Step) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO offer_step (offer_id, position, name, time_class, event_id, event_type, at)
		VALUES ($1, (SELECT COALESCE(MAX(position), 0) + 1 FROM offer_step WHERE offer_id = $1), $2, $3, $4, $5, $6)`,
		offerID, step.Name, string(step.TimeClass), step.EventID, step.EventType, clock.Micros(step.At))
	return err
}

// Steps gives an offer's timeline, oldest first.
func (s Store) Steps(ctx context.Context, q sqldb.Querier, offerID string) ([]desk.Step, error) {
	rows, err := q.QueryContext(ctx, `SELECT name, time_class, event_id, event_type, at FROM offer_step WHERE offer_id = $1 ORDER BY position`, offerID)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (desk.Step, error) {
		var step desk.Step
		var happened int64
		err := r.Scan(&step.Name, &step.TimeClass, &step.EventID, &step.EventType, &happened)
		step.At = clock.FromMicros(happened)
		return step, err
	})
}

// AddMail puts a mail in the outbox, sealed.
func (s Store) AddMail(ctx context.Context, tx *sqldb.Tx, id string, raw []byte, due time.Time) error {
	sealed, err := s.Sealer.Seal(ctx, raw, []byte(id))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO mail_outbox (id, sealed, due_at, attempts, state) VALUES ($1, $2, $3, 0, 'waiting')`, id, sealed, clock.Micros(due))
	return err
}

// NextMail gives a mail that is due, "" when there is none.
func (s Store) NextMail(ctx context.Context, q sqldb.Querier, now time.Time) (id string, raw []byte, attempts int64, err error) {
	var sealed []byte
	err = q.QueryRowContext(ctx, `SELECT id, sealed, attempts FROM mail_outbox WHERE state = 'waiting' AND due_at <= $1 ORDER BY due_at LIMIT 1`,
		clock.Micros(now)).Scan(&id, &sealed, &attempts)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil, 0, nil
	}
	if err != nil {
		return "", nil, 0, err
	}
	raw, err = s.Sealer.Open(ctx, sealed, []byte(id))
	return id, raw, attempts, err
}

// MailSent forgets a mail that has left.
func (s Store) MailSent(ctx context.Context, tx *sqldb.Tx, id string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM mail_outbox WHERE id = $1`, id)
	return err
}

// MailLater puts a mail off.
func (s Store) MailLater(ctx context.Context, tx *sqldb.Tx, id string, due time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE mail_outbox SET attempts = attempts + 1, due_at = $1 WHERE id = $2`, clock.Micros(due), id)
	return err
}
