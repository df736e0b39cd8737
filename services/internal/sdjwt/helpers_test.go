package sdjwt

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"io"
	mathrand "math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

var now = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// party is somebody with a did:key.
type party struct {
	did, keyID string
	key        did.PublicKey
	sign       func(ctx context.Context, kid string, data []byte) ([]byte, error)
	secret     string // d of the JWK
}

func newParty(key did.PublicKey, secret []byte, sign func(data []byte) ([]byte, error)) party {
	name, keyID := did.NewKey(key)
	return party{
		did: name, keyID: keyID, key: key, secret: base64.RawURLEncoding.EncodeToString(secret),
		sign: func(_ context.Context, _ string, data []byte) ([]byte, error) { return sign(data) },
	}
}

func edParty(seed byte) party {
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), ed25519.SeedSize)))
	key, err := did.NewPublicKey(did.Ed25519, private.Public().(ed25519.PublicKey))
	if err != nil {
		panic(err)
	}
	return newParty(key, private.Seed(), func(data []byte) ([]byte, error) { return ed25519.Sign(private, data), nil })
}

func ecParty(curve did.Curve, seed byte) party {
	points, size := elliptic.P256(), 32
	if curve == did.P384 {
		points, size = elliptic.P384(), 48
	}
	scalar := []byte(strings.Repeat(string(rune(seed)), size))
	private, err := ecdsa.ParseRawPrivateKey(points, scalar)
	if err != nil {
		panic(err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	key, err := did.NewPublicKey(curve, point)
	if err != nil {
		panic(err)
	}
	return newParty(key, scalar, func(data []byte) ([]byte, error) { return testkit.SignECDSA(private, curve, data), nil })
}

var (
	university = edParty('u')
	bergen     = edParty('b')
	agency     = ecParty(did.P256, 'a')
	directory  = ecParty(did.P384, 'd')
	lisa       = ecParty(did.P256, 'l')
	mallory    = ecParty(did.P256, 'm')
)

// chance is the same randomness in each run.
func chance() io.Reader { return mathrand.NewChaCha8([32]byte{7}) }

func tree(t testing.TB, text string) map[string]any {
	t.Helper()
	m, err := strictjson.DecodeObject([]byte(text), strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func value(t testing.TB, members map[string]any) strictjson.Value {
	t.Helper()
	v, err := strictjson.Of(members)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func oneDisclosure(encoded string) (disclosure, error) {
	all, err := readDisclosures([][]byte{[]byte(encoded)})
	if err != nil {
		return disclosure{}, err
	}
	return all[0], nil
}

const offerClaims = `{
	"given_name": "Lisa", "family_name": "Müller", "birthdate": "1990-02-03",
	"nationalities": ["DE", "FR"],
	"passport": {"document_number": "C01X0006H", "issuing_country": "DE", "dates": {"from": "2024-01-01", "to": "2034-01-01"}},
	"employment": {"job_title": "Researcher", "annual_salary": 720000, "position_percentage": 87.5},
	"guest": {"home": {"city": "Freiburg", "since": 2019}, "children": []},
	"declarations": {"qualifications_confirmed": true, "remark": null}
}`

// offer is a credential with every kind of disclosure: a member, all members
// of an object, a part of one, array elements, and recursive ones.
func offer(t testing.TB) Draft {
	return Draft{
		Registered: Registered{
			Issuer: university.did, KeyID: university.keyID, VCT: "https://schema.example/vct/offer/1",
			IssuedAt: now, NotBefore: now, Expires: now.Add(90 * 24 * time.Hour), Holder: lisa.key,
			Status: Status{Present: true, URI: "https://issuer.example/status/1", Index: 411},
		},
		Curve:   did.Ed25519,
		Subject: "urn:example:lisa",
		Claims:  tree(t, offerClaims),
		Disclosable: []string{
			"given_name", "family_name", "birthdate", "nationalities[]", "passport.*", "employment.annual_salary",
			"guest", "guest.*", "guest.home.city", "duf_number",
		},
		Decoys: 3,
	}
}

func issue(t testing.TB, d Draft, by party) []byte {
	t.Helper()
	raw, err := Issue(t.Context(), by.sign, chance(), d)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func parsed(t testing.TB, raw []byte) *Token {
	t.Helper()
	token, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func presenting(paths ...string) Presenting {
	return Presenting{Paths: paths, Audience: "did:web:udi.example", Nonce: "n-1", IssuedAt: now, KeyID: lisa.keyID}
}

func binding() Binding {
	return Binding{Audience: "did:web:udi.example", Nonce: "n-1", Now: now, MaxAge: 5 * time.Minute, MaxSkew: time.Minute}
}

func present(t testing.TB, raw []byte, paths ...string) []byte {
	t.Helper()
	out, err := parsed(t, raw).Present(t.Context(), lisa.sign, presenting(paths...))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// object is JSON that a test writes with no regard to the rules.
type object = map[string]any

// forged is a token that keeps no rule but its signature's.
type forged struct {
	header  object
	payload object
	// disclosures are arrays to be encoded, or strings as they are.
	disclosures []any
	by          party
}

// forge is a plain credential to be made bad.
func forge() *forged {
	jwk := lisa.key.JWK()
	return &forged{
		header: object{"alg": "EdDSA", "typ": "dc+sd-jwt", "kid": university.keyID},
		payload: object{
			"iss": university.did, "vct": "https://schema.example/vct/offer/1", "iat": now.Unix(), "_sd_alg": "sha-256",
			"cnf":  object{"jwk": object{"kty": jwk.Kty, "crv": jwk.Crv, "x": jwk.X, "y": jwk.Y}},
			"open": true,
		},
		by: university,
	}
}

func encodeAny(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64url.Encode(data)
}

// hide adds a disclosure and gives its digest.
func (f *forged) hide(items ...any) string {
	encoded := encodeAny(items)
	f.disclosures = append(f.disclosures, encoded)
	return digest(encoded)
}

func (f *forged) jwt() string {
	input := encodeAny(f.header) + "." + encodeAny(f.payload)
	signature, err := f.by.sign(context.Background(), "", []byte(input))
	if err != nil {
		panic(err)
	}
	return input + "." + base64url.Encode(signature)
}

func (f *forged) raw() string {
	raw := f.jwt() + "~"
	for _, d := range f.disclosures {
		s, ok := d.(string)
		if !ok {
			s = encodeAny(d)
		}
		raw += s + "~"
	}
	return raw
}

// bind adds a key binding JWT with a header and payload that change what
// is right in them.
func bind(raw string, by party, header, payload object) string {
	h := object{"alg": "ES256", "typ": "kb+jwt"}
	p := object{"iat": now.Unix(), "aud": "did:web:udi.example", "nonce": "n-1", "sd_hash": digest(raw)}
	for changes, of := range map[*object]object{&header: h, &payload: p} {
		for name, v := range *changes {
			if of[name] = v; v == nil {
				delete(of, name)
			}
		}
	}
	b := forged{header: h, payload: p, by: by}
	return raw + b.jwt()
}

// ruleOf is the rule that a token breaks as a credential, "" for none.
func ruleOf(raw string) string {
	token, err := Parse([]byte(raw))
	if err == nil {
		_, err = token.Verify(university.key)
	}
	return rule(err)
}

// ruleOfPresentation is the rule that a token breaks as a presentation.
func ruleOfPresentation(raw string) string {
	token, err := Parse([]byte(raw))
	if err == nil {
		_, err = token.VerifyPresentation(university.key, binding())
	}
	return rule(err)
}

func rule(err error) string {
	if err == nil {
		return ""
	}
	return fault.RuleOf(err)
}
