package sdjwt

import (
	"context"
	"fmt"
	"io"
	"maps"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/jws"
)

// Draft is a credential to be issued.
type Draft struct {
	// Registered must have an issuer, a key id of the issuer, a type, a holder
	// and the instant of issuing.
	Registered
	// Curve is that of the key that signs: Ed25519, P-256 or P-384.
	Curve did.Curve
	// Subject is sub, left out when empty. It is always shown.
	Subject string
	// Claims are the other members: what strictjson.Decode gives, or Go's own
	// numbers. They are not changed.
	Claims map[string]any
	// Disclosable are the paths of the claims that the holder may withhold. A
	// path is the names of members with dots between them; * stands for all
	// members of an object, [] for all elements of an array, [2] for the third.
	// A backslash makes one of . * [ ] \ a part of a name.
	//
	//	employment.annual_salary   one member
	//	passport.*                 each member of passport, which is always shown
	//	passport                   passport as a whole
	//	nationalities[]            each element
	//
	// A claim and claims inside it may both be listed: whether the outer one is
	// there at all then shows only when it is disclosed (RFC 9901 section 4.2.6).
	// A path to nothing has no effect, as claims may be optional.
	Disclosable []string
	// Decoys is how many digests of nothing are added to each object and array
	// with disclosable parts (RFC 9901 section 4.2.5).
	Decoys int
}

// Issue makes and signs a credential: the issuer's JWT and all disclosures.
// random gives salts and decoys, and must be cryptographically secure. sign
// gives r and s of the curve's full length for ES256 and ES384 (RFC 7518
// section 3.4). It refuses with fault.Invalid, before it signs, what Verify
// would refuse.
func Issue(ctx context.Context, sign jws.Signer, random io.Reader, d Draft) ([]byte, error) {
	if !signs(d.Curve) {
		return nil, invalid("draft", "no algorithm for keys on %q", string(d.Curve))
	}
	if d.IssuedAt.IsZero() || d.Holder.IsZero() {
		return nil, invalid("draft", "a credential needs a holder and an instant of issuing")
	}
	for name := range d.Claims {
		if neverDisclosed[name] || name == "sub" || name == "aud" {
			return nil, invalid("registered-claim", "%s is not one of the claims", name)
		}
	}
	disclosable, err := readPaths(d.Disclosable)
	if err != nil {
		return nil, err
	}
	c := concealer{random: random, disclosable: disclosable, decoys: d.Decoys}
	payload, err := c.object(d.Claims, nil)
	if err != nil {
		return nil, err
	}
	maps.Copy(payload, d.members())
	if d.Subject != "" {
		payload["sub"] = d.Subject
	}
	if len(c.disclosures) > 0 {
		payload[hashMember] = hashName
	}
	input, err := signingInput(credentialKind, d.Curve, d.KeyID, payload)
	if err != nil {
		return nil, err
	}
	tail := []byte{'~'}
	for _, disclosure := range c.disclosures {
		tail = append(append(tail, disclosure...), '~')
	}
	unsigned := input + "." + base64url.Encode(make([]byte, d.Curve.SignatureSize()))
	if err := checkUnsigned(append([]byte(unsigned), tail...)); err != nil {
		return nil, fmt.Errorf("issue: %w", err)
	}
	signed, err := signJWT(ctx, sign, d.Curve, d.KeyID, input)
	if err != nil {
		return nil, fmt.Errorf("issue: %w", err)
	}
	return append([]byte(signed), tail...), nil
}

// checkUnsigned reads what is about to be signed as its receivers will.
func checkUnsigned(raw []byte) error {
	t, err := Parse(raw)
	if err != nil {
		return err
	}
	if t.inverted() {
		return datesInverted()
	}
	_, err = t.open()
	return err
}

// signingInput is the first two parts of a JWT.
func signingInput(k kind, curve did.Curve, keyID string, payload map[string]any) (string, error) {
	header := map[string]any{"alg": curve.Algorithm(), "typ": k.typ}
	if keyID != "" {
		header["kid"] = keyID
	}
	first, err := encodeJSON(header)
	if err != nil {
		return "", err
	}
	second, err := encodeJSON(payload)
	if err != nil {
		return "", err
	}
	return first + "." + second, nil
}

// signJWT adds the third part.
func signJWT(ctx context.Context, sign jws.Signer, curve did.Curve, keyID, input string) (string, error) {
	signature, err := sign(ctx, keyID, []byte(input))
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	if len(signature) != curve.SignatureSize() {
		return "", fault.New(fault.Internal, "sdjwt.signer", "the signer gave %d bytes for %s", len(signature), curve.Algorithm())
	}
	return input + "." + base64url.Encode(signature), nil
}
