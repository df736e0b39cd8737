package testkit

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
)

// Public is the public half of a test's own key.
func Public(private ed25519.PrivateKey) did.PublicKey {
	key, err := did.NewPublicKey(did.Ed25519, private.Public().(ed25519.PublicKey))
	if err != nil {
		panic(err) // every Ed25519 private key has one
	}
	return key
}

// SignECDSA signs data in JOSE's form: r and s one after the other.
func SignECDSA(private *ecdsa.PrivateKey, curve did.Curve, data []byte) []byte {
	digest := curve.Hash().New()
	digest.Write(data)
	r, s, err := ecdsa.Sign(rand.Reader, private, digest.Sum(nil))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	signature := make([]byte, curve.SignatureSize())
	r.FillBytes(signature[:len(signature)/2])
	s.FillBytes(signature[len(signature)/2:])
	return signature
}
