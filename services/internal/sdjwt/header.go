package sdjwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	_ "crypto/sha256" // ES256
	_ "crypto/sha512" // ES384
	"encoding/base64"
	"math/big"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// algorithm is a JWS algorithm (RFC 7518 section 3.4, RFC 8037 section 3.1).
type algorithm struct {
	name  string
	curve did.Curve
	hash  crypto.Hash // 0 for EdDSA
	size  int         // bytes of a signature
}

// algorithms are all that is allowed. Each fits the keys of one curve only.
var algorithms = []algorithm{
	{"EdDSA", did.Ed25519, 0, ed25519.SignatureSize},
	{"ES256", did.P256, crypto.SHA256, 64},
	{"ES384", did.P384, crypto.SHA384, 96},
}

func algorithmOf(curve did.Curve) (algorithm, bool) {
	for _, a := range algorithms {
		if a.curve == curve {
			return a, true
		}
	}
	return algorithm{}, false
}

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
	algorithm algorithm
	keyID     string // kid, "" when there is no such string
	payload   map[string]any
	input     string // what is signed
	signature []byte
}

func readJWT(compact string, k kind, limit int) (jwt, error) {
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return jwt{}, k.invalid("form", "not a compact JWS")
	}
	j := jwt{kind: k, input: parts[0] + "." + parts[1]}
	header, err := decode(parts[0])
	if err != nil {
		return jwt{}, k.invalid("form", "the header is not base64url")
	}
	if err := j.readHeader(header); err != nil {
		return jwt{}, err
	}
	payload, err := decode(parts[1])
	if err != nil {
		return jwt{}, k.invalid("form", "the payload is not base64url")
	}
	if j.payload, err = strictjson.DecodeObject(payload, strictjson.Limits{Bytes: limit, Depth: maxNesting}); err != nil {
		return jwt{}, fault.Wrap(err, fault.Invalid, k.prefix+"payload", "the payload is not a JSON object that means one thing")
	}
	if j.signature, err = decode(parts[2]); err != nil {
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
	header, err := strictjson.DecodeObject(data, strictjson.Limits{Bytes: maxHeader, Depth: maxNesting})
	if err != nil {
		return fault.Wrap(err, fault.Invalid, k.prefix+"header", "the header is not a JSON object that means one thing")
	}
	// b64 changes what is signed, and must stand in crit (RFC 7797 section 6).
	for _, name := range []string{"crit", "b64"} {
		if _, has := header[name]; has {
			return k.invalid("critical", "the header asks for an extension that is not known here")
		}
	}
	for _, name := range keyMembers {
		if _, has := header[name]; has {
			return k.invalid("embedded-key", "the header brings a key")
		}
	}
	name, _ := header["alg"].(string)
	for _, a := range algorithms {
		if a.name == name {
			j.algorithm = a
		}
	}
	if j.algorithm.name == "" {
		return k.invalid("algorithm", "the algorithm is not one of those allowed")
	}
	if header["typ"] != k.typ {
		return k.invalid("type", "the type is not %s", k.typ)
	}
	j.keyID, _ = header["kid"].(string)
	return nil
}

// verify checks the signature with a key, which must lie on the curve of the
// algorithm.
func (j *jwt) verify(key did.PublicKey) error {
	if key.Curve() != j.algorithm.curve {
		return j.kind.invalid("key", "the key does not fit the algorithm")
	}
	if len(j.signature) != j.algorithm.size || !j.fits(key) {
		return j.kind.invalid("signature", "the signature does not fit")
	}
	return nil
}

func (j *jwt) fits(key did.PublicKey) bool {
	if public, ok := key.Ed25519(); ok {
		return ed25519.Verify(public, []byte(j.input), j.signature)
	}
	if public, ok := key.ECDSA(); ok {
		digest := j.algorithm.hash.New()
		digest.Write([]byte(j.input))
		half := len(j.signature) / 2
		r, s := new(big.Int).SetBytes(j.signature[:half]), new(big.Int).SetBytes(j.signature[half:])
		// Verify refuses r and s outside 1 to n-1.
		return ecdsa.Verify(public, digest.Sum(nil), r, s)
	}
	return false
}

func encodeJSON(v any) (string, error) {
	text, err := strictjson.Canonical(v)
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "sdjwt.json", "a value cannot be written as JSON")
	}
	return encode(text), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// decode is strict: padding, other alphabets, loose bits and line ends are
// refused.
func decode(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") { // encoding/base64 skips them
		return nil, base64.CorruptInputError(0)
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}
