// Package desk is what the programme office can do: accredit an employer,
// revoke an accreditation, look, and publish the signed list of who may issue
// what. A verb loads, lets accreditation decide, saves, signs the credential,
// moves the list on and leaves its event in the outbox, in one transaction.
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
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
)

// Record is an accreditation and what the registry keeps beside it.
type Record struct {
	Accreditation    *accreditation.Accreditation
	DID              string // that the employer issues with
	Municipality     string // may be empty
	ContentHash      string // of what it was asked with
	CredentialID     string
	RevocationReason string
	Traceparent      string
}

// Store keeps accreditations and the version of the trust list. What it does
// not find is a NotFound fault.
type Store interface {
	Add(ctx context.Context, tx *sqldb.Tx, r Record, at time.Time) error
	Save(ctx context.Context, tx *sqldb.Tx, r Record) error
	// Newest gives an organisation's newest accreditation, in whatever state.
	Newest(ctx context.Context, q sqldb.Querier, organisationNumber string) (Record, error)
	// ByDID gives the accreditation of a DID that is not revoked.
	ByDID(ctx context.Context, q sqldb.Querier, did string) (Record, error)
	// List gives the newest of each organisation, by organisation number.
	List(ctx context.Context, q sqldb.Querier, after string, limit int) ([]Record, error)
	// Accredited gives all that are accredited.
	Accredited(ctx context.Context, q sqldb.Querier) ([]Record, error)
	Version(ctx context.Context, q sqldb.Querier) (int64, error)
	NextVersion(ctx context.Context, tx *sqldb.Tx) error
	// SetAgencies moves the list on when these agencies are others than before.
	SetAgencies(ctx context.Context, tx *sqldb.Tx, hash string) error
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
	DB     *sqldb.DB
	Store  Store
	Issuer *issuance.Issuer
	Outbox *events.Outbox
	Clock  clock.Clock
	Random io.Reader
	// Signer signs the trust list with the registry's AssertionKey.
	Signer       credential.Signer
	AssertionKey credential.KeyOf
	// DID is the registry's.
	DID      string
	Agencies []Agency
	// Lifetime is how long a signed list is current.
	Lifetime time.Duration
	Mode     identifier.Mode
}

// Desk is safe for concurrent use.
type Desk struct {
	Config

	mu   sync.Mutex // guards last
	last published
}

// New makes the desk.
func New(c Config) *Desk { return &Desk{Config: c} }

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
// organisation number.
func (d *Desk) List(ctx context.Context, after string, limit int) ([]Record, error) {
	return d.Store.List(ctx, d.DB.Read(), after, limit)
}

// Signed gives the bytes of an accreditation's credential.
func (d *Desk) Signed(ctx context.Context, r Record) ([]byte, error) {
	return d.Issuer.Signed(ctx, d.DB.Read(), r.CredentialID)
}
