package issuance

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
)

// issuing is an issuer by did:key, and everybody that a verifier asks.
type issuing struct {
	private ed25519.PrivateKey
	asked   []*credential.Verified // whose status was asked for
}

func (i *issuing) Sign(_ context.Context, _ string, data []byte) ([]byte, error) {
	return ed25519.Sign(i.private, data), nil
}

func (i *issuing) VerificationKey(_ context.Context, kid string, _ credential.Purpose, _ time.Time) (did.PublicKey, error) {
	if _, own := did.NewKey(testkit.Public(i.private)); kid != own {
		return did.PublicKey{}, fault.New(fault.NotFound, "did.key", "no such key")
	}
	return testkit.Public(i.private), nil
}

func (i *issuing) CheckStatus(_ context.Context, of *credential.Verified) error {
	i.asked = append(i.asked, of)
	return nil
}

// Every type says the same as W3C and as SD-JWT VC: the claims, whom it is
// about, who says it and until when, and where its status stands.
func TestEveryTypeSaysTheSameInBothFormats(t *testing.T) {
	i := &issuing{private: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))}
	issuer, kid := did.NewKey(testkit.Public(i.private))
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	by := signing{signer: i, key: credential.Key{ID: kid, Curve: did.Ed25519}, at: now, random: rand.Reader}
	verifier := &verification.Verifier{Keys: i, Status: i, Clock: clock.Fixed(now)}
	for _, kind := range credtype.All() {
		t.Run(kind.Name, func(t *testing.T) {
			said := testkit.ExampleClaims(t, kind.Slug())
			c := Credential{
				ID: "urn:uuid:8c7a4e9a-6f43-4b1d-9f0e-2f3bb7a4c001", Type: kind.Name, Issuer: issuer,
				status: statuslist.Reservation{List: "https://issuer.example/status/1", Index: 7}, validFrom: now, validUntil: now.AddDate(1, 0, 0),
			}
			i.asked = nil
			var first *verification.Credential
			for _, format := range formats {
				before := maps.Clone(said)
				signed, err := by.sign(t.Context(), format, c, said, standIn)
				if err != nil {
					t.Fatal(format, err)
				}
				got, report := verifier.Credential(t.Context(), signed)
				if err := report.Err(); err != nil {
					t.Fatal(format, err)
				}
				if text(t, got.Claims()) != text(t, before) {
					t.Errorf("%s says %s\nwant %s", format, text(t, got.Claims()), text(t, before))
				}
				if first == nil {
					first = got
				}
				if got.Format != format || got.ID != first.ID || got.Issuer != issuer || got.SubjectID != standIn || got.Type.Name != kind.Name ||
					!got.ValidFrom.Equal(first.ValidFrom) || !got.ValidUntil.Equal(first.ValidUntil) || !got.Created.Equal(first.Created) {
					t.Errorf("%s: %+v\nwant %+v", format, got.Verified, first.Verified)
				}
			}
			w3c, sdjwt := i.asked[0].Status, i.asked[1].Status
			if len(i.asked) != len(formats) || len(w3c) != 2 || w3c[0].Index != 7 || len(sdjwt) != 1 || sdjwt[0].Index != 7 || !sdjwt[0].Revokes() {
				t.Errorf("status %v and %v", w3c, sdjwt)
			}
		})
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
