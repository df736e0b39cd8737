package credential

import (
	"crypto"
	_ "crypto/sha256" // the hashes of the suites
	_ "crypto/sha512"
	"sync"

	"github.com/kompetansespor/kompetansespor/services/internal/base58"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// Cryptosuite names how a Data Integrity proof is made.
type Cryptosuite string

// The cryptosuites of VC-DI-EdDSA 1.0 and VC-DI-ECDSA 1.0 that sign a document
// as a whole. The rdfc suites sign what a document states, the jcs suites how it
// is written.
const (
	EdDSARDFC Cryptosuite = "eddsa-rdfc-2022"
	EdDSAJCS  Cryptosuite = "eddsa-jcs-2022"
	ECDSARDFC Cryptosuite = "ecdsa-rdfc-2019"
	ECDSAJCS  Cryptosuite = "ecdsa-jcs-2019"
)

// suite is what a cryptosuite does.
type suite struct {
	jcs    bool
	curves map[did.Curve]bool
}

var suites = map[Cryptosuite]suite{
	EdDSARDFC: {curves: map[did.Curve]bool{did.Ed25519: true}},
	EdDSAJCS:  {curves: map[did.Curve]bool{did.Ed25519: true}, jcs: true},
	ECDSARDFC: {curves: map[did.Curve]bool{did.P256: true, did.P384: true}},
	ECDSAJCS:  {curves: map[did.Curve]bool{did.P256: true, did.P384: true}, jcs: true},
}

// SuiteFor is the rdfc suite that fits a key, "" when none does.
func SuiteFor(curve did.Curve) Cryptosuite {
	switch curve {
	case did.Ed25519:
		return EdDSARDFC
	case did.P256, did.P384:
		return ECDSARDFC
	}
	return ""
}

// hashFor is the hash that a suite takes for a key: SHA-256, but SHA-384 for
// P-384 (VC-DI-ECDSA 1.0, section 3.2).
func hashFor(curve did.Curve) crypto.Hash {
	if curve == did.P384 {
		return crypto.SHA384
	}
	return crypto.SHA256
}

// signingInput is what is signed: the hash of the canonical proof
// configuration, then the hash of the canonical document (VC-DI-EdDSA 1.0,
// sections 3.2.3 to 3.2.5 and 3.3.3 to 3.3.5; VC-DI-ECDSA 1.0 likewise). Two
// hashes long. document holds no proof but those that a chain builds on; an rdfc
// configuration is read by the document's contexts.
func (s suite) signingInput(terms Terms, document, config strictjson.Value, curve did.Curve) (input []byte, err error) {
	hash := hashFor(curve)
	contexts := document.Get("@context")
	if s.jcs {
		if document, err = withContextsOf(config, document); err != nil {
			return nil, err
		}
	}
	input = make([]byte, 0, 2*hash.Size())
	for _, part := range [...]strictjson.Value{config, document} {
		digest, err := s.digest(terms, part, contexts, hash)
		if err != nil {
			return nil, err
		}
		input = append(input, digest...)
	}
	return input, nil
}

// withContextsOf is the document as a jcs proof takes it: with the contexts that
// the proof names, where it names some (VC-DI-EdDSA 1.0, section 3.3.2).
func withContextsOf(proof, document strictjson.Value) (strictjson.Value, error) {
	contexts := proof.Get("@context")
	if !contexts.Exists() || contexts.Canonical() == document.Get("@context").Canonical() {
		return document, nil
	}
	return with(document, "@context", contexts)
}

// digest is the hash of a document's canonical form.
func (s suite) digest(terms Terms, doc, contexts strictjson.Value, hash crypto.Hash) ([]byte, error) {
	if !s.jcs {
		return terms.Digest(doc, contexts, hash)
	}
	text := canonicalTexts.Get().(*[]byte)
	defer canonicalTexts.Put(text)
	*text = doc.AppendCanonical((*text)[:0])
	h := hash.New()
	h.Write(*text)
	return h.Sum(nil), nil
}

// canonicalTexts keeps the buffers of texts that were hashed.
var canonicalTexts = sync.Pool{New: func() any { return new([]byte) }}

// encodeSignature writes a proofValue: multibase base58btc.
func encodeSignature(signature []byte) string { return "z" + base58.Encode(signature) }

// maxProofValue is longer than any proofValue: 96 bytes take at most 132
// characters. Decoding base58 takes time that grows with the square of the
// length.
const maxProofValue = 133

// decodeSignature is the reverse of encodeSignature. That the length fits the
// key is seen when the signature is verified.
func decodeSignature(text string) ([]byte, error) {
	if len(text) < 2 || len(text) > maxProofValue || text[0] != 'z' {
		return nil, invalid("proof-value", "proofValue is not a multibase base58 signature")
	}
	signature, err := base58.Decode(text[1:])
	if err != nil || len(signature) != did.Ed25519.SignatureSize() && len(signature) != did.P384.SignatureSize() {
		return nil, invalid("proof-value", "proofValue is not a multibase base58 signature")
	}
	return signature, nil
}
