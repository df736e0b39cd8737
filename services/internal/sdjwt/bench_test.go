package sdjwt

import (
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// BenchmarkEngine is an SD-JWT VC with key binding, all of it disclosed, beside a raw
// Ed25519 verification: two signatures are verified.
func BenchmarkEngine(b *testing.B) {
	holder := edParty(9)
	draft := offer(b)
	draft.Holder = holder.key
	raw := issue(b, draft, university)
	how := presenting("given_name", "family_name", "birthdate", "nationalities", "passport", "employment", "guest")
	how.KeyID = holder.keyID
	shown, err := parsed(b, raw).Present(b.Context(), holder.sign, how)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d bytes, %d of them shown", len(raw), len(shown))
	b.Run("verify-sd-jwt-with-binding", testkit.BesideVerify(func() error {
		token, err := Parse(shown)
		if err != nil {
			return err
		}
		_, err = token.VerifyPresentation(university.key, binding())
		return err
	}))
}
