package maskinporten

import (
	"crypto"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
)

// Header is the JOSE header of a grant. There are no other members.
type Header struct {
	Algorithm string `json:"alg"` // RS256
	KeyID     string `json:"kid"`
	Type      string `json:"typ,omitempty"` // JWT
}

// Grant is the claims of a grant, these and no others: Maskinporten answers 400
// to a claim that it does not know. Times are seconds since 1970.
type Grant struct {
	Audience string `json:"aud"`
	Issuer   string `json:"iss"`
	Scope    string `json:"scope"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	ID       string `json:"jti"`
}

// assertion is a fresh grant, signed.
func (c *Client) assertion(scope string, now time.Time) (string, error) {
	if err := checkKey(c.Key); err != nil {
		return "", fmt.Errorf("sign a grant: %w", err)
	}
	id := make([]byte, 16)
	if _, err := io.ReadFull(c.Random, id); err != nil {
		return "", fmt.Errorf("name a grant: %w", err)
	}
	return sign(c.Key, c.Random, Header{Algorithm: "RS256", KeyID: c.KeyID, Type: "JWT"}, Grant{
		Audience: c.Audience, Issuer: c.ClientID, Scope: scope,
		IssuedAt: now.Unix(), Expires: now.Add(assertionLife).Unix(), ID: base64url.Encode(id),
	})
}

// sign makes a compact JWS of header and claims by RS256 (RFC 7518 section 3.3).
func sign(key crypto.Signer, random io.Reader, header, claims any) (string, error) {
	h, err := json.Marshal(header)
	if err != nil {
		return "", fmt.Errorf("write header: %w", err)
	}
	p, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("write claims: %w", err)
	}
	signed := base64url.Encode(h) + "." + base64url.Encode(p)
	digest := sha256.Sum256([]byte(signed))
	signature, err := key.Sign(random, digest[:], crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return signed + "." + base64url.Encode(signature), nil
}
