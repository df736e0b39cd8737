package vcdm

import (
	"strconv"
	"strings"
)

// Section 4.3 and, for the context of undefined terms, 5.2.1.
var contextCases = []formCase{
	{name: "@context begins with the base context"},
	{name: "@context has a further URL", suite: "credential-context-combo1-ok",
		set: `"@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"]`},
	{name: "@context has an object", suite: "credential-context-combo2-ok",
		set: `"@context": ["https://www.w3.org/ns/credentials/v2", {"ExampleVerifiableCredential": "https://example.org/#ExampleVerifiableCredential"}],
			"type": ["VerifiableCredential", "ExampleVerifiableCredential"]`},
	{name: "@context has URLs and objects in any order",
		set: `"@context": ["https://www.w3.org/ns/credentials/v2", {"a": "https://a.example/"}, "https://b.example/v1", {"c": "https://c.example/"}]`},
	{name: "the context for undefined terms is last",
		set: `"@context": ["https://www.w3.org/ns/credentials/v2", "https://a.example/v1", "https://www.w3.org/ns/credentials/undefined-terms/v2"]`},

	{name: "@context is missing", suite: "credential-no-context-fail", drop: "@context", rule: "context"},
	{name: "@context is null", set: `"@context": null`, rule: "context"},
	{name: "@context is empty", set: `"@context": []`, rule: "context"},
	{name: "@context is a string", set: `"@context": "https://www.w3.org/ns/credentials/v2"`, rule: "context"},
	{name: "@context names nine contexts", rule: "context", set: `"@context": ["https://www.w3.org/ns/credentials/v2", ` + many("https://a.example/", 8) + `]`},
	{name: "@context is an object", set: `"@context": {"@vocab": "https://a.example/"}`, rule: "context"},
	{name: "@context lacks the base context", suite: "credential-missing-base-context-fail",
		set: `"@context": ["https://www.w3.org/ns/credentials/examples/v2"]`, rule: "context"},
	{name: "the base context is not the first",
		set: `"@context": ["https://www.w3.org/ns/credentials/examples/v2", "https://www.w3.org/ns/credentials/v2"]`, rule: "context"},
	{name: "the base context is spelled in another way", set: `"@context": ["https://www.w3.org/ns/credentials/V2"]`, rule: "context"},
	{name: "the base context has a fragment", set: `"@context": ["https://www.w3.org/ns/credentials/v2#"]`, rule: "context"},
	{name: "the base context is inside an array", set: `"@context": [["https://www.w3.org/ns/credentials/v2"]]`, rule: "context"},
	{name: "a context is not a URL", suite: "credential-context-combo3-fail",
		set: `"@context": ["https://www.w3.org/ns/credentials/v2", "https ://not-a-url/contexts/example/v1"]`, rule: "context"},
	{name: "a context is a relative URL", set: `"@context": ["https://www.w3.org/ns/credentials/v2", "examples/v2"]`, rule: "context"},
	{name: "a context is a number", suite: "credential-context-combo4-fail",
		set: `"@context": ["https://www.w3.org/ns/credentials/v2", 123192875]`, rule: "context"},
	{name: "a context is null", set: `"@context": ["https://www.w3.org/ns/credentials/v2", null]`, rule: "context"},
	{name: "a context is a list", set: `"@context": ["https://www.w3.org/ns/credentials/v2", ["https://a.example/v1"]]`, rule: "context"},
	{name: "a set has nothing twice: the base context",
		set: `"@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/v2"]`, rule: "context"},
	{name: "a set has nothing twice: another context",
		set: `"@context": ["https://www.w3.org/ns/credentials/v2", "https://a.example/v1", {}, "https://a.example/v1"]`, rule: "context"},
	{name: "the base contexts of two versions",
		set: `"@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/2018/credentials/v1"]`, rule: "context"},
	{name: "the context for undefined terms is not the last",
		set: `"@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/undefined-terms/v2", "https://a.example/v1"]`, rule: "context"},
}

// many writes n different strings that begin alike.
func many(beginning string, n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = strconv.Quote(beginning + strconv.Itoa(i))
	}
	return strings.Join(all, ", ")
}

var contextTable = formTable{"4.3", baseCredential, credentialForm, contextCases}

var contextPresentationTable = formTable{"4.3 presentation", basePresentation, presentationForm, []formCase{
	{name: "@context has an object", set: `"@context": ["https://www.w3.org/ns/credentials/v2", {"CredentialManagerPresentation": "https://example.org/examples#CredentialManagerPresentation"}]`},
	{name: "@context is missing", drop: "@context", rule: "context"},
	{name: "@context is empty", suite: "presentation-missing-base-context-fail", set: `"@context": []`, rule: "context"},
	{name: "the base context is not the first", suite: "presentation-context-order-fail",
		set: `"@context": [{"CredentialManagerPresentation": "https://example.org/examples#CredentialManagerPresentation"}, "https://www.w3.org/ns/credentials/v2"]`, rule: "context"},
	{name: "a context is a number", set: `"@context": ["https://www.w3.org/ns/credentials/v2", 123192875]`, rule: "context"},
}}
