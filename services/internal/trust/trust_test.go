package trust_test

import (
	"context"
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/trust"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
)

const registry, employer, offer = "did:web:registry.example", "did:web:employer.example", "OfferOfEmployment"

// programme is the registry as others see it.
type programme struct {
	t    testing.TB
	key  ed25519.PrivateKey
	now  time.Time
	body []byte
	err  error
	// verified is how often a key was asked for; cutOff says that the key of before
	// does not count any more, unknown that nobody can tell.
	verified        int
	cutOff, unknown bool
	// unchanged is how often a list was not sent again.
	unchanged int
}

func (p *programme) Now() time.Time { return p.now }

// GetChanged gives every list a tag, its own text.
func (p *programme) GetChanged(_ context.Context, _, tag string, _ int64) ([]byte, string, error) {
	if p.err == nil && p.body != nil && tag == string(p.body) {
		p.unchanged++
		return nil, tag, nil
	}
	return p.body, string(p.body), p.err
}

func (p *programme) Sign(_ context.Context, _ string, data []byte) ([]byte, error) {
	return ed25519.Sign(p.key, data), nil
}

func (p *programme) VerificationKey(_ context.Context, method string, _ credential.Purpose, _ time.Time) (did.PublicKey, error) {
	p.verified++
	switch {
	case p.unknown:
		return did.PublicKey{}, fault.New(fault.Unavailable, "did.unreachable", "down")
	case p.cutOff && method == registry+"#k":
		return did.PublicKey{}, fault.New(fault.Denied, "did.key-revoked", "cut off")
	}
	return testkit.Public(p.key), nil
}

// publish gives out a version in which the employer has the status.
func (p *programme) publish(version int64, status string, lasts time.Duration) []byte {
	p.t.Helper()
	key := registry + "#k"
	if p.cutOff {
		key += "2"
	}
	raw, err := trustlist.Sign(p.t.Context(), p, credential.Key{ID: key, Curve: did.Ed25519}, trustlist.List{
		Issuer: registry, Version: version, IssuedAt: p.now, NextUpdate: p.now.Add(lasts),
		Entities: []trustlist.Entity{{DID: employer, CredentialTypes: []string{offer}, Status: status,
			ValidFrom: p.now.Add(-time.Hour), ValidUntil: p.now.Add(1000 * time.Hour)}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.body, p.err = raw, nil
	return raw
}

func open(t testing.TB) (*programme, func() string) { return openKeeping(t, 0) }

func openKeeping(t testing.TB, keep time.Duration) (*programme, func() string) {
	p := &programme{t: t, key: ed25519.NewKeyFromSeed(make([]byte, 32)), now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	client := &trust.Client{Get: p, Keys: p, Registry: registry, URL: "https://registry.example/trust-list", Clock: p, Keep: keep}
	return p, func() string {
		_, err := client.Accredited(t.Context(), employer, offer, p.now)
		if err == nil {
			return "accredited"
		}
		return fault.KindOf(err).String() + " " + fault.RuleOf(err)
	}
}

func same(t testing.TB, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("%s, want %s", got, want)
	}
}

func TestNewListCountsAtOnce(t *testing.T) {
	p, ask := open(t)
	p.publish(1, trustlist.Accredited, time.Hour)
	same(t, ask(), "accredited")
	p.publish(2, "SUSPENDED", time.Hour)
	same(t, ask(), "denied issuer.not-accredited")
}

func TestUnreachableRegistryIsBridgedUntilTheListExpiresAndNoLonger(t *testing.T) {
	p, ask := open(t)
	down := fault.New(fault.Unavailable, "fetch.unreachable", "down")
	p.err = down
	same(t, ask(), "unavailable trustlist.unreachable")
	p.publish(1, trustlist.Accredited, time.Hour)
	same(t, ask(), "accredited")
	for _, err := range []error{down, fault.New(fault.NotFound, "fetch.not-found", "being deployed")} {
		p.err = err
		same(t, ask(), "accredited")
	}
	p.now = p.now.Add(time.Hour)
	same(t, ask(), "unavailable trustlist.unreachable")
}

func TestExpiredOrForgedListIsDeniedThoughTheLastOneIsCurrent(t *testing.T) {
	p, ask := open(t)
	old := p.publish(1, trustlist.Accredited, time.Minute)
	p.now = p.now.Add(2 * time.Minute)
	p.publish(2, trustlist.Accredited, time.Hour)
	same(t, ask(), "accredited")
	p.body = old
	same(t, ask(), "denied trustlist.expired")
	p.body = []byte("a.b.c")
	same(t, ask(), "denied trustlist.form")
}

func TestOlderVersionPlayedAgainDoesNotBringBackWhatWasSuspended(t *testing.T) {
	p, ask := open(t)
	old := p.publish(1, trustlist.Accredited, 10*time.Hour)
	p.publish(2, "SUSPENDED", time.Hour)
	same(t, ask(), "denied issuer.not-accredited")
	p.body = old
	same(t, ask(), "denied issuer.not-accredited")
	// When the newer one has expired, nobody knows: neither counts.
	p.now = p.now.Add(2 * time.Hour)
	same(t, ask(), "unavailable trustlist.unreachable")
	p.publish(3, trustlist.Accredited, time.Hour)
	same(t, ask(), "accredited")
}

// What a key signed that was cut off does not come back when the registry is down.
func TestListOfAKeyThatWasCutOffBridgesNothing(t *testing.T) {
	down := fault.New(fault.Unavailable, "fetch.unreachable", "down")
	for name, c := range map[string]struct {
		between func(p *programme, ask func() string) // since it was cut off
		want    string
	}{
		"noticed before":            {func(p *programme, ask func() string) { same(t, ask(), "denied did.key-revoked") }, "unavailable trustlist.unreachable"},
		"noticed now":               {func(*programme, func() string) {}, "denied did.key-revoked"},
		"noticed before, all down":  {func(p *programme, ask func() string) { same(t, ask(), "denied did.key-revoked"); p.unknown = true }, "unavailable trustlist.unreachable"},
		"all down, nobody can tell": {func(p *programme, _ func() string) { p.unknown = true }, "accredited"},
	} {
		t.Run(name, func(t *testing.T) {
			p, ask := open(t)
			p.publish(1, trustlist.Accredited, time.Hour)
			same(t, ask(), "accredited")
			p.now, p.cutOff = p.now.Add(6*time.Second), true
			c.between(p, ask)
			p.err = down
			same(t, ask(), c.want)
		})
	}
}

// Nor does it stand in the way of what the programme publishes since.
func TestForgedListIsReplacedByOneOfALowerVersion(t *testing.T) {
	p, ask := open(t)
	p.publish(1<<53-1, trustlist.Accredited, 1000*time.Hour)
	same(t, ask(), "accredited")
	p.now, p.cutOff = p.now.Add(6*time.Second), true
	p.publish(2, "SUSPENDED", time.Hour)
	same(t, ask(), "denied issuer.not-accredited")
	p.publish(3, trustlist.Accredited, time.Hour)
	same(t, ask(), "accredited")
}

// A list that lasts for less than a moment ends when it says.
func TestListEndsWithinAMomentToo(t *testing.T) {
	p, ask := open(t)
	p.publish(1, trustlist.Accredited, 3*time.Second)
	same(t, ask(), "accredited")
	p.now = p.now.Add(3 * time.Second)
	same(t, ask(), "denied trustlist.expired")
}

// A list that comes again a moment later is not verified again; any other is, and the
// same one some seconds later: its key may have been cut off.
func TestListIsVerifiedAgainAfterAMoment(t *testing.T) {
	p, ask := open(t)
	p.publish(1, trustlist.Accredited, time.Hour)
	for range 3 {
		same(t, ask(), "accredited")
	}
	if p.verified != 1 || p.unchanged != 2 {
		t.Errorf("verified %d times, not sent again %d times", p.verified, p.unchanged)
	}
	p.now = p.now.Add(5 * time.Second)
	same(t, ask(), "accredited")
	if p.verified != 2 {
		t.Errorf("verified %d times", p.verified)
	}
	p.key = ed25519.NewKeyFromSeed(append(make([]byte, 31), 1)) // another key holds from now on
	same(t, ask(), "accredited")
	p.now = p.now.Add(5 * time.Second)
	same(t, ask(), "denied trustlist.signature")
	before := p.verified
	p.publish(2, "SUSPENDED", time.Hour)
	same(t, ask(), "denied issuer.not-accredited")
	if p.verified != before+1 {
		t.Errorf("verified %d times", p.verified)
	}
	p.now = p.now.Add(time.Hour)
	same(t, ask(), "denied trustlist.expired")
}

// Who keeps a list does not ask again for a while, and never keeps one that is over.
func TestListIsKeptForAsLongAsIsAllowed(t *testing.T) {
	p, ask := openKeeping(t, time.Minute)
	p.publish(1, trustlist.Accredited, 90*time.Second)
	same(t, ask(), "accredited")
	p.publish(2, "SUSPENDED", time.Hour)
	p.now = p.now.Add(time.Minute - time.Second)
	same(t, ask(), "accredited")
	p.now = p.now.Add(time.Second)
	same(t, ask(), "denied issuer.not-accredited")

	p, ask = openKeeping(t, time.Hour)
	p.publish(1, trustlist.Accredited, time.Minute)
	same(t, ask(), "accredited")
	p.now = p.now.Add(time.Minute)
	p.publish(2, "SUSPENDED", time.Hour)
	same(t, ask(), "denied issuer.not-accredited")

	p, ask = openKeeping(t, 2*time.Second) // it is kept anew when it has come again
	p.publish(1, trustlist.Accredited, time.Hour)
	for range 5 { // asked for at 0, 2 and 4 s
		same(t, ask(), "accredited")
		p.now = p.now.Add(time.Second)
	}
	if p.unchanged != 2 || p.verified != 1 {
		t.Errorf("it was asked for again %d times and verified %d times", p.unchanged, p.verified)
	}
}
