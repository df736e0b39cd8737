package did

import (
	"bytes"
	"crypto/ecdh"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/mr-tron/base58"
)

// Line 8 of the list of hostile inputs: points off their curve and of small
// order, as bytes.
func TestUnusableKeysAreRefused(t *testing.T) {
	good := newKey(t, P256, 1)
	offCurve := good.Bytes()
	offCurve[64] ^= 1
	hybrid := good.Bytes()
	hybrid[0] = 6
	for name, c := range map[string]struct {
		curve Curve
		raw   []byte
	}{
		"8 Ed25519 zero":             {Ed25519, make([]byte, 32)},
		"8 Ed25519 one, signed":      {Ed25519, append(append([]byte{1}, make([]byte, 30)...), 0x80)},
		"8 Ed25519 short":            {Ed25519, make([]byte, 31)},
		"8 X25519 zero":              {X25519, make([]byte, 32)},
		"8 X25519 one":               {X25519, append([]byte{1}, make([]byte, 31)...)},
		"8 X25519 of order 8":        {X25519, unhex(t, "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")},
		"8 X25519 long":              {X25519, make([]byte, 33)},
		"8 P-256 off the curve":      {P256, offCurve},
		"8 P-256 hybrid":             {P256, hybrid},
		"8 P-256 infinity":           {P256, []byte{0}},
		"8 P-256 nothing":            {P256, nil},
		"8 P-256 compressed nothing": {P256, append([]byte{2}, bytes.Repeat([]byte{0xff}, 32)...)},
		"8 P-256 of another length":  {P256, append(good.Bytes(), 0)},
		"8 P-384 with a P-256 point": {P384, good.Bytes()},
		"secp256k1":                  {"secp256k1", good.Bytes()},
		"no curve":                   {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewPublicKey(c.curve, c.raw)
			wantRule(t, err, "did.key")
		})
	}
	for y := range smallOrderEd25519 {
		for _, sign := range []byte{0, 0x80} {
			raw := unhex(t, y)
			raw[31] |= sign
			if _, err := NewPublicKey(Ed25519, raw); err == nil {
				t.Errorf("8 %x: accepted", raw)
			}
		}
	}
}

// What is refused as X25519 is exactly what ECDH refuses with any private key: the
// points of small order in every encoding, the numbers beyond the field among them.
func TestX25519KeysAreThoseThatECDHTakes(t *testing.T) {
	private, err := ecdh.X25519().NewPrivateKey(bytes.Repeat([]byte{0x42}, 32))
	if err != nil {
		t.Fatal(err)
	}
	check := func(raw []byte) (taken bool) {
		t.Helper()
		public, err := ecdh.X25519().NewPublicKey(raw)
		if err == nil {
			_, err = private.ECDH(public)
		}
		_, ours := NewPublicKey(X25519, raw)
		if (err == nil) != (ours == nil) {
			t.Errorf("8 %x: ECDH says %v, and we %v", raw, err, ours)
		}
		return ours == nil
	}
	for x := range smallOrderX25519 {
		for _, sign := range []byte{0, 0x80} {
			raw := unhex(t, x)
			raw[31] |= sign
			if check(raw) {
				t.Errorf("8 %x: accepted", raw)
			}
		}
	}
	for n := range byte(20) { // the field's order less one, and all that is not reduced
		raw := append(append([]byte{0xec + n}, bytes.Repeat([]byte{0xff}, 30)...), 0x7f)
		check(raw)
		check(append([]byte{n}, make([]byte, 31)...))
	}
	random := rand.New(rand.NewChaCha8([32]byte{1}))
	for range 500 {
		raw := make([]byte, 32)
		for i := range raw {
			raw[i] = byte(random.Uint32())
		}
		if !check(raw) {
			t.Errorf("8 %x: refused", raw)
		}
	}
}

// That 32 bytes are no point shows when a signature is checked: nothing fits.
func TestEd25519KeysOffTheCurveVerifyNothing(t *testing.T) {
	key, err := NewPublicKey(Ed25519, append([]byte{2}, make([]byte, 31)...))
	if err != nil {
		t.Fatal(err)
	}
	for _, signature := range [][]byte{make([]byte, 64), append(key.Bytes(), make([]byte, 32)...), append(append([]byte{1}, make([]byte, 31)...), make([]byte, 32)...)} {
		if key.Verify([]byte("data"), signature) {
			t.Errorf("8 %x counts", signature)
		}
	}
}

// The same keys in every form that others may write them in.
func TestUnusableKeysAreRefusedInEveryForm(t *testing.T) {
	order8 := unhex(t, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
	small := "z" + base58.Encode(append(bytes.Clone(multicodecs[Ed25519]), order8...))
	point := newKey(t, P256, 1).Bytes()
	x, y := base64URL(string(point[1:33])), base64URL(string(append(bytes.Clone(point[33:64]), point[64]^1)))
	offCurve := `{"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `"}`
	resolve := func(id string) func() error {
		return func() error {
			_, err := Static{}.Resolve(t.Context(), id)
			return err
		}
	}
	document := func(method string) func() error {
		return func() error {
			_, err := Parse([]byte(`{"id":"did:a:b","verificationMethod":[{"id":"#1","controller":"did:a:b",` + method + `}],"assertionMethod":["#1"]}`))
			return err
		}
	}
	for name, read := range map[string]func() error{
		"8 small order as multibase":   func() error { _, err := ParseMultibase(small); return err },
		"8 small order as did:key":     resolve("did:key:" + small),
		"8 small order as did:peer:2":  resolve("did:peer:2.V" + small),
		"8 small order as did:peer:4":  resolve(peer4(t, `{"verificationMethod":[{"id":"#1","type":"Multikey","publicKeyMultibase":"`+small+`"}]}`)),
		"8 small order in a document":  document(`"type":"Multikey","publicKeyMultibase":"` + small + `"`),
		"8 off the curve as did:jwk":   resolve("did:jwk:" + base64URL(offCurve)),
		"8 off the curve in documents": document(`"type":"JsonWebKey2020","publicKeyJwk":` + offCurve),
	} {
		t.Run(name, func(t *testing.T) { wantRule(t, read(), "did.key") })
	}
}

func TestJWKsAreReadAsTheirStandardHasThem(t *testing.T) {
	good := newKey(t, P256, 1)
	okp := newKey(t, X25519, 1).JWK().X
	for name, j := range map[string]JWK{
		"kty of another": {Kty: "EC", Crv: "Ed25519", X: newKey(t, Ed25519, 1).JWK().X},
		"y too many":     {Kty: "OKP", Crv: "X25519", X: okp, Y: "AA"},
		"y missing":      {Kty: "EC", Crv: "P-256", X: good.JWK().X},
		"short x":        {Kty: "EC", Crv: "P-256", X: good.JWK().X[:42], Y: good.JWK().Y},
		"12 padded":      {Kty: "EC", Crv: "P-256", X: good.JWK().X + "=", Y: good.JWK().Y},
		"12 line break":  {Kty: "EC", Crv: "P-256", X: good.JWK().X + "\n", Y: good.JWK().Y},
		"12 loose bits":  {Kty: "OKP", Crv: "X25519", X: okp[:42] + string(okp[42]+1)},
		"empty":          {},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := j.PublicKey()
			wantRule(t, err, "did.key")
		})
	}
}

func TestMultibaseHasOneSpelling(t *testing.T) {
	good := newKey(t, P256, 1).Multibase()
	for _, s := range []string{"", "z", "z1", "u" + good[1:], "z0OIl", good + "1", "z1" + good[1:], "z" + strings.Repeat("1", 200), "z" + base58.Encode(append(bytes.Clone(multicodecs[P256]), newKey(t, P256, 1).Bytes()...))} {
		_, err := ParseMultibase(s)
		wantRule(t, err, "did.key")
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func FuzzMultibase(f *testing.F) {
	for _, c := range allCurves {
		f.Add(newKey(f, c, 5).Multibase())
	}
	f.Add("z6Mk")
	f.Fuzz(func(t *testing.T, s string) {
		if key, err := ParseMultibase(s); err == nil && (key.IsZero() || key.Multibase() != s) {
			t.Fatalf("%q is also %q", s, key.Multibase())
		}
	})
}

func FuzzJWK(f *testing.F) {
	for _, c := range allCurves {
		text, err := json.Marshal(newKey(f, c, 5).JWK())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"kty":"EC","crv":"P-256","x":"","y":"","use":"sig","d":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		key, _, err := parseJWK(raw)
		if err != nil || key.IsZero() {
			return
		}
		if again, err := key.JWK().PublicKey(); err != nil || again != key {
			t.Fatalf("%s: %v", raw, err)
		}
	})
}
