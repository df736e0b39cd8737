package did

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/mr-tron/base58"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// The examples of the methods, each with the place it was copied from.
//
//go:embed testdata/methods.json
var methodVectors []byte

func TestDIDsOfTheSpecificationsResolveToTheirDocuments(t *testing.T) {
	var vectors []struct {
		Source, DID string
		Document    json.RawMessage
	}
	if err := json.Unmarshal(methodVectors, &vectors); err != nil || len(vectors) != 3 {
		t.Fatal(len(vectors), err)
	}
	for _, v := range vectors {
		t.Run(v.Source, func(t *testing.T) {
			want, err := ParseFor(v.DID, v.Document)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Static{}.Resolve(t.Context(), v.DID)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("got %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestJWKDIDsAreMadeAsTheSpecificationHasThem(t *testing.T) {
	const example = "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9"
	key, err := JWK{Kty: "EC", Crv: "P-256", X: "acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0", Y: "_KcyLj9vWMptnmKtm46GqDz8wf74I5LKgrl2GzH3nSE"}.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	if id, kid := NewJWK(key); id != example || kid != example+"#0" {
		t.Fatal(id, kid)
	}
	for _, c := range allCurves {
		key := newKey(t, c, 9)
		id, kid := NewJWK(key)
		doc, err := Static{}.Resolve(t.Context(), id)
		if err != nil || Check(id) != nil {
			t.Fatal(c, err)
		}
		signing, signs := doc.Key(kid, AssertionMethod)
		agreeing, agrees := doc.Key(kid, KeyAgreement)
		if signs != c.Signs() || agrees != c.Agrees() || signs && signing != key || agrees && agreeing != key {
			t.Errorf("%s signs %v, agrees %v", c, signs, agrees)
		}
	}
}

// What others look for in the document of a did:jwk is the JWK.
func TestJWKsAreRenderedAsJWKs(t *testing.T) {
	id, _ := NewJWK(newKey(t, P256, 1))
	doc, err := Static{}.Resolve(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `"publicKeyJwk":{"crv":"P-256","kty":"EC",`) || !strings.Contains(string(text), "suites/jws-2020/v1") || strings.Contains(string(text), "publicKeyMultibase") {
		t.Errorf("%s", text)
	}
	if again, err := ParseFor(id, text); err != nil || !reflect.DeepEqual(again, doc) {
		t.Errorf("%v\n%+v\n%+v", err, again, doc)
	}
}

func TestUseOfAJWKNarrowsWhatItServesFor(t *testing.T) {
	j := newKey(t, P256, 1).JWK()
	for use, want := range map[string]struct{ signs, agrees bool }{"sig": {true, false}, "enc": {false, true}, "other": {true, true}} {
		id := "did:jwk:" + base64URL(`{"kty":"EC","crv":"P-256","x":"`+j.X+`","y":"`+j.Y+`","kid":"mine","use":"`+use+`"}`)
		doc, err := Static{}.Resolve(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		_, signs := doc.Key(id+"#0", AssertionMethod)
		_, delegates := doc.Key(id+"#0", CapabilityDelegation)
		_, agrees := doc.Key(id+"#0", KeyAgreement)
		if signs != want.signs || delegates != want.signs || agrees != want.agrees {
			t.Errorf("%s: signs %v, delegates %v, agrees %v", use, signs, delegates, agrees)
		}
		if _, ok := doc.Key(id+"#mine", AssertionMethod); ok {
			t.Error("the JWK's kid names the key")
		}
	}
}

func TestMalformedJWKDIDsAreRefused(t *testing.T) {
	j := newKey(t, Ed25519, 1).JWK()
	jwk := `{"kty":"OKP","crv":"Ed25519","x":"` + j.X + `"}`
	for name, c := range map[string]struct{ id, rule string }{
		"nothing":          {"", "json.syntax"},
		"12 padded":        {base64URL(jwk) + "=", "did.jwk"},
		"12 line break":    {base64URL(jwk)[:8] + "\n" + base64URL(jwk)[8:], "did.jwk"},
		"12 other letters": {strings.Repeat("+/", 8), "did.jwk"},
		"a fragment":       {base64URL(jwk) + "#0", "did.jwk"},
		"a list":           {base64URL("[" + jwk + "]"), ""},
		"a private key":    {base64URL(strings.Replace(jwk, "{", `{"d":"AA",`, 1)), "did.document"},
		"a null for d":     {base64URL(strings.Replace(jwk, "{", `{"d":null,`, 1)), "did.document"},
		"36 doubled x":     {base64URL(strings.Replace(jwk, "{", `{"x":"AA",`, 1)), "json.duplicate-member"},
		"another case":     {base64URL(strings.Replace(jwk, "{", `{"X":"AA",`, 1)), ""},
		"secp256k1":        {base64URL(strings.Replace(jwk, "Ed25519", "secp256k1", 1)), "did.key"},
		"no curve":         {base64URL(`{}`), "did.key"},
		"6 long":           {base64URL(strings.Replace(jwk, "{", `{"a":"`+strings.Repeat("a", 4096)+`",`, 1)), "did.syntax"},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := Static{}.Resolve(t.Context(), "did:jwk:"+c.id)
			if err == nil {
				t.Fatalf("%+v", doc)
			}
			if c.rule != "" {
				wantRule(t, err, c.rule)
			}
		})
	}
}

// peer4 makes the long form of an input document.
func peer4(t testing.TB, input string) string {
	t.Helper()
	encoded := "z" + base58.Encode(append(bytes.Clone(codecJSON), input...))
	return peer4Of(encoded)
}

func peer4Of(encoded string) string {
	sum := sha256.Sum256([]byte(encoded))
	return peer4Prefix + "z" + base58.Encode(append(bytes.Clone(codecSHA256), sum[:]...)) + ":" + encoded
}

func TestEmbeddedKeysOfAPeerDIDAreItsOwn(t *testing.T) {
	key := newKey(t, Ed25519, 1).Multibase()
	id := peer4(t, `{"authentication":[{"id":"#1","type":"Multikey","publicKeyMultibase":"`+key+`"},
		{"id":"#2","type":"Multikey","controller":"did:web:other.example","publicKeyMultibase":"`+key+`"}]}`)
	doc, err := Static{}.Resolve(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(doc.Authentication, []string{id + "#1"}) || doc.VerificationMethod[0].Controller != id {
		t.Fatalf("%+v", doc)
	}
}

func TestMalformedPeer4DIDsAreRefused(t *testing.T) {
	good := peer4(t, `{"service":[]}`)
	method := `{"id":"#1","type":"Multikey","publicKeyMultibase":"` + newKey(t, Ed25519, 1).Multibase() + `"}`
	for name, c := range map[string]struct{ id, rule string }{
		"another's hash":    {peer4(t, `{}`)[:strings.Index(good, ":z")] + good[strings.LastIndex(good, ":"):], "did.peer"},
		"no hash":           {peer4Prefix + good[strings.LastIndex(good, ":"):], "did.peer"},
		"a letter changed":  {good[:len(good)-1] + "1", "did.peer"},
		"an id of its own":  {peer4(t, `{"id":"did:web:victim.example"}`), "did.peer"},
		"no JSON":           {peer4Of("z" + base58.Encode([]byte(`{}`))), "did.peer"},
		"base64":            {peer4Of("mgAR7fQ"), "did.peer"},
		"no base58":         {peer4Of("z0OIl"), "did.peer"},
		"a list":            {peer4(t, `[]`), ""},
		"36 doubled member": {peer4(t, `{"a":1,"a":2}`), "json.duplicate-member"},
		"36 deep":           {peer4(t, `{"a":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`}`), "json.too-deep"},
		"keys as an object": {peer4(t, `{"verificationMethod":`+method+`}`), ""},
		"key of a number":   {peer4(t, `{"verificationMethod":[1]}`), ""},
		"129 keys":          {peer4(t, `{"authentication":[{}`+strings.Repeat(",{}", 128)+`]}`), "did.document"},
		"long":              {peer4(t, `{"a":"`+strings.Repeat("a", 4096)+`"}`), "did.syntax"},
		"short form":        {good[:strings.LastIndex(good, ":")], "did.peer-short"},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := Static{}.Resolve(t.Context(), c.id)
			if err == nil {
				t.Fatalf("%+v", doc)
			}
			if c.rule != "" {
				wantRule(t, err, c.rule)
			}
		})
	}
	_, err := Static{}.Resolve(t.Context(), good[:strings.LastIndex(good, ":")])
	if fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
}
