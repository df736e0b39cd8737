package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/invariants"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

type fields = map[string]any

// toolCalls are what other people's tools call, by service.
var toolCalls = map[string][]string{
	"issuer": {
		"POST /credentials/issue", "POST /credentials/status", "POST /credentials/verify", "POST /presentations/verify", "GET /1.0/identifiers/did:web:x",
	},
	"verifier": {"POST /credentials/verify", "POST /presentations/verify", "GET /1.0/identifiers/did:web:x"},
	"wallet":   {"POST /credentials/derive"},
}

// walksTools calls them without a token and with wrong ones.
func (s *stack) walksTools(service string) {
	for _, call := range toolCalls[service] {
		verb, path, _ := strings.Cut(call, " ")
		tokens := map[string]int{"": http.StatusUnauthorized, "unknown": http.StatusUnauthorized, s.tokenOf(service, "auditor-1"): http.StatusForbidden}
		for _, other := range s.layout.Tokens {
			if other.Service != service {
				tokens[other.Token] = http.StatusUnauthorized
			}
		}
		for token, want := range tokens {
			header := http.Header{"Content-Type": {"application/json"}}
			if token != "" {
				header.Set("Authorization", "Bearer "+token)
			}
			if got := s.ask(service, verb, path, header, strings.NewReader("{}")); got.status != want || !strings.HasPrefix(got.rule, "rpc.") {
				s.fail("%s: %d %s, want %d", call, got.status, got.body, want)
			}
		}
	}
}

// tool posts a value as whoever a token stands for.
func (s *stack) tool(service, path, token string, value any) answer {
	s.t.Helper()
	body, err := json.Marshal(value)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.rest(service, path, token, body)
}

// came wants an answer of a status, and reads it.
func (s *stack) came(a answer, status int) (got fields) {
	s.t.Helper()
	if err := json.Unmarshal(a.body, &got); err != nil || a.status != status {
		s.fail("%d, want %d: %.2000s", a.status, status, a.body)
	}
	return got
}

// Other people's tools issue, verify, revoke and derive, and the program
// verifies what they have without any of the services' tokens.
func TestOtherPeoplesTools(t *testing.T) {
	s := newStack(t, devsetup.Pilot(), devsetup.Services()...)
	s.accredit()
	employer, officer := s.token("issuer", "employer"), s.token("verifier", "officer")
	verify := func(credential any) answer {
		return s.tool("verifier", "/credentials/verify", officer, fields{"verifiableCredential": credential})
	}
	subject := testkit.ExampleClaims(t, "offer-of-employment")
	subject["id"] = "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"
	offer := fields{
		"@context": []string{"https://www.w3.org/ns/credentials/v2", "https://schema.kompetansespor.example/contexts/v1"},
		"type":     []string{"VerifiableCredential", "OfferOfEmployment"}, "credentialSubject": subject,
	}
	for _, format := range []string{"ldp_vc", "vc+jwt", "dc+sd-jwt"} {
		s.within(t, "issued, verified and revoked as "+format, func() {
			id := "urn:example:" + format
			issued := s.came(s.tool("issuer", "/credentials/issue", employer, fields{"credential": offer, "options": fields{
				"credentialId": id, "format": format, "credentialStatus": fields{"type": "BitstringStatusListEntry", "statusPurpose": "revocation"},
			}}), http.StatusCreated)
			if report := s.came(verify(issued), http.StatusOK); report["verified"] != true {
				s.fail("%v", report)
			}
			if code, said := s.verifies(issued); code != 0 || !strings.Contains(said, "issuer-trusted  passed") {
				s.fail("%d: %s", code, said)
			}
			s.came(s.tool("issuer", "/credentials/status", employer, fields{
				"credentialId": id, "status": true, "credentialStatus": fields{"type": "BitstringStatusListEntry", "statusPurpose": "revocation"},
			}), http.StatusOK)
			if a := verify(issued); a.status != http.StatusBadRequest || a.rule != "status.revoked" {
				s.fail("%d %s", a.status, a.body)
			}
			if code, said := s.verifies(issued); code != 1 || !strings.Contains(said, "status.revoked") {
				s.fail("%d: %s", code, said)
			}
		})
	}
	for _, suite := range []string{"eddsa-rdfc-2022", "eddsa-jcs-2022", "ecdsa-rdfc-2019", "ecdsa-jcs-2019"} {
		s.within(t, "issued and verified by "+suite, func() {
			issued := s.came(s.tool("issuer", "/credentials/issue", employer, fields{
				"credential": offer, "options": fields{"cryptosuite": suite},
			}), http.StatusCreated)
			if proof, _ := issued["proof"].(fields); proof["cryptosuite"] != suite {
				s.fail("%v", issued["proof"])
			}
			s.came(verify(issued), http.StatusOK)
		})
	}
	degree := fields{
		"@context": []string{"https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"},
		"type":     []string{"VerifiableCredential", "ExampleDegreeCredential"}, "credentialSubject": fields{"degree": "Bachelor"},
	}
	s.within(t, "the specification's examples, in development", func() {
		issued := s.came(s.tool("issuer", "/credentials/issue", employer, fields{"credential": degree}), http.StatusCreated)
		s.came(verify(issued), http.StatusOK)
		s.came(s.tool("issuer", "/credentials/verify", employer, fields{"verifiableCredential": issued}), http.StatusOK)
	})
	s.within(t, "a part of what the wallet holds", func() { s.derives(verify) })
	s.within(t, "what a DID resolves to", func() {
		got := s.came(s.ask("verifier", http.MethodGet, "/1.0/identifiers/"+devsetup.DID("issuer"), http.Header{"Authorization": {"Bearer " + officer}}, nil), http.StatusOK)
		if document, _ := got["didDocument"].(fields); document["id"] != devsetup.DID("issuer") {
			s.fail("%v", got)
		}
	})
	s.within(t, "no examples without the switch", func() {
		s.restart("issuer", "KOMPETANSESPOR_VC_API_EXAMPLES=false")
		if a := s.tool("issuer", "/credentials/issue", employer, fields{"credential": degree}); a.status != http.StatusBadRequest || a.rule != "credential.type-unknown" {
			s.fail("%d %s", a.status, a.body)
		}
	})
	s.until("the stack comes to rest", s.rests)
	sources := invariants.Sources{Layout: s.layout, Texts: []invariants.Text{{Name: "URLs", Content: strings.Join(s.asked, "\n")}}}
	for name := range s.running {
		sources.Logs = append(sources.Logs, s.logFile(name))
	}
	breaches, err := invariants.Check(t.Context(), sources)
	if err != nil || len(breaches) != 0 {
		t.Fatal(err, breaches)
	}
}

// derives collects an offer as SD-JWT VC and shows a part of it.
func (s *stack) derives(verify func(any) answer) {
	e := newExchangeOn(s)
	offer, code := e.issue()
	wallet := answered(s, func() (*walletv1.OpenWalletResponse, error) {
		return e.wallets.OpenWallet(as(s.t.Context(), e.app), &walletv1.OpenWalletRequest{CredentialFormat: "dc+sd-jwt"})
	}).GetToken()
	done := e.ended(wallet, e.accept(wallet, offer.GetInvitationUrl(), code).GetExchangeId())
	if len(done.GetCredentialIds()) != 1 {
		s.fail("%v", done)
	}
	derived := s.came(s.tool("wallet", "/credentials/derive", wallet, fields{
		"verifiableCredential": done.GetCredentialIds()[0], "options": fields{"selectivePointers": []string{"/given_name"}},
	}), http.StatusCreated)
	s.came(verify(derived), http.StatusOK)
	id, _ := derived["id"].(string)
	if text, _ := strings.CutPrefix(id, "data:application/dc+sd-jwt,"); strings.Count(text, "~") != 2 {
		s.fail("more than one claim is disclosed: %s", text)
	}
	if a := s.tool("wallet", "/credentials/derive", e.open(), fields{"verifiableCredential": done.GetCredentialIds()[0]}); a.status != http.StatusNotFound {
		s.fail("another holder: %d %s", a.status, a.body)
	}
}

// verifies runs the program over a credential and gives its exit code.
func (s *stack) verifies(credential any) (code int, said string) {
	s.t.Helper()
	content, err := json.Marshal(credential)
	if err != nil {
		s.t.Fatal(err)
	}
	file := filepath.Join(s.t.TempDir(), "credential.json")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		s.t.Fatal(err)
	}
	args := []string{
		"verify", "--development", "--ca", s.layout.CAFile, "--registry", devsetup.DID("registry"),
		"--trust-list", (&url.URL{Scheme: "https", Host: devsetup.Host("registry"), Path: "/trust-list"}).String(),
	}
	for host, address := range s.layout.Names {
		args = append(args, "--names", host+"="+address)
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(s.t.Context(), program, append(args, file)...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &out, time.Second
	err = cmd.Run()
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended):
		return ended.ExitCode(), out.String()
	case err != nil:
		s.t.Fatal(err)
	}
	return 0, out.String()
}
