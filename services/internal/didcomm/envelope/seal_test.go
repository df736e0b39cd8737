package envelope

import (
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

func TestWhatIsSealedOpensUnchanged(t *testing.T) {
	all := []did.Curve{did.X25519, did.P256, did.P384}
	people := map[did.Curve][2]person{}
	for _, c := range all {
		people[c] = [2]person{newPerson(t, c, c), newPerson(t, c, c, c)}
	}
	rapid.Check(t, func(rt *rapid.T) {
		pair := people[rapid.SampledFrom(all).Draw(rt, "curve")]
		plaintext := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(rt, "plaintext")
		data, err := Seal(t.Context(), pair[0].keys, did.Static{}, plaintext, pair[0].did, pair[1].did)
		if err != nil {
			rt.Fatal(err)
		}
		if rapid.Bool().Draw(rt, "protect sender") {
			enc := rapid.SampledFrom([]string{XC20P, A256CBCHS512}).Draw(rt, "enc")
			if data, err = SealAnonymous(t.Context(), did.Static{}, data, pair[1].did, enc); err != nil {
				rt.Fatal(err)
			}
		}
		got, err := Open(t.Context(), pair[1].keys, did.Static{}, data)
		if err != nil {
			rt.Fatal(err)
		}
		if string(got.Plaintext) != string(plaintext) || got.Sender != pair[0].did || got.RecipientDID != pair[1].did {
			rt.Fatalf("%+v", got)
		}
		if _, err := Open(t.Context(), pair[0].keys, did.Static{}, data); fault.RuleOf(err) != "envelope.recipient" {
			rt.Fatalf("opened by the sender: %v", err)
		}
	})
}

func TestSealFindsACommonCurve(t *testing.T) {
	both, one := newPerson(t, did.P256, did.X25519), newPerson(t, did.X25519)
	data := mustSeal(t, one, both, message(one.did, both.did))
	if _, err := Receive(t.Context(), both.keys, did.Static{}, data, 0); err != nil {
		t.Fatal(err)
	}
	_, err := Seal(t.Context(), one.keys, did.Static{}, nil, one.did, newPerson(t, did.P384).did)
	wantRule(t, err, "envelope.no-common-curve")
	old := newPerson(t, did.P521)
	_, err = Seal(t.Context(), old.keys, did.Static{}, nil, old.did, old.did)
	wantRule(t, err, "envelope.no-common-curve")
	_, err = SealAnonymous(t.Context(), did.Static{}, mustSeal(t, one, one, "x"), old.did, XC20P)
	wantRule(t, err, "envelope.no-common-curve")
}

func TestSealNeedsOurOwnKey(t *testing.T) {
	alice, bob := newPerson(t, did.X25519), newPerson(t, did.X25519)
	_, err := Seal(t.Context(), bob.keys, did.Static{}, nil, alice.did, bob.did)
	wantRule(t, err, "envelope.no-common-curve")
}

func TestOnlyAForwardOrAnEnvelopeTravelsAnonymously(t *testing.T) {
	alice, bob := newPerson(t, did.X25519), newPerson(t, did.X25519)
	_, err := SealAnonymous(t.Context(), did.Static{}, []byte(message(alice.did, bob.did)), bob.did, XC20P)
	wantRule(t, err, "envelope.anonymous")
	_, err = SealAnonymous(t.Context(), did.Static{}, nil, bob.did, A256GCM)
	wantRule(t, err, "envelope.enc")
}

func TestTooLargeAMessageIsNotSent(t *testing.T) {
	alice := newPerson(t, did.X25519)
	for _, size := range []int{MaxEnvelope, MaxEnvelope + 1} {
		_, err := Seal(t.Context(), alice.keys, did.Static{}, make([]byte, size), alice.did, alice.did)
		wantRule(t, err, "envelope.size")
	}
}

// downResolver cannot be reached.
type downResolver struct{}

func (downResolver) Resolve(context.Context, string) (*did.Document, error) {
	return nil, fault.New(fault.Unavailable, "test.down", "down")
}

func TestUnreachableResolverIsNoReasonToDrop(t *testing.T) {
	alice, bob := newPerson(t, did.X25519), newPerson(t, did.X25519)
	data := mustSeal(t, alice, bob, message(alice.did, bob.did))
	_, err := Receive(t.Context(), bob.keys, downResolver{}, data, 0)
	if fault.KindOf(err) != fault.Unavailable {
		t.Fatal(err)
	}
	// Who cannot open the envelope resolves nothing at all.
	_, err = Receive(t.Context(), alice.keys, downResolver{}, data, 0)
	wantRule(t, err, "envelope.recipient")
}

// lyingResolver answers with somebody else's document.
type lyingResolver struct{ doc *did.Document }

func (r lyingResolver) Resolve(context.Context, string) (*did.Document, error) { return r.doc, nil }

func TestResolverThatAnswersForAnotherIsNotBelieved(t *testing.T) {
	alice, bob := newPerson(t, did.X25519), newPerson(t, did.X25519)
	doc, err := did.Static{}.Resolve(t.Context(), bob.did)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Receive(t.Context(), bob.keys, lyingResolver{doc}, mustSeal(t, alice, bob, message(alice.did, bob.did)), 0)
	wantRule(t, err, "envelope.sender")
}

// brokenKeys fails to find keys.
type brokenKeys struct{ rawKeys }

func (brokenKeys) KeyAgreement(context.Context, string) (string, bool, error) {
	return "", false, errors.New("the database is gone")
}

func TestKeysThatCannotBeAskedAreNoReasonToDrop(t *testing.T) {
	alice, bob := newPerson(t, did.X25519), newPerson(t, did.X25519)
	_, err := Open(t.Context(), brokenKeys{}, did.Static{}, mustSeal(t, alice, bob, message(alice.did, bob.did)))
	if err == nil || fault.KindOf(err) != fault.Internal {
		t.Fatal(err)
	}
}

func FuzzOpen(f *testing.F) {
	a, keys, docs := readAppendix(f)
	for _, e := range a.Encrypted {
		f.Add([]byte(e))
	}
	alice, bob := newPerson(f, did.X25519), newPerson(f, did.X25519)
	f.Add(mustSeal(f, alice, bob, message(alice.did, bob.did)))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Receive(t.Context(), keys, docs, data, 0)
		if (err == nil) != (got.Message != nil) {
			t.Fatalf("%+v %v", got, err)
		}
		if err == nil && got.Message.From != got.Sender {
			t.Fatalf("from %q, sealed by %q", got.Message.From, got.Sender)
		}
	})
}
