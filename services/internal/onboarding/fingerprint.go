package onboarding

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Fingerprint makes personal numbers comparable in a UNIQUE column without
// being readable there: an HMAC-SHA256 under a secret of the service's own.
// Numbers have so few digits that a plain hash could be tried out.
type Fingerprint struct{ key []byte }

const fingerprintKey = "fingerprint/1"

// OpenFingerprint reads the service's secret, and makes it the first time.
func OpenFingerprint(ctx context.Context, db *sqldb.DB, sealer Sealer, random io.Reader) (*Fingerprint, error) {
	fresh := make([]byte, sha256.Size)
	if _, err := io.ReadFull(random, fresh); err != nil {
		return nil, fmt.Errorf("make fingerprint secret: %w", err)
	}
	var key []byte
	err := db.Tx(ctx, func(tx *sqldb.Tx) error {
		var sealed []byte
		err := tx.QueryRowContext(ctx, `SELECT sealed FROM onboarding_secret WHERE name = $1`, fingerprintKey).Scan(&sealed)
		if err == nil {
			key, err = sealer.Open(ctx, sealed, []byte(fingerprintKey))
			return err
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if sealed, err = sealer.Seal(ctx, fresh, []byte(fingerprintKey)); err != nil {
			return err
		}
		key = fresh
		_, err = tx.ExecContext(ctx, `INSERT INTO onboarding_secret (name, sealed) VALUES ($1, $2)`, fingerprintKey, sealed)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open fingerprint secret: %w", err)
	}
	return &Fingerprint{key}, nil
}

// Of gives the fingerprint of a number.
func (f *Fingerprint) Of(number string) string {
	mac := hmac.New(sha256.New, f.key)
	mac.Write([]byte(number))
	return hex.EncodeToString(mac.Sum(nil))
}
