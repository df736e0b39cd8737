package vcdm

import "testing"

var nameTable = formTable{"4.6", baseCredential, credentialForm, []formCase{
	{name: "a name in English", suite: "names-and-descriptions/credential-name-language-en-ok",
		set: `"name": {"@value": "Example Credential", "@language": "en"}`},
	{name: "a name with direction", suite: "names-and-descriptions/credential-name-language-direction-en-ok",
		set: `"name": {"@value": "Example Credential", "@language": "en", "@direction": "ltr"}`},
	{name: "a name in several languages", suite: "names-and-descriptions/credential-multi-language-name-ok",
		set: `"name": [{"@value": "Dog", "@language": "en"}, {"@value": "Chien", "@language": "fr"}, {"@value": "Cane", "@language": "it"}]`},
	{name: "a name of the issuer in several languages", suite: "names-and-descriptions/issuer-multi-language-name-ok",
		set: `"issuer": {"id": "did:example:issuer", "name": [{"@value": "Dog", "@language": "en"}, {"@value": "Chien", "@language": "fr"}]}`},
	{name: "a name is a string", suite: "names-and-descriptions/credential-name-ok", set: `"name": "Example Credential"`},
	{name: "a description with direction", suite: "names-and-descriptions/credential-description-language-direction-en-ok",
		set: `"description": {"@value": "An Example Credential", "@language": "en", "@direction": "ltr"}`},
	{name: "a description of the issuer in English", suite: "names-and-descriptions/issuer-description-language-en-ok",
		set: `"issuer": {"id": "did:example:issuer", "description": {"@value": "An Example Issuer", "@language": "en"}}`},
	{name: "name and description are strings", set: `"name": "Example University Degree", "description": "2015 Bachelor of Science and Arts Degree"`},
	{name: "name and description of the issuer are strings",
		set: `"issuer": {"id": "did:example:issuer", "name": "Example University", "description": "A public university."}`},

	{name: "a name with more", suite: "names-and-descriptions/credential-name-extra-prop-en-fail",
		set: `"name": {"@value": "Example Credential", "@language": "en", "url": "did:example:credential"}`, rule: "name"},
	{name: "a description with more", suite: "names-and-descriptions/credential-description-extra-prop-en-fail",
		set: `"description": {"@value": "An Example Credential", "@language": "en", "url": "did:example:credential"}`, rule: "description"},
	{name: "a description of the issuer with more", suite: "names-and-descriptions/issuer-description-extra-prop-en-fail",
		set: `"issuer": {"id": "did:example:issuer", "description": {"@value": "An Example Issuer", "@language": "en", "url": "did:example:issuer"}}`, rule: "description"},
	{name: "a name of the issuer with more", suite: "names-and-descriptions/issuer-name-extra-prop-en-fail",
		set: `"issuer": {"id": "did:example:issuer", "name": {"@value": "Example Issuer", "@language": "en", "url": "did:example:issuer"}}`, rule: "name"},
	{name: "a name is null", set: `"name": null`, rule: "name"},
	{name: "a name is a number", set: `"name": 7`, rule: "name"},
	{name: "a name is a list without any", set: `"name": []`, rule: "name"},
	{name: "a name is a list of lists", set: `"name": [["Dog"]]`, rule: "name"},
	{name: "one of several names is null", set: `"name": [{"@value": "Dog", "@language": "en"}, null]`, rule: "name"},
	{name: "a description is a boolean", set: `"description": true`, rule: "description"},
	{name: "a name is a language map", set: `"name": {"en": "Dog", "fr": "Chien"}`, rule: "name"},
}}

var languageTable = formTable{"11.1", baseCredential, credentialForm, []formCase{
	{name: "neither language nor direction", set: `"name": {"@value": "Example"}`},
	{name: "language, script and region", set: `"name": {"@value": "x", "@language": "zh-Hant-TW"}`},
	{name: "right to left", set: `"name": {"@value": "x", "@language": "ar", "@direction": "rtl"}`},

	{name: "@value is missing", set: `"name": {"@language": "en"}`, rule: "name"},
	{name: "@value is null", set: `"name": {"@value": null, "@language": "en"}`, rule: "name"},
	{name: "@value is a number", set: `"name": {"@value": 1, "@language": "en"}`, rule: "name"},
	{name: "@value is a list", set: `"name": {"@value": ["a"], "@language": "en"}`, rule: "name"},
	{name: "@language is null", set: `"name": {"@value": "x", "@language": null}`, rule: "name"},
	{name: "@language is a number", set: `"name": {"@value": "x", "@language": 1}`, rule: "name"},
	{name: "@language is empty", set: `"name": {"@value": "x", "@language": ""}`, rule: "name"},
	{name: "@language is not a well-formed tag", set: `"name": {"@value": "x", "@language": "Norsk (bokmål)"}`, rule: "name"},
	{name: "@direction is null", set: `"name": {"@value": "x", "@direction": null}`, rule: "name"},
	{name: "@direction is neither of the two", set: `"name": {"@value": "x", "@language": "en", "@direction": "auto"}`, rule: "name"},
	{name: "@direction in upper case", set: `"name": {"@value": "x", "@language": "en", "@direction": "LTR"}`, rule: "name"},
	{name: "@type in a language value object", set: `"name": {"@value": "x", "@type": "https://a.example/"}`, rule: "name"},
}}

// From RFC 5646, section 2.1 and appendix A.
func TestLanguageTags(t *testing.T) {
	for tag, want := range map[string]bool{
		"de": true, "nb-NO": true, "und": true, "zh-cmn-Hans-CN": true, "sl-rozaj-biske": true, "de-CH-1901": true,
		"hy-Latn-IT-arevela": true, "es-419": true, "de-CH-x-phonebk": true, "az-Arab-x-AZE-derbend": true,
		"x-whatever": true, "qaa-Qaaa-QM-x-southern": true, "en-US-u-islamcal": true, "zh-CN-a-myext-x-private": true,
		"en-a-myext-b-another": true, "i-klingon": true, "I-Klingon": true, "art-lojban": true, "sgn-BE-FR": true, "zh-min-nan": true,

		"": false, "e": false, "de-419-DE": false, "a-DE": false, "en-": false, "-en": false, "en--US": false, "en_US": false,
		"en-a": false, "en-x": false, "x": false, "i-unknown": false, "123": false, "verylonglanguage": false, "en US": false, "en-US\n": false,
	} {
		if languageTag.MatchString(tag) != want {
			t.Errorf("%q is well-formed: %v", tag, !want)
		}
	}
}
