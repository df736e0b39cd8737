package credential

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

var now = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// party is a did:key whose key this test holds.
type party struct {
	did, method string
	public      did.PublicKey
	sign        func(data []byte) []byte
	seed        []byte // of an Ed25519 key
}

func newParty(seed byte) party {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
	p := partyOf(testkit.Public(key), func(data []byte) []byte { return ed25519.Sign(key, data) })
	p.seed = key.Seed()
	return p
}

// newECDSAParty is a party whose key lies on P-256 or P-384.
func newECDSAParty(curve did.Curve, on elliptic.Curve) party {
	key, err := ecdsa.GenerateKey(on, rand.Reader)
	if err != nil {
		panic(err)
	}
	raw, err := key.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	public, err := did.NewPublicKey(curve, raw)
	if err != nil {
		panic(err)
	}
	return partyOf(public, func(data []byte) []byte { return testkit.SignECDSA(key, curve, data) })
}

func partyOf(public did.PublicKey, sign func(data []byte) []byte) party {
	name, method := did.NewKey(public)
	return party{did: name, method: method, public: public, sign: sign}
}

func (p party) signing() Key { return Key{ID: p.method, Curve: p.public.Curve()} }

func (p party) securing() Securing { return Securing{Key: p.signing(), Created: now} }

var (
	university = newParty(1)
	lisa       = newParty(2)
	mallory    = newParty(3)
	college    = newECDSAParty(did.P256, elliptic.P256())
	academy    = newECDSAParty(did.P384, elliptic.P384())
)

// keys signs for the parties and resolves their keys. It lists a key under
// the purposes given, both if none are.
type keys struct {
	only Purpose
	err  error
}

func (k keys) find(method string) (party, error) {
	for _, p := range []party{university, lisa, mallory, college, academy} {
		if p.method == method {
			return p, nil
		}
	}
	return party{}, fault.New(fault.NotFound, "did.key", "no such key")
}

func (k keys) Sign(_ context.Context, method string, data []byte) ([]byte, error) {
	p, err := k.find(method)
	if err != nil {
		return nil, err
	}
	return p.sign(data), nil
}

func (k keys) VerificationKey(_ context.Context, method string, purpose Purpose, _ time.Time) (did.PublicKey, error) {
	if k.err != nil {
		return did.PublicKey{}, k.err
	}
	if k.only != "" && k.only != purpose {
		return did.PublicKey{}, fault.New(fault.Denied, "did.purpose", "the key is not listed for %s", purpose)
	}
	p, err := k.find(method)
	return p.public, err
}

func offer() Draft {
	return Draft{
		ID: "urn:uuid:8c7a4e9a-6f43-4b1d-9f0e-2f3bb7a4c001", Type: "OfferOfEmployment",
		Issuer: university.did, Subject: lisa.did,
		Claims: map[string]any{
			"offer_id": "off_1", "given_name": "Lisa", "nationalities": []string{"US"}, "sex": 2,
			"employer":   map[string]any{"organisation_number": "310000019", "legal_name": "Universitetet i Testby"},
			"employment": map[string]any{"weekly_hours": 37.5, "annual_salary": map[string]any{"amount": 634700, "currency": "NOK"}},
		},
		ValidFrom: now.Add(-time.Hour), ValidUntil: now.Add(time.Hour),
	}
}

func issue(t testing.TB, doc Document) []byte {
	t.Helper()
	data, err := Issue(t.Context(), keys{}, doc, university.securing())
	if err != nil {
		t.Fatalf("issue: %v", err)
	}
	return data
}

// edit changes a document after it was signed.
func edit(t testing.TB, data []byte, change func(doc Document)) []byte {
	t.Helper()
	doc, err := strictjson.DecodeObject(data, strictjson.Limits{Bytes: MaxPresentationBytes})
	if err != nil {
		t.Fatal(err)
	}
	change(doc)
	return encoded(t, doc)
}

func encoded(t testing.TB, doc any) []byte {
	t.Helper()
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func presenting(credentials ...[]byte) Presenting {
	return Presenting{
		ID: "urn:uuid:4f0b6d7e-7f25-4b8b-8b43-0e6f2f0c0001", Types: []string{"ApplicationPresentation"},
		Holder: lisa.did, Credentials: credentials,
		Members: map[string]any{"consent": map[string]any{
			"purpose": "residence-permit", "given_at": "2026-01-02T11:59:00Z",
			"agencies": []any{map[string]any{"agency": "did:web:police.example", "delivery": "did:peer:2.Ez6LSa", "claims": []any{"given_name"}}},
		}},
		Challenge: "c-1", Domain: "did:web:udi.example", Key: lisa.signing(), Created: now,
	}
}

func present(t testing.TB, p Presenting) []byte {
	t.Helper()
	data, err := Present(t.Context(), keys{}, p)
	if err != nil {
		t.Fatalf("present: %v", err)
	}
	return data
}

func presentationOptions() PresentationOptions {
	return PresentationOptions{Options: Options{Now: now}, Challenge: "c-1", Domain: "did:web:udi.example"}
}

func wantRule(t *testing.T, err error, rule string) {
	t.Helper()
	if err == nil || fault.RuleOf(err) != rule {
		t.Errorf("got %v, want the rule %s", err, rule)
	}
}

func TestIssuedCredentialVerifies(t *testing.T) {
	draft := offer()
	data := issue(t, draft.Document())
	v, report := Examine(t.Context(), keys{}, data, Options{Now: now})
	if !report.Verified() {
		t.Fatalf("not verified: %v", report.Err())
	}
	if v.ID != draft.ID || v.Issuer != university.did || v.SubjectID != lisa.did || !v.HasType("OfferOfEmployment") {
		t.Errorf("read %+v", v)
	}
	if v.Claims()["given_name"] != "Lisa" || v.Claims()["sex"] != json.Number("2") || v.Claims()["id"] != nil {
		t.Errorf("claims %v", v.Claims())
	}
	if !v.ValidFrom.Equal(draft.ValidFrom) || !v.ValidUntil.Equal(draft.ValidUntil) || !v.Created.Equal(now) || v.VerificationMethod != university.method {
		t.Errorf("dates and key %+v", v)
	}
	if !bytes.Equal(v.Raw(), data) {
		t.Error("Raw is not what was issued")
	}
	if _, has := draft.Claims["id"]; has {
		t.Error("issuing changed the draft")
	}
}

func TestEveryChangedClaimBreaksTheSignature(t *testing.T) {
	data := issue(t, offer().Document())
	changes := map[string]func(doc Document){
		"claim":      func(doc Document) { subject(doc)["given_name"] = "Liza" },
		"added":      func(doc Document) { subject(doc)["family_name"] = "Johnson" },
		"removed":    func(doc Document) { delete(subject(doc), "offer_id") },
		"nested":     func(doc Document) { subject(doc)["employer"].(map[string]any)["organisation_number"] = "310000027" },
		"number":     func(doc Document) { subject(doc)["sex"] = 1 },
		"type":       func(doc Document) { doc["type"] = []any{vcdm.TypeCredential, "EmployerAccreditation"} },
		"id":         func(doc Document) { doc["id"] = "urn:uuid:other" },
		"validUntil": func(doc Document) { doc["validUntil"] = "2030-01-01T00:00:00Z" },
		"created":    func(doc Document) { doc["proof"].(map[string]any)["created"] = "2026-01-01T00:00:00Z" },
		"subject":    func(doc Document) { subject(doc)["id"] = mallory.did },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			_, err := Verify(t.Context(), keys{}, edit(t, data, change), Options{Now: now})
			wantRule(t, err, "credential.signature")
		})
	}
}

func subject(doc Document) map[string]any { return doc["credentialSubject"].(map[string]any) }

func proofOf(doc Document) map[string]any { return doc["proof"].(map[string]any) }

func TestMalformedCredentialsAreRefused(t *testing.T) {
	data := issue(t, offer().Document())
	cases := map[string]struct {
		rule   string
		change func(doc Document)
	}{
		// Hostile input 19: the signer is not the issuer.
		"another signer": {"credential.signer", func(doc Document) { doc["issuer"] = mallory.did }},
		// Hostile input 21.
		"wrong purpose":      {"credential.proof-purpose", func(doc Document) { proofOf(doc)["proofPurpose"] = "authentication" }},
		"method not a DID":   {"credential.verification-method", func(doc Document) { proofOf(doc)["verificationMethod"] = "https://evil.example/#k" }},
		"method no fragment": {"credential.verification-method", func(doc Document) { proofOf(doc)["verificationMethod"] = university.did }},
		"unknown suite":      {"credential.cryptosuite", func(doc Document) { proofOf(doc)["cryptosuite"] = "ecdsa-sd-2023" }},
		"another suite":      {"credential.key", func(doc Document) { proofOf(doc)["cryptosuite"] = "ecdsa-rdfc-2019" }},
		"another proof type": {"credential.proof-type", func(doc Document) { proofOf(doc)["type"] = "Ed25519Signature2020" }},
		"no proofs":          {"credential.proof-form", func(doc Document) { doc["proof"] = []any{} }},
		"no proof":           {"credential.proof-form", func(doc Document) { delete(doc, "proof") }},
		"proof with extras":  {"credential.proof-form", func(doc Document) { proofOf(doc)["jwk"] = "x" }},
		"proof context":      {"credential.proof-form", func(doc Document) { proofOf(doc)["@context"] = []any{"https://evil.example"} }},
		"no created":         {"credential.signature", func(doc Document) { delete(proofOf(doc), "created") }},
		"challenge":          {"credential.proof-form", func(doc Document) { proofOf(doc)["challenge"] = "c" }},
		"short signature":    {"credential.proof-value", func(doc Document) { proofOf(doc)["proofValue"] = "z2222" }},
		"another multibase":  {"credential.proof-value", func(doc Document) { proofOf(doc)["proofValue"] = "u" + proofOf(doc)["proofValue"].(string)[1:] }},
		"no type of proof":   {"credential.proof-form", func(doc Document) { delete(proofOf(doc), "type") }},
		"no suite":           {"credential.proof-form", func(doc Document) { delete(proofOf(doc), "cryptosuite") }},
		"no method":          {"credential.proof-form", func(doc Document) { delete(proofOf(doc), "verificationMethod") }},
		"no purpose":         {"credential.proof-form", func(doc Document) { delete(proofOf(doc), "proofPurpose") }},
		"no signature":       {"credential.proof-form", func(doc Document) { delete(proofOf(doc), "proofValue") }},
		"proof is a text":    {"credential.proof-form", func(doc Document) { doc["proof"] = "proof" }},
		"nonce is a number":  {"credential.proof-form", func(doc Document) { proofOf(doc)["nonce"] = 1 }},
		"domain":             {"credential.proof-form", func(doc Document) { proofOf(doc)["domain"] = "did:web:udi.example" }},
		"hex signature":      {"credential.proof-value", func(doc Document) { proofOf(doc)["proofValue"] = "f00" }},
		"proof from future":  {"credential.proof-from-future", func(doc Document) { proofOf(doc)["created"] = "2026-01-03T00:00:00Z" }},
		"proof expired":      {"credential.proof-expired", func(doc Document) { proofOf(doc)["expires"] = "2026-01-02T00:00:00Z" }},
		// Hostile input 23.
		"remote context": {"jsonld.context", func(doc Document) { doc["@context"] = []any{vcdm.ContextV2, "https://evil.example/v1"} }},
		"inline context": {"jsonld.context", func(doc Document) {
			doc["@context"] = []any{vcdm.ContextV2, map[string]any{"@vocab": "https://evil.example/"}}
		}},
		"context order":     {"credential.context", func(doc Document) { doc["@context"] = []any{jsonld.KompetansesporV1, vcdm.ContextV2} }},
		"context as a text": {"credential.context", func(doc Document) { doc["@context"] = vcdm.ContextV2 }},
		// Hostile input 24.
		"undefined claim":  {"jsonld.undefined-term", func(doc Document) { subject(doc)["is_admin"] = true }},
		"27 exp beside it": {"credential.jwt-claims", func(doc Document) { doc["exp"] = 1 }},
		"27 nbf beside it": {"credential.jwt-claims", func(doc Document) { doc["nbf"] = now.Unix() + 3600 }},
		"aud beside it":    {"credential.jwt-claims", func(doc Document) { doc["aud"] = "did:web:udi.example" }},
		"cnf beside it":    {"credential.jwt-claims", func(doc Document) { doc["cnf"] = map[string]any{"kid": mallory.method} }},
		"undefined member": {"jsonld.undefined-term", func(doc Document) { doc["isAdmin"] = true }},
		"no subject":       {"credential.subject", func(doc Document) { delete(doc, "credentialSubject") }},
		"subject id":       {"credential.signature", func(doc Document) { delete(subject(doc), "id") }},
		"no issuer":        {"credential.issuer", func(doc Document) { delete(doc, "issuer") }},
		"https issuer":     {"credential.issuer", func(doc Document) { doc["issuer"] = "https://issuer.example" }},
		"no type":          {"credential.type", func(doc Document) { doc["type"] = []any{"OfferOfEmployment"} }},
		"type twice":       {"credential.type", func(doc Document) { doc["type"] = []any{vcdm.TypeCredential, vcdm.TypeCredential} }},
		"relative id":      {"credential.id", func(doc Document) { doc["id"] = "offer-1" }},
		// Hostile input 27.
		"no time zone":  {"credential.validFrom", func(doc Document) { doc["validFrom"] = "2026-01-01T00:00:00" }},
		"date only":     {"credential.validUntil", func(doc Document) { doc["validUntil"] = "2026-01-01" }},
		"comma":         {"credential.validUntil", func(doc Document) { doc["validUntil"] = "2026-01-01T00:00:00,5Z" }},
		"inverted":      {"credential.dates-inverted", func(doc Document) { doc["validUntil"] = "2025-12-01T00:00:00Z" }},
		"not yet valid": {"credential.not-yet-valid", func(doc Document) { doc["validFrom"] = "2026-01-02T12:30:00Z" }},
		"expired":       {"credential.expired", func(doc Document) { doc["validUntil"] = "2026-01-02T12:00:00Z" }},
		"other status":  {"credential.status", func(doc Document) { doc["credentialStatus"] = map[string]any{"type": "StatusList2021Entry"} }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v, err := Verify(t.Context(), keys{}, edit(t, data, c.change), Options{Now: now})
			wantRule(t, err, c.rule)
			if v != nil {
				t.Error("a credential came back")
			}
		})
	}
}

// Hostile input 36, at this door.
func TestTextsThatReadersDifferOnAreRefused(t *testing.T) {
	data := string(issue(t, offer().Document()))
	for rule, text := range map[string]string{
		"json.duplicate-member": strings.Replace(data, `"issuer":`, `"issuer":"did:web:evil.example","issuer":`, 1),
		"json.trailing-data":    data + "{}",
		"json.byte-order-mark":  "\ufeff" + data,
		"json.inexact-number":   strings.Replace(data, `"sex":2`, `"sex":9007199254740993`, 1),
		"json.too-large":        strings.Repeat(" ", MaxCredentialBytes) + data,
		"json.not-an-object":    "[" + data + "]",
		"json.too-deep":         strings.Repeat("[", 10_000),
	} {
		_, err := Verify(t.Context(), keys{}, []byte(text), Options{Now: now})
		wantRule(t, err, rule)
	}
}

// Hostile input 21: the key is not listed for the purpose.
func TestKeyMustBeListedForItsPurpose(t *testing.T) {
	_, err := Verify(t.Context(), keys{only: Authentication}, issue(t, offer().Document()), Options{Now: now})
	wantRule(t, err, "did.purpose")
	_, err = VerifyPresentation(t.Context(), keys{only: AssertionMethod}, present(t, presenting(issue(t, offer().Document()))), presentationOptions())
	wantRule(t, err, "did.purpose")
}

func TestWhatCannotBeCheckedIsUnfinishedAndNotVerified(t *testing.T) {
	offline := keys{err: fault.New(fault.Unavailable, "did.unreachable", "no answer")}
	v, report := Examine(t.Context(), offline, issue(t, offer().Document()), Options{Now: now})
	if v != nil || report.Verified() {
		t.Fatal("verified without a key")
	}
	wantRule(t, report.Err(), "did.unreachable")
	outcomes := map[string]Outcome{}
	for _, c := range report.Checks {
		outcomes[c.Name] = c.Outcome
	}
	want := map[string]Outcome{CheckForm: Passed, CheckDates: Passed, CheckSigner: Passed, CheckKey: Unfinished, CheckProof: Unfinished}
	if !maps.Equal(outcomes, want) {
		t.Errorf("outcomes %v", outcomes)
	}
	if (&Report{}).Verified() {
		t.Error("an empty report is verified")
	}
}

func TestIssuingRefusesWhatVerifyingWould(t *testing.T) {
	cases := map[string]func(doc Document){
		"credential.signer":         func(doc Document) { doc["issuer"] = mallory.did },
		"credential.already-signed": func(doc Document) { doc["proof"] = map[string]any{} },
		"credential.dates-inverted": func(doc Document) { doc["validUntil"] = "2020-01-01T00:00:00Z" },
		"credential.status":         func(doc Document) { doc["credentialStatus"] = map[string]any{"type": "StatusList2021Entry"} },
		"credential.version": func(doc Document) {
			doc["@context"] = []any{vcdm.ContextV1, jsonld.DataIntegrityV2}
			doc["issuanceDate"] = "2026-01-01T00:00:00Z"
			doc["type"], doc["credentialSubject"] = []any{vcdm.TypeCredential}, map[string]any{"id": lisa.did}
			delete(doc, "validFrom")
			delete(doc, "validUntil")
		},
		"jsonld.undefined-term": func(doc Document) { subject(doc)["is_admin"] = true },
		"jsonld.null":           func(doc Document) { subject(doc)["given_name"] = nil },
		"credential.too-large":  func(doc Document) { subject(doc)["given_name"] = strings.Repeat("x", MaxCredentialBytes) },
	}
	for rule, change := range cases {
		doc := offer().Document()
		change(doc)
		_, err := Issue(t.Context(), keys{}, doc, university.securing())
		wantRule(t, err, rule)
	}
}

func TestIssuingRefusesAProofThatVerifyingWould(t *testing.T) {
	for rule, change := range map[string]func(how *Securing){
		"credential.proof-form":          func(how *Securing) { how.Suite, how.ProofID = EdDSAJCS, "proof-1" },
		"credential.created":             func(how *Securing) { how.Created = time.Time{} },
		"credential.previous-proof":      func(how *Securing) { how.Previous = []string{"urn:uuid:proof-1"} },
		"credential.verification-method": func(how *Securing) { how.Key.ID = university.did },
	} {
		how := university.securing()
		change(&how)
		_, err := Issue(t.Context(), keys{}, offer().Document(), how)
		wantRule(t, err, rule)
	}
}

func TestPresentationVerifiesAsAWhole(t *testing.T) {
	first, second := offer(), offer()
	second.ID, second.Type = "urn:uuid:second", "EducationRecognition"
	data := present(t, presenting(issue(t, first.Document()), issue(t, second.Document())))
	p, report := ExaminePresentation(t.Context(), keys{}, data, presentationOptions())
	if !report.Verified() {
		t.Fatal(report.Err())
	}
	if p.Holder != lisa.did || len(p.Credentials) != 2 || p.Credentials[1].ID != second.ID || len(report.Credentials) != 2 {
		t.Errorf("read %+v", p)
	}
	if consent, _ := p.Members["consent"].(map[string]any); consent["purpose"] != "residence-permit" || len(p.Members) != 1 {
		t.Errorf("members %v", p.Members)
	}
}

func TestOneFalsePartMakesThePresentationFalse(t *testing.T) {
	ours := issue(t, offer().Document())
	data := present(t, presenting(ours))
	embedded := func(doc Document) Document { return doc["verifiableCredential"].([]any)[0].(map[string]any) }
	cases := map[string]struct {
		rule   string
		change func(doc Document)
	}{
		// Hostile input 20: the outer proof is false, the credential true.
		"consent widened": {"credential.signature", func(doc Document) {
			agencies := doc["consent"].(map[string]any)["agencies"].([]any)
			agencies[0].(map[string]any)["claims"] = []any{"given_name", "family_name"}
		}},
		"credential changed":  {"credential.signature", func(doc Document) { subject(embedded(doc))["given_name"] = "Liza" }},
		"credential repeated": {"credential.signature", func(doc Document) { doc["verifiableCredential"] = []any{embedded(doc), embedded(doc)} }},
		// Hostile input 21.
		"wrong purpose": {"credential.proof-purpose", func(doc Document) { proofOf(doc)["proofPurpose"] = "assertionMethod" }},
		"another key":   {"credential.signer", func(doc Document) { proofOf(doc)["verificationMethod"] = mallory.method }},
		// Hostile input 22.
		"challenge":       {"credential.challenge", func(doc Document) { proofOf(doc)["challenge"] = "c-2" }},
		"no challenge":    {"credential.challenge", func(doc Document) { delete(proofOf(doc), "challenge") }},
		"domain":          {"credential.domain", func(doc Document) { proofOf(doc)["domain"] = "did:web:evil.example" }},
		"no domain":       {"credential.domain", func(doc Document) { delete(proofOf(doc), "domain") }},
		"another subject": {"credential.signature", func(doc Document) { subject(embedded(doc))["id"] = mallory.did }},
		"no credentials":  {"jsonld.empty-array", func(doc Document) { doc["verifiableCredential"] = []any{} }},
		"reference only":  {"credential.presentation", func(doc Document) { doc["verifiableCredential"] = []any{"urn:uuid:x"} }},
		"nine credentials": {"credential.presentation", func(doc Document) {
			doc["verifiableCredential"] = []any{1, 2, 3, 4, 5, 6, 7, 8, 9}
		}},
		"no holder":       {"credential.signature", func(doc Document) { delete(doc, "holder") }},
		"another holder":  {"credential.signer", func(doc Document) { doc["holder"] = mallory.did }},
		"undefined":       {"jsonld.undefined-term", func(doc Document) { doc["extra"] = true }},
		"inner undefined": {"jsonld.undefined-term", func(doc Document) { embedded(doc)["extra"] = true }},
		"inner context":   {"jsonld.context", func(doc Document) { embedded(doc)["@context"] = []any{vcdm.ContextV2, "https://evil.example"} }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p, err := VerifyPresentation(t.Context(), keys{}, edit(t, data, c.change), presentationOptions())
			wantRule(t, err, c.rule)
			if p != nil {
				t.Error("a presentation came back")
			}
		})
	}
}

// Hostile input 20, the other way round: the outer proof is true, and a
// credential in it was false before it was presented.
func TestPresentationOfAFalseCredentialIsFalse(t *testing.T) {
	forged := edit(t, issue(t, offer().Document()), func(doc Document) { subject(doc)["given_name"] = "Liza" })
	_, err := VerifyPresentation(t.Context(), keys{}, present(t, presenting(forged)), presentationOptions())
	wantRule(t, err, "credential.signature")

	expired := offer()
	expired.ValidUntil = now.Add(-time.Minute)
	p, report := ExaminePresentation(t.Context(), keys{}, present(t, presenting(issue(t, offer().Document()), issue(t, expired.Document()))), presentationOptions())
	wantRule(t, report.Err(), "credential.expired")
	if p != nil {
		t.Error("a presentation came back")
	}
}

// Hostile input 26.
func TestAnothersCredentialCannotBePresented(t *testing.T) {
	anothers := offer()
	anothers.Subject = mallory.did
	ours, theirs := issue(t, offer().Document()), issue(t, anothers.Document())
	_, err := Present(t.Context(), keys{}, presenting(ours, theirs))
	wantRule(t, err, "credential.holder")

	stolen := presenting(ours)
	stolen.Holder, stolen.Key = mallory.did, mallory.signing()
	_, err = Present(t.Context(), keys{}, stolen)
	wantRule(t, err, "credential.holder")
}

// Hostile input 26: a credential that does not say whom it is about is nobody's to
// present, in either form, whoever's wallet would.
func TestCredentialOfNobodyIsPresentedByNobody(t *testing.T) {
	doc := offer().Document()
	delete(subject(doc), "id")
	for _, held := range [][]byte{issue(t, doc), issueJOSE(t, university, doc)} {
		if v, err := Verify(t.Context(), keys{}, held, Options{Now: now}); err != nil || v.SubjectID != "" {
			t.Fatal(v, err)
		}
		_, err := Present(t.Context(), keys{}, presenting(held))
		wantRule(t, err, "credential.holder")
		_, err = VerifyPresentation(t.Context(), keys{}, presentAnyway(t, held), presentationOptions())
		wantRule(t, err, "credential.holder")
	}
}

// presentAnyway presents what a wallet of ours would not.
func presentAnyway(t *testing.T, held ...[]byte) []byte {
	t.Helper()
	p := presenting()
	doc, err := p.document()
	if err != nil {
		t.Fatal(err)
	}
	var shown []any
	for _, one := range held {
		if isCompact(one) {
			shown = append(shown, envelopedCredential(JOSE.MediaType(), string(one)))
			continue
		}
		object, err := decode(one, MaxCredentialBytes)
		if err != nil {
			t.Fatal(err)
		}
		shown = append(shown, object)
	}
	doc["verifiableCredential"] = shown
	return signDocument(t, p, doc)
}

// Each proof may send a verifier to another host: two for each credential are
// enough for honest ones.
func TestPresentedCredentialsHaveFewProofsTogether(t *testing.T) {
	many := edit(t, issue(t, offer().Document()), func(doc Document) {
		doc["proof"] = []any{proofOf(doc), proofOf(doc), proofOf(doc), proofOf(doc), proofOf(doc), proofOf(doc), proofOf(doc), proofOf(doc)}
	})
	one := issue(t, offer().Document())
	_, err := Present(t.Context(), keys{}, presenting(many, many, one))
	wantRule(t, err, "credential.proof-form")
}

// VCDM 2.0, section 5.3: what a credential relates to has the digest that it
// names, as far as it is at hand here.
func TestDigestOfAPinnedContextIsCompared(t *testing.T) {
	for digest, rule := range map[string]string{
		sri(t, jsonld.CredentialsV2):    "",
		sri(t, jsonld.KompetansesporV1): "credential.digest",
	} {
		doc := offer().Document()
		doc["relatedResource"] = map[string]any{"id": jsonld.CredentialsV2, "digestSRI": digest}
		_, err := Issue(t.Context(), keys{}, doc, university.securing())
		if rule == "" && err != nil || rule != "" && fault.RuleOf(err) != rule {
			t.Errorf("%s: %v", digest, err)
		}
	}
}

func sri(t *testing.T, url string) string {
	t.Helper()
	text, ok := pinnedContext(url)
	if !ok {
		t.Fatal("not pinned")
	}
	sum := sha512.Sum384(text)
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}

// A presentation may show nothing: then its holder proves to have a key, and no
// more.
func TestPresentationOfNothingProvesAKey(t *testing.T) {
	p, err := VerifyPresentation(t.Context(), keys{}, present(t, presenting()), presentationOptions())
	if err != nil || p.Holder != lisa.did || len(p.Credentials) != 0 {
		t.Fatal(p, err)
	}
}

func TestVerifierWithoutChallengeVerifiesNothing(t *testing.T) {
	data := present(t, presenting(issue(t, offer().Document())))
	_, err := VerifyPresentation(t.Context(), keys{}, data, PresentationOptions{Options: Options{Now: now}})
	wantRule(t, err, "credential.challenge")
	// Nor does it answer to have asked for nothing.
	p := presenting()
	p.Challenge, p.Domain = "", ""
	doc, err := p.document()
	if err != nil {
		t.Fatal(err)
	}
	_, err = VerifyPresentation(t.Context(), keys{}, signDocument(t, p, doc), PresentationOptions{Options: Options{Now: now}})
	wantRule(t, err, "credential.challenge")
	_, err = Present(t.Context(), keys{}, p)
	wantRule(t, err, "credential.challenge")
}

// A presentation need not name its holder (VCDM 2.0, section 4.13): then it is
// whoever signed, and the credentials are theirs or refused.
func TestPresentationWithoutHolderIsItsSigners(t *testing.T) {
	for name, holder := range map[string]any{"unnamed": nil, "named": lisa.did, "named as an object": map[string]any{"id": lisa.did}} {
		for _, envelope := range []bool{false, true} {
			for _, by := range []party{lisa, mallory} {
				p := presenting(issue(t, offer().Document()))
				p.Key, p.Envelope = by.signing(), envelope
				doc, err := p.document()
				if err != nil {
					t.Fatal(err)
				}
				delete(doc, "holder")
				if holder != nil {
					doc["holder"] = holder
				}
				got, err := VerifyPresentation(t.Context(), keys{}, signDocument(t, p, doc), presentationOptions())
				switch {
				case by.did == lisa.did && (err != nil || got.Holder != lisa.did):
					t.Error(name, err)
				case by.did == mallory.did && holder == nil:
					wantRule(t, err, "credential.holder")
				case by.did == mallory.did:
					wantRule(t, err, "credential.signer")
				}
			}
		}
	}
}

// value is a document as it is read.
func value(t testing.TB, doc Document) strictjson.Value {
	t.Helper()
	v, err := strictjson.Of(doc)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// signDocument signs a presentation as it stands, whatever a wallet of ours would
// say.
func signDocument(t *testing.T, p Presenting, doc Document) []byte {
	t.Helper()
	if p.Envelope {
		data, err := presentJOSE(t.Context(), keys{}, doc, p)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	answers := Document{"challenge": p.Challenge, "domain": p.Domain}
	how := Securing{Key: p.Key, Suite: p.Suite, Created: p.Created}
	signed, err := secure(t.Context(), keys{}, value(t, doc), Authentication, answers, how)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestWhatIsNoCredentialIsNotPresented(t *testing.T) {
	for text, rule := range map[string]string{
		"[]": "json.not-an-object", "{}": "credential.context", "e30.e30.AA": "credential.jose-header",
	} {
		_, err := Present(t.Context(), keys{}, presenting([]byte(text)))
		wantRule(t, err, rule)
	}
	p, err := VerifyPresentation(t.Context(), keys{}, present(t, presenting()), presentationOptions())
	if err != nil || p.ID != presenting().ID {
		t.Error(p, err)
	}
}

func TestPresentingNeedsTheHoldersKey(t *testing.T) {
	p := presenting()
	p.Key = mallory.signing()
	_, err := Present(t.Context(), keys{}, p)
	wantRule(t, err, "credential.signer")
}

func TestEnvelopedPresentationOfAnotherKindIsRefused(t *testing.T) {
	for rule, doc := range map[string]Document{
		"credential.media-type": {"@context": []any{vcdm.ContextV2}, "type": vcdm.TypeEnvelopedPresentation, "id": "data:application/mdoc,abc"},
		"credential.enveloped":  {"@context": []any{vcdm.ContextV2}, "type": vcdm.TypeEnvelopedPresentation, "id": "https://evil.example/presentation"},
	} {
		_, err := VerifyPresentation(t.Context(), keys{}, encoded(t, doc), presentationOptions())
		wantRule(t, err, rule)
	}
}

// Nobody looks into what the holder did not sign.
func TestCredentialsOfAFalsePresentationAreNotLookedAt(t *testing.T) {
	data := edit(t, present(t, presenting(issue(t, offer().Document()))), func(doc Document) { doc["id"] = "urn:uuid:other" })
	_, report := ExaminePresentation(t.Context(), keys{}, data, presentationOptions())
	wantRule(t, report.Err(), "credential.signature")
	if len(report.Credentials) != 0 || outcomesOf(report)[CheckHolder] != Unfinished {
		t.Error(outcomesOf(report), len(report.Credentials))
	}
}

// A credential is no longer in a presentation than by itself.
func TestPresentedCredentialIsHeldToItsSize(t *testing.T) {
	doc := object(t, issue(t, offer().Document()))
	subject(doc)["given_name"] = strings.Repeat("x", MaxCredentialBytes)
	p := presenting()
	presentation, err := p.document()
	if err != nil {
		t.Fatal(err)
	}
	presentation["verifiableCredential"] = []any{doc}
	_, err = VerifyPresentation(t.Context(), keys{}, signDocument(t, p, presentation), presentationOptions())
	wantRule(t, err, "credential.too-large")
}

// Hostile input 24, in a presentation whose signature covers text alone.
func TestPresentationOfTextHasNoUndefinedTerms(t *testing.T) {
	p := presenting()
	p.Suite = EdDSAJCS
	data := present(t, p)
	_, err := VerifyPresentation(t.Context(), keys{}, edit(t, data, func(doc Document) { doc["is_admin"] = true }), presentationOptions())
	wantRule(t, err, "jsonld.undefined-term")
	p.Envelope = true
	doc, err := p.document()
	if err != nil {
		t.Fatal(err)
	}
	doc["is_admin"] = true
	_, err = VerifyPresentation(t.Context(), keys{}, signDocument(t, p, doc), presentationOptions())
	wantRule(t, err, "jsonld.undefined-term")
}

func TestJWTClaimsOfAPresentationSayWhatItSays(t *testing.T) {
	for name, claim := range map[string]any{"iss": mallory.did, "sub": lisa.did, "jti": "urn:uuid:other"} {
		p := presenting()
		p.Envelope = true
		doc, err := p.document()
		if err != nil {
			t.Fatal(err)
		}
		doc[name] = claim
		_, err = VerifyPresentation(t.Context(), keys{}, signDocument(t, p, doc), presentationOptions())
		wantRule(t, err, "credential.jwt-claims")
	}
}

func TestNothingIsNoCredential(t *testing.T) {
	for _, data := range []string{"", " ", "{}", "[]", "null", "e30", "~", "."} {
		if v, err := Verify(t.Context(), keys{}, []byte(data), Options{Now: now}); err == nil || v != nil {
			t.Errorf("%q verifies", data)
		}
		if p, err := VerifyPresentation(t.Context(), keys{}, []byte(data), presentationOptions()); err == nil || p != nil {
			t.Errorf("%q verifies as a presentation", data)
		}
	}
}

// clipped signs with too few bytes.
type clipped struct{ keys }

func (c clipped) Sign(ctx context.Context, method string, data []byte) ([]byte, error) {
	signature, err := c.keys.Sign(ctx, method, data)
	return signature[:len(signature)-1], err
}

func TestSignerThatSignsOtherwiseIsFoundOut(t *testing.T) {
	_, err := Issue(t.Context(), clipped{}, offer().Document(), university.securing())
	wantRule(t, err, "credential.signer")
}

func TestProofIsAddedToCredentialsAlone(t *testing.T) {
	for rule, change := range map[string]func(doc Document){
		"credential.issuer":     func(doc Document) { delete(doc, "issuer") },
		"credential.proof-form": func(doc Document) { doc["proof"] = []any{"proof"} },
	} {
		_, err := AddProof(t.Context(), keys{}, edit(t, issue(t, offer().Document()), change), college.securing())
		wantRule(t, err, rule)
	}
	_, err := AddProof(t.Context(), keys{}, []byte("[]"), college.securing())
	wantRule(t, err, "json.not-an-object")
}

// Hostile input 25, in a signed document's place.
func TestPoisonCredentialIsStopped(t *testing.T) {
	many := make([]any, 12)
	for i := range many {
		many[i] = map[string]any{}
	}
	doc := offer().Document()
	subject(doc)["results"] = []any{map[string]any{"bank": many}, map[string]any{"bank": many}}
	_, err := Issue(t.Context(), keys{}, doc, university.securing())
	wantRule(t, err, "jsonld.too-alike")
}

func FuzzVerify(f *testing.F) {
	data := issue(f, offer().Document())
	f.Add(data)
	f.Add([]byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":"VerifiableCredential","proof":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, report := Examine(t.Context(), keys{}, text, Options{Now: now})
		if (v != nil) != report.Verified() {
			t.Error("the report and the credential disagree")
		}
		if v != nil && !bytes.Equal(v.Raw(), data) && v.Claims()["offer_id"] != "off_1" {
			t.Error("a forgery verifies")
		}
	})
}

func FuzzVerifyPresentation(f *testing.F) {
	f.Add(present(f, presenting(issue(f, offer().Document()))))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, report := ExaminePresentation(t.Context(), keys{}, text, presentationOptions())
		if (p != nil) != report.Verified() {
			t.Error("the report and the presentation disagree")
		}
	})
}
