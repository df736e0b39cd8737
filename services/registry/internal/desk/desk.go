// Package desk is what the programme office and employers can do: apply, attest,
// accredit, suspend, reinstate, revoke, name who signs, look, and publish the
// signed list of who may issue what. A verb asks the register first, then loads,
// lets accreditation decide, saves, changes the credential's status, moves the
// list on and leaves its event in the outbox, in one transaction.
package desk

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/eligibility"
)

// Record is an accreditation and what the registry keeps beside it.
type Record struct {
	Accreditation *accreditation.Accreditation
	DID           string // that the employer issues with
	Municipality  string // may be empty
	ContentHash   string // of what AccreditEmployer asked; empty for what came another way
	CredentialID  string // empty while pending
	Traceparent   string
}

// Store keeps accreditations, the versions of the trust list and what is looked
// up in the register when. What it does not find is a NotFound fault.
type Store interface {
	Add(ctx context.Context, tx *sqldb.Tx, r Record, at time.Time) error
	Save(ctx context.Context, tx *sqldb.Tx, r Record) error
	// Newest gives an organisation's newest accreditation, in whatever state.
	Newest(ctx context.Context, q sqldb.Querier, organisationNumber string) (Record, error)
	// ByDID gives the accreditation of a DID that is not over.
	ByDID(ctx context.Context, q sqldb.Querier, did string) (Record, error)
	// OfOrganisation gives all that an organisation ever had, oldest first.
	OfOrganisation(ctx context.Context, q sqldb.Querier, organisationNumber string) ([]Record, error)
	// List gives the newest of each organisation after one, by organisation
	// number; those in a state unless it is empty.
	List(ctx context.Context, q sqldb.Querier, after string, state accreditation.State, limit int) ([]Record, error)
	// Search gives those in force whose name has the words, or whose number
	// begins with them, by organisation number.
	Search(ctx context.Context, q sqldb.Querier, words, after string, at time.Time, limit int) ([]Record, error)
	// Decided gives all that were ever accredited.
	Decided(ctx context.Context, q sqldb.Querier) ([]Record, error)
	// Over gives those whose last day is before a day and that have not expired.
	Over(ctx context.Context, q sqldb.Querier, day time.Time, limit int) ([]Record, error)

	Version(ctx context.Context, q sqldb.Querier) (int64, error)
	NextVersion(ctx context.Context, tx *sqldb.Tx) (int64, error)
	// SetAgencies reports whether these agencies are others than before.
	SetAgencies(ctx context.Context, tx *sqldb.Tx, hash string) (bool, error)
	AddList(ctx context.Context, tx *sqldb.Tx, l Published) error
	PastList(ctx context.Context, q sqldb.Querier, version int64) (Published, error)
	// ListsBetween gives the versions that held at some time of [from, until).
	ListsBetween(ctx context.Context, q sqldb.Querier, from, until time.Time, limit int) ([]int64, error)

	// Watch has an organisation looked up at an instant, or earlier.
	Watch(ctx context.Context, tx *sqldb.Tx, organisationNumber string, at time.Time) error
	// Hurry has one that is watched looked up at an instant.
	Hurry(ctx context.Context, tx *sqldb.Tx, organisationNumber string, at time.Time) (watched bool, err error)
	// Postpone plans the next look, unless the plan has changed meanwhile.
	Postpone(ctx context.Context, tx *sqldb.Tx, w Watched, next time.Time) error
	Unwatch(ctx context.Context, tx *sqldb.Tx, organisationNumber string) error
	Due(ctx context.Context, q sqldb.Querier, by time.Time, limit int) ([]Watched, error)
	// Pointer is how far the feed was read; reading begins at an instant.
	Pointer(ctx context.Context, tx *sqldb.Tx, begin time.Time) (Pointer, error)
	Advance(ctx context.Context, tx *sqldb.Tx, to int64) error
}

// Register is Enhetsregisteret. It fails with Unavailable when it does not
// answer or what it answers cannot be read; that an organisation is not there is
// an answer. Safe for concurrent use.
type Register interface {
	Entity(ctx context.Context, organisationNumber string) (accreditation.Entity, error)
	RoleHolders(ctx context.Context, organisationNumber string) ([]accreditation.RoleHolder, error)
	// Updates gives the next updates of the feed, oldest first: those after a
	// number, or, when it is 0, those since an instant. None when there are none
	// yet.
	Updates(ctx context.Context, p Pointer) ([]Update, error)
}

// Update says that the register has changed an organisation.
type Update struct {
	Number             int64
	OrganisationNumber string
}

// Pointer is how far the register's feed was read.
type Pointer struct {
	Last  int64 // 0 for none yet
	Began time.Time
}

// Watched is an organisation that is looked up again.
type Watched struct {
	OrganisationNumber string
	Due                time.Time
}

// Agency is an authority or a bank that may issue because the configuration
// says so.
type Agency struct {
	DID                string
	OrganisationNumber string
	LegalName          string
	CredentialTypes    []string
}

// Config is what the desk needs.
type Config struct {
	DB       *sqldb.DB
	Store    Store
	Register Register
	Figures  *accreditation.Figures
	// Eligibility is what "is this for me?" goes by, Limit how often those who
	// ask may have the register asked.
	Eligibility *eligibility.Data
	Limit       Limiter
	Issuer      *issuance.Issuer
	Outbox      *events.Outbox
	Clock       clock.Clock
	Random      io.Reader
	// Signer signs the trust list with the registry's AssertionKey.
	Signer       credential.Signer
	AssertionKey credential.KeyOf
	// DID is the registry's, Operator the name of whoever runs it.
	DID      string
	Operator string
	Agencies []Agency
	// Lifetime is how long a signed list is current.
	Lifetime time.Duration
	Mode     identifier.Mode
	// Zone is in which a day begins for who asks about a day.
	Zone *time.Location
	// Bell is rung when somebody is to be looked up; it may be nil.
	Bell *runner.Bell
}

// Desk is safe for concurrent use.
type Desk struct {
	Config

	mu   sync.Mutex // guards last
	last served
}

// New makes the desk.
func New(c Config) *Desk {
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	return &Desk{Config: c}
}

// now is as the database keeps it, so that a repetition answers the same.
func (d *Desk) now() time.Time { return d.Clock.Now().UTC().Truncate(time.Microsecond) }

func (d *Desk) newID(prefix string) (string, error) {
	random := make([]byte, 16)
	if _, err := io.ReadFull(d.Random, random); err != nil {
		return "", fmt.Errorf("make id: %w", err)
	}
	return prefix + hex.EncodeToString(random), nil
}

// Get gives an organisation's newest accreditation and its signed credential.
func (d *Desk) Get(ctx context.Context, organisationNumber string) (Record, []byte, error) {
	record, err := d.Store.Newest(ctx, d.DB.Read(), organisationNumber)
	if err != nil {
		return record, nil, err
	}
	signed, err := d.Signed(ctx, record)
	return record, signed, err
}

// List gives the newest accreditation of each organisation after one, by
// organisation number; those in a state unless it is empty.
func (d *Desk) List(ctx context.Context, after string, state accreditation.State, limit int) ([]Record, error) {
	return d.Store.List(ctx, d.DB.Read(), after, state, limit)
}

// Signed gives the bytes of an accreditation's credential; none while it is
// pending.
func (d *Desk) Signed(ctx context.Context, r Record) ([]byte, error) {
	if r.CredentialID == "" {
		return nil, nil
	}
	return d.Issuer.Signed(ctx, d.DB.Read(), r.CredentialID)
}

// Findings are an accreditation's criteria as they stand now.
func (d *Desk) Findings(r Record) []accreditation.Finding {
	now := d.now()
	return r.Accreditation.Findings(d.Figures.On(now), now)
}

// look asks the register. Nothing of it is kept here.
func (d *Desk) look(ctx context.Context, organisationNumber string) (accreditation.Entity, error) {
	e, err := d.Register.Entity(ctx, organisationNumber)
	if err != nil {
		return e, fault.Wrap(err, fault.Unavailable, "enhetsregisteret.unreachable", "Enhetsregisteret does not answer: try again later")
	}
	e.At = d.now()
	return e, nil
}
