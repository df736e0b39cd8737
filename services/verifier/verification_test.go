package verifier

import (
	"strings"
	"testing"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/api"
)

// failedOf are the checks that did not pass, with those of each credential, by how
// they ended and why.
func failedOf(report *verifierv1.VerificationReport) (failed []string) {
	for _, c := range report.GetChecks() {
		if c.GetOutcome() != verifierv1.VerificationOutcome_VERIFICATION_OUTCOME_PASSED {
			failed = append(failed, strings.ToLower(strings.TrimPrefix(c.GetOutcome().String(), "VERIFICATION_OUTCOME_"))+" "+c.GetName()+" "+c.GetRule())
		}
	}
	for _, part := range report.GetCredentials() {
		failed = append(failed, failedOf(part)...)
	}
	return failed
}

func TestAgenciesVerifyByAPI(t *testing.T) {
	r := newRig(t)
	w := r.newWorker("off_1", nil)
	service := &api.Verification{Verifier: &verification.Verifier{Keys: r, Status: r, Trust: r, Clock: r}}
	document := w.present("c-1", udi)
	ask := func(data []byte, challenge, domain string) *verifierv1.VerificationReport {
		t.Helper()
		answer, err := service.VerifyPresentation(t.Context(), &verifierv1.VerifyPresentationRequest{Presentation: data, Challenge: challenge, Domain: domain})
		r.must(err)
		return answer.GetReport()
	}
	good := ask(document, "c-1", udi)
	if !good.GetVerified() || len(failedOf(good)) != 0 || len(good.GetCredentials()) != 1 || !good.GetCredentials()[0].GetVerified() {
		t.Fatal(good)
	}
	var names []string
	for _, c := range good.GetCredentials()[0].GetChecks() {
		names = append(names, c.GetName())
	}
	for _, want := range []string{credential.CheckProof, credential.CheckSchema, credential.CheckIssuer} {
		if !strings.Contains(strings.Join(names, " "), want) {
			t.Errorf("%s is not among %v", want, names)
		}
	}
	for name, c := range map[string]struct {
		report *verifierv1.VerificationReport
		want   string
	}{
		"22 another challenge": {ask(document, "c-2", udi), "failed challenge credential.challenge"},
		"22 another domain":    {ask(document, "c-1", "did:web:evil.example"), "failed challenge credential.domain"},
		"no presentation":      {ask([]byte("{}"), "c-1", udi), "failed form credential.context"},
	} {
		if failed := failedOf(c.report); c.report.GetVerified() || len(failed) == 0 || failed[0] != c.want || c.report.GetAnswer() == "" {
			t.Errorf("%s: %v, %s", name, failed, c.report.GetAnswer())
		}
	}
	answer, err := service.VerifyCredential(t.Context(), &verifierv1.VerifyCredentialRequest{Credential: w.offer})
	r.must(err)
	if !answer.GetReport().GetVerified() {
		t.Error(answer)
	}
	answer, err = service.VerifyCredential(t.Context(), &verifierv1.VerifyCredentialRequest{Credential: []byte(strings.Replace(string(w.offer), "Lisa", "Lise", 1))})
	r.must(err)
	if failed := failedOf(answer.GetReport()); len(failed) == 0 || failed[0] != "failed proof credential.signature" {
		t.Error(failed)
	}
}

func TestWhatCannotBeVerifiedByAPIIsRefused(t *testing.T) {
	r := newRig(t)
	service := &api.Verification{Verifier: &verification.Verifier{Keys: r, Status: r, Trust: r, Clock: r}}
	long := strings.Repeat("x", 2049)
	for rule, request := range map[string]*verifierv1.VerifyPresentationRequest{
		"verification.presentation": {Challenge: "c", Domain: udi},
		"verification.challenge":    {Presentation: []byte("{}"), Challenge: long, Domain: udi},
		"verification.domain":       {Presentation: []byte("{}"), Challenge: "c"},
	} {
		_, err := service.VerifyPresentation(t.Context(), request)
		r.refused(err, fault.Invalid, rule)
	}
	_, err := service.VerifyPresentation(t.Context(), &verifierv1.VerifyPresentationRequest{
		Presentation: make([]byte, credential.MaxPresentationBytes+1), Challenge: "c", Domain: udi,
	})
	r.refused(err, fault.Invalid, "verification.presentation")
	_, err = service.VerifyCredential(t.Context(), &verifierv1.VerifyCredentialRequest{})
	r.refused(err, fault.Invalid, "verification.credential")
}
