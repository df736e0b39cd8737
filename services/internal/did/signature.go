package did

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"math/big"
)

// signatures says how keys of a curve sign: with which JOSE algorithm (RFC 7518
// section 3.4, RFC 8037 section 3.1), over which hash, in how many bytes.
var signatures = map[Curve]struct {
	algorithm string
	hash      crypto.Hash
	size      int
}{
	Ed25519: {"EdDSA", 0, ed25519.SignatureSize},
	P256:    {"ES256", crypto.SHA256, 64},
	P384:    {"ES384", crypto.SHA384, 96},
}

// Algorithm is the JOSE algorithm that keys on the curve sign with, "" for
// curves that sign nothing here.
func (c Curve) Algorithm() string { return signatures[c].algorithm }

// SignatureSize is the length in bytes of a signature by a key on the curve,
// 0 for curves that sign nothing here.
func (c Curve) SignatureSize() int { return signatures[c].size }

// Hash is the hash that belongs to ECDSA on the curve: SHA-256 for P-256,
// SHA-384 for P-384. It is 0 for the other curves; EdDSA brings its own.
func (c Curve) Hash() crypto.Hash { return signatures[c].hash }

// Verify reports whether the key has signed data. The form of a signature is
// JOSE's: 64 bytes of EdDSA, or r and s of ECDSA one after the other at full
// length. Every other form, r or s out of range, and keys that sign nothing
// give false.
func (k PublicKey) Verify(data, signature []byte) bool {
	how, ok := signatures[k.curve]
	if !ok || len(signature) != how.size {
		return false
	}
	if public, ok := k.Ed25519(); ok {
		return ed25519.Verify(public, data, signature)
	}
	public, ok := k.ECDSA()
	if !ok {
		return false
	}
	digest := how.hash.New()
	digest.Write(data)
	r := new(big.Int).SetBytes(signature[:how.size/2])
	s := new(big.Int).SetBytes(signature[how.size/2:])
	return ecdsa.Verify(public, digest.Sum(nil), r, s)
}
