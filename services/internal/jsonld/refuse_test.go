package jsonld

import (
	"crypto"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// credentialWith is a minimal credential whose subject has the claims.
func credentialWith(claims string) string {
	return `{"@context": ["https://www.w3.org/ns/credentials/v2", "https://schema.kompetansespor.example/contexts/v1"],
		"type": ["VerifiableCredential", "OfferOfEmployment"], "issuer": "did:web:issuer.example",
		"credentialSubject": {"id": "did:web:x.example", ` + claims + `}}`
}

// oldCredentialWith is a minimal credential of VCDM 1.1 with the members. Its
// context has prefixes.
func oldCredentialWith(members string) string {
	return `{"@context": ["https://www.w3.org/2018/credentials/v1"], "type": ["VerifiableCredential"],
		"issuer": "did:web:issuer.example", "credentialSubject": {"id": "did:web:x.example"}, ` + members + `}`
}

// presentationOf is a presentation of VCDM 2.0 with what stands for its
// credentials.
func presentationOf(credentials string) string {
	return `{"@context": ["https://www.w3.org/ns/credentials/v2"], "type": "VerifiablePresentation", "verifiableCredential": ` + credentials + `}`
}

func TestWhatASignatureWouldNotCoverIsRefused(t *testing.T) {
	cases := map[string]struct{ doc, rule string }{
		"23 remote context":             {`{"@context": ["https://www.w3.org/ns/credentials/v2", "https://evil.example/v1"], "type": "VerifiableCredential"}`, "jsonld.context"},
		"23 inline context":             {`{"@context": ["https://www.w3.org/ns/credentials/v2", {"x": "https://evil.example/x"}], "type": "VerifiableCredential"}`, "jsonld.context"},
		"23 inline vocab":               {`{"@context": {"@vocab": "https://evil.example/"}, "x": 1}`, "jsonld.context"},
		"23 inline vocab in a list":     {`{"@context": ["https://www.w3.org/ns/credentials/v2", {"@vocab": "https://evil.example/"}], "type": "VerifiableCredential"}`, "jsonld.context"},
		"23 context of any term":        {`{"@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"], "type": "VerifiableCredential"}`, "jsonld.context"},
		"23 context of the examples":    {`{"@context": ["https://www.w3.org/2018/credentials/v1", "https://www.w3.org/2018/credentials/examples/v1"], "type": "VerifiableCredential"}`, "jsonld.context"},
		"23 context that redefines":     {`{"@context": ["https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/v2"], "type": "VerifiableCredential"}`, "jsonld.context"},
		"23 context twice":              {`{"@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/v2"], "type": "VerifiableCredential"}`, "jsonld.context"},
		"23 no context":                 {`{"type": "VerifiableCredential"}`, "jsonld.context"},
		"23 empty list of contexts":     {`{"@context": [], "type": "VerifiableCredential"}`, "jsonld.context"},
		"23 null context":               {`{"@context": null}`, "jsonld.context"},
		"23 context of a claim":         {credentialWith(`"employer": {"@context": "https://www.w3.org/ns/credentials/v2", "name": "X"}`), "jsonld.context"},
		"23 context deep in proof":      {credentialWith(`"legal_name": "X", "@context": ["https://schema.kompetansespor.example/contexts/v1"]`), "jsonld.context"},
		"23 unpinned below":             {presentationOf(`{"@context": ["https://evil.example/v1"], "type": "VerifiableCredential"}`), "jsonld.context"},
		"23 inline below":               {presentationOf(`{"@context": ["https://www.w3.org/ns/credentials/v2", {"@vocab": "https://evil.example/"}], "type": "VerifiableCredential"}`), "jsonld.context"},
		"23 null below":                 {presentationOf(`{"@context": null, "type": "VerifiableCredential"}`), "jsonld.context"},
		"23 redefines below":            {`{"@context": ["https://www.w3.org/2018/credentials/v1"], "type": "VerifiablePresentation", "verifiableCredential": {"@context": "https://www.w3.org/ns/credentials/v2", "type": "VerifiableCredential"}}`, "jsonld.context"},
		"direction alone":               {credentialWith(`"legal_name": ["X", {"@value": "X", "@direction": "ltr"}]`), "jsonld.direction"},
		"two directions":                {credentialWith(`"legal_name": [{"@value": "X", "@language": "EN", "@direction": "rtl"}, "Y", {"@value": "X", "@language": "en", "@direction": "ltr"}]`), "jsonld.direction"},
		"24 undefined term":             {credentialWith(`"salary_secret": 1`), "jsonld.undefined-term"},
		"24 undefined nested":           {credentialWith(`"employer": {"hidden": true}`), "jsonld.undefined-term"},
		"24 absolute IRI as a member":   {credentialWith(`"https://schema.kompetansespor.example/vocab/v1#legal_name": "X"`), "jsonld.undefined-term"},
		"24 unknown prefix":             {credentialWith(`"cred:other": "X"`), "jsonld.undefined-term"},
		"24 prefix outside its scope":   {oldCredentialWith(`"evidence": {"type": "urn:ex:E", "cred:other": "X"}`), "jsonld.undefined-term"},
		"24 keyword":                    {credentialWith(`"@id": "did:web:y.example"`), "jsonld.undefined-term"},
		"24 included":                   {credentialWith(`"@included": {"id": "did:web:y.example", "legal_name": "X"}`), "jsonld.undefined-term"},
		"24 relative type":              {credentialWith(`"type": "Nobody"`), "jsonld.relative-iri"},
		"24 claim outside its scope":    {credentialWith(`"holder": "did:web:x.example"`), "jsonld.undefined-term"},
		"24 agency outside its scope":   {credentialWith(`"agency": "did:web:x.example"`), "jsonld.undefined-term"},
		"relative id":                   {credentialWith(`"employer": {"id": "nobody"}`), "jsonld.relative-iri"},
		"empty id":                      {credentialWith(`"employer": {"id": ""}`), "jsonld.relative-iri"},
		"relative reference":            {credentialWith(`"employment": {"occupation": {"esco_uri": "C2512"}}`), "jsonld.relative-iri"},
		"blank node label":              {credentialWith(`"employer": {"id": "_:b0"}`), "jsonld.relative-iri"},
		"white space in an id":          {credentialWith("\"employer\": {\"id\": \"https://a.example/\u00a0\"}"), "jsonld.relative-iri"},
		"byte order mark in an id":      {credentialWith("\"employer\": {\"id\": \"https://a.example/\ufeff\"}"), "jsonld.relative-iri"},
		"null claim":                    {credentialWith(`"legal_name": null`), "jsonld.null"},
		"null in array":                 {credentialWith(`"nationalities": ["US", null]`), "jsonld.null"},
		"empty array":                   {credentialWith(`"nationalities": []`), "jsonld.empty-array"},
		"nested array":                  {credentialWith(`"nationalities": [["US"]]`), "jsonld.nested-array"},
		"empty types":                   {credentialWith(`"type": []`), "jsonld.type"},
		"null type":                     {credentialWith(`"type": [null]`), "jsonld.type"},
		"repeated value":                {credentialWith(`"nationalities": ["US", "US"]`), "jsonld.repeated-value"},
		"described twice":               {credentialWith(`"employer": {"id": "did:web:e.example", "legal_name": "X"}, "bank": {"id": "did:web:e.example", "bic": "Y"}`), "jsonld.described-twice"},
		"claim moved to the issuer":     {`{"@context": "https://www.w3.org/ns/credentials/v2", "type": "VerifiableCredential", "issuer": {"id": "did:web:x.example", "description": "B"}, "credentialSubject": {"id": "did:web:x.example", "name": "A"}}`, "jsonld.described-twice"},
		"too many digits":               {credentialWith(`"amount": 0.30000000000000004`), "jsonld.number"},
		"number without a point":        {credentialWith(`"amount": 1e-7`), "jsonld.number"},
		"nothing stated":                {`{"@context": "https://www.w3.org/ns/credentials/v2", "id": "urn:uuid:1"}`, "jsonld.empty"},
		"scalar as a graph":             {presentationOf(`"did:web:x.example"`), "jsonld.graph"},
		"literal as a graph":            {presentationOf(`{"@value": "x", "@language": "en"}`), "jsonld.graph"},
		"reference as a graph":          {presentationOf(`{"@context": "https://www.w3.org/ns/credentials/v2", "id": "urn:uuid:1"}`), "jsonld.graph"},
		"empty graph":                   {presentationOf(`{}`), "jsonld.graph"},
		"status hidden by a prefix":     {oldCredentialWith(`"cred:credentialStatus": {"id": "https://a.example/1", "type": "urn:ex:S"}`), "jsonld.alias"},
		"end hidden by a prefix":        {oldCredentialWith(`"cred:expirationDate": {"@value": "2020-01-01T00:00:00Z", "@type": "http://www.w3.org/2001/XMLSchema#dateTime"}`), "jsonld.alias"},
		"type hidden by its IRI":        {credentialWith(`"type": "https://schema.kompetansespor.example/vocab/v1#OfferOfEmployment"`), "jsonld.alias"},
		"purpose hidden by its IRI":     {`{"@context": "https://www.w3.org/ns/credentials/v2", "type": "DataIntegrityProof", "proofPurpose": "https://w3id.org/security#authenticationMethod"}`, "jsonld.alias"},
		"id hidden by a prefix":         {oldCredentialWith(`"id": "cred:1"`), "jsonld.compact-iri"},
		"reference hidden by a prefix":  {oldCredentialWith(`"evidence": "sec:1"`), "jsonld.compact-iri"},
		"object hidden by a prefix":     {oldCredentialWith(`"evidence": {"id": "sec:1"}`), "jsonld.compact-iri"},
		"value of no language":          {credentialWith(`"legal_name": {"@value": "X"}`), "jsonld.value-object"},
		"value of a bad language":       {credentialWith(`"legal_name": {"@value": "X", "@language": "e n"}`), "jsonld.value-object"},
		"value of a bad direction":      {credentialWith(`"legal_name": {"@value": "X", "@direction": "up"}`), "jsonld.value-object"},
		"value that is no string":       {credentialWith(`"legal_name": {"@value": 5, "@language": "en"}`), "jsonld.value-object"},
		"value with an index":           {credentialWith(`"legal_name": {"@value": "X", "@language": "en", "@index": "1"}`), "jsonld.value-object"},
		"value of the type of its term": {credentialWith(`"start_date": {"@value": "2026-01-01", "@type": "http://www.w3.org/2001/XMLSchema#date"}`), "jsonld.value-object"},
		"value of a plain type":         {credentialWith(`"legal_name": {"@value": "X", "@type": "http://www.w3.org/2001/XMLSchema#string"}`), "jsonld.value-object"},
		"value of a number's type":      {credentialWith(`"legal_name": {"@value": "5", "@type": "http://www.w3.org/2001/XMLSchema#integer"}`), "jsonld.value-object"},
		"value of a double's type":      {credentialWith(`"legal_name": {"@value": "5", "@type": "http://www.w3.org/2001/XMLSchema#double"}`), "jsonld.value-object"},
		"value of a truth's type":       {credentialWith(`"legal_name": {"@value": "true", "@type": "http://www.w3.org/2001/XMLSchema#boolean"}`), "jsonld.value-object"},
		"value of a language's type":    {credentialWith(`"legal_name": {"@value": "X", "@type": "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"}`), "jsonld.value-object"},
		"value of a JSON literal":       {credentialWith(`"legal_name": {"@value": "{}", "@type": "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON"}`), "jsonld.value-object"},
		"value of a directed text":      {credentialWith(`"legal_name": {"@value": "X", "@type": "https://www.w3.org/ns/i18n#en_ltr"}`), "jsonld.value-object"},
		"value of a term as its type":   {credentialWith(`"legal_name": {"@value": "X", "@type": "DataIntegrityProof"}`), "jsonld.value-object"},
		"value of type and language":    {credentialWith(`"legal_name": {"@value": "X", "@type": "urn:ex:t", "@language": "en"}`), "jsonld.value-object"},
		"value under an alias":          {credentialWith(`"legal_name": {"@value": "X", "type": "urn:ex:t"}`), "jsonld.value-object"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := canonize(decode(t, c.doc))
			if fault.RuleOf(err) != c.rule {
				t.Errorf("got %v, want %s", err, c.rule)
			}
		})
	}
}

func TestValuesOfTypesThatNoTermHasAreWritten(t *testing.T) {
	got, err := canonize(decode(t, oldCredentialWith(`"cred:height": [{"@value": "1.8", "@type": "xsd:decimal"}, 5, 5.5, true]`)))
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range []string{
		`"1.8"^^<http://www.w3.org/2001/XMLSchema#decimal>`, `"5"^^<http://www.w3.org/2001/XMLSchema#integer>`,
		`"5.5E0"^^<http://www.w3.org/2001/XMLSchema#double>`, `"true"^^<http://www.w3.org/2001/XMLSchema#boolean>`,
	} {
		if !strings.Contains(string(got), "<https://www.w3.org/2018/credentials#height> "+object+" .\n") {
			t.Errorf("%s is missing from\n%s", object, got)
		}
	}
}

// Hostile inputs 23 and 24: the examples' contexts are for those who ask for
// them, and open nothing to documents that do not name them.
func TestOnlyDevelopmentTakesAnyTerm(t *testing.T) {
	_, development := processors(t)
	undefined := `"type": ["VerifiableCredential", "MadeUp"], "issuer": "did:web:i.example", "credentialSubject": {"id": "did:web:x.example", "made_up": 1}}`
	if _, err := development.Canonize(decode(t, `{"@context": ["`+CredentialsV2+`", "`+ExamplesV2+`"], `+undefined), crypto.SHA256); err != nil {
		t.Errorf("with the context: %v", err)
	}
	if _, err := development.Canonize(decode(t, `{"@context": ["`+CredentialsV2+`"], `+undefined), crypto.SHA256); fault.RuleOf(err) != "jsonld.relative-iri" {
		t.Errorf("without the context: %v", err)
	}
	within := `{"@context": ["` + CredentialsV2 + `", "` + ExamplesV2 + `"], "type": "VerifiablePresentation", "verifiableCredential": {"@context": ["` + CredentialsV2 + `"], ` + undefined + `}`
	if _, err := development.Canonize(decode(t, within), crypto.SHA256); fault.RuleOf(err) != "jsonld.relative-iri" {
		t.Errorf("around the credential: %v", err)
	}
	for name, rule := range map[string]string{
		`"@made": 1`: "jsonld.undefined-term", `"": 1`: "jsonld.undefined-term", `"a b": 1`: "jsonld.undefined-term", `"unknown:x": 1`: "jsonld.undefined-term",
		`"type": "@made"`: "jsonld.relative-iri", `"type": "id"`: "jsonld.relative-iri", `"type": "a b"`: "jsonld.relative-iri", `"type": ""`: "jsonld.relative-iri",
	} {
		doc := `{"@context": ["` + CredentialsV2 + `", "` + ExamplesV2 + `"], ` + name + `}`
		if _, err := development.Canonize(decode(t, doc), crypto.SHA256); fault.RuleOf(err) != rule {
			t.Errorf("%s: got %v, want %s", name, err, rule)
		}
	}
}
