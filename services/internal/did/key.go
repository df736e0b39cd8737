package did

import (
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

const keyPrefix = "did:key:"

// NewKey makes the did:key of a public key (did:key method 0.9 section 3.1)
// and the id of its only key.
func NewKey(key PublicKey) (did, keyID string) {
	multibase := key.Multibase()
	did = keyPrefix + multibase
	return did, did + "#" + multibase
}

// resolveKey makes the document of a did:key. A key on a signing curve serves
// for every signature, one that can agree for key agreement. The key agreement
// key that some implementations derive from an Ed25519 key is left out: one
// key, one use.
func resolveKey(did string) (*Document, error) {
	multibase, ok := strings.CutPrefix(did, keyPrefix)
	if !ok {
		return nil, fault.New(fault.Invalid, "did.syntax", "not a did:key")
	}
	key, err := ParseMultibase(multibase)
	if err != nil {
		return nil, err
	}
	return oneKey(did, VerificationMethod{ID: did + "#" + multibase, Type: "Multikey", Key: key}), nil
}

// oneKey makes the document of a DID that is a key: it serves for all that its
// curve can.
func oneKey(did string, m VerificationMethod) *Document {
	m.Controller = did
	doc := &Document{ID: did, VerificationMethod: []VerificationMethod{m}}
	for _, p := range purposes {
		if suits(m.Key.Curve(), p) {
			*doc.relationship(p) = []string{m.ID}
		}
	}
	return doc
}

// KeyIDOf is the id of the only key of a did:key.
func KeyIDOf(name string) string { return name + "#" + strings.TrimPrefix(name, keyPrefix) }
