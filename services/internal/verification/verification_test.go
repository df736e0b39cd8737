package verification_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
	"github.com/kompetansespor/kompetansespor/services/internal/sdjwt"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
)

var now = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

const (
	organisation = "310000019"
	challenge    = "c-1"
	domain       = "did:web:udi.example"
	statusList   = "https://issuer.example/status/1"
)

// party is a did:key whose key this test holds.
type party struct {
	private  ed25519.PrivateKey
	did, kid string
}

func newParty(seed byte) party {
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), 32)))
	name, kid := did.NewKey(testkit.Public(private))
	return party{private, name, kid}
}

func (p party) key() credential.Key { return credential.Key{ID: p.kid, Curve: did.Ed25519} }

var employer, lisa, mallory = newParty('e'), newParty('l'), newParty('m')

// world is everything that a verifier asks.
type world struct {
	status, trust error
	entity        trustlist.Entity
	asked         []string // issuers that the trust list was asked for
	looked        int      // how often a status was asked for
}

func (w *world) Sign(_ context.Context, kid string, data []byte) ([]byte, error) {
	for _, p := range []party{employer, lisa, mallory} {
		if p.kid == kid {
			return ed25519.Sign(p.private, data), nil
		}
	}
	return nil, fault.New(fault.NotFound, "key.not-ours", "no such key")
}

func (w *world) VerificationKey(ctx context.Context, kid string, purpose credential.Purpose, _ time.Time) (did.PublicKey, error) {
	name, _, err := did.Split(kid)
	if err != nil {
		return did.PublicKey{}, err
	}
	document, err := did.Static{}.Resolve(ctx, name)
	if err != nil {
		return did.PublicKey{}, err
	}
	key, ok := document.Key(kid, did.Purpose(purpose))
	if !ok {
		return did.PublicKey{}, fault.New(fault.Denied, "did.key-not-for-purpose", "not for this")
	}
	return key, nil
}

func (w *world) CheckStatus(context.Context, *credential.Verified) error {
	w.looked++
	return w.status
}

func (w *world) Accredited(_ context.Context, issuer, _ string, _ time.Time) (trustlist.Entity, error) {
	w.asked = append(w.asked, issuer)
	return w.entity, w.trust
}

func (w *world) verifier() *verification.Verifier {
	return &verification.Verifier{Keys: w, Status: w, Trust: w, Clock: clock.Fixed(now)}
}

func newWorld() *world {
	return &world{entity: trustlist.Entity{DID: employer.did, OrganisationNumber: organisation}}
}

func claims(t testing.TB) map[string]any {
	t.Helper()
	kind, _ := credtype.Find(credtype.OfferOfEmployment)
	return testkit.ExampleClaims(t, kind.Slug())
}

// offer is the same offer in each format, signed by the employer.
func offer(t testing.TB, w *world, format credential.Format, change func(claims map[string]any)) []byte {
	t.Helper()
	said := claims(t)
	if change != nil {
		change(said)
	}
	var data []byte
	var err error
	switch format {
	case credential.SDJWT:
		data, err = sdjwt.Issue(t.Context(), w.Sign, rand.Reader, sdjwtOffer(t, said))
	default:
		draft := credential.Draft{
			ID: "urn:uuid:8c7a4e9a-6f43-4b1d-9f0e-2f3bb7a4c001", Type: credtype.OfferOfEmployment, Issuer: employer.did, Subject: lisa.did,
			Claims: said, ValidFrom: now.Add(-time.Hour), ValidUntil: now.Add(time.Hour),
			Status: []status.Entry{{List: statusList, Index: 7, Purpose: status.Revocation}},
		}
		how := credential.Securing{Key: employer.key(), Created: now}
		if format == credential.JOSE {
			data, err = credential.IssueJOSE(t.Context(), w, draft.Document(), how)
		} else {
			data, err = credential.Issue(t.Context(), w, draft.Document(), how)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// sdjwtOffer is the offer as an SD-JWT VC, before it is signed.
func sdjwtOffer(t testing.TB, said map[string]any) sdjwt.Draft {
	t.Helper()
	kind, _ := credtype.Find(credtype.OfferOfEmployment)
	disclosable, err := kind.Disclosable()
	if err != nil {
		t.Fatal(err)
	}
	payload := maps.Clone(said)
	payload["jti"] = "urn:uuid:8c7a4e9a-6f43-4b1d-9f0e-2f3bb7a4c001"
	return sdjwt.Draft{
		Registered: sdjwt.Registered{
			Issuer: employer.did, KeyID: employer.kid, VCT: kind.VCT, IssuedAt: now, NotBefore: now.Add(-time.Hour), Expires: now.Add(time.Hour),
			Holder: testkit.Public(lisa.private), Status: sdjwt.Status{Present: true, URI: statusList, Index: 7},
		},
		Curve: did.Ed25519, Claims: payload, Disclosable: disclosable, Decoys: 1,
	}
}

var formats = []credential.Format{credential.DataIntegrity, credential.JOSE, credential.SDJWT}

func outcomes(r *credential.Report) map[string]credential.Outcome {
	all := map[string]credential.Outcome{}
	for _, c := range r.Checks {
		all[c.Name] = c.Outcome
	}
	return all
}

func wantRule(t *testing.T, report *credential.Report, rule string) {
	t.Helper()
	if fault.RuleOf(report.Err()) != rule || report.Verified() {
		t.Errorf("got %v, want the rule %s", report.Err(), rule)
	}
}

func TestCredentialOfEveryFormatIsTheSameFromEverySide(t *testing.T) {
	var first map[string]any
	for _, format := range formats {
		t.Run(string(format), func(t *testing.T) {
			w := newWorld()
			c, report := w.verifier().Credential(t.Context(), offer(t, w, format, nil))
			if !report.Verified() {
				t.Fatal(report.Err())
			}
			if c.Format != format || c.Type.Name != credtype.OfferOfEmployment || c.Issuer != employer.did || c.SubjectID != lisa.did ||
				c.ID != "urn:uuid:8c7a4e9a-6f43-4b1d-9f0e-2f3bb7a4c001" || c.By.OrganisationNumber != organisation || len(c.Status) != 1 {
				t.Errorf("read %+v", c.Verified)
			}
			for _, name := range []string{credential.CheckProof, credential.CheckDates, credential.CheckStatusLists, credential.CheckIssuer, credential.CheckSchema} {
				if outcomes(report)[name] != credential.Passed {
					t.Errorf("%s: %s", name, outcomes(report)[name])
				}
			}
			if first == nil {
				first = c.Claims()
			}
			if got, want := canonical(t, c.Claims()), canonical(t, first); got != want {
				t.Errorf("says %s\nwant %s", got, want)
			}
		})
	}
}

func canonical(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestOneCheckThatFailsMakesTheWholeUnverified(t *testing.T) {
	for _, format := range formats {
		for name, c := range map[string]struct {
			rule   string
			world  func(w *world)
			change func(claims map[string]any)
		}{
			"schema": {"schema.claims", nil, func(claims map[string]any) { claims["sex"] = 77 }},
			// Hostile input 29: an accredited employer's name does not help.
			"29 issuer is not on the list": {"issuer.unknown", func(w *world) {
				w.trust = fault.New(fault.Denied, "issuer.unknown", "not on the list")
			}, nil},
			// Hostile input 30.
			"30 another's organisation": {"issuer.another-organisation", func(w *world) { w.entity.OrganisationNumber = "310000027" }, nil},
			"trust list is unreachable": {"trustlist.unreachable", func(w *world) {
				w.trust = fault.New(fault.Unavailable, "trustlist.unreachable", "no answer")
			}, nil},
			"revoked": {"status.revoked", func(w *world) { w.status = fault.New(fault.Denied, "status.revoked", "revoked") }, nil},
			// Hostile input 35.
			"35 status is unreachable": {"status.unreachable", func(w *world) {
				w.status = fault.New(fault.Unavailable, "status.unreachable", "no answer")
			}, nil},
		} {
			t.Run(string(format)+" "+name, func(t *testing.T) {
				w := newWorld()
				data := offer(t, w, format, c.change)
				if c.world != nil {
					c.world(w)
				}
				got, report := w.verifier().Credential(t.Context(), data)
				wantRule(t, report, c.rule)
				if got != nil {
					t.Error("a credential came back")
				}
				if strings.HasPrefix(report.Answer(), "verified") {
					t.Error(report.Answer())
				}
			})
		}
	}
}

// What is not signed by its issuer is asked nobody about.
func TestNobodyIsAskedAboutWhatIsNotSigned(t *testing.T) {
	for _, format := range formats {
		w := newWorld()
		data := offer(t, w, format, nil)
		switch format {
		case credential.DataIntegrity:
			data = []byte(strings.Replace(string(data), `"given_name":"`, `"given_name":"X`, 1))
		default:
			head, _, _ := strings.Cut(string(data), "~")
			forged := head[:len(head)-3] + "AAA"
			data = []byte(strings.Replace(string(data), head, forged, 1))
		}
		_, report := w.verifier().Credential(t.Context(), data)
		if report.Verified() || len(w.asked) > 0 {
			t.Errorf("%s: %v, asked for %v", format, report.Err(), w.asked)
		}
		for _, name := range []string{credential.CheckIssuer, credential.CheckSchema} {
			if outcomes(report)[name] != credential.Unfinished {
				t.Errorf("%s: %s is %s", format, name, outcomes(report)[name])
			}
		}
	}
}

func TestTypesThatAreNotOursAreForDevelopment(t *testing.T) {
	w := newWorld()
	data, err := credential.Issue(t.Context(), w, credential.Document{
		"@context": []any{jsonld.CredentialsV2}, "type": []any{"VerifiableCredential"}, "issuer": employer.did,
		"credentialSubject": map[string]any{"id": lisa.did, "name": "Lisa"},
	}, credential.Securing{Key: employer.key(), Created: now})
	if err != nil {
		t.Fatal(err)
	}
	_, report := w.verifier().Credential(t.Context(), data)
	wantRule(t, report, "credential.type-unknown")
	development := w.verifier()
	development.Foreign = true
	c, report := development.Credential(t.Context(), data)
	if !report.Verified() || c.Type.Name != "" || len(w.asked) > 0 {
		t.Error(report.Err(), w.asked)
	}
}

func TestWithoutATrustListNobodyAsks(t *testing.T) {
	w := newWorld()
	v := w.verifier()
	v.Trust = nil
	c, report := v.Credential(t.Context(), offer(t, w, credential.DataIntegrity, nil))
	if !report.Verified() || c.By.DID != "" {
		t.Fatal(report.Err())
	}
	if _, listed := outcomes(report)[credential.CheckIssuer]; listed {
		t.Error("a check that nobody asked for is in the report")
	}
}
