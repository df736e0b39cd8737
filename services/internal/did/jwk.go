package did

import (
	"encoding/json"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

const jwkPrefix = "did:jwk:"

// NewJWK makes the did:jwk of a public key and the id of its only key (did:jwk
// method, "Create"). The JWK within holds the members that a thumbprint covers,
// in its order.
func NewJWK(key PublicKey) (did, keyID string) {
	text, err := json.Marshal(key.JWK())
	if err != nil {
		panic(err) // text members alone
	}
	did = jwkPrefix + base64url.Encode(text)
	return did, did + "#0"
}

// resolveJWK makes the document of a did:jwk (did:jwk method, "Read"). The
// member use of its JWK narrows what the key serves for; of the others only
// the key's own matter.
func resolveJWK(did string) (*Document, error) {
	text, err := base64url.Decode(strings.TrimPrefix(did, jwkPrefix))
	if err != nil {
		return nil, fault.New(fault.Invalid, "did.jwk", "a did:jwk that is not base64url")
	}
	key, use, err := parseJWK(text)
	if err != nil {
		return nil, err
	}
	if key.IsZero() {
		return nil, badKey("an unknown curve")
	}
	doc := oneKey(did, VerificationMethod{ID: did + "#0", Type: "JsonWebKey2020", Key: key})
	if use == "sig" {
		doc.KeyAgreement = nil
	}
	if use == "enc" {
		doc = &Document{ID: did, VerificationMethod: doc.VerificationMethod, KeyAgreement: doc.KeyAgreement}
	}
	return doc, nil
}

// parseJWK reads a public key that others wrote, and its use ("" when it has
// none). A key on another curve than this package's is no key and no error.
func parseJWK(raw []byte) (key PublicKey, use string, err error) {
	var in struct {
		JWK
		Use     string          `json:"use"`
		Private json.RawMessage `json:"d"`
	}
	if err := strictjson.UnmarshalOpen(raw, &in, limits); err != nil {
		return PublicKey{}, "", err
	}
	if in.Private != nil {
		return PublicKey{}, "", badDocument("a private key")
	}
	if !Curve(in.Crv).known() {
		return PublicKey{}, "", nil
	}
	key, err = in.PublicKey()
	return key, in.Use, err
}
