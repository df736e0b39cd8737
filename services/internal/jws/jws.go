// Package jws is the one form of JSON Web Signature that we make and take:
// compact (RFC 7515), EdDSA over Ed25519 (RFC 8037), a key id that is a DID URL
// and a type that says what is signed. It chooses no key and trusts nobody: who
// may have signed is its caller's to say before Verify counts.
package jws

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

const algorithm = "EdDSA"

// header is the protected header. Any other member is refused: nothing that we
// do not understand has a say.
type header struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Type      string `json:"typ"`
}

// Signer signs with the Ed25519 key behind a key id.
type Signer func(ctx context.Context, kid string, data []byte) ([]byte, error)

// Sign writes payload as JSON and signs it.
func Sign(ctx context.Context, sign Signer, kid, kind string, payload any) (string, error) {
	protected, err := json.Marshal(header{Algorithm: algorithm, KeyID: kid, Type: kind})
	if err != nil {
		return "", fmt.Errorf("write header: %w", err)
	}
	content, err := json.Marshal(payload)
	if err != nil {
		return "", fmt.Errorf("write payload: %w", err)
	}
	input := encode(protected) + "." + encode(content)
	signature, err := sign(ctx, kid, []byte(input))
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return input + "." + encode(signature), nil
}

// Token is a JWS whose form was checked, and nothing more.
type Token struct {
	KeyID string // a DID URL

	input     string
	payload   []byte
	signature []byte
	limit     int
}

// Errors of Parse: neither says anything of the content.
var (
	ErrForm   = errors.New("not a compact JWS")
	ErrHeader = errors.New("a JWS of another kind")
)

// Parse reads a JWS of a kind, at most limit bytes long.
func Parse(compact, kind string, limit int) (Token, error) {
	parts := strings.Split(compact, ".")
	if len(compact) > limit || len(parts) != 3 {
		return Token{}, ErrForm
	}
	protected, err := decode(parts[0])
	if err != nil {
		return Token{}, ErrForm
	}
	var h header
	if err := strictjson.Unmarshal(protected, &h, strictjson.Limits{}); err != nil || h.Algorithm != algorithm || h.Type != kind {
		return Token{}, ErrHeader
	}
	t := Token{KeyID: h.KeyID, input: parts[0] + "." + parts[1], limit: limit}
	if t.payload, err = decode(parts[1]); err != nil {
		return Token{}, ErrForm
	}
	if t.signature, err = decode(parts[2]); err != nil {
		return Token{}, ErrForm
	}
	return t, nil
}

// Verify reports whether the key has signed the token.
func (t Token) Verify(key ed25519.PublicKey) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, []byte(t.input), t.signature)
}

// Read reads the payload, strictly.
func (t Token) Read(into any) error {
	return strictjson.Unmarshal(t.payload, into, strictjson.Limits{Bytes: t.limit})
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
