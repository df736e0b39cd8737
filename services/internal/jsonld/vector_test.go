package jsonld

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/mr-tron/base58"
)

// vector is a document of the specifications with its canonical form or the
// digest of it, in testdata/vectors.json.
type vector struct {
	Source, Hash string
	Document     json.RawMessage
	Canonical    []string
	Digest       string
}

// vectors gives the vectors and a processor that knows their contexts.
func vectors(t *testing.T) ([]vector, *Processor) {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Contexts map[string]json.RawMessage
		Vectors  []vector
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	contexts := append(Contexts(), ExampleContexts()...)
	for url, context := range file.Contexts {
		sum := sha256.Sum256(context)
		contexts = append(contexts, PinnedContext{URL: url, SHA256: hex.EncodeToString(sum[:]), Bytes: context, AnyTerm: true})
	}
	p, err := New(contexts)
	if err != nil {
		t.Fatal(err)
	}
	return file.Vectors, p
}

func TestVectorsOfDataIntegrityHaveTheirCanonicalForm(t *testing.T) {
	all, p := vectors(t)
	for _, v := range all {
		t.Run(v.Source, func(t *testing.T) {
			hash := crypto.SHA256
			if v.Hash == "SHA-384" {
				hash = crypto.SHA384
			}
			doc := decode(t, string(v.Document))
			canonical, err := p.Canonize(doc, hash)
			if err != nil {
				t.Fatal(err)
			}
			if v.Canonical != nil && string(canonical) != strings.Join(v.Canonical, "") {
				t.Errorf("got\n%s", canonical)
			}
			digest, err := p.Digest(doc.Without("@context"), doc.Get("@context"), hash)
			if err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(digest); v.Digest != "" && got != v.Digest {
				t.Errorf("the digest is %s of\n%s", got, canonical)
			}
		})
	}
}

// VC-DI-EdDSA 1.0, appendix B.1: the signature over the digests of the first
// two vectors.
func TestSignatureOfTheSpecificationVerifies(t *testing.T) {
	all, _ := vectors(t)
	input, err := hex.DecodeString(all[1].Digest + all[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	key, err := base58.Decode("6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2")
	if err != nil {
		t.Fatal(err)
	}
	signature, err := base58.Decode("21EVs3eXERqTn4acNHT9viboqgzUaQ3kTmhPT3eA8qrVPE7CrQq78WkzctnMX5W4CrzcKnHw8V6dvy5pgWYCU5e9")
	if err != nil {
		t.Fatal(err)
	}
	if !ed25519.Verify(key[2:], input, signature) {
		t.Error("the signature does not fit")
	}
}
