// Package store keeps holders, exchanges and credentials in the wallet's
// database: rows to domain and back, no rules.
package store

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrations is the wallet's schema.
func Migrations() sqldb.Migrations { return sqldb.Embedded("wallet", schema) }

// Sealer keeps secrets at rest.
type Sealer interface {
	Seal(ctx context.Context, plain, aad []byte) ([]byte, error)
	Open(ctx context.Context, sealed, aad []byte) ([]byte, error)
}

// Store is safe for concurrent use.
type Store struct {
	Sealer Sealer
	Clock  clock.Clock
}

// AddHolder makes a holder.
func (s Store) AddHolder(ctx context.Context, tx *sqldb.Tx, id, tokenHash string, wishes holding.Wishes) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO holder (id, token_hash, locale, format, created_at) VALUES ($1, $2, $3, $4, $5)`,
		id, tokenHash, wishes.Locale, string(wishes.Format), clock.Micros(s.Clock.Now()))
	return err
}

// FormatOf is the format in which a holder asks for credentials.
func (s Store) FormatOf(ctx context.Context, q sqldb.Querier, holder string) (format credential.Format, err error) {
	err = q.QueryRowContext(ctx, `SELECT format FROM holder WHERE id = $1`, holder).Scan(&format)
	return format, err
}

// LocaleOf is the language in which a holder wants to be written to.
func (s Store) LocaleOf(ctx context.Context, q sqldb.Querier, holder string) (locale string, err error) {
	err = q.QueryRowContext(ctx, `SELECT locale FROM holder WHERE id = $1`, holder).Scan(&locale)
	return locale, err
}

// HolderOf finds the holder that a token's hash opens.
func (s Store) HolderOf(ctx context.Context, q sqldb.Querier, tokenHash string) (string, error) {
	var id string
	err := q.QueryRowContext(ctx, `SELECT id FROM holder WHERE token_hash = $1`, tokenHash).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fault.New(fault.NotFound, "holder.unknown", "no such wallet")
	}
	return id, err
}

const exchangeColumns = `id, holder, kind, thread, ours, theirs, state, expects, subject, rule, message, created_at, updated_at`

// AddExchange puts in a new exchange; invitation is its invitation's id, or "".
// It reports false, and puts in nothing, when the holder has an exchange from
// that invitation already that was not refused.
func (s Store) AddExchange(ctx context.Context, tx *sqldb.Tx, e holding.Exchange, invitation string, secret any) (bool, error) {
	sealed, err := s.seal(ctx, e.ID, secret)
	if err != nil {
		return false, err
	}
	rule, message := e.Problem()
	fresh, err := sqldb.Inserted(ctx, tx, `
		INSERT INTO exchange (`+exchangeColumns+`, invitation, secret, traceparent)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $14, $15)
		ON CONFLICT (holder, invitation) WHERE invitation <> '' AND state <> 'refused' DO NOTHING`,
		e.ID, e.Holder, string(e.Kind), e.Thread, e.Ours, e.Theirs, string(e.State()), strings.Join(e.Expects(), " "), e.Subject(), rule, message,
		clock.Micros(e.CreatedAt), invitation, sealed, telemetry.Traceparent(ctx))
	if err != nil {
		return false, fmt.Errorf("add exchange: %w", err)
	}
	return fresh, nil
}

// SaveExchange writes an exchange back, provided that it is still as from.
func (s Store) SaveExchange(ctx context.Context, tx *sqldb.Tx, e holding.Exchange, from holding.State) error {
	rule, message := e.Problem()
	n, err := sqldb.Changed(ctx, tx, `UPDATE exchange SET state = $1, subject = $2, rule = $3, message = $4, updated_at = $5, traceparent = $6, expects = $7
		WHERE id = $8 AND state = $9`,
		string(e.State()), e.Subject(), rule, message, clock.Micros(s.Clock.Now()), telemetry.Traceparent(ctx), strings.Join(e.Expects(), " "), e.ID, string(from))
	if err != nil {
		return fmt.Errorf("save exchange: %w", err)
	}
	if n == 0 {
		return fault.New(fault.Conflict, "exchange.changed-meanwhile", "the exchange has moved on meanwhile")
	}
	return nil
}

// SaveSecret replaces an exchange's secret.
func (s Store) SaveSecret(ctx context.Context, tx *sqldb.Tx, exchange string, secret any) error {
	sealed, err := s.seal(ctx, exchange, secret)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE exchange SET secret = $1 WHERE id = $2`, sealed, exchange)
	return err
}

// Secret reads an exchange's secret; an exchange without one leaves into as it is.
func (s Store) Secret(ctx context.Context, q sqldb.Querier, exchange string, into any) error {
	var sealed []byte
	if err := q.QueryRowContext(ctx, `SELECT secret FROM exchange WHERE id = $1`, exchange).Scan(&sealed); err != nil {
		return fmt.Errorf("read exchange: %w", err)
	}
	if len(sealed) == 0 {
		return nil
	}
	plain, err := s.Sealer.Open(ctx, sealed, []byte(exchange))
	if err != nil {
		return fmt.Errorf("unseal exchange: %w", err)
	}
	return json.Unmarshal(plain, into)
}

func (s Store) seal(ctx context.Context, exchange string, secret any) ([]byte, error) {
	if secret == nil {
		return nil, nil
	}
	plain, err := json.Marshal(secret)
	if err != nil {
		return nil, err
	}
	return s.Sealer.Seal(ctx, plain, []byte(exchange))
}

// Exchange finds a holder's exchange by its id.
func (s Store) Exchange(ctx context.Context, q sqldb.Querier, holder, id string) (holding.Exchange, error) {
	return one(q.QueryContext(ctx, `SELECT `+exchangeColumns+` FROM exchange WHERE holder = $1 AND id = $2`, holder, id))
}

// ByThread finds an exchange by its thread and the DID of ours in it.
func (s Store) ByThread(ctx context.Context, q sqldb.Querier, thread, ours string) (holding.Exchange, error) {
	return one(q.QueryContext(ctx, `SELECT `+exchangeColumns+` FROM exchange WHERE thread = $1 AND ours = $2`, thread, ours))
}

// ByInvitation finds the holder's exchange from an invitation that was not refused.
func (s Store) ByInvitation(ctx context.Context, q sqldb.Querier, holder, invitation string) (holding.Exchange, error) {
	return one(q.QueryContext(ctx, `SELECT `+exchangeColumns+` FROM exchange WHERE holder = $1 AND invitation = $2 AND state <> 'refused'`, holder, invitation))
}

// Applications lists the holder's accepted applications.
func (s Store) Applications(ctx context.Context, q sqldb.Querier, holder string) ([]holding.Exchange, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+exchangeColumns+` FROM exchange WHERE holder = $1 AND kind = 'application' AND state = 'accepted' ORDER BY created_at`, holder)
	return sqldb.Collect(rows, err, scanExchange)
}

// Exchanges lists a holder's exchanges that began before an instant, newest first.
func (s Store) Exchanges(ctx context.Context, q sqldb.Querier, holder string, before int64, limit int) ([]holding.Exchange, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+exchangeColumns+` FROM exchange WHERE holder = $1 AND created_at < $2 ORDER BY created_at DESC LIMIT $3`, holder, before, limit)
	return sqldb.Collect(rows, err, scanExchange)
}

// Trace gives the trace that an exchange is part of.
func (s Store) Trace(ctx context.Context, q sqldb.Querier, exchange string) (string, error) {
	var traceparent string
	err := q.QueryRowContext(ctx, `SELECT traceparent FROM exchange WHERE id = $1`, exchange).Scan(&traceparent)
	return traceparent, err
}

func one(rows *sql.Rows, err error) (holding.Exchange, error) {
	all, err := sqldb.Collect(rows, err, scanExchange)
	if err != nil {
		return holding.Exchange{}, fmt.Errorf("read exchange: %w", err)
	}
	if len(all) == 0 {
		return holding.Exchange{}, fault.New(fault.NotFound, "exchange.unknown", "there is no such exchange with you")
	}
	return all[0], nil
}

func scanExchange(r *sql.Rows) (holding.Exchange, error) {
	var e holding.Exchange
	var state holding.State
	var expects, subject, rule, message string
	var created, updated int64
	err := r.Scan(&e.ID, &e.Holder, &e.Kind, &e.Thread, &e.Ours, &e.Theirs, &state, &expects, &subject, &rule, &message, &created, &updated)
	e.CreatedAt, e.UpdatedAt = clock.FromMicros(created), clock.FromMicros(updated)
	return holding.Restore(e, state, strings.Fields(expects), subject, rule, message), err
}
