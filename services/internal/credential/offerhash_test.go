package credential

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"
)

// The worker hashes what it presents, the authority what it verified.
func TestOfferHashIsTheSameForWhoPresentsAndWhoVerifies(t *testing.T) {
	signed := issue(t, offer().Document())
	want, err := OfferHash(signed)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(signed) // Issue writes the canonical form
	if want != base64.RawURLEncoding.EncodeToString(sum[:]) {
		t.Errorf("%s is not over the canonical form", want)
	}
	var spaced bytes.Buffer
	if err := json.Indent(&spaced, signed, "", "  "); err != nil {
		t.Fatal(err)
	}
	if got, err := OfferHash(spaced.Bytes()); err != nil || got != want {
		t.Errorf("written with spaces it is %s, %v", got, err)
	}
	p, err := VerifyPresentation(t.Context(), keys{}, present(t, presenting(signed)), presentationOptions())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := OfferHash(p.Credentials[0].Raw()); err != nil || got != want {
		t.Errorf("the verified offer has the hash %s, %v, not %s", got, err, want)
	}
	other := edit(t, signed, func(doc Document) { doc["id"] = "urn:uuid:4f0b6d7e-7f25-4b8b-8b43-0e6f2f0c0009" })
	if got, _ := OfferHash(other); got == want {
		t.Error("another document has the same hash")
	}
	unsigned := edit(t, signed, func(doc Document) { delete(doc, "proof") })
	if got, _ := OfferHash(unsigned); got == want {
		t.Error("the employer's signature is not covered")
	}
}

func TestOfferHashOfAnSDJWTIsOverWhatTheIssuerSigned(t *testing.T) {
	const jwt = "eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJkaWQ6d2ViOmEifQ.c2ln"
	sum := sha256.Sum256([]byte(jwt))
	want := base64.RawURLEncoding.EncodeToString(sum[:])
	for _, form := range []string{jwt, jwt + "~", jwt + "~WyJhIl0~WyJiIl0~", jwt + "~WyJhIl0~eyJh.eyJi.c2ln"} {
		if got, err := OfferHash([]byte(form)); err != nil || got != want {
			t.Errorf("%q: %s, %v", form, got, err)
		}
	}
}

func TestOfferHashRefusesWhatIsNoCredential(t *testing.T) {
	for _, raw := range []string{"", "[]", `{"a":1,"a":2}`, "{"} {
		if got, err := OfferHash([]byte(raw)); err == nil {
			t.Errorf("%q has the hash %s", raw, got)
		}
	}
}
