package jsonld

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

func decode(t testing.TB, text string) map[string]any {
	t.Helper()
	doc, err := strictjson.DecodeObject([]byte(text), strictjson.Limits{})
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	return doc
}

// samples holds one credential of each of our types, with every claim, and a
// few documents with the corners of the format.
func samples(t testing.TB) []string {
	t.Helper()
	file, err := os.ReadFile("testdata/claims.json")
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]map[string]any
	if err := json.Unmarshal(file, &claims); err != nil {
		t.Fatal(err)
	}
	var documents []string
	var credentials []any
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range claims {
			if !yield(name) {
				return
			}
		}
	}) {
		subject := claims[name]
		subject["id"] = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
		credential := map[string]any{
			"@context":          []any{CredentialsV2, KompetansesporV1},
			"id":                "urn:uuid:" + name,
			"type":              []any{"VerifiableCredential", name},
			"issuer":            "did:web:issuer.example",
			"validFrom":         "2026-01-01T00:00:00Z",
			"validUntil":        "2026-04-01T00:00:00Z",
			"credentialSubject": subject,
			"credentialStatus": map[string]any{
				"id": "https://issuer.example/status/1#412", "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
				"statusListIndex": "412", "statusListCredential": "https://issuer.example/status/1",
			},
		}
		text, err := json.Marshal(credential)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, string(text))
		signed := map[string]any{"proof": map[string]any{
			"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "created": "2026-01-01T00:00:00Z",
			"verificationMethod": "did:web:issuer.example#key-1", "proofPurpose": "assertionMethod", "proofValue": "z" + name,
		}}
		for k, v := range credential {
			signed[k] = v
		}
		credentials = append(credentials, signed)
	}
	presentation, err := json.Marshal(map[string]any{
		"@context":             []any{CredentialsV2, KompetansesporV1},
		"type":                 []any{"VerifiablePresentation", "ApplicationPresentation"},
		"holder":               "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
		"verifiableCredential": credentials,
		"consent": map[string]any{
			"purpose": "residence-permit", "given_at": "2026-01-02T10:00:00Z",
			"agencies": []any{
				map[string]any{"agency": "did:web:police.example", "delivery": "did:peer:2.Ez6LSa", "claims": []any{"given_name", "family_name"}},
				map[string]any{"agency": "did:web:tax.example", "delivery": "did:peer:2.Ez6LSb", "claims": []any{"given_name"}},
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return append(documents, string(presentation), corners, alike)
}

const corners = `{
  "@context": ["https://www.w3.org/ns/credentials/v2"],
  "type": "VerifiableCredential",
  "name": [{"@value": "Tilbud", "@language": "nb-NO"}, {"@value": "עבודה", "@language": "he", "@direction": "rtl"}],
  "description": "quote \" backslash \\ tab \t line \n return \r feed \f bell \u0007 delete \u007f ✓ 😀 \u0080",
  "issuer": {"id": "did:web:issuer.example", "name": "Universitetet i Testby"},
  "credentialSubject": {"id": "https://issuer.example/status/1#list", "type": "BitstringStatusList",
    "statusPurpose": "revocation", "encodedList": "uH4sI", "ttl": 300000},
  "credentialSchema": [{"id": "https://a.example/1", "type": "JsonSchema"}, {"id": "https://a.example/2", "type": "JsonSchema"}],
  "evidence": {"type": "JsonSchema", "jsonSchema": {"b": [1, 2.5e-7, "é\u0001"], "a": null, "1e21": 1000000}},
  "relatedResource": {"id": "https://a.example/3", "digestSRI": "sha256-x", "mediaType": "text/html"}
}`

// alike has blank nodes that only their neighbours tell apart.
const alike = `{
  "@context": ["https://www.w3.org/ns/credentials/v2", "https://schema.kompetansespor.example/contexts/v1"],
  "type": "VerifiableCredential",
  "issuer": "did:web:issuer.example",
  "credentialSubject": {"id": "did:web:x.example",
    "results": [
      {"part": "A", "employer": {"bank": {}}}, {"part": "B", "employer": {"bank": {}}},
      {"employer": {"bank": [{}, {}]}}, {"employer": {"bank": [{}, {}, {"host": {}}]}}
    ],
    "employment": {"weekly_hours": 37.5, "position_percentage": 100.0, "credits": [-0.001, 1.5e-9, 12345678.25, 9007199254740991]}}
}`

func TestContextsHaveTheirPinnedHashes(t *testing.T) {
	contexts := Contexts()
	if _, err := New(contexts); err != nil {
		t.Fatal(err)
	}
	contexts[0].Bytes = append(slices.Clone(contexts[0].Bytes), '\n')
	if _, err := New(contexts); err == nil {
		t.Fatal("a context with another hash was loaded")
	}
}

func TestCanonicalFormIsThatOfTheOracle(t *testing.T) {
	texts := samples(t)
	var documents []any
	for _, text := range texts {
		documents = append(documents, json.RawMessage(text))
	}
	contexts := map[string]any{}
	for _, c := range Contexts() {
		contexts[c.URL] = json.RawMessage(c.Bytes)
	}
	var answer struct{ NQuads []string }
	testkit.Oracle(t, "credentials.mjs", map[string]any{"op": "canonize", "contexts": contexts, "documents": documents}, &answer)
	for i, text := range texts {
		got, err := Canonize(decode(t, text))
		if err != nil {
			t.Errorf("document %d: %v", i, err)
			continue
		}
		if string(got) != answer.NQuads[i] {
			t.Errorf("document %d: ours is\n%s\nthe oracle's is\n%s", i, got, answer.NQuads[i])
		}
	}
}

func TestControlCharactersAreEscapedAsRDFC10Says(t *testing.T) {
	var all strings.Builder
	for c := rune(1); c <= 0x80; c++ {
		if c < 0x20 || c >= 0x7F {
			all.WriteRune(c)
		}
	}
	want := `\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000B\f\r\u000E\u000F\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001A\u001B\u001C\u001D\u001E\u001F\u007F` + "\u0080"
	if got := escapeLiteral(all.String()); got != want {
		t.Errorf("got %s", got)
	}
}

// credentialWith is a minimal credential whose subject has the claims.
func credentialWith(claims string) string {
	return `{"@context": ["https://www.w3.org/ns/credentials/v2", "https://schema.kompetansespor.example/contexts/v1"],
		"type": ["VerifiableCredential", "OfferOfEmployment"], "issuer": "did:web:issuer.example",
		"credentialSubject": {"id": "did:web:x.example", ` + claims + `}}`
}

func TestWhatASignatureWouldNotCoverIsRefused(t *testing.T) {
	cases := map[string]struct{ doc, rule string }{
		// Hostile input 23.
		"remote context":        {`{"@context": ["https://www.w3.org/ns/credentials/v2", "https://evil.example/v1"], "type": "VerifiableCredential"}`, "jsonld.context"},
		"inline context":        {`{"@context": ["https://www.w3.org/ns/credentials/v2", {"x": "https://evil.example/x"}], "type": "VerifiableCredential"}`, "jsonld.context"},
		"inline vocab":          {`{"@context": {"@vocab": "https://evil.example/"}, "x": 1}`, "jsonld.context"},
		"context twice":         {`{"@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/v2"], "type": "VerifiableCredential"}`, "jsonld.context"},
		"no context":            {`{"type": "VerifiableCredential"}`, "jsonld.context"},
		"context of a claim":    {credentialWith(`"employer": {"@context": "https://www.w3.org/ns/credentials/v2", "name": "X"}`), "jsonld.context"},
		"null context":          {`{"@context": null}`, "jsonld.context"},
		"context deep in proof": {credentialWith(`"legal_name": "X", "@context": ["https://schema.kompetansespor.example/contexts/v1"]`), "jsonld.context"},
		// Hostile input 24.
		"undefined term":     {credentialWith(`"salary_secret": 1`), "jsonld.undefined-term"},
		"absolute IRI claim": {credentialWith(`"https://schema.kompetansespor.example/vocab/v1#legal_name": "X"`), "jsonld.undefined-term"},
		"undefined nested":   {credentialWith(`"employer": {"hidden": true}`), "jsonld.undefined-term"},
		"keyword":            {credentialWith(`"@id": "did:web:y.example"`), "jsonld.undefined-term"},
		"included":           {credentialWith(`"@included": {"id": "did:web:y.example", "legal_name": "X"}`), "jsonld.undefined-term"},
		"relative type":      {credentialWith(`"type": "Nobody"`), "jsonld.relative-iri"},
		"relative id":        {credentialWith(`"employer": {"id": "nobody"}`), "jsonld.relative-iri"},
		"relative reference": {credentialWith(`"employment": {"occupation": {"esco_uri": "C2512"}}`), "jsonld.relative-iri"},
		"blank node label":   {credentialWith(`"employer": {"id": "_:b0"}`), "jsonld.relative-iri"},
		// What stands beside them.
		"null claim":          {credentialWith(`"legal_name": null`), "jsonld.null"},
		"null in array":       {credentialWith(`"nationalities": ["US", null]`), "jsonld.null"},
		"empty array":         {credentialWith(`"nationalities": []`), "jsonld.empty-array"},
		"nested array":        {credentialWith(`"nationalities": [["US"]]`), "jsonld.nested-array"},
		"repeated value":      {credentialWith(`"nationalities": ["US", "US"]`), "jsonld.repeated-value"},
		"typed value object":  {credentialWith(`"start_date": {"@value": "2026-01-01", "@type": "http://www.w3.org/2001/XMLSchema#date"}`), "jsonld.value-object"},
		"bare value object":   {credentialWith(`"legal_name": {"@value": "X"}`), "jsonld.value-object"},
		"described twice":     {credentialWith(`"employer": {"id": "did:web:e.example", "legal_name": "X"}, "bank": {"id": "did:web:e.example", "bic": "Y"}`), "jsonld.described-twice"},
		"too many digits":     {credentialWith(`"amount": 0.30000000000000004`), "jsonld.number"},
		"scalar as a graph":   {`{"@context": ["https://www.w3.org/ns/credentials/v2"], "type": "VerifiablePresentation", "verifiableCredential": "did:web:x.example"}`, "jsonld.graph"},
		"claim outside scope": {credentialWith(`"holder": "did:web:x.example"`), "jsonld.undefined-term"},
		"agency outside":      {credentialWith(`"agency": "did:web:x.example"`), "jsonld.undefined-term"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Canonize(decode(t, c.doc))
			if fault.RuleOf(err) != c.rule {
				t.Errorf("got %v, want %s", err, c.rule)
			}
		})
	}
}

// Hostile input 25.
func TestPoisonGraphIsStoppedWithinItsBudget(t *testing.T) {
	alike := strings.Repeat(`{},`, 11) + `{}`
	doc := credentialWith(`"results": [{"bank": [` + alike + `]}, {"bank": [` + alike + `]}]`)
	_, err := Canonize(decode(t, doc))
	if fault.RuleOf(err) != "jsonld.too-alike" {
		t.Fatalf("got %v", err)
	}
}

func TestOrderOfMembersAndValuesDoesNotChangeTheCanonicalForm(t *testing.T) {
	a, err := Canonize(decode(t, credentialWith(`"legal_name": "X", "results": [{"part": "A"}, {"part": "B"}]`)))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Canonize(decode(t, credentialWith(`"results": [{"part": "B"}, {"part": "A"}], "legal_name": "X"`)))
	if err != nil {
		t.Fatal(err)
	}
	if string(a) != string(b) {
		t.Errorf("%s\n%s", a, b)
	}
}

func TestContextsThatNeedWhatIsNotSupportedAreRefused(t *testing.T) {
	for _, context := range []string{
		`{"@vocab": "https://evil.example/"}`, `{"@base": "https://evil.example/"}`, `{"@import": "https://evil.example/"}`,
		`{"@version": 1.0}`, `{"p": "https://evil.example/"}`, `{"x": {"@reverse": "https://a.example/x"}}`,
		`{"x": {"@id": "https://a.example/x", "@container": "@language"}}`, `{"x": {"@id": "https://a.example/x", "@context": {"@vocab": "https://b.example/"}}}`,
		`{"x": null}`, `{"a:b": "https://a.example/x"}`, `"https://a.example/"`,
	} {
		var value any = decode(t, `{"@context": `+context+`}`)["@context"]
		if _, err := compile(value); err == nil {
			t.Errorf("%s was accepted", context)
		}
	}
}

func TestProtectedTermsAreNotRedefined(t *testing.T) {
	base, err := compile(decode(t, `{"@protected": true, "type": "@type", "name": "https://a.example/name",
		"T": {"@id": "https://a.example/T", "@context": {"name": "https://b.example/name"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	other, err := compile(decode(t, `{"name": "https://b.example/name"}`))
	if err != nil {
		t.Fatal(err)
	}
	p := &Processor{
		table:  map[string]*localContext{"https://a.example/1": base, "https://b.example/1": other},
		roots:  map[string]*activeContext{},
		scoped: map[scopeKey]*activeContext{},
	}
	for _, doc := range []string{
		`{"@context": ["https://a.example/1", "https://b.example/1"], "name": "X"}`,
		`{"@context": ["https://a.example/1"], "type": "T", "name": "X"}`,
	} {
		if _, err := p.Canonize(decode(t, doc)); fault.RuleOf(err) != "jsonld.context" {
			t.Errorf("%s: got %v", doc, err)
		}
	}
}

func FuzzCanonize(f *testing.F) {
	for _, text := range samples(f) {
		f.Add([]byte(text))
	}
	f.Add([]byte(credentialWith(`"results": [{}, {}, {"bank": {}}]`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := strictjson.DecodeObject(data, strictjson.Limits{Bytes: 64 << 10})
		if err != nil {
			return
		}
		once, err := Canonize(doc)
		if err != nil {
			return
		}
		again, err := Canonize(doc)
		if err != nil || string(once) != string(again) {
			t.Errorf("two runs differ: %v", err)
		}
	})
}

func BenchmarkCanonizeOffer(b *testing.B) {
	var offer map[string]any
	for _, text := range samples(b) {
		if strings.Contains(text, "urn:uuid:OfferOfEmployment") {
			offer = decode(b, text)
			break
		}
	}
	for b.Loop() {
		if _, err := Canonize(offer); err != nil {
			b.Fatal(err)
		}
	}
}
