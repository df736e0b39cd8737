package vcdm

import (
	"strings"
	"testing"
)

var identifierTable = formTable{"4.4", baseCredential, credentialForm, []formCase{
	{name: "id is missing"},
	{name: "id is an HTTP URL", set: `"id": "http://university.example/credentials/3732"`},
	{name: "id is a UUID", set: `"id": "urn:uuid:0c07c1ce-57cb-41af-bef2-1b932b986873"`},
	{name: "id is a DID", suite: "credential-id-other-ok", set: `"issuer": "did:example:other-issuer", "validFrom": "2023-02-22T21:35:22Z"`},
	{name: "id is a DID URL", set: `"id": "did:web:localhost%3A8443:issuer#credential-1"`},

	{name: "id is null", suite: "credential-id-nonidentifier-fail", set: `"id": null`, rule: "id"},
	{name: "id is not a URL", suite: "credential-not-url-id-fail",
		set: `"id": "https ://not-a-url/vcs/343cf54b-2c38-480e-b6e8-7302332eae75"`, rule: "id"},
	{name: "id is a list", set: `"id": ["did:example:a", "did:example:b"]`, rule: "id"},
	{name: "id is a list of one", set: `"id": ["did:example:a"]`, rule: "id"},
	{name: "id is empty", set: `"id": ""`, rule: "id"},
	{name: "id is a number", set: `"id": 3732`, rule: "id"},
	{name: "id is an object", set: `"id": {"id": "did:example:a"}`, rule: "id"},
	{name: "id is a relative URL", set: `"id": "/credentials/3732"`, rule: "id"},
	{name: "id is a URL without scheme", set: `"id": "//university.example/credentials/3732"`, rule: "id"},
	{name: "id is a blank node", set: `"id": "_:b0"`, rule: "id"},
	{name: "the id of a subject is a list", suite: "credential-id-subject-multi-fail",
		set: `"credentialSubject": {"id": ["did:example:subject:one", "did:example:subject:two"]}`, rule: "subject"},
}}

func TestURLs(t *testing.T) {
	long := "https://a.example/" + strings.Repeat("a", maxIdentifierBytes)
	for url, want := range map[string]bool{
		"https://university.example/issuers/14#key-1": true,
		"did:example:123?service=a&b=c#d":             true,
		"HTTPS://A.EXAMPLE":                           true,
		"https://bücher.example/straße":               true,
		"https://[::1]:8443/":                         true,
		"mailto:a@b.example":                          true,
		"tag:a.example,2024:x":                        true,
		long[:maxIdentifierBytes]:                     true,

		long:                         false,
		"":                           false,
		"abc":                        false,
		"a/b:c":                      false,
		":a":                         false,
		"1a:b":                       false,
		"did:":                       false,
		"urn:#fragment":              false,
		"http:":                      false,
		"http:a":                     false,
		"http:///path":               false,
		"https://:443/":              false,
		"https://a.example/ b":       false,
		"urn:a b":                    false,
		" https://a.example/":        false,
		"https://a.example/\n":       false,
		"https://a.example/\u00a0":   false,
		"https://a.example/\u200b":   false, // zero-width space
		"https://a.example/\u202e":   false, // bidirectional override
		"did:example:\u007f":         false,
		"https://a.example/%zz":      false,
		"urn:%4":                     false,
		"https://a.example/#b#c":     false,
		"https://a.example/<script>": false,
		"https://a.example/{id}":     false,
		`https:\\a.example\b`:        false,
		"https://a.example:port/":    false,
		"data:text/html;base64,\"onload=alert(1)": false,
	} {
		if isURL(url) != want {
			t.Errorf("isURL(%.60q) is %v", url, !want)
		}
	}
}

// What is taken for a URL at a glance is one to a parser.
func FuzzPlainURL(f *testing.F) {
	for _, text := range []string{"https://a.example/b?c=d#e", "did:key:z6Mk#z6Mk", "urn:uuid:1", ":a:b", "a:", "a:#b", "http:/a", "https://a@b/", "https://:1/", "x://", "ws:a"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if PlainURL(text) && !parsedURL(text) {
			t.Errorf("%q", text)
		}
	})
}
