package resolver_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/resolver"
)

const organisation = "did:web:employer.example"

// web is the host of one document; it counts how often it is asked.
type web struct {
	t     testing.TB
	now   time.Time
	asked []string
	body  []byte
	err   error
}

func (w *web) Now() time.Time { return w.now }

func (w *web) Get(_ context.Context, url string, limit int64) ([]byte, http.Header, error) {
	if limit != 64<<10 {
		w.t.Errorf("a document of %d bytes would be read", limit)
	}
	w.asked = append(w.asked, url)
	return w.body, nil, w.err
}

func public(t testing.TB, seed byte) (did.PublicKey, ed25519.PublicKey) {
	t.Helper()
	raw := ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), 32))).Public().(ed25519.PublicKey)
	key, err := did.NewPublicKey(did.Ed25519, raw)
	if err != nil {
		t.Fatal(err)
	}
	return key, raw
}

// publish lists one key under assertionMethod and another under authentication.
func (w *web) publish(id string, assertion, authentication byte) {
	w.t.Helper()
	a, _ := public(w.t, assertion)
	b, _ := public(w.t, authentication)
	var err error
	w.body, err = json.Marshal(&did.Document{ID: id,
		VerificationMethod: []did.VerificationMethod{
			{ID: id + "#a-" + string(rune(assertion)), Type: "Multikey", Controller: id, Key: a},
			{ID: id + "#b-" + string(rune(authentication)), Type: "Multikey", Controller: id, Key: b},
		},
		AssertionMethod: []string{id + "#a-" + string(rune(assertion))}, Authentication: []string{id + "#b-" + string(rune(authentication))},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func open(t testing.TB) (*web, *resolver.Resolver) {
	w := &web{t: t, now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	w.publish(organisation, 'p', 'q')
	return w, &resolver.Resolver{Get: w, Cache: cache.NewMemory(w, 0, 0)}
}

func TestDocumentIsRememberedForAMinute(t *testing.T) {
	w, r := open(t)
	for range 5 {
		if doc, err := r.Resolve(t.Context(), organisation); err != nil || doc.ID != organisation {
			t.Fatal(doc, err)
		}
	}
	if len(w.asked) != 1 || w.asked[0] != "https://employer.example/.well-known/did.json" {
		t.Fatal(w.asked)
	}
	w.now = w.now.Add(time.Minute)
	w.err = fault.New(fault.Unavailable, "fetch.unreachable", "down")
	if _, err := r.Resolve(t.Context(), organisation); fault.KindOf(err) != fault.Unavailable {
		t.Fatal("an old document counts", err)
	}
}

func TestFreshAsksAnewAndRemembers(t *testing.T) {
	w, r := open(t)
	if _, err := r.Resolve(t.Context(), organisation); err != nil {
		t.Fatal(err)
	}
	w.publish(organisation, 'r', 's')
	if doc, err := r.Fresh().Resolve(t.Context(), organisation); err != nil || !strings.HasSuffix(doc.AssertionMethod[0], "#a-r") {
		t.Fatal(doc, err)
	}
	if doc, err := r.Resolve(t.Context(), organisation); err != nil || !strings.HasSuffix(doc.AssertionMethod[0], "#a-r") || len(w.asked) != 2 {
		t.Fatal(doc, err, w.asked)
	}
	key, _ := public(t, 'k')
	name, _ := did.NewKey(key)
	if _, err := r.Fresh().Resolve(t.Context(), name); err != nil || len(w.asked) != 2 {
		t.Fatal(err)
	}
}

func TestCacheThatIsDownCostsTimeOnly(t *testing.T) {
	w, r := open(t)
	r.Cache = broken{}
	for range 2 {
		if _, err := r.Resolve(t.Context(), organisation); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.asked) != 2 {
		t.Fatal(w.asked)
	}
}

type broken struct{ cache.Cache }

func (broken) Get(context.Context, string) ([]byte, bool, error) {
	return nil, false, errors.New("down")
}
func (broken) Set(context.Context, string, []byte, time.Duration) error { return errors.New("down") }

func TestCacheCannotSlipInAnothersDocument(t *testing.T) {
	w, r := open(t)
	w.publish("did:web:evil.example", 'x', 'y')
	if err := r.Cache.Set(t.Context(), "did:"+organisation, w.body, time.Minute); err != nil {
		t.Fatal(err)
	}
	w.publish(organisation, 'p', 'q')
	if doc, err := r.Resolve(t.Context(), organisation); err != nil || doc.ID != organisation {
		t.Fatal(doc, err)
	}
}

func TestDocumentOfAnotherDIDIsRefused(t *testing.T) { // hostile 32
	w, r := open(t)
	w.publish("did:web:evil.example", 'p', 'q')
	if _, err := r.Resolve(t.Context(), organisation); fault.KindOf(err) != fault.Invalid {
		t.Fatal(err)
	}
	for _, name := range []string{"did:web:a.example:%2e%2e%2f", "did:web:", "did:example:a", "web"} {
		if _, err := r.Resolve(t.Context(), name); err == nil {
			t.Errorf("%s resolves", name)
		}
	}
	if len(w.asked) != 1 {
		t.Fatal(w.asked)
	}
}

func TestKeyServesOnlyItsPurpose(t *testing.T) { // hostile 21
	w, r := open(t)
	_, p := public(t, 'p')
	key, err := r.VerificationKey(t.Context(), organisation+"#a-p", credential.AssertionMethod, w.now)
	if err != nil || !key.Equal(p) {
		t.Fatal(err)
	}
	for kid, purpose := range map[string]credential.Purpose{
		organisation + "#a-p": credential.Authentication,
		organisation + "#b-q": credential.AssertionMethod,
		organisation + "#b-z": credential.Authentication,
	} {
		if _, err := r.VerificationKey(t.Context(), kid, purpose, w.now); fault.RuleOf(err) != "did.key-not-for-purpose" {
			t.Errorf("%s for %s: %v", kid, purpose, err)
		}
	}
	if _, err := r.VerificationKey(t.Context(), organisation, credential.AssertionMethod, w.now); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
}

func TestNewKeyIsFoundAtOnceAndARemovedOneForAMinuteAtMost(t *testing.T) {
	w, r := open(t)
	find := func(fragment string) error {
		_, err := r.VerificationKey(t.Context(), organisation+fragment, credential.AssertionMethod, w.now)
		return err
	}
	if err := find("#a-p"); err != nil {
		t.Fatal(err)
	}
	w.publish(organisation, 'n', 'q')
	if err := find("#a-n"); err != nil {
		t.Fatal("a new key is not looked for", err)
	}
	if err := find("#a-p"); fault.KindOf(err) != fault.Denied {
		t.Fatal("a removed key counts", err)
	}
	w.publish(organisation, 'm', 'q')
	w.now = w.now.Add(time.Minute)
	if err := find("#a-n"); fault.KindOf(err) != fault.Denied {
		t.Fatal("a removed key counts for more than a minute", err)
	}
}
