package keystore

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"math/big"
	"sync"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

func wantRule(t testing.TB, err error, rule string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", rule)
	}
	if got := fault.RuleOf(err); got != rule {
		t.Fatalf("rule %s, want %s: %v", got, rule, err)
	}
}

func TestSignaturesVerifyWithThePublicKey(t *testing.T) {
	s := open(t, newMemoryRows())
	data := []byte("signed")
	for _, kind := range []Kind{Ed25519, ES256, ES384} {
		id, public, err := s.Create(t.Context(), kind)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := s.Sign(t.Context(), id, data)
		if err != nil {
			t.Fatal(err)
		}
		if !verifies(public, data, signature) {
			t.Errorf("%s: the signature does not verify", kind)
		}
		if id != public.Thumbprint() {
			t.Errorf("%s: id %s is not the thumbprint", kind, id)
		}
	}
}

func verifies(public did.PublicKey, data, signature []byte) bool {
	if key, ok := public.Ed25519(); ok {
		return ed25519.Verify(key, data, signature)
	}
	key, _ := public.ECDSA()
	sum := sha256.Sum256(data)
	digest := sum[:]
	if public.Curve() == did.P384 {
		sum := sha512.Sum384(data)
		digest = sum[:]
	}
	half := len(signature) / 2
	if half != len(digest) {
		return false
	}
	r, s := new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
	return ecdsa.Verify(key, digest, r, s)
}

func TestKeysSurviveARestart(t *testing.T) {
	rows := newMemoryRows()
	first := open(t, rows)
	for kind := range kinds {
		id, public, err := first.Create(t.Context(), kind)
		if err != nil {
			t.Fatal(err)
		}
		got, gotKind, err := open(t, rows).Public(t.Context(), id)
		if err != nil || got != public || gotKind != kind {
			t.Errorf("%s: got %v %v %v", kind, got, gotKind, err)
		}
	}
}

func TestKeysRestLocked(t *testing.T) {
	rows := newMemoryRows()
	s := open(t, rows)
	id, public, err := s.Create(t.Context(), Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(rows.rows[id], public.Bytes()) {
		t.Fatal("the row holds the key in the clear")
	}
	other := bytes.Repeat([]byte("l"), MasterKeySize)
	_, err = Open(t.Context(), other, rows)
	wantRule(t, err, "keystore.master-key")
	_, err = Open(t.Context(), master[:24], rows)
	wantRule(t, err, "keystore.master-key")
}

func TestMasterKeyThatLooksLikeBase64IsUsedWhole(t *testing.T) {
	rows := newMemoryRows()
	open(t, rows)
	// The same 24 bytes that the lock would decode master to.
	alike := bytes.Clone(master)
	alike[31] = 'l'
	if _, err := Open(t.Context(), alike, rows); err == nil {
		t.Fatal("a master key that differs in its last byte opens the store")
	}
}

func TestExchangedRowsAreNoticed(t *testing.T) {
	rows := newMemoryRows()
	s := open(t, rows)
	a, _, err := s.Create(t.Context(), Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := s.Create(t.Context(), Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	rows.rows[a], rows.rows[b] = rows.rows[b], rows.rows[a]
	_, err = s.Sign(t.Context(), a, []byte("x"))
	wantRule(t, err, "keystore.row-mixed-up")
}

func TestUnknownKey(t *testing.T) {
	s := open(t, newMemoryRows())
	_, err := s.Sign(t.Context(), "nobody", nil)
	wantRule(t, err, "keystore.no-key")
	if fault.KindOf(err) != fault.NotFound {
		t.Fatal(err)
	}
	_, _, err = s.Create(t.Context(), "RSA")
	wantRule(t, err, "keystore.kind")
}

func TestDraftSignsBeforeItIsSavedAndLeavesNothingWhenDropped(t *testing.T) {
	rows := newMemoryRows()
	s := open(t, rows)
	d := s.Draft()
	id, _, err := d.Create(Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sign(t.Context(), id, []byte("x")); err != nil {
		t.Fatal("the draft's key does not sign:", err)
	}
	if len(rows.rows) != 1 {
		t.Fatalf("%d rows before Save", len(rows.rows))
	}
	d.Close()
	_, err = s.Sign(t.Context(), id, []byte("x"))
	wantRule(t, err, "keystore.no-key")

	d = s.Draft()
	id, _, err = d.Create(Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Save(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	d.Close()
	d.Close()
	if _, err := s.Sign(t.Context(), id, []byte("x")); err != nil {
		t.Fatal("the saved key does not sign:", err)
	}
}

func TestKeysOfADraftStayOpenOnceCommitted(t *testing.T) {
	rows := newMemoryRows()
	s := open(t, rows)
	d := s.Draft()
	id, _, err := d.Create(X25519)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Save(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	d.Committed()
	d.Close()
	before := rows.gets
	if _, _, err := s.Public(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if rows.gets != before {
		t.Errorf("%d reads for a key that was open", rows.gets-before)
	}
}

func TestOpenedKeysAreKept(t *testing.T) {
	rows := newMemoryRows()
	s := open(t, rows)
	id, _, err := s.Create(t.Context(), Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	before := rows.gets
	for range 10 {
		if _, err := s.Sign(t.Context(), id, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if rows.gets != before+1 {
		t.Fatalf("%d reads for one key", rows.gets-before)
	}
	s.opened.limit = 3
	for range 5 {
		id, _, err := s.Create(t.Context(), Ed25519)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Sign(t.Context(), id, nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.opened.byID); n != 3 || s.opened.order.Len() != 3 {
		t.Fatalf("%d keys opened, limit 3", n)
	}
}

func TestSealedDataOpensOnlyWithItsAAD(t *testing.T) {
	rows := newMemoryRows()
	s := open(t, rows)
	sealed, err := s.Seal(t.Context(), []byte("secret"), []byte("holding/1"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("secret")) {
		t.Fatal("not sealed")
	}
	got, err := open(t, rows).Open(t.Context(), sealed, []byte("holding/1"))
	if err != nil || string(got) != "secret" {
		t.Fatal(got, err)
	}
	_, err = s.Open(t.Context(), sealed, []byte("holding/2"))
	wantRule(t, err, "keystore.sealed")
	for i := range sealed {
		altered := bytes.Clone(sealed)
		altered[i] ^= 1
		_, err = s.Open(t.Context(), altered, []byte("holding/1"))
		wantRule(t, err, "keystore.sealed")
		_, err = s.Open(t.Context(), sealed[:i], []byte("holding/1"))
		wantRule(t, err, "keystore.sealed")
	}
}

func TestStoresThatOpenAtOnceShareOneDataKey(t *testing.T) {
	rows := newMemoryRows()
	stores := make([]*Store, 8)
	var wg sync.WaitGroup
	for i := range stores {
		wg.Go(func() {
			s, err := Open(t.Context(), master, rows)
			if err != nil {
				t.Error(err)
				return
			}
			stores[i] = s
		})
	}
	wg.Wait()
	sealed, err := stores[0].Seal(t.Context(), []byte("x"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stores {
		if _, err := s.Open(t.Context(), sealed, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestStoreServesManyAtOnce(t *testing.T) {
	s := open(t, newMemoryRows())
	s.opened.limit = 2
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 4 {
				id, public, err := s.Create(t.Context(), Ed25519)
				if err != nil {
					t.Error(err)
					return
				}
				signature, err := s.Sign(t.Context(), id, []byte("x"))
				if err != nil || !verifies(public, []byte("x"), signature) {
					t.Error("a signature that does not verify", err)
				}
			}
		})
	}
	wg.Wait()
}
