package keystore

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm/envelope"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Sign signs data as JOSE does: EdDSA gives 64 bytes, ES256 and ES384 hash
// data themselves and give r and s one after the other (RFC 7518 section 3.4,
// RFC 8037 section 3.1).
func (s *Store) Sign(ctx context.Context, id KeyID, data []byte) ([]byte, error) {
	k, err := s.key(ctx, id)
	if err != nil {
		return nil, err
	}
	if !kinds[k.kind].signs {
		return nil, fault.New(fault.Invalid, "keystore.use", "a key for key agreement does not sign")
	}
	if k.ed25519 != nil {
		return ed25519.Sign(k.ed25519, data), nil
	}
	signature, err := s.crypto.Sign(data, k.handle)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return signature, nil
}

// Wrap wraps a content key by ECDH-1PU+A256KW; see envelope.Keys.
func (s *Store) Wrap(ctx context.Context, id KeyID, p envelope.WrapParams) ([]byte, error) {
	k, err := s.agreementKey(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(p.CEK) != 64 || len(p.APU) == 0 || len(p.Tag) == 0 || p.Ephemeral == nil {
		return nil, fault.New(fault.Invalid, "keystore.wrap", "wrapping takes a key of 64 bytes, an apu, a tag and an ephemeral key")
	}
	ephemeral, err := did.FromECDH(p.Ephemeral.PublicKey())
	if err != nil {
		return nil, err
	}
	if err := sameCurve(k.public, p.Recipient, ephemeral); err != nil {
		return nil, err
	}
	wrapped, err := envelope.Wrap(k.ecdh.ECDH, p)
	if err != nil {
		return nil, fmt.Errorf("wrap key: %w", err)
	}
	return wrapped, nil
}

// Unwrap is the reverse of Wrap, and unwraps ECDH-ES+A256KW too; see
// envelope.Keys.
func (s *Store) Unwrap(ctx context.Context, id KeyID, p envelope.UnwrapParams) ([]byte, error) {
	k, err := s.agreementKey(ctx, id)
	if err != nil {
		return nil, err
	}
	// A content key of 32 or 64 bytes.
	if n := len(p.EncryptedKey); n != 40 && n != 72 {
		return nil, fault.New(fault.Invalid, "keystore.unwrap", "an encrypted key of an odd length")
	}
	others := []did.PublicKey{p.Ephemeral}
	if !p.Sender.IsZero() {
		others = append(others, p.Sender)
	}
	if err := sameCurve(k.public, others...); err != nil {
		return nil, err
	}
	cek, err := envelope.Unwrap(k.ecdh.ECDH, p)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "keystore.unwrap", "the content key does not unwrap")
	}
	return cek, nil
}

func (s *Store) agreementKey(ctx context.Context, id KeyID) (*key, error) {
	k, err := s.key(ctx, id)
	if err != nil {
		return nil, err
	}
	if kinds[k.kind].signs {
		return nil, fault.New(fault.Invalid, "keystore.use", "a key that signs does not agree on keys")
	}
	return k, nil
}

func sameCurve(own did.PublicKey, others ...did.PublicKey) error {
	for _, other := range others {
		if other.Curve() != own.Curve() {
			return fault.New(fault.Invalid, "keystore.curve", "the keys lie on different curves")
		}
	}
	return nil
}

// sealedByStore is the first byte of what Seal gives: version 1, AES-256-GCM
// with the data key.
const sealedByStore = 1

const nonceSize = 12

// Seal encrypts data at rest by AES-256-GCM with the store's data key. aad is
// what the data belongs to (table, row id): Open wants the same.
func (s *Store) Seal(_ context.Context, plaintext, aad []byte) ([]byte, error) {
	out := make([]byte, 1+nonceSize, 1+nonceSize+len(plaintext)+s.data.Overhead())
	out[0] = sealedByStore
	nonce := out[1:]
	rand.Read(nonce) // never fails
	return s.data.Seal(out, nonce, plaintext, aad), nil
}

// Open is the reverse of Seal. Altered data, or another aad, is a fault with
// rule "keystore.sealed".
func (s *Store) Open(_ context.Context, sealed, aad []byte) ([]byte, error) {
	if len(sealed) < 1+nonceSize || sealed[0] != sealedByStore {
		return nil, fault.New(fault.Internal, "keystore.sealed", "not sealed by this store")
	}
	nonce, ciphertext := sealed[1:1+nonceSize], sealed[1+nonceSize:]
	plaintext, err := s.data.Open(nil, nonce, ciphertext, aad)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "keystore.sealed", "the sealed data does not open")
	}
	return plaintext, nil
}
