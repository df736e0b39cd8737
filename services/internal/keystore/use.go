package keystore

import (
	"context"
	"crypto/ecdh"
	"fmt"

	"github.com/hyperledger/aries-framework-go/pkg/crypto/tinkcrypto"
	"github.com/hyperledger/aries-framework-go/spi/crypto"

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
		// aries takes the content key's length for the algorithm, and
		// something else for an empty apu.
		return nil, fault.New(fault.Invalid, "keystore.wrap", "wrapping takes a key of 64 bytes, an apu, a tag and an ephemeral key")
	}
	ephemeral, err := did.FromECDH(p.Ephemeral.PublicKey())
	if err != nil {
		return nil, err
	}
	if err := sameCurve(k.public, p.Recipient, ephemeral); err != nil {
		return nil, err
	}
	wrapped, err := s.crypto.WrapKey(p.CEK, p.APU, p.APV, ariesKey(p.Recipient), crypto.WithSender(k.handle),
		crypto.WithTag(p.Tag), crypto.WithEPK(ariesPrivate(p.Ephemeral, ephemeral)))
	if err != nil {
		return nil, fmt.Errorf("wrap key: %w", err)
	}
	if wrapped.Alg != tinkcrypto.ECDH1PUA256KWAlg {
		return nil, fmt.Errorf("wrap key: by %s", wrapped.Alg)
	}
	return wrapped.EncryptedCEK, nil
}

// Unwrap is the reverse of Wrap, and unwraps ECDH-ES+A256KW too; see
// envelope.Keys.
func (s *Store) Unwrap(ctx context.Context, id KeyID, p envelope.UnwrapParams) ([]byte, error) {
	k, err := s.agreementKey(ctx, id)
	if err != nil {
		return nil, err
	}
	// A content key of 32 or 64 bytes; aries panics on an empty one, and on keys
	// of different curves.
	if n := len(p.EncryptedKey); n != 40 && n != 72 {
		return nil, fault.New(fault.Invalid, "keystore.unwrap", "an encrypted key of an odd length")
	}
	if err := sameCurve(k.public, p.Ephemeral); err != nil {
		return nil, err
	}
	wrapped := &crypto.RecipientWrappedKey{
		EncryptedCEK: p.EncryptedKey,
		EPK:          *ariesKey(p.Ephemeral),
		APU:          p.APU,
		APV:          p.APV,
		Alg:          tinkcrypto.ECDHESA256KWAlg,
	}
	var opts []crypto.WrapKeyOpts
	if !p.Sender.IsZero() {
		if err := sameCurve(k.public, p.Sender); err != nil {
			return nil, err
		}
		wrapped.Alg = tinkcrypto.ECDH1PUA256KWAlg
		opts = []crypto.WrapKeyOpts{crypto.WithSender(ariesKey(p.Sender)), crypto.WithTag(p.Tag)}
	}
	cek, err := s.crypto.UnwrapKey(wrapped, k.handle, opts...)
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

func ariesKey(k did.PublicKey) *crypto.PublicKey {
	x, y := k.Coordinates()
	kind := "EC"
	if y == nil {
		kind = "OKP"
	}
	return &crypto.PublicKey{X: x, Y: y, Curve: string(k.Curve()), Type: kind}
}

func ariesPrivate(k *ecdh.PrivateKey, public did.PublicKey) *crypto.PrivateKey {
	return &crypto.PrivateKey{PublicKey: *ariesKey(public), D: k.Bytes()}
}

// sealedByStore is the first byte of what Seal gives: version 1, AES-256-GCM
// with the data key.
const sealedByStore = 1

const nonceSize = 12

// Seal encrypts data at rest by AES-256-GCM with the store's data key. aad is
// what the data belongs to (table, row id): Open wants the same.
func (s *Store) Seal(_ context.Context, plaintext, aad []byte) ([]byte, error) {
	ciphertext, nonce, err := s.crypto.Encrypt(plaintext, aad, s.data)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return append(append([]byte{sealedByStore}, nonce...), ciphertext...), nil
}

// Open is the reverse of Seal. Altered data, or another aad, is a fault with
// rule "keystore.sealed".
func (s *Store) Open(_ context.Context, sealed, aad []byte) ([]byte, error) {
	if len(sealed) < 1+nonceSize || sealed[0] != sealedByStore {
		return nil, fault.New(fault.Internal, "keystore.sealed", "not sealed by this store")
	}
	nonce, ciphertext := sealed[1:1+nonceSize], sealed[1+nonceSize:]
	plaintext, err := s.crypto.Decrypt(ciphertext, aad, nonce, s.data)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "keystore.sealed", "the sealed data does not open")
	}
	return plaintext, nil
}
