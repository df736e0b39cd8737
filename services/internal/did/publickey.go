package did

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"

	"github.com/kompetansespor/kompetansespor/services/internal/base58"
	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Curve names a key's curve as JOSE does (RFC 7518 section 6.2.1.1, RFC 8037
// section 2).
type Curve string

// The curves that keys may lie on. Ed25519 only signs, X25519 only agrees,
// the NIST curves do either.
const (
	Ed25519 Curve = "Ed25519"
	X25519  Curve = "X25519"
	P256    Curve = "P-256"
	P384    Curve = "P-384"
	P521    Curve = "P-521"
)

// Agrees reports whether keys on the curve can take part in key agreement.
func (c Curve) Agrees() bool { return c != Ed25519 && c.known() }

// Signs reports whether keys on the curve can verify signatures.
func (c Curve) Signs() bool { return c != X25519 && c.known() }

func (c Curve) known() bool {
	_, ok := multicodecs[c]
	return ok
}

func (c Curve) ecdh() ecdh.Curve {
	switch c {
	case X25519:
		return ecdh.X25519()
	case P256:
		return ecdh.P256()
	case P384:
		return ecdh.P384()
	case P521:
		return ecdh.P521()
	}
	return nil
}

func (c Curve) elliptic() elliptic.Curve {
	switch c {
	case P256:
		return elliptic.P256()
	case P384:
		return elliptic.P384()
	case P521:
		return elliptic.P521()
	}
	return nil
}

// multicodecs holds the varint prefix of each public key's multicodec
// (ed25519-pub 0xed, x25519-pub 0xec, p256-pub 0x1200, p384-pub 0x1201,
// p521-pub 0x1202).
var multicodecs = map[Curve][]byte{
	Ed25519: {0xed, 0x01},
	X25519:  {0xec, 0x01},
	P256:    {0x80, 0x24},
	P384:    {0x81, 0x24},
	P521:    {0x82, 0x24},
}

// PublicKey is a public key that was checked when it was made: the right
// length, on its curve, of large order. Keys compare with ==. The zero value
// is no key.
type PublicKey struct {
	curve Curve
	raw   string // 32 bytes for Ed25519 and X25519, an uncompressed SEC 1 point otherwise
}

// NewPublicKey checks raw and makes a key of it. raw is 32 bytes for Ed25519
// and X25519, and a compressed or uncompressed SEC 1 point for the others.
func NewPublicKey(curve Curve, raw []byte) (PublicKey, error) {
	switch curve {
	case Ed25519:
		if len(raw) != ed25519.PublicKeySize || smallOrder(smallOrderEd25519, raw) {
			return PublicKey{}, badKey("an Ed25519 key is 32 bytes and of large order")
		}
	case X25519:
		if len(raw) != 32 || smallOrder(smallOrderX25519, raw) {
			return PublicKey{}, badKey("an X25519 key is 32 bytes and of large order")
		}
	case P256, P384, P521:
		if len(raw) > 0 && (raw[0] == 2 || raw[0] == 3) {
			x, y := elliptic.UnmarshalCompressed(curve.elliptic(), raw)
			if x == nil {
				return PublicKey{}, badKey("a compressed point that is not on %s", curve)
			}
			raw = uncompressed(curve, x, y)
		}
		if _, err := curve.ecdh().NewPublicKey(raw); err != nil {
			return PublicKey{}, badKey("a point that is not on %s", curve)
		}
	default:
		return PublicKey{}, badKey("an unknown curve")
	}
	return PublicKey{curve: curve, raw: string(raw)}, nil
}

func badKey(format string, args ...any) error {
	return fault.New(fault.Invalid, "did.key", "not a usable public key: "+format, args...)
}

func uncompressed(curve Curve, x, y *big.Int) []byte {
	size := (curve.elliptic().Params().BitSize + 7) / 8
	out := make([]byte, 1+2*size)
	out[0] = 4
	x.FillBytes(out[1 : 1+size])
	y.FillBytes(out[1+size:])
	return out
}

// smallOrder reports whether a key encodes a point of order 1, 2, 4 or 8. The last
// bit is the sign of an Ed25519 key, and no part of an X25519 key (RFC 7748 section
// 5).
func smallOrder(of map[string]bool, raw []byte) bool {
	masked := bytes.Clone(raw)
	masked[31] &= 0x7f
	return of[hex.EncodeToString(masked)]
}

// The points of small order, in every encoding without the last bit, the
// non-canonical ones included.
var (
	// Anybody can make signatures of these.
	smallOrderEd25519 = map[string]bool{
		"0000000000000000000000000000000000000000000000000000000000000000": true,
		"0100000000000000000000000000000000000000000000000000000000000000": true,
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05": true,
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a": true,
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f": true,
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f": true,
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f": true,
	}
	// Of the curve and its twist: with each, every private key agrees on zero.
	smallOrderX25519 = map[string]bool{
		"0000000000000000000000000000000000000000000000000000000000000000": true,
		"0100000000000000000000000000000000000000000000000000000000000000": true,
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800": true,
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157": true,
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f": true,
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f": true,
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f": true,
	}
)

// IsZero reports whether k is no key at all.
func (k PublicKey) IsZero() bool { return k.curve == "" }

// Curve is the key's curve, "" for no key.
func (k PublicKey) Curve() Curve { return k.curve }

// Bytes is the key as NewPublicKey takes it, points uncompressed.
func (k PublicKey) Bytes() []byte { return []byte(k.raw) }

// Coordinates gives x and y of a point at full length; y is nil for Ed25519
// and X25519, whose x is the whole key.
func (k PublicKey) Coordinates() (x, y []byte) {
	if k.curve.elliptic() == nil {
		return []byte(k.raw), nil
	}
	half := (len(k.raw) - 1) / 2
	return []byte(k.raw[1 : 1+half]), []byte(k.raw[1+half:])
}

// ECDH is the key for crypto/ecdh. It fails for Ed25519 and for no key.
func (k PublicKey) ECDH() (*ecdh.PublicKey, error) {
	curve := k.curve.ecdh()
	if curve == nil {
		return nil, badKey("%s does not agree on keys", k.curve)
	}
	return curve.NewPublicKey([]byte(k.raw))
}

// Ed25519 is the key for crypto/ed25519; ok is false for other curves.
func (k PublicKey) Ed25519() (key ed25519.PublicKey, ok bool) {
	return ed25519.PublicKey(k.raw), k.curve == Ed25519
}

// ECDSA is the key for crypto/ecdsa; ok is false for Ed25519 and X25519.
func (k PublicKey) ECDSA() (key *ecdsa.PublicKey, ok bool) {
	curve := k.curve.elliptic()
	if curve == nil {
		return nil, false
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, []byte(k.raw))
	return key, err == nil
}

// FromECDH makes a PublicKey of a crypto/ecdh key.
func FromECDH(key *ecdh.PublicKey) (PublicKey, error) {
	for _, c := range []Curve{X25519, P256, P384, P521} {
		if key.Curve() == c.ecdh() {
			return NewPublicKey(c, key.Bytes())
		}
	}
	return PublicKey{}, badKey("an unknown curve")
}

// Multibase is the key as a Multikey: base58btc of the multicodec prefix and
// the key, points compressed (Controlled Identifiers 1.0 section 2.2.2).
func (k PublicKey) Multibase() string {
	if k.IsZero() {
		return ""
	}
	raw := []byte(k.raw)
	if k.curve.elliptic() != nil {
		x, y := k.Coordinates()
		raw = append([]byte{2 | y[len(y)-1]&1}, x...)
	}
	return "z" + base58.Encode(append(bytes.Clone(multicodecs[k.curve]), raw...))
}

// maxMultibase is longer than any key's Multikey form. Decoding base58 takes
// time that grows with the square of the length.
const maxMultibase = 128

// ParseMultibase is the reverse of Multibase. A key in any other spelling
// than the one that Multibase writes is refused.
func ParseMultibase(s string) (PublicKey, error) {
	if len(s) < 2 || len(s) > maxMultibase || s[0] != 'z' {
		return PublicKey{}, badKey("not base58btc multibase")
	}
	decoded, err := base58.Decode(s[1:])
	if err != nil {
		return PublicKey{}, badKey("not base58btc")
	}
	for curve, prefix := range multicodecs {
		raw, ok := bytes.CutPrefix(decoded, prefix)
		if !ok {
			continue
		}
		key, err := NewPublicKey(curve, raw)
		if err != nil {
			return PublicKey{}, err
		}
		if key.Multibase() != s {
			return PublicKey{}, badKey("a spelling that is not canonical")
		}
		return key, nil
	}
	return PublicKey{}, badKey("an unknown multicodec")
}

// JWK is a public key as a JSON Web Key (RFC 7517, RFC 8037), with the
// members that a thumbprint covers and no others.
type JWK struct {
	Crv string `json:"crv"`
	Kty string `json:"kty"`
	X   string `json:"x"`
	Y   string `json:"y,omitempty"`
}

// JWK is the key as a JSON Web Key.
func (k PublicKey) JWK() JWK {
	x, y := k.Coordinates()
	jwk := JWK{Crv: string(k.curve), Kty: "OKP", X: base64url.Encode(x)}
	if y != nil {
		jwk.Kty, jwk.Y = "EC", base64url.Encode(y)
	}
	return jwk
}

// PublicKey checks the JSON Web Key: kty belongs to crv, coordinates have
// their full length (RFC 7518 section 6.2.1.2) in canonical base64url.
func (j JWK) PublicKey() (PublicKey, error) {
	curve := Curve(j.Crv)
	x, err := base64url.Decode(j.X)
	if err != nil {
		return PublicKey{}, badKey("x is not base64url")
	}
	ec := curve.elliptic()
	if ec == nil {
		if j.Kty != "OKP" || j.Y != "" {
			return PublicKey{}, badKey("kty and crv do not belong together")
		}
		return NewPublicKey(curve, x)
	}
	y, err := base64url.Decode(j.Y)
	if err != nil {
		return PublicKey{}, badKey("y is not base64url")
	}
	size := (ec.Params().BitSize + 7) / 8
	if j.Kty != "EC" || len(x) != size || len(y) != size {
		return PublicKey{}, badKey("kty, crv and the coordinates' lengths do not belong together")
	}
	return NewPublicKey(curve, append(append([]byte{4}, x...), y...))
}

// Thumbprint is the key's RFC 7638 thumbprint with SHA-256, in base64url.
func (k PublicKey) Thumbprint() string {
	j := k.JWK()
	canonical := fmt.Sprintf(`{"crv":%q,"kty":%q,"x":%q}`, j.Crv, j.Kty, j.X)
	if j.Y != "" {
		canonical = fmt.Sprintf(`{"crv":%q,"kty":%q,"x":%q,"y":%q}`, j.Crv, j.Kty, j.X, j.Y)
	}
	sum := sha256.Sum256([]byte(canonical))
	return base64url.Encode(sum[:])
}
