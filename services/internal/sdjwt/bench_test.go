package sdjwt

import (
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// BenchmarkEngine is an SD-JWT VC with key binding, all of it disclosed, beside a raw
// Ed25519 verification: two signatures are verified.
func BenchmarkEngine(b *testing.B) {
	raw := issue(b, offer(b), university)
	shown := present(b, raw, "given_name", "family_name", "birthdate", "nationalities", "passport", "employment", "guest")
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
