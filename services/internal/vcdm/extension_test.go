package vcdm

var statusTable = formTable{"4.10", baseCredential, credentialForm, []formCase{
	{name: "one entry", suite: "credential-status-ok", set: `"credentialStatus": {"id": "did:example:status", "type": "CredentialStatusList2017"}`},
	{name: "id is optional", suite: "credential-status-missing-id-ok", set: `"credentialStatus": {"type": "CredentialStatusList2017"}`},
	{name: "several entries", set: `"credentialStatus": [
		{"id": "https://license.example/credentials/status/84#14278", "type": "BitstringStatusListEntry", "statusPurpose": "revocation"},
		{"id": "https://license.example/credentials/status/84#82938", "type": ["BitstringStatusListEntry"], "statusPurpose": "suspension"}]`},

	{name: "type is missing", suite: "credential-status-missing-type-fail", set: `"credentialStatus": {"id": "did:example:status"}`, rule: "status"},
	{name: "type is a number", suite: "credential-status-type-nonurl-fail", set: `"credentialStatus": {"id": "did:example:status", "type": 2}`, rule: "status"},
	{name: "id is a list", suite: "credential-status-multiple-id-fail",
		set: `"credentialStatus": {"id": ["did:example:status:1", "did:example:status:2"], "type": "CredentialStatusList2017"}`, rule: "status"},
	{name: "id is not a URL", suite: "credential-status-nonurl-id-fail",
		set: `"credentialStatus": {"type": "CredentialStatusList2017", "id": "https ://not-a-url/statusList/4"}`, rule: "status"},
	{name: "id is null", set: `"credentialStatus": {"id": null, "type": "BitstringStatusListEntry"}`, rule: "status"},
	{name: "type is null", set: `"credentialStatus": {"type": null}`, rule: "status"},
	{name: "type is an empty list", set: `"credentialStatus": {"type": []}`, rule: "status"},
	{name: "type is an empty string", set: `"credentialStatus": {"type": ""}`, rule: "status"},
	{name: "type names the same twice", set: `"credentialStatus": {"type": ["A", "A"]}`, rule: "status"},
	{name: "credentialStatus is null", set: `"credentialStatus": null`, rule: "status"},
	{name: "credentialStatus is an empty list", set: `"credentialStatus": []`, rule: "status"},
	{name: "credentialStatus is an empty object", set: `"credentialStatus": {}`, rule: "status"},
	{name: "credentialStatus is a string", set: `"credentialStatus": "https://university.example/credentials/status/3#94567"`, rule: "status"},
	{name: "one of two entries has no type", set: `"credentialStatus": [{"type": "BitstringStatusListEntry"}, {"id": "did:example:status"}]`, rule: "status"},
}}

var schemaTable = formTable{"4.11", baseCredential, credentialForm, []formCase{
	{name: "one schema", suite: "credential-schema-ok",
		set: `"credentialSchema": {"type": "https://example.org/#ExampleTestSuiteSchema", "id": "did:example:schemas/1"}`},
	{name: "several schemas", suite: "credential-schemas-ok",
		set: `"credentialSchema": [{"type": "https://example.org/#ExampleTestSuiteSchema", "id": "did:example:schemas/1"},
			{"type": "https://example.org/#ExampleTestSuiteSchema", "id": "did:example:schemas/2"}]`},

	{name: "type is missing", suite: "credential-schema-no-type-fail", set: `"credentialSchema": {"id": "did:example:schemas/1"}`, rule: "schema"},
	{name: "id is missing", suite: "credential-schema-no-id-fail",
		set: `"credentialSchema": {"type": "https://example.org/#ExampleTestSuiteSchema"}`, rule: "schema"},
	{name: "id is not a URL", suite: "credential-schema-non-url-id-fail",
		set: `"credentialSchema": {"type": "https://example.org/#ExampleTestSuiteSchema", "id": "https ://not-a-url.org/cd28a5c0-a3ca-4057-9e18-074769a54fdb"}`, rule: "schema"},
	{name: "id is null", set: `"credentialSchema": {"type": "JsonSchema", "id": null}`, rule: "schema"},
	{name: "type is a number", set: `"credentialSchema": {"type": 1, "id": "https://a.example/"}`, rule: "schema"},
	{name: "credentialSchema is a URL", set: `"credentialSchema": "https://example.org/examples/degree.json"`, rule: "schema"},
	{name: "credentialSchema is null", set: `"credentialSchema": null`, rule: "schema"},
	{name: "credentialSchema is an empty list", set: `"credentialSchema": []`, rule: "schema"},
	{name: "one of two schemas has no id", set: `"credentialSchema": [{"type": "JsonSchema", "id": "https://a.example/"}, {"type": "JsonSchema"}]`, rule: "schema"},
	{name: "5.3 a schema has a malformed digest", set: `"credentialSchema": {"type": "JsonSchema", "id": "https://a.example/", "digestSRI": "sha256-AAAA"}`, rule: "schema"},
}}

var refreshTable = formTable{"5.4", baseCredential, credentialForm, []formCase{
	{name: "one service", suite: "credential-refresh-ok",
		set: `"refreshService": {"type": "https://example.org/#ExampleTestSuiteRefreshService", "id": "did:example:refresh/1"}`},
	{name: "several services", suite: "credential-refreshs-ok",
		set: `"refreshService": [{"type": "https://example.org/#ExampleTestSuiteRefreshService", "id": "did:example:refresh/2"},
			{"type": "https://example.org/#ExampleTestSuiteRefreshService", "id": "did:example:refresh/3"}]`},
	{name: "type is a term", suite: "credential-refresh-type-ok", set: `"refreshService": {"id": "did:example:refresh/1", "type": "ExampleRefreshService"}`},
	{name: "id is optional", set: `"refreshService": {"type": "VerifiableCredentialRefreshService2021", "url": "https://registration.provider.example/flows/reissue-age-token"}`},

	{name: "type is missing", suite: "credential-refresh-no-type-fail", set: `"refreshService": {"id": "did:example:refresh/1"}`, rule: "refresh-service"},
	{name: "id is not a URL", suite: "credential-refresh-non-url-id-fail",
		set: `"refreshService": {"type": "https://example.org/#ExampleTestSuiteRefreshService", "id": "//not-a-url/8e96ee84-032d-47b2-8d10-86be56032148"}`, rule: "refresh-service"},
	{name: "refreshService is a URL", set: `"refreshService": "https://a.example/refresh"`, rule: "refresh-service"},
	{name: "refreshService is null", set: `"refreshService": null`, rule: "refresh-service"},
	{name: "refreshService is an empty list", set: `"refreshService": []`, rule: "refresh-service"},
}}

var termsTable = formTable{"5.5", baseCredential, credentialForm, []formCase{
	{name: "one policy", suite: "credential-termsofuse-ok", set: `"termsOfUse": {"type": "OdrlPolicy2017"}`},
	{name: "several policies", suite: "credential-termsofuses-ok", set: `"termsOfUse": [{"type": "OdrlPolicy2017"}, {"type": "OdrlPolicy2017"}]`},
	{name: "a policy with id", suite: "credential-termsofuse-id-ok", set: `"termsOfUse": {"type": "OdrlPolicy2017", "id": "did:example:terms/1"}`},

	{name: "an empty object", suite: "credential-termsofuse-missing-type-fail", set: `"termsOfUse": {}`, rule: "terms-of-use"},
	{name: "type is missing", suite: "credential-termsofuse-no-type-fail", set: `"termsOfUse": {"id": "did:example:terms/1"}`, rule: "terms-of-use"},
	{name: "id is not a URL", set: `"termsOfUse": {"type": "OdrlPolicy2017", "id": "terms"}`, rule: "terms-of-use"},
	{name: "termsOfUse is a URL", set: `"termsOfUse": "https://a.example/terms"`, rule: "terms-of-use"},
	{name: "termsOfUse is null", set: `"termsOfUse": null`, rule: "terms-of-use"},
	{name: "termsOfUse is an empty list", set: `"termsOfUse": []`, rule: "terms-of-use"},
}}

var evidenceTable = formTable{"5.6", baseCredential, credentialForm, []formCase{
	{name: "one", suite: "credential-evidence-ok", set: `"evidence": {"type": "DocumentVerification2018"}`},
	{name: "several", suite: "credential-evidences-ok", set: `"evidence": [{"type": "DocumentVerification2018"}, {"type": "DocumentVerification2018"}]`},
	{name: "with id and digest", set: `"evidence": [{"id": "https://videos.example/training/alice-espresso.mp4", "type": ["Evidence"],
		"digestMultibase": "uELq9FnJ5YLa5iAszyJ518bXcnlc5P7xp1u-5uJRDYKvc"}]`},

	{name: "an empty object", suite: "credential-evidence-missing-type-fail", set: `"evidence": {}`, rule: "evidence"},
	{name: "type is missing", set: `"evidence": [{"id": "https://a.example/evidence"}]`, rule: "evidence"},
	{name: "id is not a URL", set: `"evidence": {"type": "Evidence", "id": "evidence"}`, rule: "evidence"},
	{name: "evidence is a URL", set: `"evidence": "https://a.example/evidence"`, rule: "evidence"},
	{name: "evidence is null", set: `"evidence": null`, rule: "evidence"},
	{name: "evidence is an empty list", set: `"evidence": []`, rule: "evidence"},
}}

var reservedTable = formTable{"5.10", baseCredential, credentialForm, []formCase{
	{name: "confidenceMethod", set: `"confidenceMethod": {"type": "ExampleConfidence", "id": "did:example:key"}`},
	{name: "confidenceMethod of a subject", set: `"credentialSubject": {"id": "did:example:subject", "confidenceMethod": {"type": "ExampleConfidence"}}`},
	{name: "renderMethod", set: `"renderMethod": [{"type": "TemplateRenderMethod"}, {"type": "SvgRenderingTemplate2023", "id": "https://a.example/template.svg"}]`},

	{name: "confidenceMethod has no type", set: `"confidenceMethod": {"id": "did:example:key"}`, rule: "confidence-method"},
	{name: "confidenceMethod is a string", set: `"confidenceMethod": "did:example:key"`, rule: "confidence-method"},
	{name: "confidenceMethod is null", set: `"confidenceMethod": null`, rule: "confidence-method"},
	{name: "confidenceMethod of a subject has no type",
		set: `"credentialSubject": {"id": "did:example:subject", "confidenceMethod": {"id": "did:example:key"}}`, rule: "confidence-method"},
	{name: "renderMethod has no type", set: `"renderMethod": [{"type": "TemplateRenderMethod"}, {"template": "x"}]`, rule: "render-method"},
	{name: "renderMethod is an empty list", set: `"renderMethod": []`, rule: "render-method"},
}}

// Version 1.1, by the numbers of its own Recommendation
// (https://www.w3.org/TR/2022/REC-vc-data-model-20220303/).
var version1Table = formTable{"1.1", baseCredentialV1, credentialForm, []formCase{
	{name: "4.1 the base context of 1.1"},
	{name: "4.5 issuer is an object", set: `"issuer": {"id": "did:example:issuer", "name": "Example University"}`},
	{name: "4.8 expirationDate", set: `"expirationDate": "2020-01-01T19:23:24Z"`},
	{name: "4.9 status with id and type", set: `"credentialStatus": {"id": "https://example.edu/status/24", "type": "CredentialStatusList2017"}`},
	{name: "5.4 schema with id and type", set: `"credentialSchema": {"id": "https://example.org/examples/degree.json", "type": "JsonSchemaValidator2018"}`},
	{name: "5.5 refresh service with id and type", set: `"refreshService": {"id": "https://example.edu/refresh/3732", "type": "ManualRefreshService2018"}`},
	{name: "5.7 evidence", set: `"evidence": [{"type": ["DocumentVerification"]}]`},
	{name: "name, relatedResource and renderMethod are extensions",
		set: `"name": {"no": "Grad"}, "relatedResource": "https://a.example/", "renderMethod": "https://a.example/"`},

	{name: "4.1 both versions", set: `"@context": ["https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/v2"]`, rule: "context"},
	{name: "4.2 id is a list", set: `"id": ["did:example:a"]`, rule: "id"},
	{name: "4.3 type is missing", drop: "type", rule: "type"},
	{name: "4.4 credentialSubject is missing", drop: "credentialSubject", rule: "subject"},
	{name: "4.4 credentialSubject is empty", set: `"credentialSubject": {}`, rule: "subject"},
	{name: "4.5 issuer is missing", drop: "issuer", rule: "issuer"},
	{name: "4.6 issuanceDate is missing", drop: "issuanceDate", rule: "issuanceDate"},
	{name: "4.6 issuanceDate is null", set: `"issuanceDate": null`, rule: "issuanceDate"},
	{name: "4.6 issuanceDate is a date alone", set: `"issuanceDate": "2010-01-01"`, rule: "issuanceDate"},
	{name: "4.6 issuanceDate has no zone", set: `"issuanceDate": "2010-01-01T19:23:24"`, rule: "issuanceDate"},
	{name: "4.8 expirationDate is a number", set: `"expirationDate": 1577906604`, rule: "expirationDate"},
	{name: "4.8 expirationDate before issuanceDate", set: `"expirationDate": "2009-01-01T19:23:24Z"`, rule: "dates-inverted"},
	{name: "validFrom of version 2.0", set: `"validFrom": "2010-01-01T19:23:24Z"`, rule: "validFrom"},
	{name: "validUntil of version 2.0", set: `"validUntil": "2020-01-01T19:23:24Z"`, rule: "validUntil"},
	{name: "4.9 status has no id", set: `"credentialStatus": {"type": "CredentialStatusList2017"}`, rule: "status"},
	{name: "4.9 status has no type", set: `"credentialStatus": {"id": "https://example.edu/status/24"}`, rule: "status"},
	{name: "5.4 schema has no type", set: `"credentialSchema": {"id": "https://example.org/examples/degree.json"}`, rule: "schema"},
	{name: "5.5 refresh service has no id", set: `"refreshService": {"type": "ManualRefreshService2018"}`, rule: "refresh-service"},
	{name: "5.6 terms of use have no type", set: `"termsOfUse": [{"id": "http://example.com/policies/credential/4"}]`, rule: "terms-of-use"},
	{name: "5.7 evidence has no type", set: `"evidence": {"id": "https://example.edu/evidence/f2aeec97"}`, rule: "evidence"},
}}

var version1PresentationTable = formTable{"1.1 presentation", basePresentationV1, presentationForm, []formCase{
	{name: "4.10 one credential"},
	{name: "4.10 a holder", set: `"holder": "did:example:ebfeb1f712ebc6f1c276e12ec21"`},
	{name: "4.10 a credential of version 2.0", set: `"verifiableCredential": ` + baseCredential},
	{name: "4.10 a credential as a JWT", set: `"verifiableCredential": ["eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"]`, rule: "presentation"},
	{name: "5.5 refresh service has no id", set: `"refreshService": {"type": "ManualRefreshService2018"}`, rule: "refresh-service"},
}}
