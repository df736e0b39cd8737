package did

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"testing"
)

// signed is a key and its signature over data.
func signed(t *testing.T, curve Curve, data []byte) (PublicKey, []byte) {
	t.Helper()
	if curve == Ed25519 {
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		key, err := NewPublicKey(Ed25519, public)
		if err != nil {
			t.Fatal(err)
		}
		return key, ed25519.Sign(private, data)
	}
	private, err := ecdsa.GenerateKey(curve.elliptic(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	key, err := NewPublicKey(curve, raw)
	if err != nil {
		t.Fatal(err)
	}
	digest := curve.Hash().New()
	digest.Write(data)
	r, s, err := ecdsa.Sign(rand.Reader, private, digest.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	signature := make([]byte, curve.SignatureSize())
	r.FillBytes(signature[:len(signature)/2])
	s.FillBytes(signature[len(signature)/2:])
	return key, signature
}

func TestSignatureIsByTheKeyOverTheData(t *testing.T) {
	data := []byte("data")
	for curve, algorithm := range map[Curve]string{Ed25519: "EdDSA", P256: "ES256", P384: "ES384"} {
		t.Run(algorithm, func(t *testing.T) {
			key, signature := signed(t, curve, data)
			other, _ := signed(t, curve, data)
			if curve.Algorithm() != algorithm || !key.Verify(data, signature) {
				t.Fatal("a good signature is refused")
			}
			if key.Verify([]byte("datb"), signature) || other.Verify(data, signature) {
				t.Fatal("another's signature, or one over other data, counts")
			}
			for i := range signature {
				bad := bytes.Clone(signature)
				bad[i] ^= 1
				if key.Verify(data, bad) {
					t.Fatalf("byte %d of the signature does not count", i)
				}
			}
		})
	}
}

// Line 8 of the list of hostile inputs: r=s=0, a wrong length, a key that
// cannot sign.
func TestECDSASignaturesOutOfFormAreRefused(t *testing.T) {
	data := []byte("data")
	key, signature := signed(t, P256, data)
	order := elliptic.P256().Params().N.Bytes()
	zero := make([]byte, 32)
	for name, bad := range map[string][]byte{
		"8 r = s = 0":      append(zero, zero...),
		"8 r = 0":          append(bytes.Clone(zero), signature[32:]...),
		"8 s = 0":          append(bytes.Clone(signature[:32]), zero...),
		"8 r = n":          append(bytes.Clone(order), signature[32:]...),
		"8 s = n":          append(bytes.Clone(signature[:32]), order...),
		"8 one byte short": signature[:63],
		"8 one byte long":  append(bytes.Clone(signature), 0),
		"8 empty":          nil,
		"8 as P-384":       make([]byte, 96),
	} {
		t.Run(name, func(t *testing.T) {
			if key.Verify(data, bad) {
				t.Fatal("it counts")
			}
		})
	}
	for _, curve := range []Curve{X25519, P521, ""} {
		if curve.Algorithm() != "" || curve.SignatureSize() != 0 || curve.Hash() != crypto.Hash(0) {
			t.Errorf("%s signs", curve)
		}
	}
	if (PublicKey{}).Verify(data, signature) {
		t.Error("no key verifies")
	}
}
