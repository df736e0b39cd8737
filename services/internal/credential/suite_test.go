package credential

import (
	"maps"
	"testing"

	"github.com/mr-tron/base58"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// securings is every suite with every kind of key that it signs with.
func securings() map[string]struct {
	by  party
	how Securing
} {
	all := map[string]struct {
		by  party
		how Securing
	}{}
	for name, c := range map[string]struct {
		by    party
		suite Cryptosuite
	}{
		"eddsa-rdfc-2022":       {university, EdDSARDFC},
		"eddsa-jcs-2022":        {university, EdDSAJCS},
		"ecdsa-rdfc-2019 P-256": {college, ECDSARDFC},
		"ecdsa-rdfc-2019 P-384": {academy, ECDSARDFC},
		"ecdsa-jcs-2019 P-256":  {college, ECDSAJCS},
		"ecdsa-jcs-2019 P-384":  {academy, ECDSAJCS},
	} {
		how := c.by.securing()
		how.Suite = c.suite
		all[name] = struct {
			by  party
			how Securing
		}{c.by, how}
	}
	return all
}

func TestEverySuiteSignsAndVerifies(t *testing.T) {
	for name, c := range securings() {
		t.Run(name, func(t *testing.T) {
			draft := offer()
			draft.Issuer = c.by.did
			data, err := Issue(t.Context(), keys{}, draft.Document(), c.how)
			if err != nil {
				t.Fatal(err)
			}
			v, err := Verify(t.Context(), keys{}, data, Options{Now: now})
			if err != nil || v.Issuer != c.by.did || v.VerificationMethod != c.by.method || v.Format != DataIntegrity {
				t.Fatal(v, err)
			}
			// A jcs proof names the contexts that it was made with; others have none.
			if doc := object(t, data); suites[c.how.Suite].jcs != (proofOf(doc)["@context"] != nil) {
				t.Error("contexts of the proof:", proofOf(doc)["@context"])
			}
			for what, change := range map[string]func(doc Document){
				"claim":   func(doc Document) { subject(doc)["given_name"] = "Liza" },
				"created": func(doc Document) { proofOf(doc)["created"] = "2026-01-01T00:00:00Z" },
				"id":      func(doc Document) { doc["id"] = "urn:uuid:other" },
				"value": func(doc Document) {
					text := proofOf(doc)["proofValue"].(string)
					signature, _ := base58.Decode(text[1:])
					signature[len(signature)-1] ^= 1
					proofOf(doc)["proofValue"] = encodeSignature(signature)
				},
			} {
				_, err := Verify(t.Context(), keys{}, edit(t, data, change), Options{Now: now})
				if err == nil {
					t.Errorf("a changed %s verifies", what)
				}
				wantRule(t, err, "credential.signature")
			}
			// A signature by one suite is none by another.
			for other := range suites {
				if other == c.how.Suite {
					continue
				}
				_, err := Verify(t.Context(), keys{}, edit(t, data, func(doc Document) { proofOf(doc)["cryptosuite"] = string(other) }), Options{Now: now})
				if err == nil {
					t.Errorf("it verifies as %s", other)
				}
			}
			// Hostile input 24: a jcs signature covers text, but a claim that no
			// context defines says nothing, and is refused all the same.
			doc := draft.Document()
			subject(doc)["is_admin"] = true
			_, err = Issue(t.Context(), keys{}, doc, c.how)
			wantRule(t, err, "jsonld.undefined-term")
			_, err = Verify(t.Context(), keys{}, edit(t, data, func(doc Document) { subject(doc)["is_admin"] = true }), Options{Now: now})
			wantRule(t, err, "jsonld.undefined-term")
		})
	}
}

func TestEverySuiteSignsPresentations(t *testing.T) {
	for name, c := range securings() {
		t.Run(name, func(t *testing.T) {
			draft := offer()
			draft.Subject = c.by.did
			p := presenting(issue(t, draft.Document()))
			p.Holder, p.Key, p.Suite = c.by.did, c.how.Key, c.how.Suite
			data := present(t, p)
			got, err := VerifyPresentation(t.Context(), keys{}, data, presentationOptions())
			if err != nil || got.Holder != c.by.did {
				t.Fatal(got, err)
			}
			opts := presentationOptions()
			opts.Challenge = "c-2"
			_, err = VerifyPresentation(t.Context(), keys{}, data, opts)
			wantRule(t, err, "credential.challenge")
			_, err = VerifyPresentation(t.Context(), keys{}, edit(t, data, func(doc Document) { proofOf(doc)["challenge"] = "c-2" }), opts)
			wantRule(t, err, "credential.signature")
		})
	}
}

func TestSuiteMustFitTheKey(t *testing.T) {
	for _, suite := range []Cryptosuite{ECDSARDFC, ECDSAJCS, "ecdsa-sd-2023"} {
		how := university.securing()
		how.Suite = suite
		_, err := Issue(t.Context(), keys{}, offer().Document(), how)
		wantRule(t, err, "credential.cryptosuite")
	}
}

// VC-DI-EdDSA 1.0, section 3.3.2: the document of a jcs proof begins with the
// contexts that the proof names, and is read with those alone.
func TestContextsOfAProofAreThoseOfTheDocument(t *testing.T) {
	how := university.securing()
	how.Suite = EdDSAJCS
	data, err := Issue(t.Context(), keys{}, offer().Document(), how)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(doc Document){
		"another":   func(doc Document) { proofOf(doc)["@context"] = []any{"https://evil.example"} },
		"none":      func(doc Document) { proofOf(doc)["@context"] = []any{} },
		"too many":  func(doc Document) { proofOf(doc)["@context"] = append(doc["@context"].([]any), "https://evil.example") },
		"not first": func(doc Document) { proofOf(doc)["@context"] = doc["@context"].([]any)[1:] },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Verify(t.Context(), keys{}, edit(t, data, change), Options{Now: now})
			wantRule(t, err, "credential.proof-context")
		})
	}
}

// What a jcs proof signed means something by the contexts that it names. Who
// holds the credential may add contexts, and nothing to its meaning, whoever
// signs beside the issuer.
func TestContextsAddedToAProofDefineNothing(t *testing.T) {
	doc := value(t, offer().Document()).Map()
	whole := doc["@context"].([]any)
	config := Document{
		"type": proofType, "cryptosuite": string(EdDSAJCS), "created": vcdm.FormatInstant(now),
		"verificationMethod": university.method, "proofPurpose": string(AssertionMethod), "@context": whole[:1],
	}
	sign := func(doc Document) []byte {
		doc["@context"] = whole[:1]
		input, err := suites[EdDSAJCS].signingInput(pinnedTerms{}, value(t, doc), value(t, config), did.Ed25519)
		if err != nil {
			t.Fatal(err)
		}
		signed, object := maps.Clone(doc), maps.Clone(config)
		object["proofValue"] = encodeSignature(university.sign(input))
		signed["@context"], signed["proof"] = whole, object
		return encoded(t, signed)
	}
	data := sign(doc)
	_, err := Verify(t.Context(), keys{}, data, Options{Now: now})
	wantRule(t, err, "jsonld.relative-iri") // the type is what nobody defined
	beside, err := AddProof(t.Context(), keys{}, data, mallory.securing())
	if err != nil {
		t.Fatal(err)
	}
	_, err = Verify(t.Context(), keys{}, beside, Options{Now: now})
	wantRule(t, err, "jsonld.relative-iri") // the type is what nobody defined

	doc["type"], doc["credentialSubject"] = []any{vcdm.TypeCredential}, map[string]any{"id": lisa.did, "name": "Lisa"}
	plain := sign(doc)
	if _, err := Verify(t.Context(), keys{}, plain, Options{Now: now}); err != nil {
		t.Error("a context that was added, and changes nothing:", err)
	}
	// Hostile input 23: not even those may be from elsewhere.
	remote := edit(t, plain, func(doc Document) { doc["@context"] = append(doc["@context"].([]any), "https://evil.example/v1") })
	_, err = Verify(t.Context(), keys{}, remote, Options{Now: now})
	wantRule(t, err, "jsonld.context")
}

// A jcs proof may name one context as a text, or none: then those of the document
// are signed with it.
func TestContextsOfAProofMayBeOneOrNone(t *testing.T) {
	for name, contexts := range map[string]any{"none": nil, "a text": vcdm.ContextV2} {
		doc := value(t, offer().Document()).Map()
		doc["@context"], doc["type"] = []any{vcdm.ContextV2}, []any{vcdm.TypeCredential}
		doc["credentialSubject"] = map[string]any{"id": lisa.did, "name": "Lisa"}
		config := Document{
			"type": proofType, "cryptosuite": string(EdDSAJCS), "verificationMethod": university.method, "proofPurpose": string(AssertionMethod),
		}
		if contexts != nil {
			config["@context"] = contexts
		}
		input, err := suites[EdDSAJCS].signingInput(pinnedTerms{}, value(t, doc), value(t, config), did.Ed25519)
		if err != nil {
			t.Fatal(err)
		}
		config["proofValue"] = encodeSignature(university.sign(input))
		doc["proof"] = config
		if _, err := Verify(t.Context(), keys{}, encoded(t, doc), Options{Now: now}); err != nil {
			t.Error(name, err)
		}
	}
}
