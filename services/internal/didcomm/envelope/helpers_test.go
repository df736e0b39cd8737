package envelope

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// rawKeys is Keys over private keys at hand.
type rawKeys map[string]*ecdh.PrivateKey // by key id

func (k rawKeys) KeyAgreement(_ context.Context, kid string) (string, bool, error) {
	_, ok := k[kid]
	return kid, ok, nil
}

func (k rawKeys) Wrap(_ context.Context, key string, p WrapParams) ([]byte, error) {
	return Wrap(k[key].ECDH, p)
}

func (k rawKeys) Unwrap(_ context.Context, key string, p UnwrapParams) ([]byte, error) {
	return Unwrap(k[key].ECDH, p)
}

// documents resolves what it holds, and asks did.Static for the rest.
type documents map[string]*did.Document

func (d documents) Resolve(ctx context.Context, id string) (*did.Document, error) {
	if doc, ok := d[id]; ok {
		return doc, nil
	}
	return did.Static{}.Resolve(ctx, id)
}

// person is somebody with a peer DID and keys on the curves named.
type person struct {
	did  string
	keys rawKeys
}

func newPerson(t testing.TB, on ...did.Curve) person {
	t.Helper()
	p := person{keys: rawKeys{}}
	var privates []*ecdh.PrivateKey
	var keys []did.PeerKey
	for _, c := range on {
		private, err := ecdhCurve(c).GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		public, err := did.FromECDH(private.PublicKey())
		if err != nil {
			t.Fatal(err)
		}
		privates = append(privates, private)
		keys = append(keys, did.PeerKey{Purpose: did.KeyAgreement, Key: public})
	}
	id, kids, err := did.NewPeer(keys)
	if err != nil {
		t.Fatal(err)
	}
	p.did = id
	for i, kid := range kids {
		p.keys[kid] = privates[i]
	}
	return p
}

func ecdhCurve(c did.Curve) ecdh.Curve {
	if c == did.P521 {
		return ecdh.P521()
	}
	return curves[c]
}

func mustSeal(t testing.TB, from, to person, plaintext string) []byte {
	t.Helper()
	data, err := Seal(t.Context(), from.keys, did.Static{}, []byte(plaintext), from.did, to.did)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func wantRule(t testing.TB, err error, rule string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", rule)
	}
	if got := fault.RuleOf(err); got != rule {
		t.Fatalf("rule %s, want %s: %v", got, rule, err)
	}
}

func message(from, to string) string {
	return fmt.Sprintf(`{"id":"m1","type":"https://didcomm.org/trust-ping/2.0/ping","from":%q,"to":[%q],"body":{}}`, from, to)
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
