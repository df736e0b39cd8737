package jsonld

import (
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// tableOf makes a processor for contexts that are pinned to what they are.
func tableOf(anyTerm bool, contexts ...string) (*Processor, error) {
	var pinned []PinnedContext
	for i, text := range contexts {
		sum := sha256.Sum256([]byte(text))
		pinned = append(pinned, PinnedContext{
			URL: "https://a.example/" + string(rune('1'+i)), SHA256: hex.EncodeToString(sum[:]), Bytes: []byte(text), AnyTerm: anyTerm,
		})
	}
	return New(pinned)
}

func TestContextsHaveTheirPinnedHashes(t *testing.T) {
	contexts := append(Contexts(), ExampleContexts()...)
	for i := range contexts {
		changed := slices.Clone(contexts)
		changed[i].Bytes = append(slices.Clone(changed[i].Bytes), '\n')
		if _, err := New(changed); err == nil {
			t.Errorf("%s was loaded with another hash", changed[i].URL)
		}
	}
}

// Hostile input 23.
func TestProductionHasNoContextThatTakesAnyTerm(t *testing.T) {
	for _, c := range Contexts() {
		if c.AnyTerm || strings.Contains(string(c.Bytes), "@vocab\":") {
			t.Errorf("%s may set @vocab", c.URL)
		}
	}
	example := ExampleContexts()[0]
	example.AnyTerm = false
	if _, err := New([]PinnedContext{example}); err == nil {
		t.Error("@vocab was accepted where it is not allowed")
	}
}

func TestContextsThatNeedWhatIsNotSupportedAreRefused(t *testing.T) {
	for _, context := range []string{
		`{"@vocab": "https://evil.example/"}`, `{"@base": "https://evil.example/"}`, `{"@import": "https://evil.example/"}`, `{"@propagate": false}`,
		`{"@language": "en"}`, `{"@version": 1.0}`, `{"@protected": 1}`, `{"x": {"@reverse": "https://a.example/x"}}`,
		`{"x": {"@id": "https://a.example/x", "@container": "@language"}}`, `{"x": {"@id": "https://a.example/x", "@container": "@list"}}`,
		`{"x": {"@id": "https://a.example/x", "@context": {"@vocab": "https://b.example/"}}}`, `{"x": {"@id": "https://a.example/x", "@prefix": true}}`,
		`{"x": null}`, `{"x": 1}`, `{"x": {}}`, `{"x": "@graph"}`, `{"x": "@made"}`, `{"x": {"@id": "https://a.example/x", "@type": null}}`,
		`{"x": {"@id": "https://a.example/x", "@type": "@none"}}`, `{"x": {"@id": "https://a.example/x", "@protected": false}}`, `{"a:b": "https://a.example/x"}`, `{"": "https://a.example/x"}`,
		`{"x": "relative"}`, `{"x": {"@id": "https://a.example/x", "@type": "relative"}}`, `{"x": "x:y"}`, `{"x": "y:1", "y": "x:1"}`, `{"x": "_:b0"}`,
		`{"x": {"@id": "https://a.example/x", "@context": {"y": "relative"}}}`, `{"x": {"@id": "https://a.example/x", "@context": "https://a.example/"}}`,
		`"https://a.example/unknown"`, `5`, `[5]`, `["https://a.example/1"]`,
	} {
		if _, err := tableOf(false, `{"@context": `+context+`}`); err == nil {
			t.Errorf("%s was accepted", context)
		}
	}
}

func TestPrefixesAndTermsAreExpandedInDefinitions(t *testing.T) {
	p, err := tableOf(true,
		`{"@context": {"@vocab": "https://v.example/", "id": "@id", "type": "@type", "ex": "https://ex.example/#", "no": {"@id": "https://no.example/#"},
			"a": "ex:a", "b": {"@id": "a"}, "c": {"@id": "no:c", "@type": "ex:T"}, "d": {"@id": "ex://d"}}}`,
		`{"@context": ["https://a.example/1", {"ex": "https://other.example/#", "e": {"@id": "ex:e", "@type": "@vocab"}}]}`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Canonize(decode(t, `{"@context": "https://a.example/2", "id": "urn:s", "a": 1, "c": "x", "d": 1, "e": ["ex:y", "z"], "ex:f": 1, "f": 1, "type": "T"}`), crypto.SHA256)
	const want = `<urn:s> <ex://d> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .
<urn:s> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://v.example/T> .
<urn:s> <https://ex.example/#a> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .
<urn:s> <https://other.example/#e> <https://other.example/#y> .
<urn:s> <https://other.example/#e> <https://v.example/z> .
<urn:s> <https://other.example/#f> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .
<urn:s> <https://v.example/f> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .
<urn:s> <no:c> "x"^^<https://ex.example/#T> .
`
	if err != nil || string(got) != want {
		t.Errorf("got\n%s, %v", got, err)
	}
}

func TestProtectedTermsAreNotRedefined(t *testing.T) {
	p, err := tableOf(false,
		`{"@context": {"@protected": true, "type": "@type", "name": "https://a.example/name", "T": {"@id": "https://a.example/T", "@context": {"name": "https://b.example/name"}},
			"N": {"@id": "https://a.example/N", "@context": null}, "set": {"@id": "https://a.example/set", "@container": "@set"},
			"in": {"@id": "https://a.example/in", "@context": {"name": "https://b.example/name"}}}}`,
		`{"@context": {"name": "https://b.example/name"}}`,
		`{"@context": {"set": "https://a.example/set"}}`,
		`{"@context": {"name": {"@id": "https://a.example/name", "@type": "@id"}}}`,
		`{"@context": {"in": {"@id": "https://a.example/in", "@context": {"name": "https://c.example/name"}}}}`,
		`{"@context": {"name": {"@id": "https://a.example/name"}, "in": {"@context": {"name": "https://b.example/name"}, "@id": "https://a.example/in"}}}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range []string{
		`{"@context": ["https://a.example/1", "https://a.example/2"], "name": "X"}`,
		`{"@context": ["https://a.example/1", "https://a.example/3"], "name": "X"}`,
		`{"@context": ["https://a.example/1", "https://a.example/4"], "name": "X"}`,
		`{"@context": ["https://a.example/1", "https://a.example/5"], "name": "X"}`,
		`{"@context": ["https://a.example/1"], "type": "T", "name": "X"}`,
		`{"@context": ["https://a.example/1"], "type": "N", "name": "X"}`,
	} {
		if _, err := p.Canonize(decode(t, doc), crypto.SHA256); fault.RuleOf(err) != "jsonld.context" {
			t.Errorf("%s: got %v", doc, err)
		}
	}
	// The same definition is no redefinition, and a property may redefine.
	got, err := p.Canonize(decode(t, `{"@context": ["https://a.example/1", "https://a.example/6"], "name": "X", "in": {"name": "Y"}}`), crypto.SHA256)
	if err != nil || !strings.Contains(string(got), `<https://a.example/name> "X"`) || !strings.Contains(string(got), `<https://b.example/name> "Y"`) {
		t.Errorf("got\n%s, %v", got, err)
	}
}

func TestContextOfATypeDoesNotChangeKeywords(t *testing.T) {
	p, err := tableOf(false, `{"@context": {"id": "@id", "type": "@type", "name": "https://a.example/name",
		"Gives": {"@id": "https://a.example/G", "@context": {"name": "@id"}}, "Takes": {"@id": "https://a.example/T", "@context": {"id": "https://a.example/id"}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range []string{
		`{"@context": "https://a.example/1", "type": "Gives", "name": "urn:x"}`,
		`{"@context": "https://a.example/1", "type": "Takes", "id": "urn:x"}`,
		`{"@context": "https://a.example/1", "type": ["Takes", "Gives"], "id": "urn:x", "name": "urn:y"}`,
	} {
		if _, err := p.Canonize(decode(t, doc), crypto.SHA256); fault.RuleOf(err) != "jsonld.keyword" {
			t.Errorf("%s: got %v", doc, err)
		}
	}
	two, err := tableOf(false, `{"@context": {"id": "@id", "uid": "@id", "name": "https://a.example/name"}}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := two.Canonize(decode(t, `{"@context": "https://a.example/1", "id": "urn:x", "uid": "urn:x", "name": "X"}`), crypto.SHA256); fault.RuleOf(err) != "jsonld.keyword" {
		t.Errorf("two ids: got %v", err)
	}
}

// A claim that two terms stand for could be written under either.
func TestNoPinnedContextHasTwoTermsForOneIRI(t *testing.T) {
	_, development := processors(t)
	for _, urls := range [][]string{
		{CredentialsV2, KompetansesporV1, DataIntegrityV2, MultikeyV1, ExamplesV2}, {CredentialsV1, DataIntegrityV2, MultikeyV1, KompetansesporV1},
		{CredentialsV1, DataIntegrityV1}, {CredentialsV1, ExamplesV1},
	} {
		active := development.empty
		for _, url := range urls {
			for _, local := range development.table[url] {
				var err error
				if active, err = active.enter(local, inDocument); err != nil {
					t.Fatal(err)
				}
			}
		}
		checkOneTermForEach(t, active, active.terms)
	}
}

// checkOneTermForEach looks at an active context and at those of the terms
// defined last in it.
func checkOneTermForEach(t *testing.T, active *activeContext, defined map[string]*term) {
	t.Helper()
	names := map[string]string{}
	for name, term := range active.terms {
		if other, twice := names[term.iri]; twice && !term.keyword() {
			t.Errorf("%s and %s are %s", name, other, term.iri)
		}
		names[term.iri] = name
	}
	for _, definition := range defined {
		if definition.scope == nil || definition.scope.null {
			continue
		}
		scoped, err := active.enter(definition.scope, inProperty)
		if err != nil {
			t.Fatal(err)
		}
		inner := map[string]*term{}
		for name := range definition.scope.definitions {
			inner[name] = scoped.terms[name]
		}
		checkOneTermForEach(t, scoped, inner)
	}
}

func TestCacheOfContextsIsBounded(t *testing.T) {
	p, err := tableOf(false, `{"@context": {"name": "https://a.example/name"}}`)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 * maxEntered {
		if _, err := p.enter(p.empty, &localContext{}, inDocument); err != nil {
			t.Fatal(err)
		}
		if len(p.entered) > maxEntered {
			t.Fatalf("%d contexts are kept", len(p.entered))
		}
	}
	if _, err := p.Canonize(decode(t, `{"@context": "https://a.example/1", "name": "X"}`), crypto.SHA256); err != nil {
		t.Error(err)
	}
}
