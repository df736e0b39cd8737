package vcdm

var typeTable = formTable{"4.5", baseCredential, credentialForm, []formCase{
	{name: "a further type", suite: "credential-optional-type-ok", set: `"type": ["VerifiableCredential", "RelationshipCredential"]`},
	{name: "type is a string", set: `"type": "VerifiableCredential"`},
	{name: "a type is a URL", suite: "credential-type-url-ok", set: `"type": ["VerifiableCredential", "https://example.org/#ExampleCredential"]`},
	{name: "the order of types does not matter", suite: "credential-type-urls-order-1-ok",
		set: `"type": ["https://example.org/#ExampleCredential1", "https://example.org/#ExampleCredential2", "VerifiableCredential"], "validFrom": "2023-02-23T21:41:38Z"`},

	{name: "type is missing", suite: "credential-no-type-fail", drop: "type", rule: "type"},
	{name: "type is null", set: `"type": null`, rule: "type"},
	{name: "type is an empty list", set: `"type": []`, rule: "type"},
	{name: "type is an empty string", set: `"type": ["VerifiableCredential", ""]`, rule: "type"},
	{name: "type is a number", set: `"type": ["VerifiableCredential", 2]`, rule: "type"},
	{name: "type names thirty-three", rule: "type", set: `"type": ["VerifiableCredential", ` + many("Degree", 32) + `]`},
	{name: "type is an object", set: `"type": {"id": "VerifiableCredential"}`, rule: "type"},
	{name: "type is a list of lists", set: `"type": [["VerifiableCredential"]]`, rule: "type"},
	{name: "a type is a relative URL", set: `"type": ["VerifiableCredential", "types/Degree"]`, rule: "type"},
	{name: "a type is a malformed URL", set: `"type": ["VerifiableCredential", "https ://not-a-url#Degree"]`, rule: "type"},
	{name: "a type is a keyword", set: `"type": ["VerifiableCredential", "@json"]`, rule: "type"},
	{name: "a type has white space", set: `"type": ["VerifiableCredential", "Example Degree"]`, rule: "type"},
	{name: "a type has a character that nobody sees", set: `"type": ["VerifiableCredential", "Degree\u200b"]`, rule: "type"},
	{name: "a type stands twice", set: `"type": ["VerifiableCredential", "VerifiableCredential"]`, rule: "type"},
	{name: "VerifiableCredential is missing", suite: "credential-missing-required-type-fail",
		set: `"type": ["RelationshipCredential"]`, rule: "type"},
	{name: "VerifiableCredential is spelled in another way", set: `"type": ["verifiableCredential"]`, rule: "type"},
	{name: "a presentation is no credential", set: `"type": ["VerifiablePresentation"]`, rule: "type"},
	{name: "credential and presentation at once", set: `"type": ["VerifiableCredential", "VerifiablePresentation"]`, rule: "type"},
	{name: "credential and enveloped credential at once", set: `"type": ["VerifiableCredential", "EnvelopedVerifiableCredential"]`, rule: "type"},
	{name: "the type of an issuer is a number", set: `"issuer": {"id": "did:example:issuer", "type": 1}`, rule: "issuer"},
	{name: "the type of a subject is empty", set: `"credentialSubject": {"id": "did:example:subject", "type": []}`, rule: "subject"},
}}

var typePresentationTable = formTable{"4.5 presentation", basePresentation, presentationForm, []formCase{
	{name: "a further type", suite: "presentation-optional-type-ok", set: `"type": ["VerifiablePresentation", "CredentialManagerPresentation"]`},
	{name: "type is a string", set: `"type": "VerifiablePresentation"`},
	{name: "type is missing", suite: "presentation-no-type-fail", drop: "type", rule: "type"},
	{name: "VerifiablePresentation is missing", suite: "presentation-missing-required-type-fail",
		set: `"type": ["CredentialManagerPresentation"]`, rule: "type"},
	{name: "a credential is no presentation", set: `"type": ["VerifiableCredential"]`, rule: "type"},
	{name: "presentation and credential at once", set: `"type": ["VerifiablePresentation", "VerifiableCredential"]`, rule: "type"},
}}
