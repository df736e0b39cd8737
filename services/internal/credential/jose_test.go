package credential

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/jws"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

func issueJOSE(t testing.TB, by party, doc Document) []byte {
	t.Helper()
	data, err := IssueJOSE(t.Context(), keys{}, doc, by.securing())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func by(p party) Document {
	draft := offer()
	draft.Issuer = p.did
	return draft.Document()
}

// reseal signs another payload or header in the same party's name.
func reseal(t testing.TB, p party, header jws.Header, payload any) []byte {
	t.Helper()
	compact, err := jws.Sign(t.Context(), keys{}.Sign, header, payload)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(compact)
}

func joseHeader(p party) jws.Header {
	return jws.Header{Algorithm: p.public.Curve().Algorithm(), KeyID: p.method, Type: typeJOSE}
}

func TestCredentialInAJWSVerifies(t *testing.T) {
	for _, p := range []party{university, college, academy} {
		data := issueJOSE(t, p, by(p))
		v, err := Verify(t.Context(), keys{}, data, Options{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		if v.Format != JOSE || v.Issuer != p.did || v.SubjectID != lisa.did || v.Claims()["given_name"] != "Lisa" ||
			!v.Created.Equal(now) || v.VerificationMethod != p.method || string(v.Raw()) != string(data) {
			t.Errorf("read %+v", v)
		}
		again := bytes.Clone(data)
		if v, err = Verify(t.Context(), keys{}, again, Options{Now: now}); err != nil {
			t.Fatal(err)
		}
		clear(again) // which is the caller's
		if string(v.Raw()) != string(data) {
			t.Error("what was verified changes with the caller's buffer")
		}
		// As an EnvelopedVerifiableCredential (VCDM 2.0, section 4.13.1).
		v, err = Verify(t.Context(), keys{}, encoded(t, envelopedCredential(JOSE.MediaType(), string(data))), Options{Now: now})
		if err != nil || v.Format != JOSE {
			t.Error(v, err)
		}
	}
}

func TestCredentialInAJWSThatIsNotRightIsRefused(t *testing.T) {
	payload := func(change func(doc Document)) []byte {
		doc := value(t, by(university)).Map()
		doc["iss"], doc["iat"] = university.did, now.Unix()
		change(doc)
		return reseal(t, university, joseHeader(university), doc)
	}
	good := strings.Split(string(issueJOSE(t, university, by(university))), ".")
	header := func(text string) []byte {
		return []byte(base64url.Encode([]byte(text)) + "." + good[1] + "." + good[2])
	}
	kid, _ := json.Marshal(university.method)
	for name, c := range map[string]struct {
		rule string
		data []byte
	}{
		"1 alg none":               {"credential.jose-header", header(`{"alg":"none","kid":` + string(kid) + `,"typ":"vc+jwt"}`)},
		"1 alg nOnE":               {"credential.jose-header", header(`{"alg":"nOnE","kid":` + string(kid) + `,"typ":"vc+jwt"}`)},
		"2 HS256":                  {"credential.jose-header", header(`{"alg":"HS256","kid":` + string(kid) + `,"typ":"vc+jwt"}`)},
		"2 ES256 by an EdDSA key":  {"credential.signature", header(`{"alg":"ES256","kid":` + string(kid) + `,"typ":"vc+jwt"}`)},
		"3 no alg":                 {"credential.jose-header", header(`{"kid":` + string(kid) + `,"typ":"vc+jwt"}`)},
		"4 crit":                   {"credential.jose-header", header(`{"alg":"EdDSA","kid":` + string(kid) + `,"typ":"vc+jwt","crit":["b64"],"b64":false}`)},
		"5 jwk":                    {"credential.jose-header", header(`{"alg":"EdDSA","kid":` + string(kid) + `,"typ":"vc+jwt","jwk":{"kty":"OKP"}}`)},
		"5 jku":                    {"credential.jose-header", header(`{"alg":"EdDSA","kid":` + string(kid) + `,"typ":"vc+jwt","jku":"https://evil.example"}`)},
		"5 x5u":                    {"credential.jose-header", header(`{"alg":"EdDSA","kid":` + string(kid) + `,"typ":"vc+jwt","x5u":"https://evil.example"}`)},
		"6 kid is a path":          {"credential.verification-method", header(`{"alg":"EdDSA","kid":"../../x","typ":"vc+jwt"}`)},
		"6 kid is SQL":             {"credential.verification-method", header(`{"alg":"EdDSA","kid":"did:web:a.example#' OR 1=1 --","typ":"vc+jwt"}`)},
		"6 kid of 10 kB":           {"credential.verification-method", header(`{"alg":"EdDSA","kid":"did:web:a.example#` + strings.Repeat("k", 10_000) + `","typ":"vc+jwt"}`)},
		"7, 19 another's key":      {"credential.signer", reseal(t, mallory, joseHeader(mallory), by(university))},
		"9 a presentation":         {"credential.jose-header", header(`{"alg":"EdDSA","kid":` + string(kid) + `,"typ":"vp+jwt"}`)},
		"9 a key-binding token":    {"credential.jose-header", header(`{"alg":"EdDSA","kid":` + string(kid) + `,"typ":"kb+jwt"}`)},
		"9 a status list":          {"credential.jose-header", header(`{"alg":"EdDSA","kid":` + string(kid) + `,"typ":"statuslist+jwt"}`)},
		"9 an id_token":            {"credential.jose-header", header(`{"alg":"EdDSA","kid":` + string(kid) + `,"typ":"JWT"}`)},
		"9 no typ":                 {"credential.jose-header", header(`{"alg":"EdDSA","kid":` + string(kid) + `}`)},
		"announces a presentation": {"credential.jose-header", header(`{"alg":"EdDSA","kid":` + string(kid) + `,"typ":"vc+jwt","cty":"vp"}`)},
		"11 10 MB":                 {"credential.jose-form", []byte(strings.Repeat("A", 10<<20) + ".e30.AA")},
		"12 padding":               {"credential.jose-form", []byte(strings.Join(good, ".") + "==")},
		"12 loose bits":            {"credential.jose-form", []byte(good[0] + "." + good[1] + "." + good[2][:85] + "_")},
		"changed":                  {"credential.signature", []byte(good[0] + "." + base64url.Encode(encoded(t, by(university))) + "." + good[2])},
		"iss says otherwise":       {"credential.jwt-claims", payload(func(doc Document) { doc["iss"] = mallory.did })},
		"sub says otherwise":       {"credential.jwt-claims", payload(func(doc Document) { doc["sub"] = mallory.did })},
		"jti says otherwise":       {"credential.jwt-claims", payload(func(doc Document) { doc["jti"] = "urn:uuid:other" })},
		"iss is a number":          {"credential.jwt-claims", payload(func(doc Document) { doc["iss"] = 7 })},
		"iat is a text":            {"credential.jwt-claims", payload(func(doc Document) { doc["iat"] = "now" })},
		"jti, and no id":           {"credential.jwt-claims", payload(func(doc Document) { doc["jti"] = doc["id"]; delete(doc, "id") })},
		"iss is null":              {"credential.jwt-claims", payload(func(doc Document) { doc["iss"] = nil })},
		"sub is empty":             {"credential.jwt-claims", payload(func(doc Document) { doc["sub"] = "" })},
		"27 exp is null":           {"credential.jwt-claims", payload(func(doc Document) { doc["exp"] = nil })},
		"27 exp is zero":           {"credential.jwt-claims", payload(func(doc Document) { doc["exp"] = 0 })},
		"27 nbf is negative":       {"credential.jwt-claims", payload(func(doc Document) { doc["nbf"] = -1 })},
		"iat is before all keys":   {"credential.jwt-claims", payload(func(doc Document) { doc["iat"] = -1 })},
		"meant for somebody":       {"credential.jwt-claims", payload(func(doc Document) { doc["aud"] = "did:web:udi.example" })},
		"meant for nobody":         {"credential.jwt-claims", payload(func(doc Document) { doc["aud"] = []any{} })},
		"answers somebody":         {"credential.jwt-claims", payload(func(doc Document) { doc["nonce"] = "c-1" })},
		"from the future":          {"credential.proof-from-future", payload(func(doc Document) { doc["iat"] = now.Unix() + 3600 })},
		"27 exp is past":           {"credential.proof-expired", payload(func(doc Document) { doc["exp"] = now.Unix() })},
		"27 nbf is to come":        {"credential.not-yet-valid", payload(func(doc Document) { doc["nbf"] = now.Unix() + 60 })},
		"27 expired":               {"credential.expired", payload(func(doc Document) { doc["validUntil"] = "2026-01-02T12:00:00Z" })},
		"24 undefined claim":       {"jsonld.undefined-term", payload(func(doc Document) { doc["is_admin"] = true })},
		"23 remote context":        {"jsonld.context", payload(func(doc Document) { doc["@context"] = []any{vcdm.ContextV2, "https://evil.example"} })},
		"a proof inside":           {"credential.jose-form", payload(func(doc Document) { doc["proof"] = map[string]any{} })},
		"36 duplicate member":      {"json.duplicate-member", reseal(t, university, joseHeader(university), []byte(`{"issuer":1,"issuer":2}`))},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := Verify(t.Context(), keys{}, c.data, Options{Now: now})
			wantRule(t, err, c.rule)
			if v != nil {
				t.Error("a credential came back")
			}
		})
	}
}

// presentations by vp+jwt and by proof, of credentials in either form.
func TestPresentationInAJWSVerifies(t *testing.T) {
	embedded, compact := issue(t, by(university)), issueJOSE(t, college, by(college))
	for name, envelope := range map[string]bool{"vp+jwt": true, "proof": false} {
		t.Run(name, func(t *testing.T) {
			p := presenting(embedded, compact)
			p.Envelope = envelope
			data := present(t, p)
			got, err := VerifyPresentation(t.Context(), keys{}, data, presentationOptions())
			if err != nil {
				t.Fatal(err)
			}
			if got.Holder != lisa.did || got.Credentials[0].Format != DataIntegrity || got.Credentials[1].Format != JOSE || !got.Created.Equal(now) {
				t.Errorf("read %+v", got)
			}
			for rule, change := range map[string]func(o *PresentationOptions){ // hostile 22
				"credential.challenge": func(o *PresentationOptions) { o.Challenge = "c-2" },
				"credential.domain":    func(o *PresentationOptions) { o.Domain = "did:web:evil.example" },
			} {
				opts := presentationOptions()
				change(&opts)
				_, err := VerifyPresentation(t.Context(), keys{}, data, opts)
				wantRule(t, err, rule)
			}
			// Hostile 21: the holder's key must be listed for authentication.
			_, err = VerifyPresentation(t.Context(), keys{only: AssertionMethod}, data, presentationOptions())
			wantRule(t, err, "did.purpose")
		})
	}
	// As an EnvelopedVerifiablePresentation (VCDM 2.0, section 4.13.2).
	p := presenting(embedded)
	p.Envelope = true
	wrapped := encoded(t, map[string]any{
		"@context": []any{vcdm.ContextV2}, "type": "EnvelopedVerifiablePresentation", "id": "data:application/vp+jwt," + string(present(t, p)),
	})
	if _, err := VerifyPresentation(t.Context(), keys{}, wrapped, presentationOptions()); err != nil {
		t.Error(err)
	}
}

// Hostile input 26, past a wallet that does not look: what it signs is refused.
func TestCredentialsOfAnotherHolderAreRefused(t *testing.T) {
	of := func(subjects ...string) Document {
		doc := value(t, by(university)).Map()
		var all []any
		for _, id := range subjects {
			all = append(all, map[string]any{"id": id, "offer_id": id})
		}
		doc["credentialSubject"] = all
		return doc
	}
	for name, c := range map[string]struct {
		rule string
		show []Document
	}{
		"26 another's":                    {"credential.holder", []Document{of(mallory.did)}},
		"26 ours and another's":           {"credential.holder", []Document{of(lisa.did), of(mallory.did)}},
		"26 two subjects in a credential": {"credential.holder", []Document{of(lisa.did, mallory.did)}},
	} {
		for _, envelope := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				p := presenting()
				p.Envelope = envelope
				doc, err := p.document()
				if err != nil {
					t.Fatal(err)
				}
				var shown []any
				for _, unsigned := range c.show {
					one, err := decode(issue(t, unsigned), MaxCredentialBytes)
					if err != nil {
						t.Fatal(err)
					}
					shown = append(shown, one)
				}
				doc["verifiableCredential"] = shown
				var data []byte
				if envelope {
					data, err = presentJOSE(t.Context(), keys{}, doc, p)
				} else {
					data, err = secure(t.Context(), keys{}, value(t, doc), Authentication, Document{"challenge": p.Challenge, "domain": p.Domain}, lisa.securing())
				}
				if err != nil {
					t.Fatal(err)
				}
				_, err = VerifyPresentation(t.Context(), keys{}, data, presentationOptions())
				wantRule(t, err, c.rule)
			})
		}
	}
}

func TestEnvelopeOfAnotherKindIsRefused(t *testing.T) {
	for rule, doc := range map[string]Document{
		"credential.media-type": envelopedCredential("application/dc+sd-jwt", "e30.e30.AA~"),
		"credential.enveloped":  {"@context": []any{vcdm.ContextV2}, "type": "EnvelopedVerifiableCredential", "id": "https://evil.example/credential"},
	} {
		_, err := Verify(t.Context(), keys{}, encoded(t, doc), Options{Now: now})
		wantRule(t, err, rule)
	}
}

func TestIssuingInAJWSRefusesWhatVerifyingWould(t *testing.T) {
	for rule, change := range map[string]func(doc Document, how *Securing){
		"credential.signer":     func(doc Document, _ *Securing) { doc["issuer"] = mallory.did },
		"jsonld.undefined-term": func(doc Document, _ *Securing) { doc["nonce"] = "c-1" },
		"credential.jwt-claims": func(doc Document, _ *Securing) { doc["aud"] = "did:web:udi.example" },
		"credential.too-large":  func(doc Document, _ *Securing) { subject(doc)["given_name"] = strings.Repeat("x", MaxCredentialBytes) },
		"credential.algorithm":  func(_ Document, how *Securing) { how.Key.Curve = did.X25519 },
	} {
		doc, how := by(university), university.securing()
		change(doc, &how)
		_, err := IssueJOSE(t.Context(), keys{}, doc, how)
		wantRule(t, err, rule)
	}
}

func FuzzVerifyJOSE(f *testing.F) {
	good := string(issueJOSE(f, university, by(university)))
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add("e30.e30.AA")
	f.Fuzz(func(t *testing.T, compact string) {
		v, report := Examine(t.Context(), keys{}, []byte(compact), Options{Now: now})
		if (v != nil) != report.Verified() {
			t.Error("the report and the credential disagree")
		}
	})
}
