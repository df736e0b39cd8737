package verification_test

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sdjwt"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
)

// bound is an SD-JWT VC as its holder presents it.
func bound(t *testing.T, w *world, held []byte, change func(p *sdjwt.Presenting)) []byte {
	t.Helper()
	token, err := sdjwt.Parse(held)
	if err != nil {
		t.Fatal(err)
	}
	p := sdjwt.Presenting{Paths: []string{"*"}, Audience: domain, Nonce: challenge, IssuedAt: now, KeyID: lisa.kid}
	if change != nil {
		change(&p)
	}
	shown, err := token.Present(t.Context(), w.Sign, p)
	if err != nil {
		t.Fatal(err)
	}
	return shown
}

func present(t *testing.T, w *world, by party, shown ...[]byte) []byte {
	t.Helper()
	data, err := credential.Present(t.Context(), w, credential.Presenting{
		Holder: by.did, Credentials: shown, Challenge: challenge, Domain: domain, Key: by.key(), Created: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestPresentationHoldsCredentialsOfEveryFormat(t *testing.T) {
	w := newWorld()
	data := present(t, w, lisa, offer(t, w, credential.DataIntegrity, nil), offer(t, w, credential.JOSE, nil), bound(t, w, offer(t, w, credential.SDJWT, nil), nil))
	p, report := w.verifier().Presentation(t.Context(), data, challenge, domain)
	if !report.Verified() {
		t.Fatal(report.Err())
	}
	if p.Holder != lisa.did || len(p.Credentials) != 3 || len(report.Credentials) != 3 {
		t.Fatal(p)
	}
	for i, format := range formats {
		c := p.Credentials[i]
		if c.Format != format || c.SubjectID != lisa.did || c.By.OrganisationNumber != organisation || canonical(t, c.Claims()) != canonical(t, p.Credentials[0].Claims()) {
			t.Errorf("%s: %+v", format, c.Verified)
		}
	}
}

func TestSDJWTIsPresentedByItselfOrEnveloped(t *testing.T) {
	for name, wrap := range map[string]func(t *testing.T, w *world, shown []byte) []byte{
		"by itself": func(_ *testing.T, _ *world, shown []byte) []byte { return shown },
		"enveloped": func(t *testing.T, w *world, shown []byte) []byte { return present(t, w, lisa, shown) },
	} {
		for of, c := range map[string]struct {
			rule   string
			change func(p *sdjwt.Presenting)
		}{
			"whole":                 {"", nil},
			"claims kept back":      {"", func(p *sdjwt.Presenting) { p.Paths = []string{"given_name"} }},
			"22 another challenge":  {"sdjwt.binding-nonce", func(p *sdjwt.Presenting) { p.Nonce = "c-2" }},
			"22, 16 another domain": {"sdjwt.binding-audience", func(p *sdjwt.Presenting) { p.Audience = "did:web:evil.example" }},
			"16 an old key binding": {"sdjwt.binding-time", func(p *sdjwt.Presenting) { p.IssuedAt = now.Add(-time.Hour) }},
			"16 by another's key":   {"sdjwt.binding-signature", func(p *sdjwt.Presenting) { p.KeyID = mallory.kid }},
			"16 from the future":    {"sdjwt.binding-time", func(p *sdjwt.Presenting) { p.IssuedAt = now.Add(time.Hour) }},
		} {
			t.Run(name+" "+of, func(t *testing.T) {
				w := newWorld()
				data := wrap(t, w, bound(t, w, offer(t, w, credential.SDJWT, nil), c.change))
				p, report := w.verifier().Presentation(t.Context(), data, challenge, domain)
				if c.rule != "" {
					wantRule(t, report, c.rule)
					return
				}
				if !report.Verified() {
					t.Fatal(report.Err())
				}
				_, shown := p.Credentials[0].Claims()["passport"].(map[string]any)["document_number"]
				if shown != (of == "whole") || p.Holder != lisa.did || p.Credentials[0].Claims()["given_name"] == nil {
					t.Error(p.Credentials[0].Claims())
				}
			})
		}
	}
}

// Hostile input 16: key binding is missing where it is required.
func TestSDJWTWithoutKeyBindingIsNotPresented(t *testing.T) {
	w := newWorld()
	held := offer(t, w, credential.SDJWT, nil)
	for _, data := range [][]byte{held, present(t, w, lisa, held)} {
		_, report := w.verifier().Presentation(t.Context(), data, challenge, domain)
		wantRule(t, report, "sdjwt.binding-missing")
	}
	// And a presentation is not a credential: hostile input 9.
	_, report := w.verifier().Credential(t.Context(), bound(t, w, held, nil))
	wantRule(t, report, "sdjwt.binding-unexpected")
}

// Hostile input 26: what is Lisa's is shown by nobody else.
func TestAnothersSDJWTIsRefused(t *testing.T) {
	w := newWorld()
	data := present(t, w, mallory, bound(t, w, offer(t, w, credential.SDJWT, nil), nil))
	_, report := w.verifier().Presentation(t.Context(), data, challenge, domain)
	wantRule(t, report, "credential.holder")
}

// Claims that may not be kept back are missed, whoever presents.
func TestWhatMayNotBeKeptBackIsMissed(t *testing.T) {
	w := newWorld()
	held := offer(t, w, credential.SDJWT, func(claims map[string]any) { delete(claims["employment"].(map[string]any), "job_title") })
	_, report := w.verifier().Presentation(t.Context(), bound(t, w, held, nil), challenge, domain)
	wantRule(t, report, "schema.claims")
}

func TestStillStandsAsksAnew(t *testing.T) {
	w := newWorld()
	c, report := w.verifier().Credential(t.Context(), offer(t, w, credential.SDJWT, nil))
	if !report.Verified() {
		t.Fatal(report.Err())
	}
	if err := w.verifier().StillStands(t.Context(), c.Verified); err != nil {
		t.Fatal(err)
	}
	w.entity.OrganisationNumber = "310000027"
	if err := w.verifier().StillStands(t.Context(), c.Verified); fault.RuleOf(err) != "issuer.another-organisation" {
		t.Error(err)
	}
	w.trust = fault.New(fault.Denied, "issuer.unknown", "no longer on the list")
	if err := w.verifier().StillStands(t.Context(), c.Verified); fault.RuleOf(err) != "issuer.unknown" {
		t.Error(err)
	}
	// Hostile input 28.
	// A key that was cut off meanwhile takes the credential with it.
	cut := *c.Verified
	cut.VerificationMethod = "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw#gone"
	if err := w.verifier().StillStands(t.Context(), &cut); fault.RuleOf(err) != "did.key-not-for-purpose" {
		t.Error(err)
	}
	w.status = fault.New(fault.Denied, "status.revoked", "revoked")
	if err := w.verifier().StillStands(t.Context(), c.Verified); fault.RuleOf(err) != "status.revoked" {
		t.Error(err)
	}
	w.status, w.trust = nil, nil
	unknown := *c.Verified
	unknown.Types = []string{"VerifiableCredential"}
	if err := w.verifier().StillStands(t.Context(), &unknown); fault.RuleOf(err) != "credential.type-unknown" {
		t.Error(err)
	}
	for _, v := range []*verification.Verifier{{Keys: w, Status: w, Clock: clock.Fixed(now)}, {Keys: w, Trust: w, Clock: clock.Fixed(now)}} {
		if err := v.StillStands(t.Context(), c.Verified); fault.KindOf(err) != fault.Unavailable {
			t.Error("nobody was asked:", err)
		}
	}
}

// What would be taken for another credential, or for another's.
func TestSDJWTOfDoubtfulNamesIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		rule   string
		change func(d *sdjwt.Draft)
	}{
		"as it should be":        {"", func(*sdjwt.Draft) {}},
		"about its holder":       {"", func(d *sdjwt.Draft) { d.Subject = lisa.did }},
		"about a number":         {"", func(d *sdjwt.Draft) { d.Subject = "employee-7" }},
		"26 about another":       {"credential.subject", func(d *sdjwt.Draft) { d.Subject = mallory.did }},
		"jti is a number":        {"credential.id", func(d *sdjwt.Draft) { d.Claims["jti"] = json.Number("7") }},
		"jti is empty":           {"credential.id", func(d *sdjwt.Draft) { d.Claims["jti"] = "" }},
		"jti of 10 kB":           {"credential.id", func(d *sdjwt.Draft) { d.Claims["jti"] = strings.Repeat("x", 10_000) }},
		"vct is the type's name": {"credential.type-unknown", func(d *sdjwt.Draft) { d.VCT = credtype.OfferOfEmployment }},
		"vct is not ours":        {"credential.type-unknown", func(d *sdjwt.Draft) { d.VCT += "/other" }},
		"a claim named id":       {"credential.claim-name", func(d *sdjwt.Draft) { d.Claims["id"] = mallory.did }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			draft := sdjwtOffer(t, claims(t))
			c.change(&draft)
			held, err := sdjwt.Issue(t.Context(), w.Sign, rand.Reader, draft)
			if err != nil {
				t.Fatal(err)
			}
			_, presented := w.verifier().Presentation(t.Context(), bound(t, w, held, nil), challenge, domain)
			_, report := w.verifier().Credential(t.Context(), held)
			for _, report := range []*credential.Report{presented, report} {
				if c.rule == "" && report.Err() != nil {
					t.Error(report.Err())
				} else if c.rule != "" {
					wantRule(t, report, c.rule)
				}
			}
		})
	}
}

// A JSON document is one, whatever stands before it and in it.
func TestJSONWithATildeIsNoSDJWT(t *testing.T) {
	w := newWorld()
	data := offer(t, w, credential.DataIntegrity, func(claims map[string]any) { claims["email"] = "lisa~1@mail.example" })
	for _, space := range []string{"", "\n", " \t\r\n"} {
		if _, report := w.verifier().Credential(t.Context(), append([]byte(space), data...)); !report.Verified() {
			t.Error(report.Err())
		}
	}
}

// Nobody's status list is fetched but that of an issuer who may issue.
func TestStatusIsAskedLast(t *testing.T) {
	for _, format := range formats {
		w := newWorld()
		w.trust = fault.New(fault.Denied, "issuer.unknown", "not on the list")
		data := offer(t, w, format, nil)
		_, report := w.verifier().Credential(t.Context(), data)
		wantRule(t, report, "issuer.unknown")
		if outcomes(report)[credential.CheckStatusLists] != credential.Unfinished {
			t.Error(outcomes(report))
		}
		if format == credential.SDJWT {
			data = bound(t, w, data, nil)
		}
		p, report := w.verifier().Presentation(t.Context(), present(t, w, lisa, data), challenge, domain)
		wantRule(t, report, "issuer.unknown")
		if p != nil || outcomes(report)[credential.CheckCredentials] != credential.Failed {
			t.Error(p, outcomes(report))
		}
		if w.looked != 0 {
			t.Errorf("%s: %d lists were asked for", format, w.looked)
		}
		w.trust, w.status = nil, fault.New(fault.Denied, "status.revoked", "revoked")
		_, report = w.verifier().Presentation(t.Context(), present(t, w, lisa, data), challenge, domain)
		wantRule(t, report, "status.revoked")
		if w.looked != 1 || outcomes(report)[credential.CheckCredentials] != credential.Failed {
			t.Error(w.looked, outcomes(report))
		}
	}
}

// Of a presentation that does not hold, the credentials' reports say what was not
// looked at.
func TestPresentationThatDoesNotHoldAsksNobody(t *testing.T) {
	w := newWorld()
	shown := offer(t, w, credential.DataIntegrity, nil)
	data := strings.Replace(string(present(t, w, lisa, shown, shown)), `"given_name":"`, `"given_name":"X`, 1)
	p, report := w.verifier().Presentation(t.Context(), []byte(data), challenge, domain)
	if p != nil || report.Verified() || w.looked+len(w.asked) != 0 {
		t.Error(report.Err(), w.looked, w.asked)
	}
	_, report = w.verifier().Presentation(t.Context(), present(t, w, mallory, bound(t, w, offer(t, w, credential.SDJWT, nil), nil)), challenge, domain)
	for _, name := range []string{credential.CheckSchema, credential.CheckIssuer} {
		if outcomes(report.Credentials[0])[name] != credential.Unfinished {
			t.Error(outcomes(report.Credentials[0]))
		}
	}
}

func TestUnknownMediaTypeIsRefused(t *testing.T) {
	w := newWorld()
	opts := w.verifier()
	_, report := opts.Credential(t.Context(), []byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":"EnvelopedVerifiableCredential","id":"data:application/mdoc,abc"}`))
	if report.Verified() || !slices.ContainsFunc(report.Checks, func(c credential.Check) bool { return c.Rule == "credential.media-type" }) {
		t.Error(report.Err())
	}
}

func FuzzPresentation(f *testing.F) {
	w := newWorld()
	f.Add([]byte(`{}`))
	f.Add(offer(f, w, credential.SDJWT, nil))
	f.Add(offer(f, w, credential.JOSE, nil))
	f.Add(offer(f, w, credential.DataIntegrity, nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, report := w.verifier().Presentation(t.Context(), data, challenge, domain)
		if (p != nil) != report.Verified() {
			t.Error("the report and the presentation disagree")
		}
		c, report := w.verifier().Credential(t.Context(), data)
		if (c != nil) != report.Verified() {
			t.Error("the report and the credential disagree")
		}
	})
}
