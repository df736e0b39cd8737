package identity_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
	"github.com/kompetansespor/kompetansespor/services/internal/resolver"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

const issuer = "did:web:issuer.example"

// office is an organisation whose time a test moves.
type office struct {
	*shelf
	now time.Time
}

func (o *office) Now() time.Time { return o.now }

func openOffice(t *testing.T) *office {
	o := &office{shelf: open(t), now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	o.restart()
	o.ok(o.EnsureOrganisation(t.Context(), issuer, "", endpoint))
	return o
}

// restart is another process on the same database.
func (o *office) restart() {
	o.t.Helper()
	book, err := identity.Open(o.t.Context(), o.db, make([]byte, 32), o)
	o.ok(err)
	o.Book = book
}

// Get serves the organisation's document to a resolver.
func (o *office) Get(context.Context, string, int64) ([]byte, http.Header, error) {
	answer := httptest.NewRecorder()
	o.Documents("issuer.example").ServeHTTP(answer, httptest.NewRequest("GET", "/.well-known/did.json", nil))
	return answer.Body.Bytes(), nil, nil
}

func (o *office) published() *did.Document {
	o.t.Helper()
	body, _, _ := o.Get(o.t.Context(), "", 0)
	doc, err := did.ParseFor(issuer, body)
	o.ok(err)
	return doc
}

// world resolves as somebody who remembers nothing.
func (o *office) world() *resolver.Resolver {
	return &resolver.Resolver{Get: o, Cache: cache.NewMemory(o, 0, 0), Clock: o}
}

// signed is a signature of now by the key to sign with now.
type signed struct {
	kid  string
	at   time.Time
	data []byte
	sig  []byte
}

func (o *office) sign() signed {
	o.t.Helper()
	key, err := o.AssertionKey(o.t.Context(), issuer)
	o.ok(err)
	s := signed{kid: key.ID, at: o.now, data: []byte(o.now.String())}
	s.sig, err = o.Sign(o.t.Context(), key.ID, s.data)
	o.ok(err)
	return s
}

func (o *office) verify(s signed) error {
	key, err := o.world().VerificationKey(o.t.Context(), s.kid, credential.AssertionMethod, s.at)
	if err == nil && !key.Verify(s.data, s.sig) {
		o.t.Error("the key does not fit the signature")
	}
	return err
}

func TestNewKeyIsPublishedAtOnceAndSignsAfterTheOverlap(t *testing.T) {
	o := openOffice(t)
	first := o.sign()
	next, err := o.Rotate(t.Context(), issuer, keystore.Ed25519, time.Hour)
	if err != nil || next != issuer+"#assertion-2" {
		t.Fatal(next, err)
	}
	turn := o.now.Add(time.Hour)
	doc := o.published()
	if !slices.Equal(doc.AssertionMethod, []string{first.kid, next}) || !slices.Equal(doc.Authentication, doc.AssertionMethod) {
		t.Errorf("%v %v", doc.AssertionMethod, doc.Authentication)
	}
	if m, _ := doc.Method(first.kid, did.AssertionMethod); !m.Expires.Equal(turn.Add(time.Minute)) || !m.Revoked.IsZero() {
		t.Errorf("%+v", m)
	}
	o.now = turn.Add(-time.Microsecond)
	if s := o.sign(); s.kid != first.kid || o.verify(s) != nil {
		t.Error("the new key signs before everybody knows it")
	}
	o.now = turn
	if s := o.sign(); s.kid != next || o.verify(s) != nil {
		t.Error("the new key does not sign when its turn has come")
	}
	o.restart()
	if s := o.sign(); s.kid != next {
		t.Error("a restart turns to the old key")
	}
}

func TestRetiredKeyNeverSignsAndVerifiesWhatItSigned(t *testing.T) {
	o := openOffice(t)
	old := o.sign()
	_, err := o.Rotate(t.Context(), issuer, keystore.Ed25519, time.Hour)
	o.ok(err)
	// Whoever asked for the key just before its end still signs with it.
	o.now = o.now.Add(time.Hour + time.Minute - time.Second)
	sig, err := o.Sign(t.Context(), old.kid, []byte("x"))
	o.ok(err)
	o.ok(o.verify(signed{old.kid, o.now, []byte("x"), sig}))
	o.now = o.now.Add(time.Second)
	for range 2 {
		if _, err := o.Sign(t.Context(), old.kid, []byte("x")); fault.RuleOf(err) != "key.retired" || fault.KindOf(err) != fault.Unavailable {
			t.Fatal(err)
		}
		o.restart()
	}
	if err := o.verify(signed{old.kid, o.now, []byte("x"), sig}); fault.RuleOf(err) != "did.key-expired" {
		t.Error("a retired key counts for what is dated after", err)
	}
	o.now = o.now.AddDate(10, 0, 0)
	o.ok(o.verify(old))
	if doc := o.published(); slices.Contains(doc.Authentication, old.kid) || !slices.Contains(doc.AssertionMethod, old.kid) {
		t.Errorf("%v %v", doc.Authentication, doc.AssertionMethod)
	}
	// Who encrypts or logs in never meets it.
	doc, err := o.world().Resolve(t.Context(), issuer)
	if _, ok := doc.Key(old.kid, did.AssertionMethod); err != nil || ok {
		t.Error("the retired key is among those of now", err)
	}
}

func TestEachSignatureOfManyRotationsVerifies(t *testing.T) {
	o := openOffice(t)
	var all []signed
	for i := range 12 {
		all = append(all, o.sign())
		_, err := o.Rotate(t.Context(), issuer, keystore.Ed25519, time.Duration(i%4)*time.Minute)
		o.ok(err)
		for range 5 {
			o.now = o.now.Add(time.Minute)
			all = append(all, o.sign())
		}
	}
	for _, s := range all {
		if err := o.verify(s); err != nil {
			t.Errorf("%s at %v: %v", s.kid, s.at, err)
		}
	}
	history, err := o.History(t.Context(), issuer)
	if err != nil || len(history) != 14 {
		t.Fatal(len(history), err)
	}
}

// A rotation within another takes its place: the key that never had its turn
// signs nothing.
func TestRotationOverRotation(t *testing.T) {
	o := openOffice(t)
	_, err := o.Rotate(t.Context(), issuer, keystore.Ed25519, 24*time.Hour)
	o.ok(err)
	third, err := o.Rotate(t.Context(), issuer, keystore.Ed25519, time.Hour)
	o.ok(err)
	for _, later := range []time.Duration{time.Hour, 25 * time.Hour} {
		o.now = o.now.Add(later)
		if s := o.sign(); s.kid != third || o.verify(s) != nil {
			t.Fatal(s.kid)
		}
	}
}

// A later rotation does not prolong what is about to retire.
func TestRotationProlongsNothing(t *testing.T) {
	o := openOffice(t)
	first := o.sign().kid
	second, err := o.Rotate(t.Context(), issuer, keystore.Ed25519, time.Hour)
	o.ok(err)
	_, err = o.Rotate(t.Context(), issuer, keystore.Ed25519, 24*time.Hour)
	o.ok(err)
	o.now = o.now.Add(time.Hour + time.Minute)
	if _, err := o.Sign(t.Context(), first, []byte("x")); fault.RuleOf(err) != "key.retired" {
		t.Error(err)
	}
	if s := o.sign(); s.kid != second || o.verify(s) != nil {
		t.Error(s.kid)
	}
}

func TestCompromisedKeyIsCutOffByDate(t *testing.T) {
	o := openOffice(t)
	before := o.sign()
	o.now = o.now.Add(24 * time.Hour)
	stolen := o.sign()
	o.now = o.now.Add(24 * time.Hour)
	next, err := o.Compromised(t.Context(), before.kid, stolen.at, "a copy of the disk was sold")
	if err != nil || next != issuer+"#assertion-2" {
		t.Fatal(next, err)
	}
	o.ok(o.verify(before))
	if err := o.verify(stolen); fault.RuleOf(err) != "did.key-revoked" {
		t.Error("what is dated since counts", err)
	}
	if _, err := o.Sign(t.Context(), before.kid, []byte("x")); fault.RuleOf(err) != "key.revoked" {
		t.Error("a revoked key signs", err)
	}
	if s := o.sign(); s.kid != next || o.verify(s) != nil {
		t.Error("nothing takes over at once", s.kid)
	}
	if doc := o.published(); slices.Contains(doc.Authentication, before.kid) {
		t.Error("a revoked key authenticates")
	}
	body, _, _ := o.Get(t.Context(), "", 0)
	if !bytes.Contains(body, []byte(`"revoked":"2026-11-24T08:00:00Z"`)) || bytes.Contains(body, []byte("disk")) {
		t.Errorf("%s", body)
	}
	history, err := o.History(t.Context(), issuer)
	if i := slices.IndexFunc(history, func(k identity.OrganisationKey) bool { return k.ID == before.kid }); err != nil || history[i].Reason != "a copy of the disk was sold" {
		t.Fatal(history, err)
	}
}

// A key that was never only ours is listed for nothing, so that verifiers that
// do not know the member revoked refuse it too.
func TestKeyThatWasStolenFromTheBeginningIsListedForNothing(t *testing.T) {
	o := openOffice(t)
	s := o.sign()
	_, err := o.Compromised(t.Context(), s.kid, o.now, "made on a machine of another")
	o.ok(err)
	if doc := o.published(); slices.Contains(doc.AssertionMethod, s.kid) || slices.Contains(doc.Authentication, s.kid) {
		t.Errorf("%+v", doc)
	}
	if err := o.verify(s); fault.KindOf(err) != fault.Denied {
		t.Error(err)
	}
}

func TestCompromisedKeyThatHadRetiredCallsForNoOther(t *testing.T) {
	o := openOffice(t)
	old := o.sign()
	current, err := o.Rotate(t.Context(), issuer, keystore.Ed25519, 0)
	o.ok(err)
	o.now = o.now.Add(time.Hour)
	next, err := o.Compromised(t.Context(), old.kid, old.at.Add(30*time.Second), "found in a backup")
	if err != nil || next != "" {
		t.Fatal(next, err)
	}
	o.ok(o.verify(old))
	if s := o.sign(); s.kid != current {
		t.Error(s.kid)
	}
}

func TestCompromiseDuringARotationBringsAKeyAtOnce(t *testing.T) {
	o := openOffice(t)
	old := o.sign()
	_, err := o.Rotate(t.Context(), issuer, keystore.Ed25519, time.Hour)
	o.ok(err)
	next, err := o.Compromised(t.Context(), old.kid, o.now, "x")
	o.ok(err)
	for range 3 {
		if s := o.sign(); s.kid != next || o.verify(s) != nil {
			t.Error(s.kid, next)
		}
		o.now = o.now.Add(time.Hour)
	}
}

// The key before is still in its handover, or has its turn until the one that
// was taken would follow: it does not last, and another is made.
func TestCompromisedKeyIsFollowedByOneThatLasts(t *testing.T) {
	for name, overlap := range map[string]time.Duration{"just in use": 0, "not in use yet": time.Hour} {
		t.Run(name, func(t *testing.T) {
			o := openOffice(t)
			second, err := o.Rotate(t.Context(), issuer, keystore.Ed25519, overlap)
			o.ok(err)
			next, err := o.Compromised(t.Context(), second, o.now, "x")
			if err != nil || next != issuer+"#assertion-3" {
				t.Fatal(next, err)
			}
			for range 3 {
				if s := o.sign(); s.kid != next || o.verify(s) != nil {
					t.Error(s.kid)
				}
				o.now = o.now.Add(time.Hour)
			}
		})
	}
}

func TestDateOfACompromiseMovesOnlyBack(t *testing.T) {
	o := openOffice(t)
	s := o.sign()
	o.now = o.now.Add(time.Hour)
	cut := func(since time.Time) error {
		_, err := o.Compromised(t.Context(), s.kid, since, "x")
		return err
	}
	o.ok(cut(o.now.Add(-10 * time.Minute)))
	o.ok(cut(o.now.Add(-10 * time.Minute)))
	if err := cut(o.now); fault.RuleOf(err) != "key.revoked-earlier" || fault.KindOf(err) != fault.Conflict {
		t.Error(err)
	}
	o.ok(o.verify(signed{s.kid, o.now.Add(-15 * time.Minute), s.data, s.sig}))
	o.ok(cut(o.now.Add(-20 * time.Minute)))
	if err := o.verify(signed{s.kid, o.now.Add(-15 * time.Minute), s.data, s.sig}); fault.RuleOf(err) != "did.key-revoked" {
		t.Error(err)
	}
}

func TestRememberedOrganisationKeepsNoEnvelope(t *testing.T) {
	o := openOffice(t)
	o.restart()
	testkit.LetsGo(t, o, issuer+"#agreement-1", func(kid string) {
		if _, ok, err := o.KeyAgreement(t.Context(), kid); !ok || err != nil {
			t.Fatal(ok, err)
		}
	})
}

func TestOldAgreementKeyOpensWhatIsUnderWay(t *testing.T) {
	o := openOffice(t)
	const old = issuer + "#agreement-1"
	next, err := o.Rotate(t.Context(), issuer, keystore.X25519, 24*time.Hour)
	if err != nil || next != issuer+"#agreement-2" {
		t.Fatal(next, err)
	}
	opens := func(kid string) bool {
		_, ok, err := o.KeyAgreement(t.Context(), kid)
		o.ok(err)
		return ok
	}
	if doc := o.published(); !slices.Equal(doc.KeyAgreement, []string{next, old}) || !opens(old) || !opens(next) {
		t.Error(doc.KeyAgreement)
	}
	o.now = o.now.Add(24*time.Hour + time.Minute)
	if doc := o.published(); !slices.Equal(doc.KeyAgreement, []string{next}) || len(doc.VerificationMethod) != 2 || opens(old) || !opens(next) {
		t.Error(doc.KeyAgreement)
	}
	if _, err := o.Sign(t.Context(), next, []byte("x")); fault.RuleOf(err) != "keystore.use" {
		t.Error("a key that agrees signs", err)
	}
	// Rotation after rotation, what is kept stays small.
	for range 10 {
		_, err := o.Rotate(t.Context(), issuer, keystore.X25519, 0)
		o.ok(err)
		o.now = o.now.Add(2 * time.Minute)
	}
	var text []byte
	o.ok(o.db.Read().QueryRowContext(t.Context(), `SELECT document FROM identity WHERE did = $1`, issuer).Scan(&text))
	if doc, err := did.ParseFor(issuer, text); err != nil || len(doc.VerificationMethod) != 3 {
		t.Error(doc, err)
	}
}

func TestCompromisedAgreementKeyOpensNothing(t *testing.T) {
	o := openOffice(t)
	const old = issuer + "#agreement-1"
	next, err := o.Rotate(t.Context(), issuer, keystore.X25519, 24*time.Hour)
	o.ok(err)
	if another, err := o.Compromised(t.Context(), old, o.now, "x"); err != nil || another != "" {
		t.Error("the next key is in use already", another, err)
	}
	if _, ok, err := o.KeyAgreement(t.Context(), old); ok || err != nil {
		t.Error(ok, err)
	}
	if doc := o.published(); !slices.Equal(doc.KeyAgreement, []string{next}) {
		t.Error(doc.KeyAgreement)
	}
}

func TestIssuerSignsOnSeveralCurves(t *testing.T) {
	o := openOffice(t)
	for kind, curve := range map[keystore.Kind]did.Curve{keystore.ES256: did.P256, keystore.ES384: did.P384} {
		if _, err := o.AssertionKeyOf(t.Context(), issuer, curve); fault.KindOf(err) != fault.NotFound {
			t.Fatal(err)
		}
		for range 2 {
			o.ok(o.EnsureAssertionKey(t.Context(), issuer, kind))
		}
		key, err := o.AssertionKeyOf(t.Context(), issuer, curve)
		o.ok(err)
		if key.Curve != curve {
			t.Error(key)
		}
		s := signed{kid: key.ID, at: o.now, data: []byte("x")}
		s.sig, err = o.Sign(t.Context(), key.ID, s.data)
		o.ok(err)
		o.ok(o.verify(s))
		// The rotation of one kind leaves the others alone.
		next, err := o.Rotate(t.Context(), issuer, kind, 0)
		o.ok(err)
		if key, err := o.AssertionKeyOf(t.Context(), issuer, curve); err != nil || key.ID != next {
			t.Error(key, err)
		}
	}
	if s := o.sign(); s.kid != issuer+"#assertion-1" {
		t.Error(s.kid)
	}
	history, err := o.History(t.Context(), issuer)
	if err != nil || len(history) != 6 {
		t.Error(len(history), err)
	}
}

func TestChangesOfKeysThatMakeNoSenseAreRefused(t *testing.T) {
	o := openOffice(t)
	ctx := t.Context()
	rotate := func(organisation string, kind keystore.Kind, overlap time.Duration) error {
		_, err := o.Rotate(ctx, organisation, kind, overlap)
		return err
	}
	cut := func(kid string, since time.Time, reason string) error {
		_, err := o.Compromised(ctx, kid, since, reason)
		return err
	}
	holder, err := o.HolderKey()
	o.ok(err)
	o.ok(o.save(holder, "", nil))
	history := func(organisation string) error {
		_, err := o.History(ctx, organisation)
		return err
	}
	const kid = issuer + "#assertion-1"
	for rule, err := range map[string][]error{
		"did.not-ours":          {rotate("did:web:other.example", keystore.Ed25519, 0), rotate(holder.DID, keystore.Ed25519, 0), history("did:web:other.example"), o.EnsureAssertionKey(ctx, "did:web:other.example", keystore.ES256)},
		"key.kind":              {rotate(issuer, keystore.P521, 0), rotate(issuer, "RSA", 0), o.EnsureAssertionKey(ctx, issuer, keystore.X25519), o.EnsureAssertionKey(ctx, issuer, "")},
		"key.overlap":           {rotate(issuer, keystore.Ed25519, -1), rotate(issuer, keystore.Ed25519, identity.MaxOverlap+1)},
		"key.not-ours":          {cut(issuer+"#assertion-2", o.now, "x"), cut(holder.Keys[0], o.now, "x"), cut("did:web:other.example#assertion-1", o.now, "x")},
		"did.key-id":            {cut(issuer, o.now, "x"), cut("", o.now, "x")},
		"key.compromised-since": {cut(kid, time.Time{}, "x"), cut(kid, o.now.Add(time.Second), "x")},
		"key.reason":            {cut(kid, o.now, ""), cut(kid, o.now, strings.Repeat("x", 501))},
	} {
		for i, err := range err {
			if fault.RuleOf(err) != rule {
				t.Errorf("%s %d: %v", rule, i, err)
			}
		}
	}
	if all, err := o.History(ctx, issuer); err != nil || len(all) != 2 {
		t.Error(all, err)
	}
}

// A command in another process rotates while the service runs.
func TestRotationOfAnotherProcessIsNoticed(t *testing.T) {
	o := openOffice(t)
	o.sign()
	running := o.Book
	o.restart()
	next, err := o.Compromised(t.Context(), issuer+"#assertion-1", o.now, "x")
	o.ok(err)
	o.Book = running
	o.now = o.now.Add(2 * time.Second)
	if s := o.sign(); s.kid != next || o.verify(s) != nil {
		t.Error(s.kid)
	}
}

// A long DID fills the document with fewer keys: it stays one that others read.
func TestDocumentOfALongDIDDoesNotOverflow(t *testing.T) {
	o := openOffice(t)
	long := issuer + strings.Repeat(":abcdefghijklmnopqrs", 20)
	o.ok(o.EnsureOrganisation(t.Context(), long, "", endpoint))
	var err error
	for n := 0; err == nil && n < 200; n++ {
		_, err = o.Rotate(t.Context(), long, keystore.Ed25519, 0)
		o.now = o.now.Add(time.Hour)
	}
	if fault.RuleOf(err) != "key.document-full" {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	o.Documents("issuer.example").ServeHTTP(answer, httptest.NewRequest("GET", strings.Repeat("/abcdefghijklmnopqrs", 20)+"/did.json", nil))
	if doc, err := did.ParseFor(long, answer.Body.Bytes()); err != nil || len(doc.AssertionMethod) < 20 {
		t.Fatal(err)
	}
}

// Organisations that were made before keys had periods have them now.
func TestOrganisationsOfBeforeGetTheirPeriods(t *testing.T) {
	driver, dsn := testkit.Source(t)
	reopen := func(name string) *office {
		t.Log(name)
		db := testkit.Open(t, driver, dsn, identity.Migrations())
		o := &office{shelf: &shelf{t: t, db: db}, now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
		o.restart()
		return o
	}
	o := reopen("before")
	o.ok(o.EnsureOrganisation(t.Context(), issuer, "", endpoint))
	holder, err := o.HolderKey()
	o.ok(err)
	o.ok(o.save(holder, "", nil))
	before, _, _ := o.Get(t.Context(), "", 0)
	want, err := o.History(t.Context(), issuer)
	o.ok(err)
	o.ok(o.db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		for _, undo := range []string{`DROP TABLE identity_organisation_key`, `DELETE FROM schema_identity WHERE version_id = 2`} {
			if _, err := tx.ExecContext(t.Context(), undo); err != nil {
				return err
			}
		}
		return nil
	}))
	o.ok(o.db.Close())
	o = reopen("after")
	if got, err := o.History(t.Context(), issuer); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n%+v\n%+v", err, got, want)
	}
	if after, _, _ := o.Get(t.Context(), "", 0); !bytes.Equal(after, before) {
		t.Errorf("%s\n%s", after, before)
	}
	if s := o.sign(); o.verify(s) != nil {
		t.Error("the organisation does not sign")
	}
}

func TestDocumentDoesNotOverflow(t *testing.T) {
	o := openOffice(t)
	var err error
	n := 0
	for ; err == nil && n < 200; n++ {
		_, err = o.Rotate(t.Context(), issuer, keystore.Ed25519, 0)
		o.now = o.now.Add(time.Hour)
	}
	if fault.RuleOf(err) != "key.document-full" || fault.KindOf(err) != fault.Conflict || n != 119 {
		t.Fatal(n, err)
	}
	s := o.sign()
	if o.verify(s) != nil {
		t.Error("the organisation signs no more")
	}
	if next, err := o.Compromised(t.Context(), s.kid, o.now, "x"); err != nil || o.sign().kid != next {
		t.Error("a key is not cut off for want of room", err)
	}
	if body, err := json.Marshal(o.published()); err != nil || len(body) > did.MaxDocument {
		t.Error(len(body), err)
	}
}
