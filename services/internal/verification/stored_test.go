package verification_test

import (
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
)

func TestStoredClaimsAreThoseThatWereVerified(t *testing.T) {
	w := newWorld()
	for _, format := range []credential.Format{credential.DataIntegrity, credential.SDJWT} {
		data := offer(t, w, format, nil)
		c, report := w.verifier().Credential(t.Context(), data)
		if !report.Verified() {
			t.Fatal(report.Err())
		}
		said, err := verification.StoredClaims(format, data)
		if err != nil || len(said) == 0 {
			t.Fatal(format, err)
		}
		if canonical(t, said) != canonical(t, c.Claims()) {
			t.Errorf("%s: says %v", format, said)
		}
	}
}

func TestWhatCannotBeReadHasNoClaims(t *testing.T) {
	for name, c := range map[string]struct {
		format   credential.Format
		document string
		kind     fault.Kind
	}{
		"no JSON":           {credential.DataIntegrity, "x", fault.Invalid},
		"no credential":     {credential.DataIntegrity, "{}", fault.Invalid},
		"no SD-JWT":         {credential.SDJWT, "x", fault.Invalid},
		"a format not kept": {credential.JOSE, "e30.e30.AA", fault.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			said, err := verification.StoredClaims(c.format, []byte(c.document))
			if said != nil || fault.KindOf(err) != c.kind {
				t.Error(said, err)
			}
		})
	}
}

func TestWhatIsNoSDJWTIsNotVerified(t *testing.T) {
	w := newWorld()
	for _, text := range []string{"~", "e30.e30.AA~", "x~y~z"} {
		if c, report := w.verifier().Credential(t.Context(), []byte(text)); c != nil || fault.KindOf(report.Err()) != fault.Invalid {
			t.Errorf("%q: %v", text, report.Err())
		}
		if p, report := w.verifier().Presentation(t.Context(), []byte(text), challenge, domain); p != nil || fault.KindOf(report.Err()) != fault.Invalid {
			t.Errorf("%q: %v", text, report.Err())
		}
	}
}
