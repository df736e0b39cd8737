package verification_test

import (
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
)

// A wallet that takes a credential wants the whole of it; who looks at what a
// holder has derived does not.
func TestClaimsMayBeWithheldWhereThatIsAskedFor(t *testing.T) {
	w := newWorld()
	jwt, _, _ := strings.Cut(string(offer(t, w, credential.SDJWT, nil)), "~")
	v := w.verifier()
	_, report := v.Credential(t.Context(), []byte(jwt+"~"))
	wantRule(t, report, "schema.claims")
	v.Partial = true
	c, report := v.Credential(t.Context(), []byte(jwt+"~"))
	if !report.Verified() || c.Claims()["given_name"] != nil || c.Claims()["employer"] == nil {
		t.Errorf("%v", report.Err())
	}
	_, report = v.Credential(t.Context(), offer(t, w, credential.SDJWT, func(claims map[string]any) {
		delete(claims["employment"].(map[string]any), "job_title")
	}))
	wantRule(t, report, "schema.claims")
}
