package store

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/desk"
)

func passkeyID(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// AddPasskey puts a passkey in; false when it is there already.
func (s Store) AddPasskey(ctx context.Context, tx *sqldb.Tx, p desk.Passkey) (bool, error) {
	id := passkeyID(p.ID)
	sealed, err := s.Sealer.Seal(ctx, p.Data, []byte(id))
	if err != nil {
		return false, err
	}
	return sqldb.Inserted(ctx, tx, `INSERT INTO passkey (id, holder, sealed, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		id, p.Holder, sealed, clock.Micros(s.Clock.Now()))
}

// SavePasskey writes what a sign-in has changed of a passkey.
func (s Store) SavePasskey(ctx context.Context, tx *sqldb.Tx, p desk.Passkey) error {
	id := passkeyID(p.ID)
	sealed, err := s.Sealer.Seal(ctx, p.Data, []byte(id))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE passkey SET sealed = $1 WHERE id = $2`, sealed, id)
	return err
}

// Passkeys are those of a holder, oldest first.
func (s Store) Passkeys(ctx context.Context, q sqldb.Querier, holder string) ([]desk.Passkey, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, sealed FROM passkey WHERE holder = $1 ORDER BY created_at, id`, holder)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (desk.Passkey, error) {
		one := desk.Passkey{Holder: holder}
		var id string
		var sealed []byte
		if err := r.Scan(&id, &sealed); err != nil {
			return one, err
		}
		var err error
		if one.ID, err = base64.RawURLEncoding.DecodeString(id); err != nil {
			return one, err
		}
		one.Data, err = s.Sealer.Open(ctx, sealed, []byte(id))
		return one, err
	})
	if err != nil {
		return nil, fmt.Errorf("read passkeys: %w", err)
	}
	return all, nil
}

// PasskeyHolder is whose passkey it is.
func (s Store) PasskeyHolder(ctx context.Context, q sqldb.Querier, id []byte) (holder string, err error) {
	err = q.QueryRowContext(ctx, `SELECT holder FROM passkey WHERE id = $1`, passkeyID(id)).Scan(&holder)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fault.New(fault.NotFound, "passkey.unknown", "this passkey opens no wallet here")
	}
	return holder, err
}

// ReplaceCodes puts recovery codes in the place of all that a holder had.
func (s Store) ReplaceCodes(ctx context.Context, tx *sqldb.Tx, holder string, hashes []string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM recovery_code WHERE holder = $1`, holder); err != nil {
		return err
	}
	for _, hash := range hashes {
		if _, err := tx.ExecContext(ctx, `INSERT INTO recovery_code (hash, holder, used_at) VALUES ($1, $2, 0)`, hash, holder); err != nil {
			return err
		}
	}
	return nil
}

// UseCode uses a recovery code, once, and says whose it was. NotFound for one that
// is not known or was used.
func (s Store) UseCode(ctx context.Context, tx *sqldb.Tx, hash string) (holder string, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE recovery_code SET used_at = $1 WHERE hash = $2 AND used_at = 0 RETURNING holder`,
		clock.Micros(s.Clock.Now()), hash).Scan(&holder)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fault.New(fault.NotFound, "recovery.unknown", "this code is not known, or was used")
	}
	return holder, err
}

// CodesLeft is how many recovery codes a holder has that were not used.
func (s Store) CodesLeft(ctx context.Context, q sqldb.Querier, holder string) (n int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT COUNT(*) FROM recovery_code WHERE holder = $1 AND used_at = 0`, holder).Scan(&n)
	return n, err
}

// DeleteHolder erases a holder with everything that the wallet has of them.
func (s Store) DeleteHolder(ctx context.Context, tx *sqldb.Tx, holder string) error {
	for _, statement := range []string{
		`DELETE FROM passkey WHERE holder = $1`, `DELETE FROM recovery_code WHERE holder = $1`, `DELETE FROM notice WHERE holder = $1`,
		`DELETE FROM held_credential WHERE holder = $1`, `DELETE FROM exchange WHERE holder = $1`, `DELETE FROM holder WHERE id = $1`,
	} {
		if _, err := tx.ExecContext(ctx, statement, holder); err != nil {
			return fmt.Errorf("delete wallet: %w", err)
		}
	}
	return nil
}
