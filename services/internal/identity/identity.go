// Package identity keeps which DIDs are a service's own, whose they are, and
// which key in the key store stands behind each of their key ids, from when to
// when. It makes pairwise did:peer:2 for relations, did:key for holder binding,
// and did:web for organisations, whose keys follow one another. Private keys
// never pass through it.
package identity

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm/envelope"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrations is the schema of DIDs and keys.
func Migrations() sqldb.Migrations { return sqldb.Embedded("identity", schema) }

// Book is a service's DIDs and keys. It is safe for concurrent use.
type Book struct {
	db    *sqldb.DB
	keys  *keystore.Store
	clock clock.Clock

	mu            sync.Mutex // guards known and organisations
	known         map[string]keystore.KeyID
	organisations map[string]recentKeys
}

// Open opens the book over the service's database. lock is the 32-byte master
// key that wraps every key at rest.
func Open(ctx context.Context, db *sqldb.DB, lock []byte, clock clock.Clock) (*Book, error) {
	keys, err := keystore.Open(ctx, lock, rows{db})
	if err != nil {
		return nil, err
	}
	return &Book{
		db: db, keys: keys, clock: clock, known: map[string]keystore.KeyID{}, organisations: map[string]recentKeys{},
	}, nil
}

// Pending is a DID whose keys exist but which is nobody's until Save.
type Pending struct {
	// DID is the new DID, Keys the ids of its keys as the document has them.
	DID  string
	Keys []string

	book     *Book
	draft    *keystore.Draft
	keyIDs   []keystore.KeyID
	document []byte
	closed   bool
}

// Pairwise makes a did:peer:2 for one relation: an Ed25519 key that
// authenticates, an X25519 key that agrees, one DIDComm endpoint.
func (b *Book) Pairwise(endpoint string) (_ *Pending, err error) {
	draft := b.keys.Draft()
	defer func() {
		if err != nil {
			draft.Close()
		}
	}()
	signing, signingKey, err := draft.Create(keystore.Ed25519)
	if err != nil {
		return nil, fmt.Errorf("make pairwise keys: %w", err)
	}
	agreeing, agreeingKey, err := draft.Create(keystore.X25519)
	if err != nil {
		return nil, fmt.Errorf("make pairwise keys: %w", err)
	}
	name, kids, err := did.NewPeer([]did.PeerKey{
		{Purpose: did.Authentication, Key: signingKey},
		{Purpose: did.KeyAgreement, Key: agreeingKey},
	}, did.Endpoint{URI: endpoint, Accept: []string{"didcomm/v2"}})
	if err != nil {
		return nil, err
	}
	return &Pending{DID: name, Keys: kids, book: b, draft: draft, keyIDs: []keystore.KeyID{signing, agreeing}}, nil
}

// HolderKey makes a did:key that a credential will be bound to.
func (b *Book) HolderKey() (*Pending, error) {
	draft := b.keys.Draft()
	id, key, err := draft.Create(keystore.Ed25519)
	if err != nil {
		return nil, fmt.Errorf("make holder key: %w", err)
	}
	name, kid := did.NewKey(key)
	return &Pending{DID: name, Keys: []string{kid}, book: b, draft: draft, keyIDs: []keystore.KeyID{id}}, nil
}

// Close forgets the DID unless it was saved. It is safe to repeat; call it
// when the transaction that saves the DID has ended.
func (p *Pending) Close() {
	p.closed = true
	p.draft.Close()
}

// errClosed keeps a DID from being saved without its keys.
var errClosed = errors.New("save DID: its keys are forgotten already")

// Save makes the DID owner's, in the caller's transaction. onlyFrom, when not
// empty, is the one DID whose messages it takes. When the transaction ends, so
// does p: a transaction that is tried again makes another.
func (p *Pending) Save(ctx context.Context, tx *sqldb.Tx, owner, onlyFrom string) error {
	if p.closed {
		return errClosed
	}
	tx.OnCommit(p.draft.Committed)
	tx.OnEnd(p.Close)
	if err := p.draft.Save(ctx, txRows{tx}); err != nil {
		return fmt.Errorf("save keys: %w", err)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO identity (did, owner, only_from, document, created_at) VALUES ($1, $2, $3, $4, $5)`,
		p.DID, owner, onlyFrom, p.document, clock.Micros(p.book.clock.Now()))
	if err != nil {
		return fmt.Errorf("save DID: %w", err)
	}
	for i, kid := range p.Keys {
		if err := insertKey(ctx, tx, kid, p.DID, p.keyIDs[i]); err != nil {
			return err
		}
	}
	return nil
}

func insertKey(ctx context.Context, tx *sqldb.Tx, kid, name string, id keystore.KeyID) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO identity_key (kid, did, key_id) VALUES ($1, $2, $3)`, kid, name, id); err != nil {
		return fmt.Errorf("save key id: %w", err)
	}
	return nil
}

// SignWith signs with one of the pending DID's keys, before it is saved.
func (p *Pending) SignWith(ctx context.Context, kid string, data []byte) ([]byte, error) {
	for i, have := range p.Keys {
		if have == kid {
			return p.book.keys.Sign(ctx, p.keyIDs[i], data)
		}
	}
	return nil, notOurs()
}

// Sign signs data with the key behind a key id of ours. It is the credential
// engine's Signer. A key of an organisation that was revoked or has retired
// signs nothing: Unavailable, with rule "key.revoked" or "key.retired".
func (b *Book) Sign(ctx context.Context, kid string, data []byte) ([]byte, error) {
	id, ok, err := b.find(ctx, kid)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, notOurs()
	}
	return b.keys.Sign(ctx, id, data)
}

// Wrap and Unwrap, with KeyAgreement, make the book the envelope's Keys.
func (b *Book) Wrap(ctx context.Context, key string, p envelope.WrapParams) ([]byte, error) {
	return b.keys.Wrap(ctx, key, p)
}

// Unwrap is the reverse of Wrap.
func (b *Book) Unwrap(ctx context.Context, key string, p envelope.UnwrapParams) ([]byte, error) {
	return b.keys.Unwrap(ctx, key, p)
}

// KeyStore is the key store under the book.
func (b *Book) KeyStore() *keystore.Store { return b.keys }

// maxKnown bounds what is remembered of key ids and of organisations.
const maxKnown = 4096

// KeyAgreement finds the key behind a key id of ours; false when it is not
// ours, has retired, or signs: an envelope to a holder's did:key is as unknown
// here as any, so that nobody learns whose wallet holds it.
func (b *Book) KeyAgreement(ctx context.Context, kid string) (keystore.KeyID, bool, error) {
	id, ok, err := b.find(ctx, kid)
	switch rule := fault.RuleOf(err); {
	case rule == "key.revoked" || rule == "key.retired":
		return "", false, nil
	case err != nil || !ok:
		return "", false, err
	}
	_, kind, err := b.keys.Public(ctx, id)
	if err != nil || !agrees(kind) {
		return "", false, err
	}
	return id, true, nil
}

func agrees(kind keystore.Kind) bool {
	return organisationKinds[kind].purpose == did.KeyAgreement
}

// find gives the key behind a key id of ours, whatever it is for, unless its
// time has passed.
func (b *Book) find(ctx context.Context, kid string) (keystore.KeyID, bool, error) {
	if !isOrganisation(kid) {
		return b.lasting(ctx, kid)
	}
	key, ok, err := b.organisationKey(ctx, kid)
	if err != nil || !ok {
		return "", false, err
	}
	if err := key.check(b.clock.Now()); err != nil {
		return "", false, err
	}
	return key.stored, true, nil
}

// lasting finds a key that serves for as long as its DID.
func (b *Book) lasting(ctx context.Context, kid string) (id keystore.KeyID, ok bool, err error) {
	b.mu.Lock()
	id, ok = b.known[kid]
	b.mu.Unlock()
	if ok {
		return id, true, nil
	}
	err = b.db.Read().QueryRowContext(ctx, `SELECT key_id FROM identity_key WHERE kid = $1`, kid).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("find key: %w", err)
	}
	b.mu.Lock()
	if len(b.known) >= maxKnown {
		clear(b.known)
	}
	b.known[strings.Clone(kid)] = id // it may lie in the envelope that names it
	b.mu.Unlock()
	return id, true, nil
}

// Owner tells whose a DID of ours is, and from whom alone it takes messages
// ("" for anyone). NotFound when it is not ours.
func (b *Book) Owner(ctx context.Context, name string) (owner, onlyFrom string, err error) {
	err = b.db.Read().QueryRowContext(ctx, `SELECT owner, only_from FROM identity WHERE did = $1`, name).Scan(&owner, &onlyFrom)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", fault.New(fault.NotFound, "did.not-ours", "no such DID here")
	}
	return owner, onlyFrom, err
}
