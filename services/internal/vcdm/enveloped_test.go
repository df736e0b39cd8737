package vcdm

import (
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// What the suite changes in code rather than in a fixture
// (tests/4.13.2-envelopes.js) is marked "(suite)".
var envelopedTable = formTable{"4.13.1", baseEnveloped, envelopedForm, []formCase{
	{name: "vc+jwt"},
	{name: "a media type of less precision (suite)", set: `"id": "data:application/jwt,eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"`},
	{name: "@context is a list", set: `"@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"]`},
	{name: "type is a list of one", set: `"type": ["EnvelopedVerifiableCredential"]`},

	{name: "@context is an empty list (suite)", set: `"@context": []`, rule: "context"},
	{name: "@context is another (suite)", set: `"@context": "https://www.w3.org/ns/credentials/examples/v2"`, rule: "context"},
	{name: "@context is missing", drop: "@context", rule: "context"},
	{name: "@context is null", set: `"@context": null`, rule: "context"},
	{name: "a context is a number", set: `"@context": ["https://www.w3.org/ns/credentials/v2", 1]`, rule: "context"},
	{name: "id is no data URL (suite)", set: `"id": "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"`, rule: "enveloped"},
	{name: "id is another URL", set: `"id": "https://a.example/credentials/1"`, rule: "enveloped"},
	{name: "id is missing", drop: "id", rule: "enveloped"},
	{name: "id is null", set: `"id": null`, rule: "enveloped"},
	{name: "id is a list", set: `"id": ["data:application/vc+jwt,e30"]`, rule: "enveloped"},
	{name: "type is missing (suite)", drop: "type", rule: "not-enveloped"},
	{name: "type is another (suite)", set: `"type": "VerifiableCredential"`, rule: "not-enveloped"},
	{name: "type names something else too", set: `"type": ["EnvelopedVerifiableCredential", "ExampleDegreeCredential"]`, rule: "type"},
	{name: "type names a credential too", set: `"type": ["VerifiableCredential", "EnvelopedVerifiableCredential"]`, rule: "type"},
	{name: "type names a number too", set: `"type": ["EnvelopedVerifiableCredential", 1]`, rule: "type"},
	{name: "a presentation inside", set: `"id": "data:application/vp+jwt,eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"`, rule: "enveloped"},
	{name: "a claim outside the envelope", set: `"credentialSubject": {"id": "did:example:subject"}`, rule: "enveloped"},
}}

var envelopedPresentationTable = formTable{"4.13.2", baseEnvelopedPresentation, envelopedForm, []formCase{
	{name: "vp+jwt"},
	{name: "a media type of less precision (suite)", set: `"id": "data:application/jwt,eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"`},

	{name: "@context is an empty list (suite)", set: `"@context": []`, rule: "context"},
	{name: "@context is another (suite)", set: `"@context": ["https://www.w3.org/ns/credentials/examples/v2"]`, rule: "context"},
	{name: "id is no data URL (suite)", set: `"id": "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"`, rule: "enveloped"},
	{name: "type is another (suite)", set: `"type": ["VerifiablePresentation"]`, rule: "not-enveloped"},
	{name: "a credential inside", set: `"id": "data:application/vc+jwt,eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"`, rule: "enveloped"},
	{name: "a holder outside the envelope", set: `"holder": "did:example:holder"`, rule: "enveloped"},
}}

// From RFC 2397, sections 2 to 4.
func TestDataURLs(t *testing.T) {
	for url, want := range map[string]struct{ mediaType, content string }{
		"data:application/vc+jwt,a.b.c":                  {"application/vc+jwt", "a.b.c"},
		"DATA:Application/VC+JWT,a.b.c":                  {"application/vc+jwt", "a.b.c"},
		"data:application/dc+sd-jwt,a.b.c~d~":            {"application/dc+sd-jwt", "a.b.c~d~"},
		"data:application/vc+jwt;charset=us-ascii,a.b.c": {"application/vc+jwt", "a.b.c"},
		"data:application/vc+jwt;base64,YS5iLmM=":        {"application/vc+jwt", "a.b.c"},
		"data:application/vc+jwt;x=y;BASE64,YS5iLmM%3D":  {"application/vc+jwt", "a.b.c"},
		"data:application/vc+jwt,a%2Eb,c":                {"application/vc+jwt", "a.b,c"},
	} {
		mediaType, content, ok := readDataURL(url)
		if !ok || mediaType != want.mediaType || content != want.content {
			t.Errorf("%s: %s, %s, %v", url, mediaType, content, ok)
		}
	}
	for _, url := range []string{
		"", "data:", "data", "http:application/vc+jwt,a.b.c", "data:,a.b.c", "data:;base64,YQ==", "data:application/vc+jwt", "data:application/vc+jwt,",
		"data:jwt,a.b.c", "data:application/,a", "data:application/vc+jwt;base64url,a.b.c", "data:application/vc+jwt;base64,a.b.c",
		"data:application/vc+jwt;base64,YQ", "data:application/vc+jwt;base64,YWJjZA", "data:application/vc+jwt;base64,YR==", "data:application/vc+jwt;x,a.b.c",
		"data:application/vc+jwt,a b", "data:application/vc+jwt,a\n", "data:application/vc+jwt, a", " data:application/vc+jwt,a",
		"data:application/vc+jwt,a%", "data:application/vc+jwt,a%zz", "data:application/vc+jwt,a#b", "data:application/vc+jwt,a\"b",
		"data:application/vc+jwt;x=1;x=2,a.b.c",
	} {
		if mediaType, content, ok := readDataURL(url); ok {
			t.Errorf("%q is read as %s, %q", url, mediaType, content)
		}
	}
}

func TestEnvelopedGivesMediaTypeAndContent(t *testing.T) {
	mediaType, content, ok, err := Enveloped(decode(t, baseEnveloped))
	if err != nil || !ok || mediaType != "application/vc+jwt" || content != "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl" {
		t.Errorf("%s, %s, %v, %v", mediaType, content, ok, err)
	}
	if _, _, ok, err := Enveloped(decode(t, baseCredential)); ok || err != nil {
		t.Errorf("a credential is enveloped: %v, %v", ok, err)
	}
}

func FuzzEnveloped(f *testing.F) {
	seed(f, envelopedForm)
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, err := strictjson.ReadObject(text, strictjson.Limits{})
		if err != nil {
			return
		}
		mediaType, content, ok, err := Enveloped(doc)
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Error(err)
		}
		if ok != (mediaType != "" && content != "") || ok && err != nil {
			t.Errorf("%q, %q, %v, %v", mediaType, content, ok, err)
		}
	})
}
