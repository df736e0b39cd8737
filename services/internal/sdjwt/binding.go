package sdjwt

import (
	"crypto/subtle"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// Binding is what a key binding JWT must say (RFC 9901 section 4.3).
type Binding struct {
	// Audience is the verifier as it calls itself, Nonce what it asked with.
	// Neither may be empty.
	Audience, Nonce string
	// The JWT was made at most MaxAge before Now, and at most MaxSkew after.
	Now             time.Time
	MaxAge, MaxSkew time.Duration
}

// check checks the key binding of a token. The key is that of cnf, and the
// hash is taken over the token as it was received (RFC 9901 section 7.3, step
// 5). Members with no meaning here are skipped, as SD-JWT VC section 3 asks.
func (b Binding) check(t *Token) error {
	k := bindingKind
	if b.Audience == "" || b.Nonce == "" {
		return k.invalid("expected", "nothing says whom the presentation is for, or what it answers")
	}
	if !t.Bound() {
		return k.invalid("missing", "the presentation has no key binding")
	}
	j, err := readJWT(t.binding, k, maxHeader)
	if err != nil {
		return err
	}
	if err := j.verify(t.Holder); err != nil {
		return err
	}
	if !same(j.payload.Get("sd_hash"), digest(t.presented)) {
		return k.invalid("hash", "the key binding is of another token, or of other disclosures")
	}
	if !same(j.payload.Get("aud"), b.Audience) {
		return k.invalid("audience", "the presentation is for another verifier")
	}
	if !same(j.payload.Get("nonce"), b.Nonce) {
		return k.invalid("nonce", "the presentation answers something else")
	}
	return b.checkTime(j.payload)
}

func (b Binding) checkTime(payload strictjson.Value) error {
	k := bindingKind
	made, err := instant(payload, "iat", k)
	if err != nil {
		return err
	}
	if made.Before(b.Now.Add(-b.MaxAge)) || made.After(b.Now.Add(b.MaxSkew)) {
		return k.invalid("time", "the presentation was not made now")
	}
	from, err := instant(payload, "nbf", k)
	if err != nil {
		return err
	}
	until, err := instant(payload, "exp", k)
	if err != nil {
		return err
	}
	if from.After(b.Now.Add(b.MaxSkew)) || !until.IsZero() && !b.Now.Before(until) {
		return k.invalid("time", "the key binding is not valid now")
	}
	return nil
}

// same compares a member with what is wanted, which is not empty, in a time that does not depend on where they differ.
func same(v strictjson.Value, want string) bool {
	s, _ := v.Text()
	return subtle.ConstantTimeCompare([]byte(s), []byte(want)) == 1
}
