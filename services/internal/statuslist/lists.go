// Package statuslist keeps, publishes and checks Bitstring Status Lists (W3C
// Bitstring Status List v1.0): an index for each credential, reserved before
// the credential is signed, and flipped in the transaction that revokes it.
package statuslist

import (
	"context"
	"database/sql"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrations is the schema of lists and entries.
func Migrations() sqldb.Migrations { return sqldb.Embedded("statuslist", schema) }

// Config is what the lists of a service need.
type Config struct {
	DB     *sqldb.DB
	Signer credential.Signer
	// AssertionKey gives the key that an issuer signs its lists with.
	AssertionKey credential.KeyOf
	Clock        clock.Clock
	Random       io.Reader
	// BaseURL is the service's public URL; lists are under /status/.
	BaseURL string
	// Lifetime is how long a published list is valid.
	Lifetime time.Duration
}

// Lists are the status lists of one service. Safe for concurrent use.
type Lists struct {
	Config
	mu        sync.Mutex // guards published
	published map[int64]published
}

type published struct {
	version int64
	until   time.Time
	body    []byte
}

// New makes the lists.
func New(c Config) *Lists { return &Lists{Config: c, published: map[int64]published{}} }

// Reserve gives a credential an index of its own, at random among the free
// ones, in the caller's transaction. A list is left when it is half full, so
// that the next index stays hard to guess.
func (l *Lists) Reserve(ctx context.Context, tx *sqldb.Tx, issuer, credentialID string) (status.Entry, error) {
	var number int64
	err := tx.QueryRowContext(ctx, `SELECT number FROM status_list WHERE issuer = $1 AND taken < $2 ORDER BY number LIMIT 1`,
		issuer, status.MinEntries/2).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		err = tx.QueryRowContext(ctx, `
			INSERT INTO status_list (number, issuer, taken, version)
			VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM status_list), $1, 0, 1) RETURNING number`, issuer).Scan(&number)
	}
	if err != nil {
		return status.Entry{}, fmt.Errorf("find status list: %w", err)
	}
	for {
		position, err := l.draw()
		if err != nil {
			return status.Entry{}, err
		}
		fresh, err := sqldb.Inserted(ctx, tx, `
			INSERT INTO status_entry (list, position, credential_id, revoked_at, reason) VALUES ($1, $2, $3, 0, '')
			ON CONFLICT (list, position) DO NOTHING`, number, position, credentialID)
		if err != nil {
			return status.Entry{}, fmt.Errorf("reserve status index: %w", err)
		}
		if !fresh {
			continue
		}
		if _, err := tx.ExecContext(ctx, `UPDATE status_list SET taken = taken + 1 WHERE number = $1`, number); err != nil {
			return status.Entry{}, fmt.Errorf("reserve status index: %w", err)
		}
		return l.entry(number, position), nil
	}
}

func (l *Lists) draw() (int64, error) {
	var random [8]byte
	if _, err := io.ReadFull(l.Random, random[:]); err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(random[:]) % status.MinEntries), nil
}

func (l *Lists) entry(number, position int64) status.Entry {
	return status.Entry{List: l.url(number), Index: int(position), Purpose: status.Revocation}
}

func (l *Lists) url(number int64) string {
	return l.BaseURL + "/status/" + strconv.FormatInt(number, 10)
}

// Revoke flips a credential's bit, once, with the reason. NotFound when the
// credential has no index here.
func (l *Lists) Revoke(ctx context.Context, tx *sqldb.Tx, credentialID, reason string) error {
	var number, revokedAt int64
	err := tx.QueryRowContext(ctx, `SELECT list, revoked_at FROM status_entry WHERE credential_id = $1`, credentialID).Scan(&number, &revokedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return fault.New(fault.NotFound, "credential.unknown", "no such credential was issued here")
	}
	if err != nil || revokedAt != 0 {
		return err
	}
	n, err := sqldb.Changed(ctx, tx, `UPDATE status_entry SET revoked_at = $1, reason = $2 WHERE credential_id = $3 AND revoked_at = 0`,
		clock.Micros(l.Clock.Now()), reason, credentialID)
	if err != nil || n == 0 {
		return err // n == 0: somebody else has revoked it
	}
	_, err = tx.ExecContext(ctx, `UPDATE status_list SET version = version + 1 WHERE number = $1`, number)
	return err
}
