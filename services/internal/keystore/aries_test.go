package keystore

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"encoding/json"
	"testing"

	"github.com/hyperledger/aries-framework-go/pkg/crypto/tinkcrypto"
	"github.com/hyperledger/aries-framework-go/spi/crypto"
	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm/envelope"
)

// aries works with the handles of a store's keys, as another implementation.
type aries struct {
	*tinkcrypto.Crypto
	store *Store
}

func newAries(t testing.TB, s *Store) aries {
	t.Helper()
	c, err := tinkcrypto.New()
	if err != nil {
		t.Fatal(err)
	}
	return aries{c, s}
}

func (a aries) handle(t testing.TB, id KeyID) any {
	t.Helper()
	k, err := a.store.key(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return k.handle
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

// What one wraps the other unwraps, on every curve, with the sender's key and without.
func TestAriesAgreesOnKeys(t *testing.T) {
	s := open(t, newMemoryRows())
	a := newAries(t, s)
	for kind, curve := range ecdhCurves {
		for range 20 { // some coordinates and keys begin with zeros
			sender, senderPublic := created(t, s, kind)
			recipient, public := created(t, s, kind)
			ephemeral, err := curve.GenerateKey(nil)
			if err != nil {
				t.Fatal(err)
			}
			epk, err := did.FromECDH(ephemeral.PublicKey())
			if err != nil {
				t.Fatal(err)
			}
			cek, apu, apv, tag := bytes.Repeat([]byte{7}, 64), []byte("did:example:a#1"), []byte("v"), bytes.Repeat([]byte{9}, 32)
			ours, err := s.Wrap(t.Context(), sender, envelope.WrapParams{CEK: cek, Recipient: public, Ephemeral: ephemeral, APU: apu, APV: apv, Tag: tag})
			if err != nil {
				t.Fatal(err)
			}
			got, err := a.UnwrapKey(&crypto.RecipientWrappedKey{EncryptedCEK: ours, EPK: *ariesKey(epk), APU: apu, APV: apv, Alg: tinkcrypto.ECDH1PUA256KWAlg},
				a.handle(t, recipient), crypto.WithSender(ariesKey(senderPublic)), crypto.WithTag(tag))
			if err != nil || !bytes.Equal(got, cek) {
				t.Fatalf("%s: aries does not unwrap ours: %v", kind, err)
			}
			for _, from := range []did.PublicKey{senderPublic, {}} {
				opts := []crypto.WrapKeyOpts{crypto.WithEPK(ariesPrivate(ephemeral, epk))}
				if !from.IsZero() {
					opts = append(opts, crypto.WithSender(a.handle(t, sender)), crypto.WithTag(tag))
				}
				theirs, err := a.WrapKey(cek, apu, apv, ariesKey(public), opts...)
				if err != nil {
					t.Fatal(err)
				}
				// Without a sender aries makes an ephemeral key of its own.
				written, err := json.Marshal(theirs.EPK)
				if err != nil {
					t.Fatal(err)
				}
				theirEPK, err := publicOf(kind, written)
				if err != nil {
					t.Fatal(err)
				}
				got, err := s.Unwrap(t.Context(), recipient, envelope.UnwrapParams{EncryptedKey: theirs.EncryptedCEK, Ephemeral: theirEPK, Sender: from, APU: apu, APV: apv, Tag: tag})
				if err != nil || !bytes.Equal(got, cek) {
					t.Fatalf("%s: what aries wraps by %s does not unwrap: %v", kind, theirs.Alg, err)
				}
			}
		}
	}
}

// EdDSA has one signature for a key and a text.
func TestAriesSignsTheSame(t *testing.T) {
	s := open(t, newMemoryRows())
	a := newAries(t, s)
	id, public := created(t, s, Ed25519)
	rapid.Check(t, func(rt *rapid.T) {
		data := rapid.SliceOf(rapid.Byte()).Draw(rt, "data")
		ours, err := s.Sign(t.Context(), id, data)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := a.Sign(data, a.handle(t, id))
		if err != nil || !bytes.Equal(ours, theirs) || len(ours) != ed25519.SignatureSize || !public.Verify(data, ours) {
			t.Fatalf("%x and %x, %v", ours, theirs, err)
		}
	})
}

// What was sealed by aries with the data key opens, and the other way round: stores
// from before open.
func TestAriesSealsTheSame(t *testing.T) {
	rows := newMemoryRows()
	s := open(t, rows)
	a := newAries(t, s)
	handle, err := s.kms(&slot{id: dataKeyID, locked: rows.rows[dataKeyID]}).Get(dataKeyID)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		data, aad := rapid.SliceOf(rapid.Byte()).Draw(rt, "data"), rapid.SliceOf(rapid.Byte()).Draw(rt, "aad")
		ciphertext, nonce, err := a.Encrypt(data, aad, handle)
		if err != nil {
			t.Fatal(err)
		}
		theirs := append(append([]byte{sealedByStore}, nonce...), ciphertext...)
		if got, err := s.Open(t.Context(), theirs, aad); err != nil || !bytes.Equal(got, data) {
			t.Fatalf("what aries sealed: %v", err)
		}
		ours, err := s.Seal(t.Context(), data, aad)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := a.Decrypt(ours[1+nonceSize:], aad, ours[1:1+nonceSize], handle); err != nil || !bytes.Equal(got, data) {
			t.Fatalf("aries does not open ours: %v", err)
		}
	})
}
