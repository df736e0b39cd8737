// Package store keeps sessions, cases, decisions and the access log in the
// verifier's database: rows to domain and back, no rules. What is personal is
// sealed.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrations is the verifier's schema.
func Migrations() sqldb.Migrations { return sqldb.Embedded("verifier", schema) }

// Sealer keeps secrets at rest.
type Sealer interface {
	Seal(ctx context.Context, plain, aad []byte) ([]byte, error)
	Open(ctx context.Context, sealed, aad []byte) ([]byte, error)
}

// Store is safe for concurrent use.
type Store struct {
	sealer Sealer
	dufKey []byte
}

// dufKeyName is the additional data under which the DUF key is sealed.
const dufKeyName = "duf_key"

// Open makes the store, and at the first start the key of its DUF digests.
func Open(ctx context.Context, db *sqldb.DB, sealer Sealer, random io.Reader) (*Store, error) {
	s := &Store{sealer: sealer}
	err := db.Tx(ctx, func(tx *sqldb.Tx) error {
		var sealed []byte
		err := tx.QueryRowContext(ctx, `SELECT sealed FROM duf_key WHERE id = 1`).Scan(&sealed)
		if err == nil {
			s.dufKey, err = sealer.Open(ctx, sealed, []byte(dufKeyName))
			return err
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		s.dufKey = make([]byte, 32)
		if _, err := io.ReadFull(random, s.dufKey); err != nil {
			return err
		}
		if sealed, err = sealer.Seal(ctx, s.dufKey, []byte(dufKeyName)); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO duf_key (id, sealed) VALUES (1, $1)`, sealed)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return s, nil
}
