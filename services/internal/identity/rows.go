package identity

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// rows keeps locked keys in the service's database, each in a transaction of
// its own: the key store's Rows.
type rows struct{ db *sqldb.DB }

func (r rows) PutKey(ctx context.Context, id string, locked []byte) error {
	return r.db.Tx(ctx, func(tx *sqldb.Tx) error { return txRows{tx}.PutKey(ctx, id, locked) })
}

func (r rows) GetKey(ctx context.Context, id string) ([]byte, error) {
	return getKey(ctx, r.db.Read(), id)
}

// txRows keeps locked keys in the caller's transaction.
type txRows struct{ tx *sqldb.Tx }

func (r txRows) PutKey(ctx context.Context, id string, locked []byte) error {
	_, err := r.tx.ExecContext(ctx, `INSERT INTO identity_keystore (key_id, locked) VALUES ($1, $2) ON CONFLICT DO NOTHING`, id, locked)
	return err
}

func (r txRows) GetKey(ctx context.Context, id string) ([]byte, error) {
	return getKey(ctx, r.tx, id)
}

func getKey(ctx context.Context, q sqldb.Querier, id string) ([]byte, error) {
	var locked []byte
	err := q.QueryRowContext(ctx, `SELECT locked FROM identity_keystore WHERE key_id = $1`, id).Scan(&locked)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("key store row: %w", keystore.ErrNoKey)
	}
	return locked, err
}
