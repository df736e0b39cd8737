package desk

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Passkey opens a holder's wallet on its pages. Data is what the pages' library
// keeps of it: its public key and counters.
type Passkey struct {
	ID     []byte
	Holder string
	Data   []byte
}

// How many recovery codes a holder has, and how long one is: 60 random bits.
const (
	codes     = 10
	codeBytes = 8
	codeChars = 12
)

// AddPasskey gives a holder a further passkey.
func (d *Desk) AddPasskey(ctx context.Context, p Passkey) error {
	return d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		fresh, err := d.Store.AddPasskey(ctx, tx, p)
		if err == nil && !fresh {
			return fault.New(fault.Conflict, "passkey.known", "this passkey opens a wallet already")
		}
		return err
	})
}

// SavePasskey keeps what a sign-in has changed.
func (d *Desk) SavePasskey(ctx context.Context, p Passkey) error {
	return d.DB.Tx(ctx, func(tx *sqldb.Tx) error { return d.Store.SavePasskey(ctx, tx, p) })
}

// Passkeys are those of a holder.
func (d *Desk) Passkeys(ctx context.Context, holder string) ([]Passkey, error) {
	return d.Store.Passkeys(ctx, d.DB.Read(), holder)
}

// HolderOf is whose passkey it is; NotFound, rule passkey.unknown, for nobody's.
func (d *Desk) HolderOf(ctx context.Context, passkeyID []byte) (string, error) {
	return d.Store.PasskeyHolder(ctx, d.DB.Read(), passkeyID)
}

// NewCodes makes recovery codes; those that the holder had are worth nothing any
// more. Only their hashes are kept.
func (d *Desk) NewCodes(ctx context.Context, holder string) ([]string, error) {
	var all, hashes []string
	for range codes {
		raw := make([]byte, codeBytes)
		if _, err := io.ReadFull(d.Random, raw); err != nil {
			return nil, fmt.Errorf("make recovery codes: %w", err)
		}
		text := base32.StdEncoding.EncodeToString(raw)[:codeChars]
		all = append(all, text[:4]+"-"+text[4:8]+"-"+text[8:])
		hashes = append(hashes, codeHash(text))
	}
	return all, d.DB.Tx(ctx, func(tx *sqldb.Tx) error { return d.Store.ReplaceCodes(ctx, tx, holder, hashes) })
}

// CodesLeft is how many recovery codes a holder has left.
func (d *Desk) CodesLeft(ctx context.Context, holder string) (int64, error) {
	return d.Store.CodesLeft(ctx, d.DB.Read(), holder)
}

// Recover says whose wallet a recovery code opens, once. from is who tries, for the
// limit. NotFound, rule recovery.unknown, whatever is wrong with the code.
func (d *Desk) Recover(ctx context.Context, from, code string) (holder string, err error) {
	if err := d.Recovering.Allow(ctx, from); err != nil {
		return "", err
	}
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		holder, err = d.Store.UseCode(ctx, tx, codeHash(code))
		return err
	})
	return holder, err
}

// codeHash is how a code is kept, however it is written.
func codeHash(code string) string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '2' && r <= '7' {
			return r
		}
		return -1
	}, strings.ToUpper(code))
	sum := sha256.Sum256([]byte(plain))
	return hex.EncodeToString(sum[:])
}

// Delete erases a wallet: cards, history, notices and how it is opened. What others
// were shown stays with them. Its DIDs and their locked keys stay: what still comes for
// them is refused in the end.
func (d *Desk) Delete(ctx context.Context, holder string) error {
	return d.DB.Tx(ctx, func(tx *sqldb.Tx) error { return d.Store.DeleteHolder(ctx, tx, holder) })
}
