package identity_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

const endpoint = "https://wallet.example/didcomm"

var now = clock.Fixed(time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC))

type shelf struct {
	*identity.Book
	t  testing.TB
	db *sqldb.DB
}

func open(t testing.TB) *shelf {
	db := testkit.Database(t, identity.Migrations())
	s := &shelf{t: t, db: db}
	s.reopen()
	return s
}

// reopen is a restart: nothing in memory stays.
func (s *shelf) reopen() {
	s.t.Helper()
	book, err := identity.Open(context.Background(), s.db, make([]byte, 32), now)
	s.ok(err)
	s.Book = book
}

func (s *shelf) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// save saves p in a transaction that then ends with end.
func (s *shelf) save(p *identity.Pending, onlyFrom string, end error) error {
	s.t.Helper()
	ctx := context.Background()
	return s.db.Tx(ctx, func(tx *sqldb.Tx) error {
		if err := p.Save(ctx, tx, "holder", onlyFrom); err != nil {
			return err
		}
		return end
	})
}

func TestSavedDIDSignsAndAgreesAfterARestart(t *testing.T) {
	s := open(t)
	p, err := s.Pairwise(endpoint)
	s.ok(err)
	s.ok(s.save(p, "did:web:tax.example", nil))
	s.reopen()
	owner, onlyFrom, err := s.Owner(t.Context(), p.DID)
	if err != nil || owner != "holder" || onlyFrom != "did:web:tax.example" {
		t.Fatal(owner, onlyFrom, err)
	}
	doc, err := did.Static{}.Resolve(t.Context(), p.DID)
	s.ok(err)
	if e, ok := doc.DIDComm(); !ok || e.URI != endpoint {
		t.Fatal(e)
	}
	signing := doc.KeysFor(did.Authentication)[0]
	public, _ := signing.Key.Ed25519()
	signature, err := s.Sign(t.Context(), signing.ID, []byte("data"))
	if err != nil || !ed25519.Verify(public, []byte("data"), signature) {
		t.Fatal(err)
	}
	if _, ok, err := s.KeyAgreement(t.Context(), doc.KeysFor(did.KeyAgreement)[0].ID); !ok || err != nil {
		t.Fatal(ok, err)
	}
}

// A DID that was just made is used at once: its keys are not unlocked again for that. A
// transaction that failed leaves none.
func TestNewKeysStayOpen(t *testing.T) {
	s := open(t)
	for _, end := range []error{nil, errors.New("failed")} {
		p, err := s.Pairwise(endpoint)
		s.ok(err)
		if err := s.save(p, "", end); !errors.Is(err, end) {
			t.Fatal(err)
		}
		doc, err := did.Static{}.Resolve(t.Context(), p.DID)
		s.ok(err)
		s.ok(s.db.Tx(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.ExecContext(t.Context(), `UPDATE identity_keystore SET locked = $1`, []byte("unreadable"))
			return err
		}))
		if _, ok, _ := s.KeyAgreement(t.Context(), doc.KeysFor(did.KeyAgreement)[0].ID); ok != (end == nil) {
			t.Errorf("ended with %v: open is %v", end, ok)
		}
	}
}

// Envelopes name keys, and keys are remembered.
func TestRememberedKeyKeepsNoEnvelope(t *testing.T) {
	s := open(t)
	p, err := s.Pairwise(endpoint)
	s.ok(err)
	s.ok(s.save(p, "", nil))
	s.reopen()
	doc, err := did.Static{}.Resolve(t.Context(), p.DID)
	s.ok(err)
	testkit.LetsGo(t, s, doc.KeysFor(did.KeyAgreement)[0].ID, func(kid string) {
		if _, ok, err := s.KeyAgreement(t.Context(), kid); !ok || err != nil {
			t.Fatal(ok, err)
		}
	})
}

func TestDIDOfATransactionThatFailedIsNobodys(t *testing.T) {
	s := open(t)
	p, err := s.Pairwise(endpoint)
	s.ok(err)
	undone := errors.New("undone")
	if err := s.save(p, "", undone); !errors.Is(err, undone) {
		t.Fatal(err)
	}
	if _, _, err := s.Owner(t.Context(), p.DID); fault.KindOf(err) != fault.NotFound {
		t.Fatal(err)
	}
	// The keys are gone with it: the draft is forgotten, in memory too.
	if _, err := p.SignWith(t.Context(), p.Keys[0], []byte("x")); fault.KindOf(err) != fault.NotFound {
		t.Fatal("a key outlives its transaction", err)
	}
	// It cannot come back without them.
	if err := s.save(p, "", nil); err == nil {
		t.Fatal("a DID was saved without its keys")
	}
}

func TestHolderKeySignsBeforeItIsSavedAndNotAfterClose(t *testing.T) {
	s := open(t)
	p, err := s.HolderKey()
	s.ok(err)
	if !strings.HasPrefix(p.DID, "did:key:") {
		t.Fatal(p.DID)
	}
	_, err = p.SignWith(t.Context(), p.Keys[0], []byte("x"))
	s.ok(err)
	if _, err := p.SignWith(t.Context(), "did:key:z#other", []byte("x")); fault.RuleOf(err) != "key.not-ours" {
		t.Fatal(err)
	}
	p.Close()
	p.Close()
	if _, err := p.SignWith(t.Context(), p.Keys[0], []byte("x")); err == nil {
		t.Fatal("a closed key signs")
	}
	if _, err := s.Sign(t.Context(), p.Keys[0], []byte("x")); fault.RuleOf(err) != "key.not-ours" {
		t.Fatal(err)
	}
}

// An envelope to a holder's did:key must be as unknown as any other: who knows
// the key from a credential would learn whose wallet holds it.
func TestHolderKeyTakesNoEnvelopes(t *testing.T) {
	s := open(t)
	p, err := s.HolderKey()
	s.ok(err)
	s.ok(s.save(p, "", nil))
	if _, ok, err := s.KeyAgreement(t.Context(), p.Keys[0]); ok || err != nil {
		t.Fatal(ok, err)
	}
	_, err = s.Sign(t.Context(), p.Keys[0], []byte("x"))
	s.ok(err)
}

func TestOrganisationIsMadeOnceAndPublished(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	const name, tenant = "did:web:issuer.example", "did:web:issuer.example:employers:310000019"
	s.ok(s.EnsureOrganisation(ctx, name, "", endpoint))
	s.ok(s.EnsureOrganisation(ctx, tenant, "310000019", endpoint))
	get := func(host, path string) (string, int) {
		answer := httptest.NewRecorder()
		s.Documents(host).ServeHTTP(answer, httptest.NewRequest("GET", path, nil))
		return answer.Body.String(), answer.Code
	}
	before, _ := get("issuer.example", "/.well-known/did.json")
	s.reopen()
	s.ok(s.EnsureOrganisation(ctx, name, "", endpoint))
	after, _ := get("issuer.example", "/.well-known/did.json")
	doc, err := did.ParseFor(name, []byte(after))
	if err != nil || before != after {
		t.Fatal("another document after a restart", err)
	}
	for _, p := range []did.Purpose{did.Authentication, did.AssertionMethod, did.KeyAgreement} {
		if len(doc.KeysFor(p)) != 1 {
			t.Errorf("%d keys for %s", len(doc.KeysFor(p)), p)
		}
	}
	if body, _ := get("issuer.example", "/employers/310000019/did.json"); !strings.Contains(body, `"id":"`+tenant+`"`) {
		t.Fatal(body)
	}
	p, err := s.Pairwise(endpoint)
	s.ok(err)
	s.ok(s.save(p, "", nil))
	for _, path := range []string{"/employers/other/did.json", "/employers/310000019", "/employers//did.json", "/%2e%2e/did.json", "/" + p.DID + "/did.json"} {
		if _, status := get("issuer.example", path); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
	if _, status := get("other.example", "/.well-known/did.json"); status != 404 {
		t.Error("another host's document")
	}
	s.ok(s.EnsureOrganisation(ctx, "did:web:issuer.example%3A8443", "", endpoint))
	if _, status := get("issuer.example:8443", "/.well-known/did.json"); status != 200 {
		t.Error("a host with a port has no document")
	}
	if err := s.EnsureOrganisation(ctx, "did:key:z6Mk", "", endpoint); err == nil {
		t.Error("an organisation that is no did:web")
	}
}

func TestAnotherMasterKeyOpensNothing(t *testing.T) {
	s := open(t)
	wrong := make([]byte, 32)
	wrong[0] = 1
	if _, err := identity.Open(t.Context(), s.db, wrong, now); fault.RuleOf(err) != "keystore.master-key" {
		t.Fatal(err)
	}
}
