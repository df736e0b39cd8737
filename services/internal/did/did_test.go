package did

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

func wantRule(t testing.TB, err error, rule string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", rule)
	}
	if got := fault.RuleOf(err); got != rule {
		t.Fatalf("rule %s, want %s: %v", got, rule, err)
	}
}

// newKey makes a key from a seed byte.
func newKey(t testing.TB, c Curve, seed byte) PublicKey {
	t.Helper()
	secret := bytes.Repeat([]byte{seed&0x7f | 1}, 32)
	if c == Ed25519 {
		key, err := NewPublicKey(c, ed25519.NewKeyFromSeed(secret).Public().(ed25519.PublicKey))
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	secret = append(make([]byte, map[Curve]int{P384: 16, P521: 34}[c]), secret...)
	private, err := c.ecdh().NewPrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	key, err := FromECDH(private.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

var allCurves = []Curve{Ed25519, X25519, P256, P384, P521}

func TestKeysReadAsTheyAreWritten(t *testing.T) {
	for _, c := range allCurves {
		for seed := range byte(20) {
			key := newKey(t, c, seed*2)
			if got, err := ParseMultibase(key.Multibase()); err != nil || got != key {
				t.Fatalf("%s multibase: %v", c, err)
			}
			if got, err := key.JWK().PublicKey(); err != nil || got != key {
				t.Fatalf("%s JWK: %v", c, err)
			}
			if got, err := NewPublicKey(c, key.Bytes()); err != nil || got != key {
				t.Fatalf("%s bytes: %v", c, err)
			}
		}
	}
}

// The examples of the did:key method, version 0.9.
func TestKeyDIDsOfTheSpecification(t *testing.T) {
	for id, curve := range map[string]Curve{
		"did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH":                                                 Ed25519,
		"did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp":                                                 Ed25519,
		"did:key:z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F":                                                 X25519,
		"did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169":                                                P256,
		"did:key:z82Lm1MpAkeJcix9K8TMiLd5NMAhnwkjjCBeWHXyu3U4oT2MVJJKXkcVBgjGhnLBn2Kaau9":                          P384,
		"did:key:z2J9gaYxrKVpdoG9A4gRnmpnRCcxU6agDtFVVBVdn1JedouoZN7SzcyREXXzWgt3gGiwpoHq7K68X4m32D8HgzG8wv3sY5j7": P521,
	} {
		doc, err := Static{}.Resolve(t.Context(), id)
		if err != nil {
			t.Fatal(id, err)
		}
		key := doc.VerificationMethod[0].Key
		if key.Curve() != curve || doc.ID != id {
			t.Fatalf("%s: %+v", id, doc)
		}
		again, keyID := NewKey(key)
		if again != id || keyID != doc.VerificationMethod[0].ID {
			t.Fatal(again)
		}
		_, authenticates := doc.Key(keyID, Authentication)
		_, agrees := doc.Key(keyID, KeyAgreement)
		if authenticates != curve.Signs() || agrees != curve.Agrees() {
			t.Fatalf("%s authenticates %v, agrees %v", curve, authenticates, agrees)
		}
	}
}

// RFC 7638 section 3.1 has an RSA key only; this is RFC 8037 appendix A.3.
func TestThumbprintOfTheSpecification(t *testing.T) {
	key, err := JWK{Kty: "OKP", Crv: "Ed25519", X: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	if got := key.Thumbprint(); got != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Fatal(got)
	}
}

// The example of the Peer DID method, "Generating a did:peer:2".
const peerExample = "did:peer:2.Vz6Mkj3PUd1WjvaDhNZhhhXQdz5UnZXmS7ehtx8bsPpD47kKc.Ez6LSg8zQom395jKLrGiBNruB9MM6V8PWuf2FpEy4uRFiqQBR.SeyJ0IjoiZG0iLCJzIjp7InVyaSI6Imh0dHA6Ly9leGFtcGxlLmNvbS9kaWRjb21tIiwiYSI6WyJkaWRjb21tL3YyIl0sInIiOlsiZGlkOmV4YW1wbGU6MTIzNDU2Nzg5YWJjZGVmZ2hpI2tleS0xIl19fQ.SeyJ0IjoiZG0iLCJzIjp7InVyaSI6Imh0dHA6Ly9leGFtcGxlLmNvbS9hbm90aGVyIiwiYSI6WyJkaWRjb21tL3YyIl0sInIiOlsiZGlkOmV4YW1wbGU6MTIzNDU2Nzg5YWJjZGVmZ2hpI2tleS0yIl19fQ"

func TestPeerDIDOfTheSpecification(t *testing.T) {
	signing, err := ParseMultibase("z6Mkj3PUd1WjvaDhNZhhhXQdz5UnZXmS7ehtx8bsPpD47kKc")
	if err != nil {
		t.Fatal(err)
	}
	agreement, err := ParseMultibase("z6LSg8zQom395jKLrGiBNruB9MM6V8PWuf2FpEy4uRFiqQBR")
	if err != nil {
		t.Fatal(err)
	}
	endpoints := []Endpoint{
		{"http://example.com/didcomm", []string{"didcomm/v2"}, []string{"did:example:123456789abcdefghi#key-1"}},
		{"http://example.com/another", []string{"didcomm/v2"}, []string{"did:example:123456789abcdefghi#key-2"}},
	}
	id, keyIDs, err := NewPeer([]PeerKey{{Authentication, signing}, {KeyAgreement, agreement}}, endpoints...)
	if err != nil {
		t.Fatal(err)
	}
	if id != peerExample {
		t.Fatalf("got %s", id)
	}
	doc, err := Static{}.Resolve(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	want := &Document{
		ID: id,
		VerificationMethod: []VerificationMethod{
			{ID: id + "#key-1", Type: "Multikey", Controller: id, Key: signing},
			{ID: id + "#key-2", Type: "Multikey", Controller: id, Key: agreement},
		},
		Authentication: []string{keyIDs[0]},
		KeyAgreement:   []string{keyIDs[1]},
		Service: []Service{
			{id + "#service", DIDCommMessaging, endpoints[:1]},
			{id + "#service-1", DIDCommMessaging, endpoints[1:]},
		},
	}
	if !reflect.DeepEqual(doc, want) {
		t.Fatalf("got %+v\nwant %+v", doc, want)
	}
	if e, ok := doc.DIDComm(); !ok || e.URI != endpoints[0].URI {
		t.Fatal(e, ok)
	}
}

func TestPeerServicesOfOtherWriters(t *testing.T) {
	for name, block := range map[string]string{
		"in full":        `{"type":"DIDCommMessaging","serviceEndpoint":{"uri":"http://x.example","accept":["didcomm/v2"]}}`,
		"partly":         `{"t":"dm","s":{"uri":"http://x.example","accept":["didcomm/v2"]}}`,
		"before 2023":    `{"t":"dm","s":"http://x.example","a":["didcomm/v2"]}`,
		"with an id":     `{"id":"#didcomm","t":"dm","s":{"uri":"http://x.example","a":["didcomm/v2"]}}`,
		"with extension": `{"t":"dm","s":{"uri":"http://x.example","a":["didcomm/v2"],"x":1},"priority":0}`,
	} {
		doc, err := Static{}.Resolve(t.Context(), "did:peer:2.S"+base64URL(block))
		if err != nil {
			t.Fatal(name, err)
		}
		if e, ok := doc.DIDComm(); !ok || e.URI != "http://x.example" || len(e.Accept) != 1 {
			t.Errorf("%s: %+v", name, doc.Service)
		}
	}
}

func TestMalformedPeerDIDsAreRefused(t *testing.T) {
	key := newKey(t, X25519, 1).Multibase()
	for _, id := range []string{
		"did:peer:2", "did:peer:2.", "did:peer:2..", "did:peer:2.V", "did:peer:2.X" + key, "did:peer:2V" + key,
		"did:peer:2.E" + key + ".", "did:peer:2.E" + key[1:], "did:peer:2.S", "did:peer:2.S!!", "did:peer:2.Se30=",
		"did:peer:2.S" + base64URL(`[]`), "did:peer:2.S" + base64URL(`{"t":"dm"}`),
		"did:peer:2.S" + base64URL(`{"t":"dm","type":"x","s":"y"}`), "did:peer:2.S" + base64URL(`{"t":"dm","t":"x","s":"y"}`),
		"did:peer:2.S" + base64URL(`{"id":"did:other:x#1","t":"dm","T":"x","s":"y"}`), "did:peer:2.S" + base64URL(`{"t":"dm","s":3}`),
		"did:peer:2" + strings.Repeat(".E"+key, 33), "did:peer:1zQm", "did:peer:0" + key,
		"did:key:", "did:key:" + key[1:], "did:key:" + key + "#x", "did:web:a.example", "", "did:key:" + strings.Repeat("z", 5000),
	} {
		if doc, err := (Static{}).Resolve(t.Context(), id); err == nil {
			t.Errorf("%.80s: %+v", id, doc)
		}
	}
	_, err := Static{}.Resolve(t.Context(), "did:web:a.example")
	if fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
}

func TestKeysServeOnlyWhatTheirCurveCan(t *testing.T) {
	id, _, err := NewPeer([]PeerKey{{KeyAgreement, newKey(t, Ed25519, 1)}, {Authentication, newKey(t, X25519, 1)}})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := Static{}.Resolve(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if len(doc.KeyAgreement)+len(doc.Authentication) != 0 {
		t.Fatalf("%+v", doc)
	}
}

func TestWebDIDsLeadToTheirDocument(t *testing.T) {
	for id, want := range map[string]string{
		"did:web:w3c-ccg.example.org":            "https://w3c-ccg.example.org/.well-known/did.json",
		"did:web:example.org:user:alice":         "https://example.org/user/alice/did.json",
		"did:web:example.org%3A3000:user:alice":  "https://example.org:3000/user/alice/did.json",
		"did:web:example.org%3a3000":             "https://example.org:3000/.well-known/did.json",
		"did:web:issuer.example:org:O-1_2.x":     "https://issuer.example/org/O-1_2.x/did.json",
		"did:web:xn--bl-zia.example:tenants:123": "https://xn--bl-zia.example/tenants/123/did.json",
	} {
		got, err := WebURL(id)
		if err != nil || got != want {
			t.Errorf("%s: %s %v", id, got, err)
		}
		if err := Check(id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestWebDIDsThatLeadElsewhereAreRefused(t *testing.T) {
	for line, ids := range map[string][]string{
		"31 an address in place of a host": {
			"localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "0x7f000001", "0177.0.0.1", "017700000001", "a.127", "a.0x7f",
			"%5B::1%5D", "[::1]", "%5B%3A%3A1%5D", "fe80%3A%3A1", "10.0.0.1%3A80", "169.254.169.254", "0", "user@example.org", "example.org%40evil.example",
			"example.org%3A80@evil.example", "EXAMPLE.org", "exa_mple.org", "-example.org", "example.org.", ".example.org", "example..org", "exämple.org",
			"example.org%3A", "example.org%3A0", "example.org%3A080", "example.org%3A99999", "example.org%3A-1", "example.org%3A80%3A80", "",
		},
		"32 a path that leaves its place": {
			"example.org%2F..%2Fx", "example.org:%2e%2e", "example.org:%2e%2e%2f", "example.org:%2e%2e%2fx", "example.org:%252e%252e", "example.org:..:x",
			"example.org:.", "example.org/x", "example.org:x/y", "example.org:x%2Fy", "example.org:x%5Cy", "example.org:x%00", "example.org::x", "example.org:",
			"example.org?x=y", "example.org#x", "example.org:x y", "example.org:x\n", "example.org:" + strings.Repeat("a", 600),
		},
	} {
		for _, id := range ids {
			t.Run(line+" "+id, func(t *testing.T) {
				if url, err := WebURL("did:web:" + id); err == nil {
					t.Errorf("it leads to %s", url)
				}
			})
		}
	}
	for _, id := range []string{"did:WEB:example.org", "did:key:z6Mk", "web:example.org"} {
		_, err := WebURL(id)
		wantRule(t, err, "did.web")
	}
}

func webDocument(t testing.TB) (*Document, PublicKey, PublicKey) {
	signing, agreement := newKey(t, Ed25519, 1), newKey(t, P256, 3)
	id := "did:web:issuer.example:org:1"
	return &Document{
		ID: id,
		VerificationMethod: []VerificationMethod{
			{ID: id + "#sign", Type: "Multikey", Controller: id, Key: signing},
			{ID: id + "#agree", Type: "Multikey", Controller: id, Key: agreement},
		},
		Authentication:  []string{id + "#sign"},
		AssertionMethod: []string{id + "#sign"},
		KeyAgreement:    []string{id + "#agree"},
		Service:         []Service{{id + "#didcomm", DIDCommMessaging, []Endpoint{{URI: "https://issuer.example/didcomm", Accept: []string{"didcomm/v2"}}}}},
	}, signing, agreement
}

func TestDocumentsReadAsTheyAreRendered(t *testing.T) {
	doc, _, _ := webDocument(t)
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseFor(doc.ID, text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, doc) {
		t.Fatalf("got %+v\nwant %+v", got, doc)
	}
	_, err = ParseFor("did:web:other.example", text)
	wantRule(t, err, "did.document-id")
	_, err = ParseFor(doc.ID, append(text, bytes.Repeat([]byte(" "), MaxDocument)...))
	wantRule(t, err, "did.document-size")
}

func TestDocumentsOfOtherWriters(t *testing.T) {
	_, signing, agreement := webDocument(t)
	jwk, err := json.Marshal(agreement.JWK())
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`{
		"@context": ["https://www.w3.org/ns/did/v1", {"x": "y"}], "id": "did:web:a.example", "alsoKnownAs": ["x"],
		"verificationMethod": [
			{"id": "#a", "type": "Ed25519VerificationKey2020", "controller": "did:web:a.example", "publicKeyMultibase": %q},
			{"id": "did:web:a.example#k", "type": "EcdsaSecp256k1VerificationKey2019", "controller": "did:web:a.example", "publicKeyHex": "02"},
			{"id": "#bls", "type": "Multikey", "controller": "did:web:a.example", "publicKeyMultibase": "zUC7EK3ZakmukHhuncwkbySmomv3FmrkmS36E4Ks5rsb6VQSRpoCrx6"},
			{"id": "#foreign", "type": "Multikey", "controller": "did:web:b.example", "publicKeyMultibase": %q},
			{"id": "did:web:b.example#x", "type": "Multikey", "controller": "did:web:a.example", "publicKeyMultibase": %q}
		],
		"authentication": ["#a", "did:web:a.example#k", "#foreign", "did:web:b.example#x", "#missing"],
		"assertionMethod": ["#bls"],
		"keyAgreement": ["#a", {"id": "#b", "type": "JsonWebKey2020", "controller": "did:web:a.example", "publicKeyJwk": %s}],
		"service": [
			{"id": "#s", "type": ["A", "B"], "serviceEndpoint": {"x": 1}},
			{"id": "#list", "type": "DIDCommMessaging", "serviceEndpoint": [{"uri": "wss://a.example", "accept": ["didcomm/aip2"]}, {"uri": "https://a.example"}]},
			{"id": "#web", "type": "LinkedDomains", "serviceEndpoint": "https://a.example"}
		]}`, signing.Multibase(), signing.Multibase(), signing.Multibase(), jwk)
	doc, err := ParseFor("did:web:a.example", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(doc.Authentication, []string{"did:web:a.example#a"}) || doc.AssertionMethod != nil {
		t.Errorf("authentication %v, assertion %v", doc.Authentication, doc.AssertionMethod)
	}
	if key, ok := doc.Key("did:web:a.example#b", KeyAgreement); !ok || key != agreement {
		t.Error("the embedded key is not found")
	}
	if _, ok := doc.Key("did:web:a.example#b", Authentication); ok {
		t.Error("a key agreement key authenticates")
	}
	if len(doc.KeyAgreement) != 1 {
		t.Errorf("key agreement %v", doc.KeyAgreement)
	}
	if e, ok := doc.DIDComm(); !ok || e.URI != "https://a.example" {
		t.Errorf("%+v", doc.Service)
	}
}

func TestMalformedDocumentsAreRefused(t *testing.T) {
	doc, signing, _ := webDocument(t)
	good, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) string {
		out := strings.Replace(string(good), old, new, 1)
		if out == string(good) {
			t.Fatalf("%s not found", old)
		}
		return out
	}
	for name, text := range map[string]string{
		"empty":            ``,
		"null":             `null`,
		"list":             `[]`,
		"no id":            `{}`,
		"id a number":      `{"id":1}`,
		"doubled id":       replace(`"id":`, `"id":"did:web:x.example","id":`),
		"id in capitals":   replace(`"id":`, `"ID":"did:web:x.example","id":`),
		"key in capitals":  replace(`"publicKeyMultibase":`, `"publickeymultibase":"x","publicKeyMultibase":`),
		"purpose in case":  replace(`"keyAgreement":`, `"KeyAgreement":[],"keyAgreement":`),
		"bad key":          replace(signing.Multibase(), "z6Mk"),
		"method twice":     replace("#agree", "#sign"),
		"method without":   replace(`"id":"did:web:issuer.example:org:1#sign",`, ``),
		"reference number": replace(`"authentication":[`, `"authentication":[1,`),
		"purpose as text":  replace(`"authentication":[`, `"authentication":"x","x":[`),
		"trailing":         string(good) + "{}",
		"endpoint missing": replace(`"serviceEndpoint":`, `"x":`),
		"deep":             replace(`"id":`, `"x":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`,"id":`),
		"wrong type":       replace(`"type":"Multikey"`, `"type":"X25519KeyAgreementKey2020"`),
		"private key": `{"id":"did:a:b","verificationMethod":[{"id":"#1","type":"JsonWebKey2020","controller":"did:a:b",
			"publicKeyJwk":{"kty":"OKP","crv":"Ed25519","x":"` + signing.JWK().X + `","d":"AA"}}]}`,
		"two keys": `{"id":"did:a:b","verificationMethod":[{"id":"#1","type":"Multikey","controller":"did:a:b","publicKeyJwk":{},
			"publicKeyMultibase":"` + signing.Multibase() + `"}]}`,
		"129 methods": `{"id":"did:a:b","verificationMethod":[{}` + strings.Repeat(",{}", 128) + `]}`,
	} {
		if doc, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s: %+v", name, doc)
		}
	}
}

func TestKeyIDsSplit(t *testing.T) {
	did, fragment, err := Split(peerExample + "#key-1")
	if err != nil || did != peerExample || fragment != "key-1" {
		t.Fatal(did, fragment, err)
	}
	for _, id := range []string{
		"", "#key-1", "did:a:b", "did:a:b#", "did:a:b/x#y", "did:a:b?x#y", "did:a#x", "did::b#x", "did:A:b#x", "did:a:b#x#y", "did:a:b#x y",
		"did:a:b#\x00", "did:a:b#ø", "did:a:%zz#x", "did:a:b:#x", "../../x", "did:a:" + strings.Repeat("b", 5000) + "#x",
	} {
		if _, _, err := Split(id); err == nil {
			t.Errorf("%.40q: accepted", id)
		}
	}
}

func TestPeerDIDsResolveToWhatTheyWereMadeOf(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var keys []PeerKey
		for i := range rapid.IntRange(1, 5).Draw(rt, "keys") {
			c := rapid.SampledFrom(allCurves).Draw(rt, fmt.Sprint("curve ", i))
			purpose := KeyAgreement
			if !c.Agrees() || c.Signs() && rapid.Bool().Draw(rt, fmt.Sprint("signs ", i)) {
				purpose = rapid.SampledFrom([]Purpose{Authentication, AssertionMethod, CapabilityInvocation, CapabilityDelegation}).Draw(rt, fmt.Sprint("purpose ", i))
			}
			keys = append(keys, PeerKey{purpose, newKey(t, c, rapid.Byte().Draw(rt, fmt.Sprint("seed ", i)))})
		}
		uri := rapid.StringMatching(`https://[a-z]{1,10}\.example/[a-z&?=<>/]{0,20}`).Draw(rt, "uri")
		id, keyIDs, err := NewPeer(keys, Endpoint{URI: uri})
		if err != nil {
			rt.Fatal(err)
		}
		doc, err := Static{}.Resolve(t.Context(), id)
		if err != nil {
			rt.Fatal(err)
		}
		for i, k := range keys {
			if got, ok := doc.Key(keyIDs[i], k.Purpose); !ok || got != k.Key {
				rt.Fatalf("key %d: %v %v", i, got, ok)
			}
		}
		if e, ok := doc.DIDComm(); !ok || e.URI != uri {
			rt.Fatal(e)
		}
	})
}

func base64URL(s string) string { return base64url.Encode([]byte(s)) }

func TestECDHAndECDSAForms(t *testing.T) {
	if _, err := newKey(t, Ed25519, 1).ECDH(); err == nil {
		t.Error("an Ed25519 key agrees")
	}
	if _, ok := newKey(t, X25519, 1).ECDSA(); ok {
		t.Error("an X25519 key signs")
	}
	if key, ok := newKey(t, P384, 1).ECDSA(); !ok || key.Curve.Params().BitSize != 384 {
		t.Error("no P-384 key")
	}
	if key, err := newKey(t, P256, 1).ECDH(); err != nil || key.Curve() != ecdh.P256() {
		t.Error(err)
	}
}
