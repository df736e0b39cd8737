// Package store keeps offers, their cases, batches and tax-card orders in the
// issuer's database: rows to domain and back, no rules.
package store

import (
	"context"
	"database/sql"
	"embed"
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
	connection, issued_at, collected_at, delivered_at, withdrawn_at, withdraw_reason, traceparent,
	number, created_at, expires_at, superseded_at, supersedes, superseded_by`

// AddDraft puts in a draft under the employer's own key of the request.
func (s Store) AddDraft(ctx context.Context, tx *sqldb.Tx, r desk.Record, key string) error {
	snap, err := r.Offer.Snapshot()
	if err != nil {
		return err
	}
	text, err := s.Sealer.Seal(ctx, snap.Text, []byte(snap.ID))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO offer (`+columns+`, idempotency_key)
		VALUES ($1, $2, '', $3, $4, '', $5, $6, $6, 0, '', 0, 0, 0, 0, '', $7, '', $8, 0, 0, '', '', $9)`,
		snap.ID, r.Tenant, r.FormHash, text, string(snap.State), []byte{}, telemetry.Traceparent(ctx), clock.Micros(snap.CreatedAt), key)
	if err != nil {
		return fmt.Errorf("add draft: %w", err)
	}
	return nil
}

// SaveDraft writes a draft's form back, or that it was discarded.
func (s Store) SaveDraft(ctx context.Context, tx *sqldb.Tx, o *offer.Offer) error {
	snap, err := o.Snapshot()
	if err != nil {
		return err
	}
	text, err := s.Sealer.Seal(ctx, snap.Text, []byte(snap.ID))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE offer SET terms = $1, state = $2 WHERE id = $3`, text, string(snap.State), snap.ID)
	return err
}

// Sign writes what the employer's signature adds to a draft, and who signed.
func (s Store) Sign(ctx context.Context, tx *sqldb.Tx, r desk.Record, a desk.Authorisation) error {
	snap, err := r.Offer.Snapshot()
	if err != nil {
		return err
	}
	text, err := s.Sealer.Seal(ctx, snap.Text, []byte(snap.ID))
	if err != nil {
		return err
	}
	code, err := s.Sealer.Seal(ctx, []byte(a.Code), []byte(snap.ID))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE offer SET terms = $1, state = $2, credential_id = $3, accreditation_ref = $4, code_salt = $5, code_sum = $6,
		code_sealed = $7, issued_at = $8, expires_at = $9, number = $10, supersedes = $11, traceparent = $12 WHERE id = $13`,
		text, string(snap.State), r.CredentialID, snap.AccreditationRef, snap.CodeSalt, snap.CodeSum,
		code, clock.Micros(snap.IssuedAt), clock.Micros(snap.ExpiresAt), string(snap.Number), snap.Supersedes, r.Traceparent, snap.ID)
	if err != nil {
		return fmt.Errorf("sign offer: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO authorisation (offer_id, tenant, token_hash, authorised_by, form_hash, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		snap.ID, r.Tenant, a.TokenHash, a.AuthorisedBy, a.FormHash, clock.Micros(snap.IssuedAt))
	return err
}

// Save writes a signed offer's life back.
func (s Store) Save(ctx context.Context, tx *sqldb.Tx, o *offer.Offer) error {
	snap, err := o.Snapshot()
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE offer SET state = $1, wrong_codes = $2, connection = $3, collected_at = $4, delivered_at = $5, withdrawn_at = $6, withdraw_reason = $7,
			superseded_at = $8, superseded_by = $9, code_sealed = CASE WHEN $1 = 'ISSUED' THEN code_sealed END
		WHERE id = $10`,
		string(snap.State), snap.WrongCodes, snap.Connection, clock.Micros(snap.CollectedAt), clock.Micros(snap.DeliveredAt),
		clock.Micros(snap.WithdrawnAt), snap.WithdrawReason, clock.Micros(snap.SupersededAt), snap.SupersededBy, snap.ID)
	return err
}

// NextNumber counts a year's offers up.
func (s Store) NextNumber(ctx context.Context, tx *sqldb.Tx, year int) (n int, err error) {
	err = tx.QueryRowContext(ctx, `
		INSERT INTO offer_count (year, last) VALUES ($1, 1)
		ON CONFLICT (year) DO UPDATE SET last = offer_count.last + 1 RETURNING last`, year).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("number offer: %w", err)
	}
	return n, nil
}

// Attempt counts an attempt to find an offer by its number, and gives what the
// code is compared with. What it writes does not tell whether there is such an
// offer.
func (s Store) Attempt(ctx context.Context, tx *sqldb.Tx, number offer.Number, most int) (offer.Lock, error) {
	counted, err := sqldb.Changed(ctx, tx, `UPDATE offer SET wrong_finds = wrong_finds + 1 WHERE number = $1 AND number <> '' AND wrong_finds < $2`, string(number), most)
	if err != nil {
		return offer.Lock{}, fmt.Errorf("count attempt: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE offer_miss SET misses = misses + 1 WHERE id = 1`); err != nil {
		return offer.Lock{}, fmt.Errorf("count attempt: %w", err)
	}
	var lock offer.Lock
	rows, err := tx.QueryContext(ctx, `SELECT id, code_salt, code_sum FROM offer WHERE number = $1 AND number <> ''`, string(number))
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) { return struct{}{}, r.Scan(&lock.OfferID, &lock.Salt, &lock.Sum) })
	lock.Exhausted = counted == 0
	return lock, err
}

// Forgive takes an attempt back whose code was right.
func (s Store) Forgive(ctx context.Context, tx *sqldb.Tx, id string) error {
	_, err := tx.ExecContext(ctx, `UPDATE offer SET wrong_finds = wrong_finds - 1 WHERE id = $1`, id)
	return err
}

// ByID finds an offer; NotFound when there is none.
func (s Store) ByID(ctx context.Context, q sqldb.Querier, id string) (desk.Record, error) {
	return s.one(ctx, q, `SELECT `+columns+` FROM offer WHERE id = $1`, id)
}

const byCredential = `SELECT ` + columns + ` FROM offer WHERE credential_id = $1 AND credential_id <> ''`

// ByCredential finds the offer of a credential.
func (s Store) ByCredential(ctx context.Context, q sqldb.Querier, id string) (desk.Record, error) {
	return s.one(ctx, q, byCredential, id)
}

// ByKey finds the offer that a tenant made under an idempotency key.
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

// List gives a tenant's offers that were made before an instant, newest first;
// state may be empty. What was discarded is left out.
func (s Store) List(ctx context.Context, q sqldb.Querier, wanted desk.Listing) ([]desk.Record, error) {
	beyond, order := "created_at < $3", "DESC"
	if wanted.OldestFirst {
		beyond, order = "created_at > $3", "ASC"
	}
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM offer
		WHERE tenant = $1 AND ($2 = '' OR state = $2) AND state <> 'DISCARDED' AND `+beyond+` ORDER BY created_at `+order+` LIMIT $4`,
		wanted.Tenant, string(wanted.State), clock.Micros(wanted.After), wanted.Limit)
	return s.records(ctx, rows, err)
}

// Due lists offers whose time is up and that nobody has finished collecting.
func (s Store) Due(ctx context.Context, q sqldb.Querier, now time.Time, limit int) ([]string, error) {
	return ids(q.QueryContext(ctx, `SELECT id FROM offer WHERE state IN ('ISSUED', 'COLLECTING') AND expires_at <= $1 ORDER BY expires_at LIMIT $2`,
		clock.Micros(now), limit))
}

func ids(rows *sql.Rows, err error) ([]string, error) {
	return sqldb.Collect(rows, err, func(r *sql.Rows) (string, error) {
		var id string
		err := r.Scan(&id)
		return id, err
	})
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
		var sealed []byte
		var issued, collected, delivered, withdrawn, created, expires, superseded int64
		err := r.Scan(&snap.ID, &rec.Tenant, &rec.CredentialID, &rec.FormHash, &sealed, &snap.AccreditationRef, &snap.State, &snap.CodeSalt, &snap.CodeSum,
			&snap.WrongCodes, &snap.Connection, &issued, &collected, &delivered, &withdrawn, &snap.WithdrawReason, &rec.Traceparent,
			&snap.Number, &created, &expires, &superseded, &snap.Supersedes, &snap.SupersededBy)
		if err != nil {
			return rec, err
		}
		snap.CreatedAt, snap.IssuedAt, snap.ExpiresAt = clock.FromMicros(created), clock.FromMicros(issued), clock.FromMicros(expires)
		snap.CollectedAt, snap.DeliveredAt = clock.FromMicros(collected), clock.FromMicros(delivered)
		snap.WithdrawnAt, snap.SupersededAt = clock.FromMicros(withdrawn), clock.FromMicros(superseded)
		if snap.Text, err = s.Sealer.Open(ctx, sealed, []byte(snap.ID)); err != nil {
			return rec, err
		}
		rec.Offer, err = offer.Restore(snap)
		return rec, err
	})
}
