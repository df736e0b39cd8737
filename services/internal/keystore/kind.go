package keystore

import (
	"encoding/json"
	"fmt"

	"github.com/hyperledger/aries-framework-go/pkg/kms"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
)

// Kind is what a key is and what it does. A key has one use: a P-256 key that
// signs is of another kind than one that agrees.
type Kind string

// The kinds of keys. The first group signs, the second agrees.
const (
	Ed25519 Kind = "Ed25519" // signs EdDSA
	ES256   Kind = "ES256"   // signs ECDSA over P-256 and SHA-256
	ES384   Kind = "ES384"   // signs ECDSA over P-384 and SHA-384

	X25519 Kind = "X25519"
	P256   Kind = "P-256"
	P384   Kind = "P-384"
	P521   Kind = "P-521" // only ever unwraps
)

var kinds = map[Kind]struct {
	aries kms.KeyType
	curve did.Curve
	signs bool
}{
	Ed25519: {kms.ED25519Type, did.Ed25519, true},
	ES256:   {kms.ECDSAP256TypeIEEEP1363, did.P256, true},
	ES384:   {kms.ECDSAP384TypeIEEEP1363, did.P384, true},
	X25519:  {kms.X25519ECDHKWType, did.X25519, false},
	P256:    {kms.NISTP256ECDHKWType, did.P256, false},
	P384:    {kms.NISTP384ECDHKWType, did.P384, false},
	P521:    {kms.NISTP521ECDHKWType, did.P521, false},
}

func kindOf(t kms.KeyType) (Kind, bool) {
	for kind, k := range kinds {
		if k.aries == t {
			return kind, true
		}
	}
	return "", false
}

// publicOf reads a public key as aries exports it: raw bytes for Ed25519, an
// uncompressed point for ECDSA, JSON with coordinates for key agreement.
func publicOf(kind Kind, exported []byte) (did.PublicKey, error) {
	k := kinds[kind]
	if k.signs {
		return did.NewPublicKey(k.curve, exported)
	}
	var point struct {
		X []byte `json:"x"`
		Y []byte `json:"y"`
	}
	if err := json.Unmarshal(exported, &point); err != nil {
		return did.PublicKey{}, fmt.Errorf("read exported key: %w", err)
	}
	if k.curve == did.X25519 {
		return did.NewPublicKey(k.curve, point.X)
	}
	size := coordinateSize(k.curve)
	if len(point.X) > size || len(point.Y) > size {
		return did.PublicKey{}, fmt.Errorf("read exported key: coordinates of %d and %d bytes", len(point.X), len(point.Y))
	}
	// aries strips the leading zero bytes of a coordinate.
	raw := make([]byte, 1+2*size)
	raw[0] = 4
	copy(raw[1+size-len(point.X):], point.X)
	copy(raw[1+2*size-len(point.Y):], point.Y)
	return did.NewPublicKey(k.curve, raw)
}

func coordinateSize(c did.Curve) int {
	switch c {
	case did.P384:
		return 48
	case did.P521:
		return 66
	}
	return 32
}
