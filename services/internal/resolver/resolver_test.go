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
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
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

// publishDocument publishes any document.
func (w *web) publishDocument(doc *did.Document) {
	w.t.Helper()
	var err error
	if w.body, err = json.Marshal(doc); err != nil {
		w.t.Fatal(err)
	}
}

// publish lists one key under assertionMethod and another under authentication.
func (w *web) publish(id string, assertion, authentication byte) {
	w.t.Helper()
	a, _ := public(w.t, assertion)
	b, _ := public(w.t, authentication)
	w.publishDocument(&did.Document{ID: id,
		VerificationMethod: []did.VerificationMethod{
			{ID: id + "#a-" + string(rune(assertion)), Type: "Multikey", Controller: id, Key: a},
			{ID: id + "#b-" + string(rune(authentication)), Type: "Multikey", Controller: id, Key: b},
		},
		AssertionMethod: []string{id + "#a-" + string(rune(assertion))}, Authentication: []string{id + "#b-" + string(rune(authentication))},
	})
}

func open(t testing.TB) (*web, *resolver.Resolver) {
	w := &web{t: t, now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	w.publish(organisation, 'p', 'q')
	return w, &resolver.Resolver{Get: w, Cache: cache.NewMemory(w, 0, 0), Clock: w}
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

func TestRememberedDocumentKeepsNothingOfWhatNamedIt(t *testing.T) {
	_, r := open(t)
	testkit.LetsGo(t, r, organisation, func(name string) {
		for range 2 { // from its host, then from the cache
			if _, err := r.Resolve(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Replicas share a cache: what another has put there counts, whatever was read
// before.
func TestDocumentThatTheCacheHasAnewIsReadAnew(t *testing.T) {
	w, r := open(t)
	for _, letter := range []byte("rst") {
		w.publish(organisation, letter, 'q')
		if err := r.Cache.Set(t.Context(), "did:"+organisation, w.body, time.Minute); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			doc, err := r.Resolve(t.Context(), organisation)
			if err != nil || doc.AssertionMethod[0] != organisation+"#a-"+string(rune(letter)) {
				t.Fatal(doc, err)
			}
		}
	}
	if len(w.asked) != 0 {
		t.Error("asked", w.asked)
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

func TestHostile32DocumentOfAnotherDIDIsRefused(t *testing.T) {
	w, r := open(t)
	w.publish("did:web:evil.example", 'p', 'q')
	if _, err := r.Resolve(t.Context(), organisation); fault.KindOf(err) != fault.Invalid {
		t.Fatal(err)
	}
	if _, found, err := r.Cache.Get(t.Context(), "did:"+organisation); found || err != nil {
		t.Fatal("it is remembered", err)
	}
}

// Names that lead elsewhere are refused before anything is asked, by every way
// in.
func TestNamesThatLeadElsewhereAreNotAskedFor(t *testing.T) {
	w, r := open(t)
	for line, names := range map[string][]string{
		"31": {"did:web:localhost", "did:web:127.0.0.1", "did:web:2130706433", "did:web:0x7f000001", "did:web:0177.0.0.1", "did:web:%5B%3A%3A1%5D", "did:web:169.254.169.254", "did:web:10.0.0.1%3A443"},
		"32": {"did:web:a.example:%2e%2e%2f", "did:web:a.example:..", "did:web:a.example%2Fx", "did:web:"},
		"6":  {"did:example:a", "web", "", "../../x", "did:web:a.example:" + strings.Repeat("x", 10<<10)},
	} {
		for _, name := range names {
			t.Run(line+" "+name[:min(len(name), 40)], func(t *testing.T) {
				if _, err := r.Resolve(t.Context(), name); err == nil {
					t.Error("it resolves")
				}
				if _, err := r.Fresh().Resolve(t.Context(), name); err == nil {
					t.Error("it resolves afresh")
				}
				if _, err := r.VerificationKey(t.Context(), name+"#key", credential.AssertionMethod, w.now); err == nil {
					t.Error("a key is found")
				}
			})
		}
	}
	if len(w.asked) != 0 {
		t.Fatal(w.asked)
	}
}

func TestDocumentsOfPortsAndPathsAreFoundWhereTheMethodPutsThem(t *testing.T) {
	w, r := open(t)
	for name, url := range map[string]string{
		"did:web:employer.example%3A8443":              "https://employer.example:8443/.well-known/did.json",
		"did:web:employer.example:employers:310000019": "https://employer.example/employers/310000019/did.json",
	} {
		w.asked = nil
		w.publish(name, 'p', 'q')
		if doc, err := r.Resolve(t.Context(), name); err != nil || doc.ID != name || len(w.asked) != 1 || w.asked[0] != url {
			t.Errorf("%s: %v %v", name, w.asked, err)
		}
	}
}

// rotated publishes a key that signed until noon, one that was taken at noon,
// and one that follows them.
func (w *web) rotated(noon time.Time) {
	w.t.Helper()
	doc := &did.Document{ID: organisation}
	for i, m := range []did.VerificationMethod{{Expires: noon}, {Revoked: noon}, {}} {
		m.ID, m.Controller = organisation+"#"+string(rune('1'+i)), organisation
		m.Key, _ = public(w.t, byte('1'+i))
		doc.VerificationMethod = append(doc.VerificationMethod, m)
		doc.AssertionMethod = append(doc.AssertionMethod, m.ID)
	}
	w.publishDocument(doc)
}

func TestSignatureIsJudgedByTheKeyOfItsDate(t *testing.T) {
	w, r := open(t)
	noon := w.now.Add(-24 * time.Hour)
	w.rotated(noon)
	for name, c := range map[string]struct {
		kid  string
		at   time.Time
		rule string
	}{
		"a retired key, years before":      {"#1", noon.AddDate(-3, 0, 0), ""},
		"a retired key, the moment before": {"#1", noon.Add(-time.Second), ""},
		"a retired key, when it expired":   {"#1", noon, "did.key-expired"},
		"a retired key, now":               {"#1", w.now, "did.key-expired"},
		"a retired key, undated":           {"#1", time.Time{}, "did.key-expired"},
		"a taken key, the moment before":   {"#2", noon.Add(-time.Second), ""},
		"a taken key, when it was taken":   {"#2", noon, "did.key-revoked"},
		"a taken key, now":                 {"#2", w.now, "did.key-revoked"},
		"a taken key, undated":             {"#2", time.Time{}, "did.key-revoked"},
		"the key that follows":             {"#3", w.now, ""},
		"the key that follows, undated":    {"#3", time.Time{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // fetched, and remembered
				_, err := r.VerificationKey(t.Context(), organisation+c.kid, credential.AssertionMethod, c.at)
				if c.rule == "" && err != nil || c.rule != "" && (fault.RuleOf(err) != c.rule || fault.KindOf(err) != fault.Denied) {
					t.Fatal(err)
				}
			}
		})
	}
}

// What was said of an undated proof holds by the clock that was given.
func TestUndatedIsNow(t *testing.T) {
	w, r := open(t)
	w.rotated(w.now.Add(time.Second))
	find := func() error {
		_, err := r.VerificationKey(t.Context(), organisation+"#1", credential.AssertionMethod, time.Time{})
		return err
	}
	if err := find(); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Second)
	if err := find(); fault.RuleOf(err) != "did.key-expired" {
		t.Fatal(err)
	}
}

func TestDocumentHasTheKeysOfNowAndIsPublishedWithAll(t *testing.T) {
	w, r := open(t)
	w.rotated(w.now)
	for name, resolve := range map[string]func() (*did.Document, error){
		"resolved":   func() (*did.Document, error) { return r.Resolve(t.Context(), organisation) },
		"remembered": func() (*did.Document, error) { return r.Resolve(t.Context(), organisation) },
		"fresh":      func() (*did.Document, error) { return r.Fresh().Resolve(t.Context(), organisation) },
	} {
		if doc, err := resolve(); err != nil || len(doc.AssertionMethod) != 1 || doc.AssertionMethod[0] != organisation+"#3" {
			t.Errorf("%s: %v %v", name, doc, err)
		}
	}
	if doc, err := r.Published(t.Context(), organisation); err != nil || len(doc.AssertionMethod) != 3 || !doc.VerificationMethod[0].Expires.Equal(w.now) {
		t.Fatal(doc, err)
	}
}

func TestHostile21KeyServesOnlyItsPurpose(t *testing.T) {
	w, r := open(t)
	p, _ := public(t, 'p')
	key, err := r.VerificationKey(t.Context(), organisation+"#a-p", credential.AssertionMethod, w.now)
	if err != nil || key != p {
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
