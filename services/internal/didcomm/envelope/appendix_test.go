package envelope

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
)

// appendix is testdata/appendix.json: keys, documents and encrypted messages
// of the DIDComm v2.1 specification, Appendix A to C. The plaintext's type is
// http: as in the encrypted examples; the plaintext example was changed to
// https: afterwards.
type appendix struct {
	Documents []json.RawMessage `json:"documents"`
	Secrets   []struct {
		KID string `json:"kid"`
		Crv string `json:"crv"`
		D   string `json:"d"`
	} `json:"secrets"`
	Plaintext json.RawMessage            `json:"plaintext"`
	Encrypted map[string]json.RawMessage `json:"encrypted"`
}

func readAppendix(t testing.TB) (appendix, rawKeys, documents) {
	t.Helper()
	text, err := os.ReadFile("testdata/appendix.json")
	if err != nil {
		t.Fatal(err)
	}
	var a appendix
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatal(err)
	}
	docs := documents{}
	for _, raw := range a.Documents {
		doc, err := did.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		docs[doc.ID] = doc
	}
	keys := rawKeys{}
	for _, s := range a.Secrets {
		curve := ecdhCurve(did.Curve(s.Crv))
		if curve == nil || docs["did:example:bob"] == nil {
			continue
		}
		d, err := base64.RawURLEncoding.DecodeString(s.D)
		if err != nil {
			t.Fatal(err)
		}
		if keys[s.KID], err = curve.NewPrivateKey(d); err != nil {
			t.Fatal(s.KID, err)
		}
	}
	return a, keys, docs
}

func sameJSON(t testing.TB, got, want []byte) {
	t.Helper()
	var g, w map[string]any
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(want, &w); err != nil {
		t.Fatal(err)
	}
	delete(g, "typ") // the encrypted examples have it, the plaintext example has not
	if !reflect.DeepEqual(g, w) {
		t.Fatalf("got %s\nwant %s", got, want)
	}
}

// payload gives what a signed message signs; the signature is not ours to
// check.
func payload(t testing.TB, signed []byte) []byte {
	t.Helper()
	var jws struct {
		Payload string `json:"payload"`
	}
	if err := json.Unmarshal(signed, &jws); err != nil {
		t.Fatal(err)
	}
	text, err := base64.RawURLEncoding.DecodeString(jws.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAllSixEncryptedExamplesOfTheSpecificationOpen(t *testing.T) {
	a, keys, docs := readAppendix(t)
	if len(a.Encrypted) != 6 {
		t.Fatalf("%d examples", len(a.Encrypted))
	}
	for name, envelope := range a.Encrypted {
		t.Run(name, func(t *testing.T) {
			one, err := decrypt(t.Context(), keys, docs, envelope)
			if err != nil {
				t.Fatal(err)
			}
			switch name {
			case "authcrypt-x25519":
				sameJSON(t, one.Plaintext, a.Plaintext)
			case "authcrypt-p256-signed":
				sameJSON(t, payload(t, one.Plaintext), a.Plaintext)
			case "anoncrypt-p521-xc20p-authcrypt-x25519-signed":
				opened, err := Open(t.Context(), keys, docs, envelope)
				if err != nil {
					t.Fatal(err)
				}
				sameJSON(t, payload(t, opened.Plaintext), a.Plaintext)
				if opened.Sender != "did:example:alice" || opened.RecipientDID != "did:example:bob" {
					t.Fatalf("%+v", opened)
				}
				return
			default:
				sameJSON(t, one.Plaintext, a.Plaintext)
				if one.Sender != "" {
					t.Fatalf("anonymous, yet from %s", one.Sender)
				}
				_, err := Open(t.Context(), keys, docs, envelope)
				wantRule(t, err, "envelope.anonymous")
				return
			}
			opened, err := Open(t.Context(), keys, docs, envelope)
			if err != nil {
				t.Fatal(err)
			}
			if opened.Sender != "did:example:alice" {
				t.Fatalf("from %q", opened.Sender)
			}
		})
	}
}
