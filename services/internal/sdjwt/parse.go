package sdjwt

import (
	"bytes"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
)

// Token is a token whose form was checked, and nothing more: what stands in
// it is what somebody says. It is safe for concurrent use.
type Token struct {
	Registered

	jwt         jwt
	disclosures []disclosure
	raw         []byte // the token as it was received
	presented   []byte // the token up to the last tilde: what sd_hash covers
	binding     []byte // the key binding JWT, empty without one
}

// Parse reads a token, at most MaxBytes long. Every part must be well formed,
// kid must be a key id of iss, which is a DID then, and the members of Registered must be of their
// kind. The key to verify the token with is that of KeyID as it stood at
// IssuedAt.
func Parse(raw []byte) (*Token, error) {
	t, err := parse(raw, credentialKind)
	if err != nil {
		return nil, err
	}
	if t.Registered, err = readRegistered(t.jwt.payload); err != nil {
		return nil, err
	}
	controller, _, err := did.Split(t.jwt.keyID)
	if err != nil {
		return nil, invalid("key-id", "the key id is not a DID URL with a fragment")
	}
	if controller != t.Issuer {
		return nil, invalid("issuer", "the key that signed is not one of the issuer's")
	}
	t.KeyID = t.jwt.keyID
	return t, nil
}

// parse reads the format of RFC 9901 section 4, without the profile.
func parse(raw []byte, k kind) (*Token, error) {
	if len(raw) > MaxBytes {
		return nil, invalid("too-large", "a token of more than %d bytes", MaxBytes)
	}
	text := bytes.Clone(raw)
	if bytes.HasPrefix(text, []byte("{")) {
		return nil, invalid("json-serialization", "the JSON serialization is not taken here")
	}
	tildes := bytes.Count(text, tilde)
	if tildes > MaxDisclosures+1 {
		return nil, invalid("too-many-disclosures", "a token with more than %d disclosures", MaxDisclosures)
	}
	end := bytes.LastIndexByte(text, tilde[0])
	if end < 0 {
		return nil, invalid("form", "no tilde follows the issuer's JWT")
	}
	t := &Token{raw: text, presented: text[:end+1], binding: text[end+1:]}
	compact, rest, more := bytes.Cut(text[:end], tilde)
	var err error
	if t.jwt, err = readJWT(compact, k, MaxBytes); err != nil {
		return nil, err
	}
	encoded := make([][]byte, 0, tildes-1)
	for more {
		var one []byte
		one, rest, more = bytes.Cut(rest, tilde)
		encoded = append(encoded, one)
	}
	t.disclosures, err = readDisclosures(encoded)
	return t, err
}

// tilde stands between the parts of a token.
var tilde = []byte("~")

// Raw is the token as it was received. It must not be changed.
func (t *Token) Raw() []byte { return t.raw }

// Bound reports whether the token has a key binding JWT: it is a presentation.
func (t *Token) Bound() bool { return len(t.binding) > 0 }
