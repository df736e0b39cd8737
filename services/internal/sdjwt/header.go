package sdjwt

import (
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/jws"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// curves are those whose keys sign: the algorithm is always the one that fits
// the curve, EdDSA, ES256 or ES384 (RFC 7518 section 3.4, RFC 8037 section 3.1).
var curves = []did.Curve{did.Ed25519, did.P256, did.P384}

func signs(curve did.Curve) bool { return slices.Contains(curves, curve) }

// kind is one of the two kinds of JWT in a token.
type kind struct {
	typ    string
	prefix string // of the rules that it breaks
}

var (
	credentialKind = kind{"dc+sd-jwt", "sdjwt."}
	bindingKind    = kind{"kb+jwt", "sdjwt.binding-"}
)

func (k kind) invalid(rule, format string, args ...any) error {
	return fault.New(fault.Invalid, k.prefix+rule, format, args...)
}

// jwt is a compact JWS taken apart. Its form and header are checked, its
// signature is not.
type jwt struct {
	kind      kind
	curve     did.Curve // of the keys that the algorithm fits
	keyID     string    // kid, "" when there is no such string
	payload   strictjson.Value
	input     []byte // what is signed
	signature []byte
}

func readJWT(compact []byte, k kind, limit int) (jwt, error) {
	parts, ok := jws.Split(compact)
	if !ok {
		return jwt{}, k.invalid("form", "not a compact JWS")
	}
	j := jwt{kind: k, input: parts.Input}
	header, err := base64url.Decode(parts.Header)
	if err != nil {
		return jwt{}, k.invalid("form", "the header is not base64url")
	}
	if err := j.readHeader(header); err != nil {
		return jwt{}, err
	}
	payload, err := base64url.Decode(parts.Payload)
	if err != nil {
		return jwt{}, k.invalid("form", "the payload is not base64url")
	}
	if j.payload, err = strictjson.ReadObject(payload, strictjson.Limits{Bytes: limit, Depth: maxNesting}); err != nil {
		return jwt{}, fault.Wrap(err, fault.Invalid, k.prefix+"payload", "the payload is not a JSON object that means one thing")
	}
	if j.signature, err = base64url.Decode(parts.Signature); err != nil {
		return jwt{}, k.invalid("form", "the signature is not base64url")
	}
	return j, nil
}

// keyMembers bring a key, or say where one is to be fetched. Keys come from
// the DID of the issuer, or from cnf, and from nowhere else.
var keyMembers = []string{"jwk", "jku", "x5c", "x5u"}

// readHeader reads a protected header. Members that have no meaning here are
// skipped (RFC 7515 section 4), unless crit says that they may not be.
func (j *jwt) readHeader(data []byte) error {
	k := j.kind
	header, err := strictjson.ReadObject(data, strictjson.Limits{Bytes: maxHeader, Depth: maxNesting})
	if err != nil {
		return fault.Wrap(err, fault.Invalid, k.prefix+"header", "the header is not a JSON object that means one thing")
	}
	// b64 changes what is signed, and must stand in crit (RFC 7797 section 6).
	for _, name := range []string{"crit", "b64"} {
		if header.Has(name) {
			return k.invalid("critical", "the header asks for an extension that is not known here")
		}
	}
	for _, name := range keyMembers {
		if header.Has(name) {
			return k.invalid("embedded-key", "the header brings a key")
		}
	}
	name, _ := header.Get("alg").Text()
	for _, curve := range curves {
		if curve.Algorithm() == name {
			j.curve = curve
		}
	}
	if j.curve == "" {
		return k.invalid("algorithm", "the algorithm is not one of those allowed")
	}
	if !header.Get("typ").Is(k.typ) {
		return k.invalid("type", "the type is not %s", k.typ)
	}
	j.keyID, _ = header.Get("kid").Text()
	return nil
}

// verify checks the signature with a key, which must lie on the curve of the
// algorithm.
func (j *jwt) verify(key did.PublicKey) error {
	if key.Curve() != j.curve {
		return j.kind.invalid("key", "the key does not fit the algorithm")
	}
	if !key.Verify(j.input, j.signature) {
		return j.kind.invalid("signature", "the signature does not fit")
	}
	return nil
}

func encodeJSON(v any) (string, error) {
	text, err := strictjson.Canonical(v)
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "sdjwt.json", "a value cannot be written as JSON")
	}
	return base64url.Encode(text), nil
}
