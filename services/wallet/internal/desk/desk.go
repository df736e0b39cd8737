// Package desk is what a wallet can do for its holder: open, collect an offer,
// take a credential, apply for a permit, see who has read what and who wrote. A verb loads,
// lets holding decide, saves and leaves messages in the outbox, in one
// transaction.
package desk

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

// Store keeps holders, exchanges and credentials. What it finds nothing for is
// a NotFound fault; a Save that finds the exchange in another state than from
// is a Conflict. AddExchange reports whether the exchange is the holder's only
// one from its invitation, refused ones not counted; otherwise it adds nothing.
type Store interface {
	// AddPasskey reports whether the passkey is new. UseCode is NotFound for a code
	// that is not known or was used.
	AddPasskey(ctx context.Context, tx *sqldb.Tx, p Passkey) (bool, error)
	SavePasskey(ctx context.Context, tx *sqldb.Tx, p Passkey) error
	Passkeys(ctx context.Context, q sqldb.Querier, holder string) ([]Passkey, error)
	PasskeyHolder(ctx context.Context, q sqldb.Querier, passkeyID []byte) (holder string, err error)
	ReplaceCodes(ctx context.Context, tx *sqldb.Tx, holder string, hashes []string) error
	UseCode(ctx context.Context, tx *sqldb.Tx, hash string) (holder string, err error)
	CodesLeft(ctx context.Context, q sqldb.Querier, holder string) (int64, error)
	DeleteHolder(ctx context.Context, tx *sqldb.Tx, holder string) error

	AddHolder(ctx context.Context, tx *sqldb.Tx, id, tokenHash string, wishes holding.Wishes) error
	LocaleOf(ctx context.Context, q sqldb.Querier, holder string) (string, error)
	FormatOf(ctx context.Context, q sqldb.Querier, holder string) (credential.Format, error)
	AddExchange(ctx context.Context, tx *sqldb.Tx, e holding.Exchange, invitation string, secret any) (fresh bool, err error)
	SaveExchange(ctx context.Context, tx *sqldb.Tx, e holding.Exchange, from holding.State) error
	SaveSecret(ctx context.Context, tx *sqldb.Tx, exchange string, secret any) error
	Secret(ctx context.Context, q sqldb.Querier, exchange string, into any) error
	Exchange(ctx context.Context, q sqldb.Querier, holder, id string) (holding.Exchange, error)
	ByThread(ctx context.Context, q sqldb.Querier, thread, ours string) (holding.Exchange, error)
	ByInvitation(ctx context.Context, q sqldb.Querier, holder, invitation string) (holding.Exchange, error)
	Trace(ctx context.Context, q sqldb.Querier, exchange string) (string, error)
	Applications(ctx context.Context, q sqldb.Querier, holder string) ([]holding.Exchange, error)
	Exchanges(ctx context.Context, q sqldb.Querier, holder string, before int64, limit int) ([]holding.Exchange, error)
	AddCredential(ctx context.Context, tx *sqldb.Tx, c holding.Credential) error
	Credential(ctx context.Context, q sqldb.Querier, holder, id string) (holding.Credential, error)
	Credentials(ctx context.Context, q sqldb.Querier, holder string, after int64, limit int) ([]holding.Credential, error)
	// NewestSubject is the did:key that the holder's newest credential of a type
	// is bound to, "" when there is none.
	NewestSubject(ctx context.Context, q sqldb.Querier, holder, credentialType string) (string, error)
	AddNotice(ctx context.Context, tx *sqldb.Tx, n holding.Notice) error
	SaveNotice(ctx context.Context, tx *sqldb.Tx, n holding.Notice) error
	Notice(ctx context.Context, q sqldb.Querier, holder, id string) (holding.Notice, error)
	Notices(ctx context.Context, q sqldb.Querier, holder string, before int64, limit int) ([]holding.Notice, error)
	Unread(ctx context.Context, q sqldb.Querier, holder string) (int64, error)
	FromExchange(ctx context.Context, q sqldb.Querier, exchange string) ([]string, error)
	Traffic(ctx context.Context, q sqldb.Querier, holder string) (sent, received, held int64, err error)
}

// Invitations reads the invitation behind a link.
type Invitations interface {
	// Invitation gives an out-of-band message, from the link itself or from
	// the page that it names. Errors are faults.
	Invitation(ctx context.Context, link string) (id, from, goal string, err error)
	// ByNumber asks the issuer for the invitation of an offer by its number and
	// its code. NotFound when the issuer knows no offer with both.
	ByNumber(ctx context.Context, number, code string) (id, from, goal string, err error)
}

// AccessLog asks the authority who has read what of an application.
type AccessLog interface {
	ListAccess(ctx context.Context, caseRef, capability string) ([]Access, error)
}

// Access is one reading of the worker's data.
type Access struct {
	At      time.Time
	Agency  string
	Purpose string
	Claims  []string
	CaseRef string
	Hash    []byte
}

// Limiter says whether key may do it again now; Throttled when not.
type Limiter interface {
	Allow(ctx context.Context, key string) error
}

// Config is what the desk needs.
type Config struct {
	DB    *sqldb.DB
	Store Store
	Book  *identity.Book
	Agent *agent.Agent
	// Verification may go by status lists that were kept a while: what is taken
	// here is asked about anew by whoever decides on it.
	Verification *verification.Verifier
	Invitations  Invitations
	AccessLog    AccessLog
	Opening      Limiter
	// Finding limits how often a holder looks for an offer by its number; nil for
	// no limit.
	Finding Limiter
	// Recovering says how often somebody may try a recovery code.
	Recovering Limiter
	Clock      clock.Clock
	Random     io.Reader
	// Endpoint is where others write to this wallet.
	Endpoint string
	// Authority is the DID that applications go to.
	Authority string
}

// Desk is safe for concurrent use.
type Desk struct{ Config }

// New makes the desk.
func New(c Config) *Desk { return &Desk{c} }

// newID makes a random id with a prefix that tells what it names.
func (d *Desk) newID(prefix string) (string, error) {
	random := make([]byte, 16)
	if _, err := io.ReadFull(d.Random, random); err != nil {
		return "", fmt.Errorf("make id: %w", err)
	}
	return prefix + hex.EncodeToString(random), nil
}

// object writes a message body or attachment; what it is given always can be
// written.
func object(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}
