// Package statuslist keeps, publishes and checks status lists. Each credential
// has one position, reserved before it is signed, which is the same in every
// list of its number: the Bitstring Status Lists of W3C credentials
// (/status/{list} for revocation, /status/{list}/suspension and
// /status/{list}/message) and the Token Status List of SD-JWT VCs
// (/token-status/{list}). A status changes in the caller's transaction, with
// who changed it and why.
package statuslist

import (
	"context"
	"database/sql"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/epoch"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrations is the schema of lists, entries and their changes.
func Migrations() sqldb.Migrations { return sqldb.Embedded("statuslist", schema) }

// Config is what the lists of a service need.
type Config struct {
	DB     *sqldb.DB
	Signer credential.Signer
	// AssertionKey gives the key that an issuer signs its lists with.
	AssertionKey credential.KeyOf
	Clock        clock.Clock
	Random       io.Reader
	// BaseURL is the service's public URL; lists are under /status/ and
	// /token-status/.
	BaseURL string
	// Lifetime is how long a published list is valid, TTL how long readers may
	// keep it. A TTL of zero is half the lifetime, which is what a published
	// list has left at least.
	Lifetime, TTL time.Duration
	// Capacity is how many credentials a list takes before the next one is
	// begun. Zero is half its entries, so that the next index stays hard to
	// guess.
	Capacity int
	// Messages are what a credential of this service can be told to mean by
	// SetMessage: two or four, the first for nothing said. Nil: there are none.
	// They must stay the same for as long as a credential carries them.
	Messages *status.Messages
}

// Lists are the status lists of one service. Safe for concurrent use.
type Lists struct {
	Config
	signed  *cache.Memory
	signing flights[[]byte]
}

// maxSigned bounds the signed lists that are kept, in bytes: some hundred of
// the largest. Others are signed again when somebody asks.
const maxSigned = 16 << 20

// New makes the lists.
func New(c Config) *Lists {
	if c.TTL == 0 {
		c.TTL = c.Lifetime / 2
	}
	if c.Capacity == 0 {
		c.Capacity = status.MinEntries / 2
	}
	return &Lists{Config: c, signed: cache.NewMemory(c.Clock, 0, maxSigned)}
}

// Reservation is the position that a credential has for ever. Its JSON is for
// the records of whoever issues the credential.
type Reservation struct {
	// List is the URL of the list for revocation, from which the others follow.
	List string
	// Index is the entry in each of them, from 0.
	Index int
}

const (
	bitstringPath = "/status/"
	tokenPath     = "/token-status/"
)

// W3C gives the entries of a W3C credential: revocation and suspension.
func (r Reservation) W3C() []status.Entry {
	return []status.Entry{
		{List: r.List, Index: r.Index, Purpose: status.Revocation},
		{List: r.List + "/" + string(status.Suspension), Index: r.Index, Purpose: status.Suspension},
	}
}

// Message gives the further entry of a W3C credential that messages can be
// told of: those of the Config.
func (r Reservation) Message(messages *status.Messages) status.Entry {
	return status.Entry{List: r.List + "/" + string(status.Message), Index: r.Index, Purpose: status.Message, Messages: messages}
}

// Token gives the entry of an SD-JWT VC.
func (r Reservation) Token() status.Entry {
	base, number := r.List, ""
	if at := strings.LastIndex(r.List, bitstringPath); at >= 0 {
		base, number = r.List[:at], r.List[at+len(bitstringPath):]
	}
	return status.TokenEntry(base+tokenPath+number, int64(r.Index))
}

// Reserve gives a credential a position of its own, at random among the free
// ones, in the caller's transaction.
func (l *Lists) Reserve(ctx context.Context, tx *sqldb.Tx, issuer, credentialID string) (Reservation, error) {
	number, err := l.take(ctx, tx, issuer)
	if err != nil {
		return Reservation{}, fmt.Errorf("find status list: %w", err)
	}
	for {
		position, err := l.draw()
		if err != nil {
			return Reservation{}, err
		}
		fresh, err := sqldb.Inserted(ctx, tx, `
			INSERT INTO status_entry (list, position, credential_id, revoked_at) VALUES ($1, $2, $3, 0)
			ON CONFLICT (list, position) DO NOTHING`, number, position, credentialID)
		if err != nil {
			return Reservation{}, fmt.Errorf("reserve status index: %w", err)
		}
		if fresh {
			return Reservation{List: l.url(number, revocation), Index: int(position)}, nil
		}
	}
}

// perEpoch is how many lists an epoch may begin: their numbers are its own, since
// nobody knows which lists, and which of their indices, were begun after the backup
// that a database was restored from.
const perEpoch = 1_000_000

const takePlace = `
	UPDATE status_list SET taken = taken + 1
	WHERE number = (SELECT number FROM status_list WHERE issuer = $1 AND taken < $2 AND number > $3 ORDER BY number LIMIT 1)
	RETURNING number`

// take counts one more credential in the issuer's first list of this epoch with
// room, and begins a list when there is none.
func (l *Lists) take(ctx context.Context, tx *sqldb.Tx, issuer string) (number int64, err error) {
	current, err := epoch.Current(ctx, tx)
	if err != nil {
		return 0, err
	}
	after := current * perEpoch
	err = tx.QueryRowContext(ctx, takePlace, issuer, l.Capacity, after).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		err = tx.QueryRowContext(ctx, `
			INSERT INTO status_list (number, issuer, taken, version)
			VALUES ((SELECT COALESCE(MAX(number), $2) + 1 FROM status_list WHERE number > $2), $1, 1, 1) RETURNING number`, issuer, after).Scan(&number)
	}
	return number, err
}

func (l *Lists) draw() (int64, error) {
	var random [8]byte
	if _, err := io.ReadFull(l.Random, random[:]); err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(random[:]) % status.MinEntries), nil
}

// form is what a list is published as.
type form string

const (
	revocation form = ""
	suspension form = "/" + form(status.Suspension)
	message    form = "/" + form(status.Message)
	token      form = "token"
)

func (l *Lists) url(number int64, f form) string {
	n := strconv.FormatInt(number, 10)
	if f == token {
		return l.BaseURL + tokenPath + n
	}
	return l.BaseURL + bitstringPath + n + string(f)
}

func unknownList() error {
	return fault.New(fault.NotFound, "status.no-such-list", "there is no such status list")
}
