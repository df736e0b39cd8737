package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// party is a did:key whose key this test holds, or a did:web that it publishes.
type party struct {
	private  ed25519.PrivateKey
	did, kid string
}

func newParty(t *testing.T) party {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := did.NewPublicKey(did.Ed25519, public)
	if err != nil {
		t.Fatal(err)
	}
	name, kid := did.NewKey(key)
	return party{private, name, kid}
}

func (p party) Sign(_ context.Context, _ string, data []byte) ([]byte, error) {
	return ed25519.Sign(p.private, data), nil
}

func (p party) key() credential.Key { return credential.Key{ID: p.kid, Curve: did.Ed25519} }

// web is a host of this test, registry.example.com, with a trust list of whoever
// may issue what. It gives the flags that lead there.
func web(t *testing.T, accredited ...trustlist.Entity) (flags []string, asking []string) {
	registry := newParty(t)
	document := did.Document{ID: "did:web:registry.example.com", AssertionMethod: []string{"did:web:registry.example.com#1"}}
	document.VerificationMethod = []did.VerificationMethod{{ID: "did:web:registry.example.com#1", Type: "Multikey", Controller: document.ID, Key: testkit.Public(registry.private)}}
	registry.kid = "did:web:registry.example.com#1"
	now := time.Now()
	list, err := trustlist.Sign(t.Context(), registry, registry.key(), trustlist.List{
		Issuer: document.ID, Version: 1, IssuedAt: now, NextUpdate: now.Add(time.Hour), Entities: accredited,
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/did.json", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(&document) })
	mux.HandleFunc("GET /trust-list", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(list) })
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	flags = []string{"--development", "--ca", ca, "--names", "registry.example.com=" + server.Listener.Addr().String()}
	return flags, []string{"--trust-list", "https://registry.example.com/trust-list", "--registry", document.ID}
}

func offerOf(t *testing.T, employer, worker party, more ...func(credential.Document)) []byte {
	t.Helper()
	document := credential.Draft{
		ID: "urn:uuid:8c7a4e9a-6f43-4b1d-9f0e-2f3bb7a4c001", Type: "OfferOfEmployment", Issuer: employer.did, Subject: worker.did,
		Claims: testkit.ExampleClaims(t, "offer-of-employment"), ValidFrom: time.Now().Add(-time.Hour),
	}.Document()
	for _, change := range more {
		change(document)
	}
	terms, err := jsonld.Development()
	if err != nil {
		t.Fatal(err)
	}
	signed, err := credential.Issue(t.Context(), employer, document, credential.Securing{Key: employer.key(), Created: time.Now(), Terms: terms})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// verifying runs the command over a file and gives its exit code.
func verifying(t *testing.T, content []byte, args ...string) (code int, stdout string, err error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "credential")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	var out, stderr bytes.Buffer
	err = run(t.Context(), append(append([]string{"verify"}, args...), file), &out, &stderr)
	var ended *exit
	switch {
	case errors.As(err, &ended):
		code = ended.code
	case err != nil:
		t.Fatalf("%v ends with 1", err)
	}
	return code, out.String(), err
}

func TestVerifyTellsWhatItFound(t *testing.T) {
	employer, worker := newParty(t), newParty(t)
	offer := offerOf(t, employer, worker)
	code, text, _ := verifying(t, offer)
	if code != 0 || !strings.HasPrefix(text, "verified: ") || !strings.Contains(text, notAsked) || strings.Contains(text, "issuer-trusted") {
		t.Errorf("%d\n%s", code, text)
	}
	code, text, _ = verifying(t, append(offer, '\n'), "--json")
	var report struct {
		Verified bool
		Trust    string
		Checks   []struct{ Name, Outcome string }
	}
	if err := json.Unmarshal([]byte(text), &report); err != nil || code != 0 || !report.Verified || len(report.Checks) != 6 || report.Trust != notAsked {
		t.Errorf("%d\n%s", code, text)
	}
	code, text, _ = verifying(t, bytes.Replace(offer, []byte("Lisa"), []byte("Mara"), 1))
	if code != exitNotVerified || !strings.HasPrefix(text, "not verified: ") || !strings.Contains(text, "(credential.signature)") {
		t.Errorf("%d\n%s", code, text)
	}
	// Standard input, and a flag behind it.
	var stdout, stderr bytes.Buffer
	if err := verify(t.Context(), []string{"-", "--json"}, bytes.NewReader(offer), &stdout, &stderr); err != nil || !strings.Contains(stdout.String(), `"verified": true`) {
		t.Errorf("%v\n%s", err, stdout.String())
	}
}

func TestVerifyAsksWhomToTrust(t *testing.T) {
	employer, worker := newParty(t), newParty(t)
	now := time.Now()
	flags, asking := web(t, trustlist.Entity{
		DID: employer.did, OrganisationNumber: "310000019", CredentialTypes: []string{"OfferOfEmployment"}, Status: trustlist.Accredited,
		ValidFrom: now.Add(-time.Hour), ValidUntil: now.Add(time.Hour),
	})
	code, text, _ := verifying(t, offerOf(t, employer, worker), append(flags, asking...)...)
	if code != 0 || !strings.Contains(text, "issuer-trusted") || strings.Contains(text, notAsked) {
		t.Errorf("%d\n%s", code, text)
	}
	code, text, _ = verifying(t, offerOf(t, newParty(t), worker), append(flags, asking...)...)
	if code != exitNotVerified || !strings.Contains(text, "issuer.unknown") {
		t.Errorf("29 an issuer that is not known: %d\n%s", code, text)
	}
}

func TestVerifySaysWhenNobodyCanTell(t *testing.T) {
	employer, worker := newParty(t), newParty(t)
	flags, asking := web(t)
	withStatus := offerOf(t, employer, worker, func(document credential.Document) {
		document["credentialStatus"] = map[string]any{
			"id": "https://registry.example.com/status/1#7", "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
			"statusListIndex": "7", "statusListCredential": "https://registry.example.com/status/1",
		}
	})
	code, text, _ := verifying(t, withStatus, flags...)
	if code != exitUnknown || !strings.HasPrefix(text, "cannot be verified now: ") || !strings.Contains(text, "status.unreachable") {
		t.Errorf("35 a list that is not there: %d\n%s", code, text)
	}
	asking[1] = "https://registry.example.com/elsewhere"
	code, text, _ = verifying(t, offerOf(t, employer, worker), append(flags, asking...)...)
	if code != exitUnknown || !strings.Contains(text, "trustlist.unreachable") {
		t.Errorf("a trust list that is not there: %d\n%s", code, text)
	}
}

func TestVerifyTakesExamplesInDevelopmentOnly(t *testing.T) {
	employer, worker := newParty(t), newParty(t)
	degree := offerOf(t, employer, worker, func(document credential.Document) {
		document["@context"] = []any{vcdm.ContextV2, jsonld.ExamplesV2}
		document["type"] = []any{vcdm.TypeCredential, "ExampleDegreeCredential"}
		document["credentialSubject"] = map[string]any{"id": worker.did, "degree": map[string]any{"type": "ExampleBachelorDegree"}}
	})
	if code, text, _ := verifying(t, degree); code != exitNotVerified || !strings.Contains(text, "jsonld.context") {
		t.Errorf("%d\n%s", code, text)
	}
	if code, text, _ := verifying(t, degree, "--development"); code != 0 {
		t.Errorf("%d\n%s", code, text)
	}
}

func TestVerifyHoldsAPresentationToItsChallenge(t *testing.T) {
	employer, worker := newParty(t), newParty(t)
	presenting := credential.Presenting{
		Holder: worker.did, Credentials: [][]byte{offerOf(t, employer, worker)}, Challenge: "c-1", Domain: "did:web:udi.example",
		Key: worker.key(), Created: time.Now(),
	}
	document, err := credential.Present(t.Context(), worker, presenting)
	if err != nil {
		t.Fatal(err)
	}
	presenting.Envelope = true
	compact, err := credential.Present(t.Context(), worker, presenting)
	if err != nil {
		t.Fatal(err)
	}
	for _, presentation := range [][]byte{document, compact} {
		code, text, _ := verifying(t, presentation, "--challenge", "c-1", "--domain", "did:web:udi.example")
		if code != 0 || !strings.Contains(text, "credential 1: verified") {
			t.Errorf("%d\n%s", code, text)
		}
		code, text, _ = verifying(t, presentation, "--challenge", "c-2", "--domain", "did:web:udi.example")
		if code != exitNotVerified || !strings.Contains(text, "credential.challenge") {
			t.Errorf("22 wrong challenge: %d\n%s", code, text)
		}
		code, text, err := verifying(t, presentation)
		if code != exitUnknown || text != "" || !strings.Contains(err.Error(), "--challenge") {
			t.Errorf("%d %v\n%s", code, err, text)
		}
	}
	if isPresentation([]byte("a.b.c~d~")) || !isPresentation([]byte("a.b.c~d~e.f.g")) || isPresentation(nil) || isPresentation([]byte("a.b.c")) {
		t.Error("an SD-JWT is a presentation when it ends with a key binding, and only then")
	}
}

func TestVerifyWantsToBeAskedRightly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"no file":             {},
		"two files":           {file, file},
		"no such file":        {file + "x"},
		"an unknown flag":     {"--moon", file},
		"a list of whom":      {"--trust-list", "https://a.example/", file},
		"a challenge alone":   {"--challenge", "c", file},
		"names in production": {"--names", "a.example=127.0.0.1:1", file},
		"a name for nothing":  {"--development", "--names", "a.example", file},
		"no authorities":      {"--ca", file, file},
		"no such authorities": {"--ca", file + "x", file},
	} {
		var stdout, stderr bytes.Buffer
		err := run(t.Context(), append([]string{"verify"}, args...), &stdout, &stderr)
		var ended *exit
		if !errors.As(err, &ended) || ended.code != exitUnknown || ended.why == nil || stdout.Len() != 0 {
			t.Errorf("%s: %v %s", name, err, stdout.String())
		}
	}
	if err := run(t.Context(), []string{"verify", "-h"}, &bytes.Buffer{}, &bytes.Buffer{}); !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
	// What is no credential at all is not verified.
	if code, text, _ := verifying(t, []byte("{}")); code != exitNotVerified || !strings.Contains(text, "form") {
		t.Errorf("%d\n%s", code, text)
	}
	if code, text, _ := verifying(t, bytes.Repeat([]byte("["), credential.MaxPresentationBytes+10)); code != exitNotVerified {
		t.Errorf("37 a large file: %d\n%s", code, text)
	}
}
