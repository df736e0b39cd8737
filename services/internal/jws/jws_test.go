package jws_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/jws"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

type payload struct {
	Word string `json:"word"`
}

var private = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

func signed(t testing.TB) string {
	t.Helper()
	compact, err := jws.Sign(context.Background(), func(_ context.Context, _ string, data []byte) ([]byte, error) {
		return ed25519.Sign(private, data), nil
	}, jws.Header{Algorithm: "EdDSA", KeyID: "did:web:a.example#k", Type: "test+jws"}, payload{"hello"})
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

func public() did.PublicKey { return testkit.Public(private) }

func TestSignedTokenIsReadAndVerified(t *testing.T) {
	token, err := jws.Parse([]byte(signed(t)), "test+jws", 1000)
	if err != nil || token.KeyID != "did:web:a.example#k" || !token.Verify(public()) {
		t.Fatal(token, err)
	}
	var p payload
	if err := token.Read(&p); err != nil || p.Word != "hello" {
		t.Fatal(p, err)
	}
}

func TestAlteredTokenDoesNotVerify(t *testing.T) {
	parts := strings.Split(signed(t), ".")
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(`{"word":"hullo"}`))
	token, err := jws.Parse([]byte(strings.Join(parts, ".")), "test+jws", 1000)
	if err != nil || token.Verify(public()) || token.Verify(did.PublicKey{}) {
		t.Fatal("an altered payload verifies", err)
	}
}

// Hostile inputs 1, 3, 4, 5, 9 and 12 for this form.
func TestOtherFormsAreRefused(t *testing.T) {
	good := strings.Split(signed(t), ".")
	head := func(json string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(json)) + "." + good[1] + "." + good[2]
	}
	for name, c := range map[string]struct {
		compact string
		want    error
	}{
		"no signature":  {good[0] + "." + good[1], jws.ErrForm},
		"four parts":    {strings.Join(good, ".") + ".", jws.ErrForm},
		"too long":      {strings.Join(good, ".") + strings.Repeat("A", 1000), jws.ErrForm},
		"padding":       {good[0] + "." + good[1] + "." + good[2] + "==", jws.ErrForm},
		"a line end":    {good[0] + "." + good[1] + ".\n" + good[2], jws.ErrForm},
		"alg none":      {head(`{"alg":"none","kid":"did:web:a.example#k","typ":"test+jws"}`), jws.ErrHeader},
		"another kind":  {head(`{"alg":"EdDSA","kid":"did:web:a.example#k","typ":"other+jws"}`), jws.ErrHeader},
		"crit":          {head(`{"alg":"EdDSA","kid":"did:web:a.example#k","typ":"test+jws","crit":["x"]}`), jws.ErrHeader},
		"embedded key":  {head(`{"alg":"EdDSA","kid":"did:web:a.example#k","typ":"test+jws","jwk":{}}`), jws.ErrHeader},
		"member twice":  {head(`{"alg":"none","alg":"EdDSA","kid":"did:web:a.example#k","typ":"test+jws"}`), jws.ErrHeader},
		"folded member": {head(`{"ALG":"EdDSA","kid":"did:web:a.example#k","typ":"test+jws"}`), jws.ErrHeader},
	} {
		if _, err := jws.Parse([]byte(c.compact), "test+jws", 1000); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(signed(f))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, compact string) {
		if token, err := jws.Parse([]byte(compact), "test+jws", 4096); err == nil {
			_ = token.Verify(public())
			_ = token.Read(&payload{})
		}
	})
}
