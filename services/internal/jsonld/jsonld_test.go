package jsonld

import (
	"crypto"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

func decode(t testing.TB, text string) strictjson.Value {
	t.Helper()
	doc, err := strictjson.ReadObject([]byte(text), strictjson.Limits{})
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	return doc
}

// canonize gives the canonical form by the production contexts.
func canonize(doc strictjson.Value) ([]byte, error) {
	p, err := Production()
	if err != nil {
		return nil, err
	}
	return p.Canonize(doc, crypto.SHA256)
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

func TestControlCharactersAreEscapedAsRDFC10Says(t *testing.T) {
	var all strings.Builder
	for c := rune(1); c <= 0x80; c++ {
		if c < 0x20 || c >= 0x7F {
			all.WriteRune(c)
		}
	}
	want := `\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000B\f\r\u000E\u000F\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001A\u001B\u001C\u001D\u001E\u001F\u007F` + "\u0080"
	var written terms
	if got := written.of(written.literal(all.String(), xsdString)); string(got) != `"`+want+`"` {
		t.Errorf("got %s", got)
	}
}

// Hostile input 25.
func TestPoisonGraphIsStoppedWithinItsBudget(t *testing.T) {
	alike := strings.Repeat(`{},`, 11) + `{}`
	doc := credentialWith(`"results": [{"bank": [` + alike + `]}, {"bank": [` + alike + `]}]`)
	_, err := canonize(decode(t, doc))
	if fault.RuleOf(err) != "jsonld.too-alike" {
		t.Fatalf("got %v", err)
	}
}

func TestOrderOfMembersAndValuesDoesNotChangeTheCanonicalForm(t *testing.T) {
	a, err := canonize(decode(t, credentialWith(`"legal_name": "X", "results": [{"part": "A"}, {"part": "B"}]`)))
	if err != nil {
		t.Fatal(err)
	}
	b, err := canonize(decode(t, credentialWith(`"results": [{"part": "B"}, {"part": "A"}], "legal_name": "X"`)))
	if err != nil {
		t.Fatal(err)
	}
	if string(a) != string(b) {
		t.Errorf("%s\n%s", a, b)
	}
}

func FuzzCanonize(f *testing.F) {
	for _, text := range samples(f) {
		f.Add([]byte(text))
	}
	for _, example := range examples(f) {
		f.Add([]byte(example.Document))
	}
	f.Add([]byte(credentialWith(`"results": [{}, {}, {"bank": {}}]`)))
	production, development := processors(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := strictjson.ReadObject(data, strictjson.Limits{Bytes: 64 << 10})
		if err != nil {
			return
		}
		canonical, err := development.Canonize(doc, crypto.SHA256)
		if inProduction, refused := production.Canonize(doc, crypto.SHA256); refused == nil && string(inProduction) != string(canonical) {
			t.Errorf("production writes\n%s\ndevelopment\n%s", inProduction, canonical)
		}
		if err != nil {
			return
		}
		statements, _, err := readNQuads(string(canonical))
		if err != nil {
			t.Fatalf("the canonical form is not N-Quads: %v", err)
		}
		again, err := statements.canonical(crypto.SHA256)
		if fault.RuleOf(err) == "jsonld.too-alike" {
			return // the order of the labels decides how much work it is
		}
		if err != nil || string(again) != string(canonical) {
			t.Errorf("the canonical form of\n%s\nis\n%s, %v", canonical, again, err)
		}
	})
}

func BenchmarkCanonizeOffer(b *testing.B) {
	var offer strictjson.Value
	for _, text := range samples(b) {
		if strings.Contains(text, "urn:uuid:OfferOfEmployment") {
			offer = decode(b, text)
			break
		}
	}
	for b.Loop() {
		if _, err := canonize(offer); err != nil {
			b.Fatal(err)
		}
	}
}
