package vcdm

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

var issuerTable = formTable{"4.7", baseCredential, credentialForm, []formCase{
	{name: "issuer is a URL", set: `"issuer": "https://university.example/issuers/14"`},
	{name: "issuer is an object", suite: "credential-issuer-object-ok",
		set: `"issuer": {"id": "did:example:issuer"}, "validFrom": "2023-02-26T00:37:06Z"`},
	{name: "issuer says more of itself", set: `"issuer": {"id": "did:example:issuer", "type": "Profile", "image": "https://a.example/logo.png"}`},

	{name: "issuer is missing", drop: "issuer", rule: "issuer"},
	{name: "issuer is null", suite: "credential-issuer-null-fail", set: `"issuer": null`, rule: "issuer"},
	{name: "issuer is not a URL", suite: "credential-issuer-no-url-fail", set: `"issuer": "fake-issuer"`, rule: "issuer"},
	{name: "the id of the issuer is null", suite: "credential-issuer-object-id-null-fail", set: `"issuer": {"id": null}`, rule: "issuer"},
	{name: "the id of the issuer is not a URL", suite: "credential-issuer-object-id-no-url-fail", set: `"issuer": {"id": "fake-issuer"}`, rule: "issuer"},
	{name: "the issuer is an empty object", suite: "credential-issuer-object-no-id-fail", set: `"issuer": {}`, rule: "issuer"},
	{name: "the issuer has a name and no id", set: `"issuer": {"name": "Example University"}`, rule: "issuer"},
	{name: "issuer is empty", set: `"issuer": ""`, rule: "issuer"},
	{name: "issuer is a list", set: `"issuer": ["did:example:issuer"]`, rule: "issuer"},
	{name: "issuer is a list of two", set: `"issuer": ["did:example:a", "did:example:b"]`, rule: "issuer"},
	{name: "issuer is a number", set: `"issuer": 1`, rule: "issuer"},
	{name: "the id of the issuer is a list", set: `"issuer": {"id": ["did:example:issuer"]}`, rule: "issuer"},
	{name: "the id of the issuer is an object", set: `"issuer": {"id": {"id": "did:example:issuer"}}`, rule: "issuer"},
}}

var subjectTable = formTable{"4.8", baseCredential, credentialForm, []formCase{
	{name: "one claim and no id", set: `"credentialSubject": {"alumniOf": "Example University"}`},
	{name: "an id and no more", suite: "credential-subject-single-id-ok"},
	{name: "several subjects", suite: "credential-subject-multiple-ok",
		set: `"credentialSubject": [{"id": "did:example:subject"}, {"id": "did:example:other:subject"}]`},
	{name: "a type is a claim", set: `"credentialSubject": {"type": "AchievementSubject"}`},

	{name: "credentialSubject is missing", suite: "credential-no-subject-fail", drop: "credentialSubject", rule: "subject"},
	{name: "credentialSubject is the subject of no claim", suite: "credential-subject-no-claims-fail",
		set: `"credentialSubject": {}, "validFrom": "2023-02-26T00:16:15Z"`, rule: "subject"},
	{name: "one of two subjects has no claim", suite: "credential-subject-multiple-empty-fail",
		set: `"credentialSubject": [{"id": "did:example:subject"}, {}]`, rule: "subject"},
	{name: "credentialSubject is null", set: `"credentialSubject": null`, rule: "subject"},
	{name: "credentialSubject is a string", set: `"credentialSubject": "did:example:subject"`, rule: "subject"},
	{name: "credentialSubject is a number", set: `"credentialSubject": 1`, rule: "subject"},
	{name: "credentialSubject is an empty list", set: `"credentialSubject": []`, rule: "subject"},
	{name: "credentialSubject is a list of strings", set: `"credentialSubject": ["did:example:subject"]`, rule: "subject"},
	{name: "credentialSubject is a list of lists", set: `"credentialSubject": [[{"id": "did:example:subject"}]]`, rule: "subject"},
	{name: "one of two subjects is null", set: `"credentialSubject": [{"id": "did:example:subject"}, null]`, rule: "subject"},
	{name: "the id of a subject is null", set: `"credentialSubject": {"id": null, "alumniOf": "x"}`, rule: "subject"},
	{name: "the id of a subject is not a URL", set: `"credentialSubject": {"id": "subject", "alumniOf": "x"}`, rule: "subject"},
}}

func TestReadCredentialGivesWhatTheDocumentSays(t *testing.T) {
	doc := decode(t, `{
		"@context": ["https://www.w3.org/ns/credentials/v2", "https://a.example/v1"],
		"id": "urn:uuid:0c07c1ce-57cb-41af-bef2-1b932b986873",
		"type": ["VerifiableCredential", "ExampleDegreeCredential"],
		"issuer": {"id": "https://university.example/issuers/14", "name": "Example University"},
		"validFrom": "2010-01-01T20:23:24+01:00", "validUntil": "2020-01-01T19:23:24Z",
		"credentialSubject": [{"id": "did:example:a", "degree": {"name": "Bachelor"}}, {"age": 7}],
		"credentialStatus": {"type": "BitstringStatusListEntry", "statusListIndex": "7"},
		"credentialSchema": [{"id": "https://a.example/1.json", "type": "JsonSchema"},
			{"id": "https://a.example/2.json", "type": ["JsonSchema", "Other"], "digestSRI": "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}],
		"relatedResource": {"id": "https://a.example/v1", "mediaType": "application/ld+json",
			"digestMultibase": "uEiDjsMRCmPwcFJr79MiZb7kkJ65B5GSbk0yklZkbeFK4VQ"},
		"proof": {"type": "DataIntegrityProof"}
	}`)
	c, err := ReadCredential(doc)
	if err != nil {
		t.Fatal(err)
	}
	c.resources = nil
	if len(c.Subjects) != 2 || !reflect.DeepEqual(c.Subjects[0].Claims(), map[string]any{"degree": map[string]any{"name": "Bachelor"}}) ||
		!reflect.DeepEqual(c.Subjects[1].Claims(), map[string]any{"age": json.Number("7")}) {
		t.Errorf("got  %+v", c.Subjects)
	}
	if len(c.Status) != 1 || c.Status[0].Canonical() != `{"statusListIndex":"7","type":"BitstringStatusListEntry"}` || c.Document != doc {
		t.Errorf("got  %+v", c.Status)
	}
	c.Subjects, c.Status, c.Document = nil, nil, strictjson.Value{}
	want := &Credential{
		Version:    V2,
		ID:         "urn:uuid:0c07c1ce-57cb-41af-bef2-1b932b986873",
		Issuer:     "https://university.example/issuers/14",
		Types:      []string{"VerifiableCredential", "ExampleDegreeCredential"},
		ValidFrom:  time.Date(2010, 1, 1, 19, 23, 24, 0, time.UTC),
		ValidUntil: time.Date(2020, 1, 1, 19, 23, 24, 0, time.UTC),
		Schemas: []Schema{
			{"https://a.example/1.json", []string{"JsonSchema"}},
			{"https://a.example/2.json", []string{"JsonSchema", "Other"}},
		},
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
}

func FuzzReadCredential(f *testing.F) {
	seed(f, credentialForm)
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, err := strictjson.ReadObject(text, strictjson.Limits{})
		if err != nil {
			return
		}
		c, err := ReadCredential(doc)
		if err != nil {
			return
		}
		if !isURL(c.Issuer) || len(c.Subjects) == 0 || !c.ValidUntil.IsZero() && c.ValidUntil.Before(c.ValidFrom) {
			t.Errorf("read %+v", c)
		}
		for _, date := range []time.Time{c.ValidFrom, c.ValidUntil} {
			if _, err := time.Parse(time.RFC3339, FormatInstant(date)); err != nil {
				t.Error(err)
			}
		}
	})
}

// seed adds the documents of the tables that the reader reads.
func seed(f *testing.F, read func(strictjson.Value) error) {
	for _, table := range formTables {
		if reflect.ValueOf(table.read).Pointer() != reflect.ValueOf(read).Pointer() {
			continue
		}
		for _, c := range table.cases {
			f.Add([]byte(c.document(f, table.base).Canonical()))
		}
	}
}
