package credential

import (
	"context"
	"crypto/ed25519"
	"strconv"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// realistic is an offer as an employer signs it: 23 claims, about 1.5 kB as a
// signed credential, two contexts and a status entry.
func realistic() Draft {
	d := statusOffer()
	d.Claims = map[string]any{
		"offer_id":        "off_01JZ8Y5T2M",
		"employer":        map[string]any{"organisation_number": "310000019", "legal_name": "Universitetet i Testby"},
		"given_name":      "Lisa",
		"family_name":     "Johnson",
		"birthdate":       "1990-01-01",
		"sex":             2,
		"nationalities":   []string{"US"},
		"email":           "lisa.johnson@example.com",
		"current_country": "US",
		"passport": map[string]any{
			"document_number": "123456789", "issuing_country": "US", "date_of_expiry": "2033-01-01",
		},
		"employment": map[string]any{
			"job_title": "Researcher", "occupation": map[string]any{"scheme": "STYRK-08", "code": "2512"},
			"start_date": "2026-03-01", "position_percentage": 100, "weekly_hours": 37.5,
			"annual_salary": map[string]any{"amount": 634700, "currency": "NOK"},
		},
		"declarations": map[string]any{"qualifications_confirmed": true, "information_verified": true},
	}
	return d
}

// benched signs and verifies by Ed25519 as the engine's callers do, with keys that
// are at hand.
type benched struct {
	private map[string]ed25519.PrivateKey
	public  map[string]did.PublicKey
}

func newBenched(parties ...party) benched {
	k := benched{map[string]ed25519.PrivateKey{}, map[string]did.PublicKey{}}
	for _, p := range parties {
		k.private[p.method], k.public[p.method] = ed25519.NewKeyFromSeed(p.seed), p.public
	}
	return k
}

func (k benched) Sign(_ context.Context, method string, data []byte) ([]byte, error) {
	return ed25519.Sign(k.private[method], data), nil
}

func (k benched) VerificationKey(_ context.Context, method string, _ Purpose, _ time.Time) (did.PublicKey, error) {
	return k.public[method], nil
}

// upheld finds every credential in good standing, from a list in memory.
type upheld struct{ list status.List }

func (u upheld) CheckStatus(_ context.Context, of *Verified) error {
	return look(u.list, of.Issuer, of.Status, now)
}

// BenchmarkEngine is the engine beside raw Ed25519: each is measured in turn with a
// raw verification, and gives the ratio of the two.
func BenchmarkEngine(b *testing.B) {
	keys := newBenched(university, lisa)
	opts := Options{Now: now, LeaveStatus: true}
	unsigned := realistic().Document()
	secured := func(suite Cryptosuite) []byte {
		how := university.securing()
		how.Suite = suite
		data, err := Issue(b.Context(), keys, unsigned, how)
		if err != nil {
			b.Fatal(err)
		}
		return data
	}
	rdfc, jcs := secured(EdDSARDFC), secured(EdDSAJCS)
	compact, err := IssueJOSE(b.Context(), keys, unsigned, university.securing())
	if err != nil {
		b.Fatal(err)
	}
	shown, err := Present(b.Context(), keys, presenting(rdfc))
	if err != nil {
		b.Fatal(err)
	}
	list := upheld{verifiedList(b, publish(b, nil))}
	b.Logf("the credential has %d bytes, its JWT %d, the presentation %d", len(rdfc), len(compact), len(shown))

	verify := func(data []byte, opts Options) func() error {
		return func() error {
			_, err := Verify(b.Context(), keys, data, opts)
			return err
		}
	}
	b.Run("sign-raw", testkit.BesideVerify(func() error {
		_, err := keys.Sign(b.Context(), university.method, rdfc[:64])
		return err
	}))
	b.Run("verify-rdfc", testkit.BesideVerify(verify(rdfc, opts)))
	b.Run("verify-rdfc-with-status", testkit.BesideVerify(verify(rdfc, Options{Now: now, Status: list})))
	b.Run("issue-rdfc", testkit.BesideVerify(func() error {
		_, err := Issue(b.Context(), keys, unsigned, university.securing())
		return err
	}))
	b.Run("verify-presentation-rdfc", testkit.BesideVerify(func() error {
		opts := presentationOptions()
		opts.LeaveStatus = true
		_, err := VerifyPresentation(b.Context(), keys, shown, opts)
		return err
	}))
	b.Run("verify-jcs", testkit.BesideVerify(verify(jcs, opts)))
	b.Run("verify-jwt", testkit.BesideVerify(verify(compact, opts)))
}

// BenchmarkGrowth is how verification grows with the number of claims.
func BenchmarkGrowth(b *testing.B) {
	keys := newBenched(university)
	for _, claims := range []int{10, 100, 1000} {
		draft := offer()
		results := make([]any, claims)
		for i := range results {
			results[i] = map[string]any{"part": "part " + strconv.Itoa(i)}
		}
		draft.Claims = map[string]any{"results": results}
		data, err := Issue(b.Context(), keys, draft.Document(), university.securing())
		if err != nil {
			b.Fatal(err)
		}
		b.Run(strconv.Itoa(claims)+"-claims", testkit.BesideVerify(func() error {
			_, err := Verify(b.Context(), keys, data, Options{Now: now})
			return err
		}))
	}
}

// BenchmarkCores is verification on all cores at once (-cpu 1,2): time is by the
// clock, for one operation.
func BenchmarkCores(b *testing.B) {
	keys := newBenched(university)
	data, err := Issue(b.Context(), keys, realistic().Document(), university.securing())
	if err != nil {
		b.Fatal(err)
	}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := Verify(b.Context(), keys, data, Options{Now: now, LeaveStatus: true}); err != nil {
				b.Error(err)
			}
		}
	})
}
