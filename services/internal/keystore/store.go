// Package keystore creates private keys and works with them. It is the only
// importer of aries-framework-go: everybody else sees the methods of Store.
//
// Private bytes never leave it. At rest each key is encrypted with a key of
// its own, which the master key locks; opened keys stay in memory in a bounded
// cache. It packs no envelopes and knows no DIDs: who asks for a key by name
// keeps the name.
package keystore

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/hyperledger/aries-framework-go/pkg/crypto/tinkcrypto"
	"github.com/hyperledger/aries-framework-go/pkg/kms/localkms"
	"github.com/hyperledger/aries-framework-go/pkg/secretlock/local"
	"github.com/hyperledger/aries-framework-go/spi/kms"
	"github.com/hyperledger/aries-framework-go/spi/secretlock"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// KeyID names a key: the RFC 7638 thumbprint of its public half.
type KeyID = string

// MasterKeySize is the length in bytes of the key that locks all others.
const MasterKeySize = 32

// ErrNoKey is what Rows gives for a key that it does not have. Errors of
// Store wrap it and are faults of kind NotFound.
var ErrNoKey = errors.New("no such key")

// Rows keeps locked keys: 300 to 800 bytes each, worth nothing without the
// master key. Implementations are safe for concurrent use, or bound to one
// transaction.
type Rows interface {
	// PutKey keeps a locked key under id. When id is there already the first
	// one stays and the error is nil. The key is durable when the transaction
	// that ctx or the Rows belongs to commits.
	PutKey(ctx context.Context, id string, locked []byte) error
	// GetKey gives the locked key, or an error that wraps ErrNoKey.
	GetKey(ctx context.Context, id string) ([]byte, error)
}

// Store is a key store. It is safe for concurrent use.
type Store struct {
	rows   Rows
	lock   secretlock.Service
	crypto *tinkcrypto.Crypto
	opened *cache // keys whose rows exist
	drafts *pinned
	data   cipher.AEAD // by the data key of Seal and Open
}

// openedKeys is how many keys stay opened; each takes about 2 KiB.
const openedKeys = 4096

// dataKeyID is the row of the data key. No thumbprint has a slash in it.
const dataKeyID = "data/1"

// Open opens the key store in rows with the master key of MasterKeySize bytes.
// It makes the data key when there is none yet. A wrong master key is a fault
// of kind Invalid with rule "keystore.master-key".
func Open(ctx context.Context, master []byte, rows Rows) (*Store, error) {
	if len(master) != MasterKeySize {
		return nil, fault.New(fault.Invalid, "keystore.master-key", "the master key must have %d bytes", MasterKeySize)
	}
	// The lock reads raw bytes that happen to be base64 as base64, and would
	// then lock with a shorter key: it always gets base64.
	lock, err := local.NewService(bytes.NewBufferString(base64.URLEncoding.EncodeToString(master)), nil)
	if err != nil {
		return nil, fmt.Errorf("open secret lock: %w", err)
	}
	crypto, err := tinkcrypto.New()
	if err != nil {
		return nil, fmt.Errorf("open crypto: %w", err)
	}
	s := &Store{rows: rows, lock: lock, crypto: crypto, opened: newCache(openedKeys), drafts: newPinned()}
	if s.data, err = s.openDataKey(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Store) openDataKey(ctx context.Context) (cipher.AEAD, error) {
	locked, err := s.rows.GetKey(ctx, dataKeyID)
	if errors.Is(err, ErrNoKey) {
		var slot slot
		if _, _, err := s.kms(&slot).Create(kms.AES256GCMType); err != nil {
			return nil, fmt.Errorf("create data key: %w", err)
		}
		if err := s.rows.PutKey(ctx, dataKeyID, slot.locked); err != nil {
			return nil, fmt.Errorf("save data key: %w", err)
		}
		// Another process may have been first: its key is the one.
		locked, err = s.rows.GetKey(ctx, dataKeyID)
	}
	if err != nil {
		return nil, fmt.Errorf("load data key: %w", err)
	}
	handle, err := s.kms(&slot{id: dataKeyID, locked: locked}).Get(dataKeyID)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "keystore.master-key", "the master key does not open this key store")
	}
	return openDataCipher(handle)
}

// kms is aries' key manager over a store of one key. Making one costs next to
// nothing, and it needs no context nor a transaction that way.
func (s *Store) kms(slot *slot) *localkms.LocalKMS {
	m, err := localkms.New("local-lock://master", provider{slot, s.lock})
	if err != nil {
		panic(err) // only for a malformed URI
	}
	return m
}

type provider struct {
	slot *slot
	lock secretlock.Service
}

func (p provider) StorageProvider() kms.Store     { return p.slot }
func (p provider) SecretLock() secretlock.Service { return p.lock }

// Create makes a key and saves it in the store's own rows. Inside a
// transaction use Draft.
func (s *Store) Create(ctx context.Context, kind Kind) (KeyID, did.PublicKey, error) {
	d := s.Draft()
	defer d.Close()
	id, public, err := d.Create(kind)
	if err == nil {
		err = d.Save(ctx, s.rows)
	}
	if err != nil {
		return "", did.PublicKey{}, err
	}
	return id, public, nil
}

// Public gives a key's public half and kind.
func (s *Store) Public(ctx context.Context, id KeyID) (did.PublicKey, Kind, error) {
	k, err := s.key(ctx, id)
	if err != nil {
		return did.PublicKey{}, "", err
	}
	return k.public, k.kind, nil
}

// key is an opened key.
type key struct {
	kind    Kind
	public  did.PublicKey
	handle  any                // *keyset.Handle
	ed25519 ed25519.PrivateKey // of a key that signs by EdDSA
	ecdh    *ecdh.PrivateKey   // of a key that agrees
}

// key finds a key among the drafts, the opened keys and the rows, in this
// order.
func (s *Store) key(ctx context.Context, id KeyID) (*key, error) {
	if k, ok := s.drafts.get(id); ok {
		return k, nil
	}
	if k, ok := s.opened.get(id); ok {
		return k, nil
	}
	locked, err := s.rows.GetKey(ctx, id)
	if errors.Is(err, ErrNoKey) {
		return nil, fault.Wrap(err, fault.NotFound, "keystore.no-key", "no such key")
	}
	if err != nil {
		return nil, fmt.Errorf("load key: %w", err)
	}
	k, err := s.unlock(id, locked)
	if err != nil {
		return nil, err
	}
	s.opened.put(id, k)
	return k, nil
}

// unlock opens a locked key. That its thumbprint is id shows that nobody
// exchanged two rows.
func (s *Store) unlock(id KeyID, locked []byte) (*key, error) {
	m := s.kms(&slot{id: id, locked: locked})
	handle, err := m.Get(id)
	if err != nil {
		return nil, fmt.Errorf("unlock key: %w", err)
	}
	exported, ariesKind, err := m.ExportPubKeyBytes(id)
	if err != nil {
		return nil, fmt.Errorf("export public key: %w", err)
	}
	kind, ok := kindOf(ariesKind)
	if !ok {
		return nil, fmt.Errorf("unlock key: unknown kind %q", ariesKind)
	}
	public, err := publicOf(kind, exported)
	if err != nil {
		return nil, err
	}
	if public.Thumbprint() != id {
		return nil, fault.New(fault.Internal, "keystore.row-mixed-up", "a row holds another key than its id says")
	}
	return openKey(kind, public, handle)
}

// slot is a kms.Store that holds one key, or is about to.
type slot struct {
	id     string
	locked []byte
}

func (s *slot) Put(id string, locked []byte) error {
	s.id, s.locked = id, bytes.Clone(locked)
	return nil
}

func (s *slot) Get(id string) ([]byte, error) {
	if s.locked == nil || id != s.id {
		return nil, errNotFound
	}
	return s.locked, nil
}

func (s *slot) Delete(string) error { return errors.New("keys are not deleted") }
