package vcdm

import (
	"reflect"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

var presentationTable = formTable{"4.13", basePresentation, presentationForm, []formCase{
	{name: "one credential", suite: "presentation-vc-ok"},
	{name: "several credentials", suite: "presentation-multiple-vc-ok", set: `"verifiableCredential": [` + baseCredential + `, ` + baseCredential + `]`},
	{name: "a credential outside a list", set: `"verifiableCredential": ` + baseCredential},
	{name: "an enveloped credential", set: `"verifiableCredential": [` + baseEnveloped + `]`},
	{name: "a credential and an enveloped one", set: `"verifiableCredential": [` + baseCredential + `, ` + baseEnveloped + `]`},
	{name: "no credential", drop: "verifiableCredential"},
	{name: "an empty list of credentials", suite: "presentation-ok", set: `"verifiableCredential": []`},
	{name: "id", suite: "presentation-id-ok", set: `"id": "urn:uuid:9c9a36f8-518f-4976-a934-6649502d0008"`, drop: "verifiableCredential"},

	{name: "id is not a URL", set: `"id": "presentation"`, rule: "id"},
	{name: "id is null", set: `"id": null`, rule: "id"},
	{name: "id is a list", set: `"id": ["urn:uuid:9c9a36f8-518f-4976-a934-6649502d0008"]`, rule: "id"},
	{name: "a credential is a string", set: `"verifiableCredential": ["eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"]`, rule: "presentation"},
	{name: "a credential is a URL", set: `"verifiableCredential": "https://a.example/credentials/1"`, rule: "presentation"},
	{name: "a credential is a number", set: `"verifiableCredential": [7]`, rule: "presentation"},
	{name: "a credential is null", set: `"verifiableCredential": [null]`, rule: "presentation"},
	{name: "a credential is a list", set: `"verifiableCredential": [[` + baseCredential + `]]`, rule: "presentation"},
	{name: "verifiableCredential is null", set: `"verifiableCredential": null`, rule: "presentation"},
	{name: "a credential has an empty type", suite: "presentation-vc-missing-required-type-fail",
		set: `"verifiableCredential": [` + strings.Replace(baseCredential, `["VerifiableCredential"]`, `[]`, 1) + `]`, rule: "type"},
	{name: "a credential has another type", set: `"verifiableCredential": [{"type": "Credential"}]`, rule: "type"},
	{name: "a credential has no type", set: `"verifiableCredential": [{"id": "urn:uuid:9c9a36f8-518f-4976-a934-6649502d0008"}]`, rule: "type"},
	{name: "an enveloped credential has no type", suite: "presentation-enveloped-vc-missing-required-type-fail",
		set: `"verifiableCredential": [{"@context": "https://www.w3.org/ns/credentials/v2", "id": "data:application/vc-ld+jwt,eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"}]`, rule: "type"},
	{name: "a presentation inside", set: `"verifiableCredential": [{"@context": ["https://www.w3.org/ns/credentials/v2"], "type": "VerifiablePresentation"}]`, rule: "type"},
	{name: "an enveloped presentation inside", set: `"verifiableCredential": [` + baseEnvelopedPresentation + `]`, rule: "presentation"},
	{name: "more credentials than are read", set: `"verifiableCredential": [` + strings.Repeat(baseCredential+`, `, MaxPresentedCredentials) + baseCredential + `]`, rule: "presentation"},
}}

var holderTable = formTable{"4.13 holder", basePresentation, presentationForm, []formCase{
	{name: "a URL", suite: "presentation-holder-ok", set: `"holder": "did:key:z6MkpJySvETLnxhQG9DzEdmKJtysBDjuuTeDfUj1uNNCUqcj"`},
	{name: "an object", suite: "presentation-holder-object-ok", set: `"holder": {"id": "did:key:z6MkpJySvETLnxhQG9DzEdmKJtysBDjuuTeDfUj1uNNCUqcj"}`},
	{name: "an object that says more", set: `"holder": {"id": "did:example:holder", "type": "Person", "name": "Jayden Doe"}`},

	{name: "an id that is not a URL", suite: "presentation-holder-object-fail", set: `"holder": {"id": "z6MkpJySvETLnxhQG9DzEdmKJtysBDjuuTeDfUj1uNNCUqcj"}`, rule: "holder"},
	{name: "no id", set: `"holder": {"name": "Jayden Doe"}`, rule: "holder"},
	{name: "null", set: `"holder": null`, rule: "holder"},
	{name: "not a URL", set: `"holder": "Jayden Doe"`, rule: "holder"},
	{name: "a list", set: `"holder": ["did:example:a", "did:example:b"]`, rule: "holder"},
}}

// Sections 5.4, 5.5 and 5.10 say the same of presentations.
var presentationExtensionTable = formTable{"5 presentation", basePresentation, presentationForm, []formCase{
	{name: "5.4 refreshService", set: `"refreshService": {"type": "VerifiableCredentialRefreshService2021"}`},
	{name: "5.5 termsOfUse", set: `"termsOfUse": [{"type": "HolderPolicy", "id": "http://example.com/policies/credential/6"}]`},
	{name: "5.4 refreshService has no type", set: `"refreshService": {"url": "https://a.example/"}`, rule: "refresh-service"},
	{name: "5.5 termsOfUse has no type", set: `"termsOfUse": {"id": "http://example.com/policies/credential/6"}`, rule: "terms-of-use"},
	{name: "5.10 confidenceMethod has no type", set: `"confidenceMethod": {}`, rule: "confidence-method"},
	{name: "5.10 renderMethod has no type", set: `"renderMethod": {}`, rule: "render-method"},
}}

func TestReadPresentationGivesWhatTheDocumentSays(t *testing.T) {
	doc := formCase{set: `
		"id": "urn:uuid:9c9a36f8-518f-4976-a934-6649502d0008",
		"type": ["VerifiablePresentation", "ApplicationPresentation"],
		"holder": {"id": "did:example:holder"},
		"termsOfUse": {"type": "HolderPolicy"},
		"consent": {"purpose": "application"},
		"proof": {"type": "DataIntegrityProof"}`,
	}.document(t, basePresentation)
	p, err := ReadPresentation(doc)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Credentials) != 1 || p.Credentials[0].Canonical() != decode(t, baseCredential).Canonical() || p.Members.Canonical() != `{"consent":{"purpose":"application"}}` || p.Document != doc {
		t.Errorf("got  %+v", p)
	}
	p.Credentials, p.Members, p.Document = nil, strictjson.Value{}, strictjson.Value{}
	want := &Presentation{
		Version: V2, ID: "urn:uuid:9c9a36f8-518f-4976-a934-6649502d0008", Holder: "did:example:holder",
		Types: []string{"VerifiablePresentation", "ApplicationPresentation"},
	}
	if !reflect.DeepEqual(p, want) {
		t.Errorf("got  %+v\nwant %+v", p, want)
	}
}

func FuzzReadPresentation(f *testing.F) {
	seed(f, presentationForm)
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, err := strictjson.ReadObject(text, strictjson.Limits{})
		if err != nil {
			return
		}
		p, err := ReadPresentation(doc)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Error(err)
			}
			return
		}
		if len(p.Credentials) > MaxPresentedCredentials || p.Holder != "" && !isURL(p.Holder) {
			t.Errorf("read %+v", p)
		}
	})
}
