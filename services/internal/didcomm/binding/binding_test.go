package binding_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm/binding"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

var want = binding.Statement{Nonce: "n-1", Thread: "t-1", Audience: "did:web:issuer.example"}

// holder is a did:key.
func holder(t testing.TB, seed byte) (name, kid string, key ed25519.PrivateKey) {
	t.Helper()
	key = ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), 32)))
	public, err := did.NewPublicKey(did.Ed25519, key.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	name, kid = did.NewKey(public)
	return name, kid, key
}

func signWith(key ed25519.PrivateKey) func(context.Context, string, []byte) ([]byte, error) {
	return func(_ context.Context, _ string, data []byte) ([]byte, error) { return ed25519.Sign(key, data), nil }
}

func proofOf(t testing.TB, kid string, key ed25519.PrivateKey, s binding.Statement) string {
	t.Helper()
	proof, err := binding.Sign(t.Context(), kid, s, signWith(key))
	if err != nil {
		t.Fatal(err)
	}
	return proof
}

// jws signs any header and payload.
func jws(key ed25519.PrivateKey, header, payload any) string {
	part := func(v any) string {
		raw, ok := v.(string)
		if !ok {
			b, _ := json.Marshal(v)
			raw = string(b)
		}
		return base64.RawURLEncoding.EncodeToString([]byte(raw))
	}
	input := part(header) + "." + part(payload)
	return input + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(input)))
}

func TestProofGivesTheHoldersKey(t *testing.T) {
	name, kid, key := holder(t, 'a')
	got, err := binding.Verify(t.Context(), proofOf(t, kid, key, want), want)
	if err != nil || got != name {
		t.Fatal(got, err)
	}
}

func TestProofOfAnotherExchangeOrKeyIsDenied(t *testing.T) { // hostile 44
	_, kid, key := holder(t, 'a')
	_, kidB, keyB := holder(t, 'b')
	good := proofOf(t, kid, key, want)
	head, rest, _ := strings.Cut(good, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	typ, alg := "didcomm-binding+jws", "EdDSA"
	h := func(alg, kid, typ string) map[string]any { return map[string]any{"alg": alg, "kid": kid, "typ": typ} }
	for name, c := range map[string]struct{ proof, rule string }{
		"nonce":                 {proofOf(t, kid, key, binding.Statement{Nonce: "n-2", Thread: want.Thread, Audience: want.Audience}), "credential.binding-nonce"},
		"thread":                {proofOf(t, kid, key, binding.Statement{Nonce: want.Nonce, Thread: "t-2", Audience: want.Audience}), "credential.binding-thread"},
		"audience":              {proofOf(t, kid, key, binding.Statement{Nonce: want.Nonce, Thread: want.Thread, Audience: "did:web:bank.example"}), "credential.binding-audience"},
		"empty statement":       {jws(key, h(alg, kid, typ), `{}`), "credential.binding-nonce"},
		"another's key id":      {proofOf(t, kidB, key, want), "credential.binding-proof"},
		"another's key":         {proofOf(t, kid, keyB, want), "credential.binding-proof"},
		"alg none":              {jws(key, h("none", kid, typ), want), "credential.binding-proof"},
		"alg in another case":   {jws(key, h("eddsa", kid, typ), want), "credential.binding-proof"},
		"another typ":           {jws(key, h(alg, kid, "kb+jwt"), want), "credential.binding-proof"},
		"crit":                  {jws(key, map[string]any{"alg": alg, "kid": kid, "typ": typ, "crit": []string{"b64"}}, want), "credential.binding-proof"},
		"embedded key":          {jws(key, map[string]any{"alg": alg, "kid": kid, "typ": typ, "jwk": map[string]any{}}, want), "credential.binding-proof"},
		"doubled member":        {jws(key, h(alg, kid, typ), `{"nonce":"x","nonce":"n-1","thid":"t-1","aud":"did:web:issuer.example"}`), "credential.binding-proof"},
		"member in other case":  {jws(key, h(alg, kid, typ), `{"Nonce":"n-1","thid":"t-1","aud":"did:web:issuer.example"}`), "credential.binding-proof"},
		"a did:web":             {jws(key, h(alg, "did:web:a.example#k", typ), want), "credential.binding-key"},
		"no fragment":           {jws(key, h(alg, strings.Split(kid, "#")[0], typ), want), "credential.binding-key"},
		"another fragment":      {jws(key, h(alg, kid+"x", typ), want), "credential.binding-proof"},
		"no signature":          {head + "." + payload + ".", "credential.binding-proof"},
		"two parts":             {head + "." + payload, "credential.binding-proof"},
		"nothing":               {"", "credential.binding-proof"},
		"padding":               {good + "==", "credential.binding-proof"},
		"line break":            {good[:len(good)-4] + "\n" + good[len(good)-4:], "credential.binding-proof"},
		"changed payload":       {head + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"nonce":"n-1","thid":"t-1","aud":"did:web:issuer.example" }`)) + "." + signature, "credential.binding-proof"},
		"very long":             {good + strings.Repeat("A", 5000), "credential.binding-proof"},
		"key agreement did:key": {jws(key, h(alg, "did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc#z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc", typ), want), "credential.binding-proof"},
	} {
		got, err := binding.Verify(t.Context(), c.proof, want)
		if fault.KindOf(err) != fault.Denied || fault.RuleOf(err) != c.rule || got != "" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	_, kid, key := holder(f, 'a')
	proof, err := binding.Sign(context.Background(), kid, want, signWith(key))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(proof)
	f.Add("..")
	f.Fuzz(func(t *testing.T, in string) {
		if _, err := binding.Verify(t.Context(), in, want); err == nil && in != proof {
			t.Fatalf("taken: %q", in)
		}
	})
}
