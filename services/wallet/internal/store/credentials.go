package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

const credentialColumns = `id, holder, exchange, type, issuer, subject, format, received_at, sealed`

// AddCredential puts a credential in, sealed. It is safe to repeat.
func (s Store) AddCredential(ctx context.Context, tx *sqldb.Tx, c holding.Credential) error {
	sealed, err := s.Sealer.Seal(ctx, c.Document, []byte(c.ID))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO held_credential (`+credentialColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		c.ID, c.Holder, c.Exchange, c.Type, c.Issuer, c.Subject, c.Format, clock.Micros(c.ReceivedAt), sealed)
	if err != nil {
		return fmt.Errorf("add credential: %w", err)
	}
	return nil
}

// Credentials lists a holder's credentials in the order in which they came,
// after the one named (or from the first), at most limit.
func (s Store) Credentials(ctx context.Context, q sqldb.Querier, holder string, after int64, limit int) ([]holding.Credential, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+credentialColumns+` FROM held_credential WHERE holder = $1 AND received_at > $2 ORDER BY received_at LIMIT $3`, holder, after, limit)
	return s.credentials(ctx, rows, err)
}

// Credential finds one of a holder's credentials.
func (s Store) Credential(ctx context.Context, q sqldb.Querier, holder, id string) (holding.Credential, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+credentialColumns+` FROM held_credential WHERE holder = $1 AND id = $2`, holder, id)
	all, err := s.credentials(ctx, rows, err)
	if err != nil {
		return holding.Credential{}, err
	}
	if len(all) == 0 {
		return holding.Credential{}, fault.New(fault.NotFound, "credential.unknown", "there is no such credential in this wallet")
	}
	return all[0], nil
}

func (s Store) credentials(ctx context.Context, rows *sql.Rows, err error) ([]holding.Credential, error) {
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (holding.Credential, error) {
		var c holding.Credential
		var at int64
		err := r.Scan(&c.ID, &c.Holder, &c.Exchange, &c.Type, &c.Issuer, &c.Subject, &c.Format, &at, &c.Document)
		c.ReceivedAt = clock.FromMicros(at)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	for i := range all {
		if all[i].Document, err = s.Sealer.Open(ctx, all[i].Document, []byte(all[i].ID)); err != nil {
			return nil, fmt.Errorf("unseal credential: %w", err)
		}
	}
	return all, nil
}

// NewestSubject is the did:key that the holder's newest credential of a type is
// bound to, "" when there is none.
func (s Store) NewestSubject(ctx context.Context, q sqldb.Querier, holder, credentialType string) (subject string, err error) {
	err = q.QueryRowContext(ctx, `SELECT subject FROM held_credential WHERE holder = $1 AND type = $2 ORDER BY received_at DESC LIMIT 1`, holder, credentialType).Scan(&subject)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return subject, err
}

// FromExchange lists the credentials that came of an exchange.
func (s Store) FromExchange(ctx context.Context, q sqldb.Querier, exchange string) ([]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT id FROM held_credential WHERE exchange = $1`, exchange)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (string, error) {
		var id string
		err := r.Scan(&id)
		return id, err
	})
}

// traffic asks by the holder's DIDs. That a message has left is no condition: by its
// index all that ever left would be looked at, whoever sent it.
const traffic = `
	SELECT (SELECT COALESCE(SUM(CASE WHEN o.state = 'sent' THEN 1 ELSE 0 END), 0) FROM identity AS i JOIN agent_outbox AS o ON o.sender = i.did WHERE i.owner = $1),
	       (SELECT COUNT(*) FROM identity AS i JOIN agent_inbox AS n ON n.recipient = i.did WHERE i.owner = $1),
	       (SELECT COUNT(*) FROM held_credential WHERE holder = $1)`

// Traffic counts a holder's DIDComm messages that left and came, and the
// credentials held.
func (s Store) Traffic(ctx context.Context, q sqldb.Querier, holder string) (sent, received, held int64, err error) {
	err = q.QueryRowContext(ctx, traffic, holder).Scan(&sent, &received, &held)
	return sent, received, held, err
}
