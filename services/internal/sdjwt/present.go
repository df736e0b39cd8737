package sdjwt

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/jws"
)

// Presenting is what a holder shows, and to whom.
type Presenting struct {
	// Paths are the claims to show, see Select.
	Paths []string
	// Audience and Nonce are the verifier's.
	Audience, Nonce string
	// IssuedAt is the instant of presenting, in whole seconds.
	IssuedAt time.Time
	// KeyID is what the signer knows the holder's key by. It is not shown.
	KeyID string
}

// Present shows a part of a credential and signs with the holder's key that it
// is shown here and now (RFC 9901 section 4.3). It does not verify the
// credential.
func (t *Token) Present(ctx context.Context, sign jws.Signer, p Presenting) ([]byte, error) {
	curve := t.Holder.Curve()
	if !signs(curve) {
		return nil, bindingKind.invalid("key", "the credential names no key of a holder")
	}
	if p.Audience == "" || p.Nonce == "" || p.IssuedAt.IsZero() {
		return nil, bindingKind.invalid("draft", "a presentation needs an audience, a nonce and an instant")
	}
	shown, err := t.Select(p.Paths)
	if err != nil {
		return nil, fmt.Errorf("present: %w", err)
	}
	input, err := signingInput(bindingKind, curve, "", map[string]any{
		"aud": p.Audience, "iat": p.IssuedAt.Unix(), "nonce": p.Nonce, "sd_hash": digest(shown),
	})
	if err != nil {
		return nil, fmt.Errorf("present: %w", err)
	}
	binding, err := signJWT(ctx, sign, curve, p.KeyID, input)
	if err != nil {
		return nil, fmt.Errorf("present: %w", err)
	}
	return append(shown, binding...), nil
}

// Select gives the token with the disclosures of the claims that paths (see
// Draft) lead to: of each claim itself, of all inside it, and of those that it
// is inside. What stands beside a claim in the same disclosure is shown with it.
// An index of an array counts in Claims of this token. It refuses a path that
// leads to no claim, and a token that is a presentation already. The result has
// no key binding.
func (t *Token) Select(paths []string) ([]byte, error) {
	if t.Bound() {
		return nil, bindingKind.invalid("unexpected", "what was presented cannot be presented again")
	}
	wanted, err := readPaths(paths)
	if err != nil {
		return nil, err
	}
	found := make([]bool, len(wanted))
	innermost := map[int]bool{} // disclosures of the claims to show
	claims, err := process(t.jwt.payload, t.disclosures, func(n node) {
		for i, p := range wanted {
			if p.above(n.path) {
				found[i] = true
				innermost[n.within] = true
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for _, ok := range found {
		if !ok {
			return nil, invalid("no-such-claim", "the credential has no such claim")
		}
	}
	show := make([]bool, len(t.disclosures))
	for i := range innermost {
		for ; i != none && !show[i]; i = claims.places[i].within {
			show[i] = true
		}
	}
	jwt, _, _ := bytes.Cut(t.presented, tilde)
	out := slices.Concat(jwt, tilde)
	for i, d := range t.disclosures {
		if show[i] {
			out = append(append(out, d.encoded...), '~')
		}
	}
	return out, nil
}
