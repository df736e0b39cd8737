package verification_test

import (
	"context"
	"crypto/rand"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/jws"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
	"github.com/kompetansespor/kompetansespor/services/internal/resolver"
	"github.com/kompetansespor/kompetansespor/services/internal/sdjwt"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
)

const organisationDID = "did:web:employer.example"

// office is an organisation with keys of its own, whose DID document others
// fetch, at a time that a test moves.
type office struct {
	*identity.Book
	t   *testing.T
	now time.Time
}

func (o *office) Now() time.Time { return o.now }

func openOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, now: now}
	db := testkit.Database(t, identity.Migrations())
	var err error
	o.Book, err = identity.Open(t.Context(), db, make([]byte, 32), o)
	o.ok(err)
	o.ok(o.EnsureOrganisation(t.Context(), organisationDID, "", "https://employer.example/didcomm"))
	return o
}

func (o *office) ok(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// Get serves the DID document to a resolver.
func (o *office) Get(context.Context, string, int64) ([]byte, http.Header, error) {
	answer := httptest.NewRecorder()
	o.Documents("employer.example").ServeHTTP(answer, httptest.NewRequest("GET", "/.well-known/did.json", nil))
	return answer.Body.Bytes(), answer.Header(), nil
}

func (o *office) CheckStatus(context.Context, *credential.Verified) error { return nil }

func (o *office) Accredited(context.Context, string, string, time.Time) (trustlist.Entity, error) {
	return trustlist.Entity{DID: organisationDID, OrganisationNumber: organisation}, nil
}

func (o *office) key() credential.Key {
	o.t.Helper()
	key, err := o.AssertionKey(o.t.Context(), organisationDID)
	o.ok(err)
	return key
}

func (o *office) keyOf(curve did.Curve) credential.Key {
	o.t.Helper()
	key, err := o.AssertionKeyOf(o.t.Context(), organisationDID, curve)
	o.ok(err)
	return key
}

// issue signs an offer with a key, dated at an instant, in a format.
func (o *office) issue(format credential.Format, key credential.Key, at time.Time) []byte {
	o.t.Helper()
	said := claims(o.t)
	var data []byte
	var err error
	if format == credential.SDJWT {
		draft := sdjwtOffer(o.t, said)
		draft.Issuer, draft.KeyID, draft.Curve = organisationDID, key.ID, key.Curve
		draft.IssuedAt, draft.NotBefore, draft.Expires = at, at, time.Time{}
		data, err = sdjwt.Issue(o.t.Context(), o.Sign, rand.Reader, draft)
		o.ok(err)
		return data
	}
	draft := credential.Draft{ID: "urn:uuid:1", Type: credtype.OfferOfEmployment, Issuer: organisationDID, Subject: lisa.did, Claims: maps.Clone(said)}
	how := credential.Securing{Key: key, Created: at}
	if format == credential.JOSE {
		data, err = credential.IssueJOSE(o.t.Context(), o.Book, draft.Document(), how)
	} else {
		data, err = credential.Issue(o.t.Context(), o.Book, draft.Document(), how)
	}
	o.ok(err)
	return data
}

// verify looks at a credential as somebody does who remembers nothing. It gives
// the rule of the check of the key, empty when the whole is verified.
func (o *office) verify(data []byte) string {
	o.t.Helper()
	v := &verification.Verifier{
		Keys: &resolver.Resolver{Get: o, Cache: cache.NewMemory(o, 0, 0), Clock: o}, Status: o, Trust: o, Clock: o,
	}
	c, report := v.Credential(o.t.Context(), data)
	if report.Verified() {
		if c.Issuer != organisationDID {
			o.t.Error("it is another's", c.Issuer)
		}
		return ""
	}
	if outcomes(report)[credential.CheckKey] != credential.Failed {
		o.t.Error("it is not for the key:", report.Err())
	}
	return fault.RuleOf(report.Err())
}

func (o *office) want(data []byte, rule string) {
	o.t.Helper()
	if got := o.verify(data); got != rule {
		o.t.Errorf("got %q, want %q", got, rule)
	}
}

func TestCredentialOfBeforeARotationVerifiesEverAfter(t *testing.T) {
	for kind, curve := range map[keystore.Kind]did.Curve{keystore.Ed25519: did.Ed25519, keystore.ES256: did.P256} {
		for _, format := range formats {
			t.Run(string(kind)+" "+string(format), func(t *testing.T) {
				o := openOffice(t)
				if kind != keystore.Ed25519 { // which every organisation begins with
					_, err := o.Rotate(t.Context(), organisationDID, kind, 0)
					o.ok(err)
				}
				first := o.keyOf(curve)
				before := o.issue(format, first, o.now)
				_, err := o.Rotate(t.Context(), organisationDID, kind, time.Hour)
				o.ok(err)
				turn := o.now.Add(time.Hour)

				// With the overlap both count; the old one may date nothing past its end.
				o.now = turn
				next := o.keyOf(curve)
				if next.ID == first.ID {
					t.Fatal("the key did not change")
				}
				after := o.issue(format, next, o.now)
				atTheEnd := o.issue(format, first, turn.Add(time.Minute-time.Second))
				tooLate := o.issue(format, first, turn.Add(time.Minute))
				o.now = turn.Add(time.Minute)
				o.want(tooLate, "did.key-expired")
				for _, years := range []int{0, 10} {
					o.now = turn.AddDate(years, 0, 0).Add(time.Minute)
					o.want(before, "")
					o.want(atTheEnd, "")
					o.want(after, "")
					o.want(tooLate, "did.key-expired")
				}
			})
		}
	}
}

func TestCompromisedKeyIsCutOffByDate(t *testing.T) {
	for _, format := range formats {
		t.Run(string(format), func(t *testing.T) {
			o := openOffice(t)
			stolen := o.key()
			since := o.now.Add(time.Hour)
			before := o.issue(format, stolen, since.Add(-time.Second))
			at := o.issue(format, stolen, since)
			later := o.issue(format, stolen, since.Add(time.Hour))
			o.now = since.Add(2 * time.Hour)
			for _, data := range [][]byte{before, at, later} {
				o.want(data, "")
			}
			next, err := o.Compromised(t.Context(), stolen.ID, since, "a laptop was stolen")
			o.ok(err)
			o.want(before, "")
			o.want(at, "did.key-revoked")
			o.want(later, "did.key-revoked")
			if key := o.key(); key.ID != next {
				t.Fatal("the stolen key is still the one to sign with")
			}
			o.want(o.issue(format, o.key(), o.now), "")
			o.now = o.now.AddDate(10, 0, 0)
			o.want(before, "")
			o.want(later, "did.key-revoked")
		})
	}
}

// A signature that states no date is judged by the keys of now.
func TestUndatedSignatureIsGoodForAsLongAsItsKey(t *testing.T) {
	o := openOffice(t)
	first := o.key()
	draft := credential.Draft{ID: "urn:uuid:1", Type: credtype.OfferOfEmployment, Issuer: organisationDID, Subject: lisa.did, Claims: claims(t)}
	header := jws.Header{Algorithm: first.Curve.Algorithm(), KeyID: first.ID, Type: "vc+jwt"}
	compact, err := jws.Sign(t.Context(), o.Sign, header, draft.Document())
	o.ok(err)
	undated := []byte(compact)
	o.want(undated, "")
	_, err = o.Rotate(t.Context(), organisationDID, keystore.Ed25519, 0)
	o.ok(err)
	o.now = o.now.Add(time.Minute)
	o.want(undated, "did.key-expired")
}
