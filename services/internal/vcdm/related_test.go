package vcdm

import (
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/base64"
	"testing"

	"github.com/mr-tron/base58"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

const university = "https://raw.githubusercontent.com/w3c-ccg/vc-examples/bf5b8f9b16a204702ba2de0cfadbd9f86dbe299d/docs/edu/university-degree-verifiable-credential.json"

var relatedTable = formTable{"5.3", baseCredential, credentialForm, []formCase{
	{name: "a digestSRI", suite: "relatedResource/relatedResource-digest-sri-ok",
		set: `"relatedResource": [{"id": "` + university + `", "digestSRI": "sha256-MIwhzJyufmsjiGS1qP0waCmFb0gKa5ZGBI0ZZtfQo9Ls="}]`},
	{name: "a digestMultibase", suite: "relatedResource/relatedResource-digest-multibase-ok",
		set: `"relatedResource": [{"id": "` + university + `", "digestMultibase": "uEiAjCHMnK5-ayOIZLWo_TBoKYVvSAprlkYEjRlm19Cj0uw"}]`},
	{name: "media types", suite: "relatedResource/relatedResource-with-mediaType-ok",
		set: `"relatedResource": [
			{"id": "` + university + `", "digestMultibase": "uEiAjCHMnK5-ayOIZLWo_TBoKYVvSAprlkYEjRlm19Cj0uw", "mediaType": "application/json"},
			{"id": "` + university + `?q=1", "digestSRI": "sha256-MIwhzJyufmsjiGS1qP0waCmFb0gKa5ZGBI0ZZtfQo9Ls=", "mediaType": "application/ld+json"}]`},
	{name: "one object", set: `"relatedResource": {"id": "https://a.example/v1", "digestSRI": "sha384-Li9vy3DqF8tnTXuiaAJuML3ky+er10rcgNR/VqsVpcw+ThHmYcwiB1pbOxEbzJr7"}`},
	{name: "several digests", set: `"relatedResource": {"id": "https://a.example/v1", "digestSRI":
		["sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU= sha384-Li9vy3DqF8tnTXuiaAJuML3ky+er10rcgNR/VqsVpcw+ThHmYcwiB1pbOxEbzJr7",
		"sha512-Q2bFTOhEALkN8hOms2FKTDLy7eugP2zFZ1T8LCvX42Fp3WoNr3bjZSAHeOsHrbV1Fu9/A0EzCinRE7Af1ofPrw=="]}`},
	{name: "a multihash of an algorithm that is not computed here",
		set: `"relatedResource": {"id": "https://a.example/v1", "digestMultibase": "uHiDjsMRCmPwcFJr79MiZb7kkJ65B5GSbk0yklZkbeFK4VQ"}`},

	{name: "a list of strings", suite: "relatedResource/relatedResource-list-of-strings-fail",
		set: `"relatedResource": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"]`, rule: "related-resource"},
	{name: "id is missing", suite: "relatedResource/relatedResource-missing-id-fail",
		set: `"relatedResource": [{"url": "https://www.w3.org/ns/credentials/v2", "digestMultibase": "uEres1usWcWCmW7uolIW2uA0CjQ8iRV14eGaZStJL73Vz"}]`, rule: "related-resource"},
	{name: "id is missing, with a digest that is well-formed",
		set: `"relatedResource": [{"digestMultibase": "uEiAjCHMnK5-ayOIZLWo_TBoKYVvSAprlkYEjRlm19Cj0uw"}]`, rule: "related-resource"},
	{name: "two with one id", suite: "relatedResource/relatedResource-duplicate-id-fail",
		set: `"relatedResource": [
			{"id": "https://w3c.github.io/vc-data-model/related-resource.json", "digestMultibase": "uZTQ0MjM1NiAgcmVwb3J0cy9yZWxhdGVkLXJlc291cmNlLmpzb24K"},
			{"id": "https://w3c.github.io/vc-data-model/related-resource.json", "digestSRI": "sha256-ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356"}]`, rule: "related-resource"},
	{name: "two with one id, with digests that are well-formed",
		set: `"relatedResource": [
			{"id": "https://a.example/v1", "digestMultibase": "uEiAjCHMnK5-ayOIZLWo_TBoKYVvSAprlkYEjRlm19Cj0uw"},
			{"id": "https://a.example/v1", "digestMultibase": "uEiAjCHMnK5-ayOIZLWo_TBoKYVvSAprlkYEjRlm19Cj0uw"}]`, rule: "related-resource"},
	{name: "no digest", suite: "relatedResource/relatedResource-no-digest-fail",
		set: `"relatedResource": [{"id": "https://www.w3.org/ns/credentials/v2"}, {"id": "https://www.w3.org/ns/credentials/examples/v2"}]`, rule: "related-resource"},
	{name: "a digestMultibase that is none", suite: "relatedResource/relatedResource-digest-multibase-fail",
		set: `"relatedResource": [{"id": "https://w3c.github.io/vc-data-model/related-resource.json", "digestMultibase": "uZTQ0MjM1NiAgcmVwb3J0cc5jZWxhdGVkLXJlc291cmNlLmpzb24K"}]`, rule: "related-resource"},
	{name: "a digestSRI in hexadecimal", suite: "relatedResource/relatedResource-digest-sri-fail",
		set: `"relatedResource": [{"id": "https://w3c.github.io/vc-data-model/related-resource.json", "digestSRI": "sha256-ca3d163bab055381827226140568f3bef634ac187cebd76878e0b63e9e442356"}]`, rule: "related-resource"},
	{name: "relatedResource is null", set: `"relatedResource": null`, rule: "related-resource"},
	{name: "relatedResource is an empty list", set: `"relatedResource": []`, rule: "related-resource"},
	{name: "relatedResource is a string", set: `"relatedResource": "https://a.example/v1"`, rule: "related-resource"},
	{name: "id is not a URL", set: `"relatedResource": {"id": "v1", "digestMultibase": "uEiAjCHMnK5-ayOIZLWo_TBoKYVvSAprlkYEjRlm19Cj0uw"}`, rule: "related-resource"},
	{name: "mediaType is a number",
		set: `"relatedResource": {"id": "https://a.example/v1", "mediaType": 1, "digestMultibase": "uEiAjCHMnK5-ayOIZLWo_TBoKYVvSAprlkYEjRlm19Cj0uw"}`, rule: "related-resource"},
	{name: "mediaType has no subtype",
		set: `"relatedResource": {"id": "https://a.example/v1", "mediaType": "json", "digestMultibase": "uEiAjCHMnK5-ayOIZLWo_TBoKYVvSAprlkYEjRlm19Cj0uw"}`, rule: "related-resource"},
	{name: "a list without digest", set: `"relatedResource": {"id": "https://a.example/v1", "digestSRI": []}`, rule: "related-resource"},
	{name: "a digest is null", set: `"relatedResource": {"id": "https://a.example/v1", "digestSRI": null}`, rule: "related-resource"},
	{name: "a digest is a number", set: `"relatedResource": {"id": "https://a.example/v1", "digestMultibase": [1]}`, rule: "related-resource"},
	{name: "one of two digests is malformed",
		set: `"relatedResource": {"id": "https://a.example/v1", "digestMultibase": ["uEiAjCHMnK5-ayOIZLWo_TBoKYVvSAprlkYEjRlm19Cj0uw", "u"]}`, rule: "related-resource"},
}}

const content = "alert('Hello, world.');"

// The first two are from Subresource Integrity, section 3.2.1.
func TestDigestsMatchTheirContentAlone(t *testing.T) {
	sha2, sha384, sha3x := sha256.Sum256([]byte(content)), sha512.Sum384([]byte(content)), sha3.Sum256([]byte(content))
	sha3x384, sha2x512 := sha3.Sum384([]byte(content)), sha512.Sum512([]byte(content))
	u := base64.RawURLEncoding.EncodeToString
	for _, member := range []string{
		`"digestSRI": "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO"`,
		`"digestSRI": "sha512-Q2bFTOhEALkN8hOms2FKTDLy7eugP2zFZ1T8LCvX42Fp3WoNr3bjZSAHeOsHrbV1Fu9/A0EzCinRE7Af1ofPrw=="`,
		`"digestSRI": "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t-eX6xO"`,
		`"digestSRI": "sha256-` + base64.RawStdEncoding.EncodeToString(sha2[:]) + `"`,
		`"digestSRI": "sha256-M` + base64.StdEncoding.EncodeToString(sha2[:]) + `"`,
		`"digestMultibase": "u` + u(append([]byte{0x12, 32}, sha2[:]...)) + `"`,
		`"digestMultibase": "z` + base58.Encode(append([]byte{0x12, 32}, sha2[:]...)) + `"`,
		`"digestMultibase": "u` + u(append([]byte{0x20, 48}, sha384[:]...)) + `"`,
		`"digestMultibase": "u` + u(append([]byte{0x13, 64}, sha2x512[:]...)) + `"`,
		`"digestMultibase": "u` + u(append([]byte{0x16, 32}, sha3x[:]...)) + `"`,
		`"digestMultibase": "u` + u(append([]byte{0x15, 48}, sha3x384[:]...)) + `"`,
	} {
		r, err := readResource("https://a.example/", decode(t, "{"+member+"}"), "related-resource", "relatedResource")
		if err != nil {
			t.Errorf("%s: %v", member, err)
			continue
		}
		if !r.matches([]byte(content)) {
			t.Errorf("%s does not match", member)
		}
		if r.matches([]byte(content + " ")) {
			t.Errorf("%s matches something else", member)
		}
	}
}

func TestMalformedDigests(t *testing.T) {
	sum := sha256.Sum256([]byte(content))
	u := func(raw ...byte) string { return "u" + base64.RawURLEncoding.EncodeToString(raw) }
	of := func(header ...byte) string { return u(append(header, sum[:]...)...) }
	for _, text := range []string{
		"", "u", "z", "u!", "z0OIl", base64.RawURLEncoding.EncodeToString(sum[:]),
		"m" + base64.RawStdEncoding.EncodeToString(append([]byte{0x12, 32}, sum[:]...)),
		of(0x12, 32) + "=",         // padding
		of(0x12),                   // no length
		of(0x12, 33), of(0x12, 31), // wrong length
		of(0x20, 32),             // another algorithm's length
		u(0x12, 4, 1, 2, 3, 4),   // cut short
		u(0x1e, 0), u(0x12), u(), // nothing
		of(0x92, 0x00, 32),        // a varint that is not the shortest
		u(0xff, 0xff, 0xff, 0xff), // a varint without end
		of(append([]byte{0x1e, 64 + 32}, make([]byte, 64)...)...), // longer than any
	} {
		if _, ok := parseMultibase(text); ok {
			t.Errorf("multibase %q is read", text)
		}
	}
	good := base64.StdEncoding.EncodeToString(sum[:])
	for _, text := range []string{
		"", " ", "sha256", "sha256-", "-" + good, good, "md5-1B2M2Y8AsgTpgAmY7PhCfg==", "SHA256-" + good,
		"sha384-" + good,            // another algorithm's length
		"sha256-" + good[1:],        // cut short
		"sha256-N" + good,           // one too many
		"sha256-" + good + " junk",  // one of two
		"sha256-" + good[:42] + "h", // bits that do not belong
		"sha256-" + good + "?option",
	} {
		if _, ok := parseSRI(text); ok {
			t.Errorf("SRI %q is read", text)
		}
	}
}

// Section 5.3: a resource in use must have the digest that the issuer states.
func TestResourcesInUseMustHaveTheirDigest(t *testing.T) {
	const related, schema, unknown = "https://a.example/context", "https://a.example/schema", "https://a.example/unknown"
	sri := "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO"
	c, err := ReadCredential(formCase{set: `
		"relatedResource": [{"id": "` + related + `", "digestSRI": "` + sri + `"},
			{"id": "` + unknown + `", "digestMultibase": "uHiDjsMRCmPwcFJr79MiZb7kkJ65B5GSbk0yklZkbeFK4VQ"}],
		"credentialSchema": {"id": "` + schema + `", "type": "JsonSchema", "digestSRI": "` + sri + `"}`,
	}.document(t, baseCredential))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		held map[string]string
		rule string
	}{
		"nothing is in use":                 {nil, ""},
		"what is in use matches":            {map[string]string{related: content, schema: content, "https://a.example/other": "x"}, ""},
		"a context is another":              {map[string]string{related: "x", schema: content}, "credential.digest"},
		"a schema is another":               {map[string]string{related: content, schema: "x"}, "credential.digest"},
		"the digest cannot be checked here": {map[string]string{unknown: content}, "credential.digest"},
	} {
		err := c.CheckResources(func(id string) ([]byte, bool) {
			text, ok := test.held[id]
			return []byte(text), ok
		})
		if test.rule == "" && err != nil || test.rule != "" && fault.RuleOf(err) != test.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
}
