// Package issuance is the issuer's side of a credential's life, the same for
// the five services that issue: reserve it (with its status index, before
// anything is signed), offer it, sign it when the holder has shown a key of
// its own, deliver it, withdraw it. The thread is issue-credential 3.0 with
// the attachment formats of Aries RFC 0809.
package issuance

import (
	"context"
	"database/sql"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrations is the schema of issued credentials.
func Migrations() sqldb.Migrations { return sqldb.Embedded("issuance", schema) }

// State is how far a credential has come.
type State string

// The states, in order. Withdrawn can follow any.
const (
	Reserved  State = "reserved"
	Offered   State = "offered"
	Issued    State = "issued"
	Delivered State = "delivered"
	Declined  State = "declined" // the holder refused it; the thread is over
	Withdrawn State = "withdrawn"
)

// Config is what an issuer needs.
type Config struct {
	DB     *sqldb.DB
	Book   *identity.Book
	Agent  *agent.Agent
	Lists  *statuslist.Lists
	Clock  clock.Clock
	Random io.Reader
	// OnIssued and OnDelivered, when set, run in the transaction in which a
	// credential is signed, and in which its holder acknowledges it.
	OnIssued    Hook
	OnDelivered Hook
}

// Hook is told of a credential inside the transaction that changes it.
type Hook func(ctx context.Context, tx *sqldb.Tx, c Credential) error

// Issuer issues a service's credentials. Safe for concurrent use.
type Issuer struct{ Config }

// New makes the issuer and registers its DIDComm handlers.
func New(c Config) *Issuer {
	i := &Issuer{c}
	if c.Agent != nil {
		c.Agent.Handle(didcomm.TypeRequestCredential, i.onRequest)
		c.Agent.Handle(didcomm.TypeCredentialAck, i.onAck)
		c.Agent.HandleProblem(i.onProblem)
	}
	return i
}

// Draft is a credential to be issued.
type Draft struct {
	// Type is the credential's type, as in credtype.
	Type string
	// Reference is what it is issued for (an offer, a case). A service issues
	// one credential of a type for a reference: a repeat gives the same one.
	Reference string
	// Issuer is the organisation's DID.
	Issuer string
	// Claims are checked against the type's schema.
	Claims                map[string]any
	ValidFrom, ValidUntil time.Time // ValidUntil may be zero
}

// Credential is a row: what has been promised to whom, and how far it came.
type Credential struct {
	ID, Type, Reference, Issuer string
	State                       State
	Thread, Ours, Theirs        string            // the DIDComm thread and its two DIDs
	Format                      credential.Format // once issued
	Subject                     string            // the holder's did:key once issued
	IssuedAt, DeliveredAt       time.Time

	claims                []byte // sealed
	status                statuslist.Reservation
	nonce                 string
	validFrom, validUntil time.Time
}

// Reserve records a credential and its status index in the caller's
// transaction, and returns its id. Reserving again for the same reference and
// type returns the same id and changes nothing.
func (i *Issuer) Reserve(ctx context.Context, tx *sqldb.Tx, draft Draft) (string, error) {
	var id string
	err := tx.QueryRowContext(ctx, `SELECT credential_id FROM issuance WHERE reference = $1 AND type = $2`, draft.Reference, draft.Type).Scan(&id)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	if err := credtype.Validate(draft.Type, draft.Claims); err != nil {
		return "", err
	}
	random := make([]byte, 32)
	if _, err := io.ReadFull(i.Random, random); err != nil {
		return "", err
	}
	id, nonce := urn(random[:16]), hex.EncodeToString(random[16:])
	status, err := i.Lists.Reserve(ctx, tx, draft.Issuer, id)
	if err != nil {
		return "", err
	}
	c := Credential{
		ID: id, Type: draft.Type, Reference: draft.Reference, Issuer: draft.Issuer,
		status: status, nonce: nonce, validFrom: draft.ValidFrom, validUntil: draft.ValidUntil,
	}
	if err := i.rehearse(ctx, c, draft.Claims); err != nil {
		return "", err
	}
	return id, i.insert(ctx, tx, c, draft.Claims)
}

// insert records a credential, before anything is signed: claims are sealed.
func (i *Issuer) insert(ctx context.Context, tx *sqldb.Tx, c Credential, claims any) error {
	plain, err := json.Marshal(claims)
	if err != nil {
		return fmt.Errorf("encode claims of %s: %w", c.Type, err)
	}
	sealed, err := i.Book.KeyStore().Seal(ctx, plain, []byte(c.ID))
	if err != nil {
		return err
	}
	position, err := json.Marshal(c.status)
	if err != nil {
		return fmt.Errorf("encode status of %s: %w", c.Type, err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO issuance (credential_id, type, reference, issuer, claims, valid_from, valid_until, status, state,
			thread, ours, theirs, nonce, subject, traceparent, created_at, issued_at, delivered_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'reserved', '', '', '', $9, '', $10, $11, 0, 0)`,
		c.ID, c.Type, c.Reference, c.Issuer, sealed, clock.Micros(c.validFrom), clock.Micros(c.validUntil), string(position),
		c.nonce, telemetry.Traceparent(ctx), clock.Micros(i.Clock.Now()))
	if err != nil {
		return fmt.Errorf("reserve %s: %w", c.Type, err)
	}
	return nil
}

// urn writes 16 random bytes as a version 4 UUID URN (RFC 9562).
func urn(b []byte) string {
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Withdraw revokes a credential wherever it is, with a reason, in the caller's
// transaction. It is safe to repeat.
func (i *Issuer) Withdraw(ctx context.Context, tx *sqldb.Tx, id, reason string) error {
	return i.revoke(ctx, tx, id, statuslist.Change{Reason: reason})
}

const columns = `credential_id, type, reference, issuer, state, thread, ours, theirs, nonce, format, subject, claims, status, valid_from, valid_until, issued_at, delivered_at`

// Find gives a credential by its id, NotFound when there is none.
func (i *Issuer) Find(ctx context.Context, q sqldb.Querier, id string) (Credential, error) {
	return find(ctx, q, `SELECT `+columns+` FROM issuance WHERE credential_id = $1`, id)
}

func find(ctx context.Context, q sqldb.Querier, query string, key ...any) (Credential, error) {
	var c Credential
	var status string
	var from, until, issued, delivered int64
	err := q.QueryRowContext(ctx, query, key...).Scan(&c.ID, &c.Type, &c.Reference, &c.Issuer, &c.State, &c.Thread, &c.Ours, &c.Theirs,
		&c.nonce, &c.Format, &c.Subject, &c.claims, &status, &from, &until, &issued, &delivered)
	if errors.Is(err, sql.ErrNoRows) {
		return c, fault.New(fault.NotFound, "credential.unknown", "there is no such credential here")
	}
	if err != nil {
		return c, fmt.Errorf("read credential: %w", err)
	}
	c.validFrom, c.validUntil = clock.FromMicros(from), clock.FromMicros(until)
	c.IssuedAt, c.DeliveredAt = clock.FromMicros(issued), clock.FromMicros(delivered)
	return c, json.Unmarshal([]byte(status), &c.status)
}
