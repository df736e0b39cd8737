package did

import (
	"encoding/json"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	doc, _, _ := webDocument(f)
	doc.VerificationMethod[0].Expires, doc.VerificationMethod[1].Revoked = noon, noon
	text, err := json.Marshal(doc)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"id":"did:a:b","keyAgreement":[{"id":"#1","type":"JsonWebKey2020","controller":"did:a:b","publicKeyJwk":{"kty":"EC","crv":"P-256"}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := Parse(data)
		if err != nil {
			return
		}
		again, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if len(again) > MaxDocument {
			return // what was short by references is long when they are absolute
		}
		if _, err := ParseFor(doc.ID, again); err != nil {
			t.Fatalf("%s: %v", again, err)
		}
	})
}

// resolvesToItself checks what a DID that carries its document resolves to.
func resolvesToItself(t *testing.T, id string) {
	doc, err := Static{}.Resolve(t.Context(), id)
	if err != nil {
		return
	}
	if doc.ID != id || Check(id) != nil {
		t.Fatalf("%q resolves to %q", id, doc.ID)
	}
	for _, m := range doc.VerificationMethod {
		if m.Controller != id || !strings.HasPrefix(m.ID, id+"#") || m.Key.IsZero() {
			t.Fatalf("%q holds %+v", id, m)
		}
	}
}

func fuzzStatic(f *testing.F, seeds ...string) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(resolvesToItself)
}

func FuzzResolveKey(f *testing.F) {
	fuzzStatic(f, "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH", "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169")
}

func FuzzResolveJWK(f *testing.F) {
	var seeds []string
	for _, c := range allCurves {
		id, _ := NewJWK(newKey(f, c, 5))
		seeds = append(seeds, id)
	}
	fuzzStatic(f, append(seeds, "did:jwk:"+base64URL(`{"use":"enc"}`))...)
}

func FuzzResolvePeer2(f *testing.F) {
	fuzzStatic(f, peerExample, "did:peer:2.S"+base64URL(`{"t":"dm","s":{"uri":"http://x.example"}}`))
}

// The hash within a did:peer:4 stops a fuzzer at once: it makes the document.
func FuzzResolvePeer4(f *testing.F) {
	key := newKey(f, Ed25519, 5).Multibase()
	f.Add(`{"verificationMethod":[{"id":"#1","type":"Multikey","publicKeyMultibase":"` + key + `"}],"authentication":["#1"],"service":[]}`)
	f.Add(`{"keyAgreement":[{"id":"#1","type":"JsonWebKey","publicKeyJwk":{}}]}`)
	f.Fuzz(func(t *testing.T, input string) { resolvesToItself(t, peer4(t, input)) })
}

func FuzzWebURL(f *testing.F) {
	f.Add("did:web:example.org%3A3000:user:alice")
	f.Add("did:web:example.org:%2e%2e%2f")
	f.Fuzz(func(t *testing.T, id string) {
		if url, err := WebURL(id); err == nil && (Check(id) != nil || strings.Contains(url, "/../") || strings.ContainsAny(url, "@?#%")) {
			t.Fatalf("%q leads to %q", id, url)
		}
	})
}

func FuzzSplit(f *testing.F) {
	f.Add(peerExample + "#key-1")
	f.Add("did:web:a.example%3A80:b#c")
	f.Fuzz(func(t *testing.T, id string) {
		did, fragment, err := Split(id)
		if err == nil && (did+"#"+fragment != id || Check(did) != nil || strings.ContainsAny(fragment, "# \n\"<>")) {
			t.Fatalf("%q: %q and %q", id, did, fragment)
		}
	})
}
