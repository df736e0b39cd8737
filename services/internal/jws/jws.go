// Package jws is the one form of JSON Web Signature that we make and take:
// compact (RFC 7515), EdDSA over Ed25519 (RFC 8037) or ECDSA over P-256 and
// P-384 (RFC 7518), a key id that is a DID URL and a type that says what is
// signed. It chooses no key and trusts nobody: who may have signed is its
// caller's to say before Verify counts.
package jws

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// Header is the protected header. Any other member is refused: nothing that we
// do not understand has a say.
type Header struct {
	Algorithm   string `json:"alg"` // EdDSA, ES256 or ES384
	KeyID       string `json:"kid"` // a DID URL
	Type        string `json:"typ"`
	ContentType string `json:"cty,omitempty"`
}

// Signer signs with the key behind a key id. Signatures have the form of JOSE:
// 64 bytes of EdDSA, r and s one after the other of ECDSA.
type Signer func(ctx context.Context, kid string, data []byte) ([]byte, error)

// Sign signs a payload: bytes as they are, anything else as JSON.
func Sign(ctx context.Context, sign Signer, h Header, payload any) (string, error) {
	protected, err := json.Marshal(h)
	if err != nil {
		return "", fmt.Errorf("write header: %w", err)
	}
	content, ready := payload.([]byte)
	if !ready {
		if content, err = json.Marshal(payload); err != nil {
			return "", fmt.Errorf("write payload: %w", err)
		}
	}
	input := base64url.Encode(protected) + "." + base64url.Encode(content)
	signature, err := sign(ctx, h.KeyID, []byte(input))
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return input + "." + base64url.Encode(signature), nil
}

// Token is a JWS whose form was checked, and nothing more.
type Token struct {
	Header

	input     []byte
	payload   []byte
	signature []byte
	limit     int
}

// Errors of Parse: neither says anything of the content.
var (
	ErrForm   = errors.New("not a compact JWS")
	ErrHeader = errors.New("a JWS of another kind")
)

// Parts are those of a compact JWS (RFC 7515, section 7.1), as they are written.
type Parts struct {
	Header, Payload, Signature []byte
	Input                      []byte // what is signed: header and payload
}

// Split takes a compact JWS apart; ok is false for what has not three parts.
func Split(compact []byte) (p Parts, ok bool) {
	end := bytes.LastIndexByte(compact, '.')
	if end < 0 {
		return Parts{}, false
	}
	p.Input, p.Signature = compact[:end], compact[end+1:]
	p.Header, p.Payload, ok = bytes.Cut(p.Input, []byte("."))
	return p, ok && bytes.IndexByte(p.Payload, '.') < 0
}

// Parse reads a JWS of a kind, at most limit bytes long. The text must not change
// while the token is used.
func Parse(compact []byte, kind string, limit int) (Token, error) {
	parts, ok := Split(compact)
	if len(compact) > limit || !ok {
		return Token{}, ErrForm
	}
	t := Token{input: parts.Input, limit: limit}
	protected, err := base64url.Decode(parts.Header)
	if err != nil {
		return Token{}, ErrForm
	}
	if err := t.Header.read(protected); err != nil || t.Type != kind || !algorithms[t.Algorithm] {
		return Token{}, ErrHeader
	}
	if t.payload, err = base64url.Decode(parts.Payload); err != nil {
		return Token{}, ErrForm
	}
	if t.signature, err = base64url.Decode(parts.Signature); err != nil {
		return Token{}, ErrForm
	}
	return t, nil
}

// read takes the members that a header has, and no others.
func (h *Header) read(protected []byte) error {
	object, err := strictjson.ReadObject(protected, strictjson.Limits{})
	if err != nil {
		return err
	}
	for name, value := range object.Members() {
		text, isText := value.Text()
		if !isText {
			return ErrHeader
		}
		switch name {
		case "alg":
			h.Algorithm = text
		case "kid":
			h.KeyID = text
		case "typ":
			h.Type = text
		case "cty":
			h.ContentType = text
		default:
			return ErrHeader
		}
	}
	return nil
}

// algorithms are those that may sign; which of them did is the key's to say.
var algorithms = map[string]bool{
	did.Ed25519.Algorithm(): true, did.P256.Algorithm(): true, did.P384.Algorithm(): true,
}

// Verify reports whether the key has signed the token, by the one algorithm
// that fits the key.
func (t Token) Verify(key did.PublicKey) bool {
	return t.Algorithm == key.Curve().Algorithm() && key.Verify(t.input, t.signature)
}

// Payload is what was signed, as it came.
func (t Token) Payload() []byte { return t.payload }

// Read reads the payload, strictly.
func (t Token) Read(into any) error {
	return strictjson.Unmarshal(t.payload, into, strictjson.Limits{Bytes: t.limit})
}
