package jsonld

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/mr-tron/base58"
)

// The terms of https://www.w3.org/ns/credentials/examples/v2 that the vector
// uses. The original sets @vocab, which is not supported here.
const examplesContext = `{"@context": {
  "AlumniCredential": "https://www.w3.org/ns/credentials/examples#AlumniCredential",
  "alumniOf": "https://www.w3.org/ns/credentials/examples#alumniOf"
}}`

// VC-DI-EdDSA 1.0, appendix B.1: Representation: eddsa-rdfc-2022.
const alumniCredential = `{
  "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
  "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
  "type": ["VerifiableCredential", "AlumniCredential"],
  "name": "Alumni Credential",
  "description": "A minimum viable example of an Alumni Credential.",
  "issuer": "https://vc.example/issuers/5678",
  "validFrom": "2023-01-01T00:00:00Z",
  "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"}
}`

const alumniProof = `{
  "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
  "type": "DataIntegrityProof",
  "cryptosuite": "eddsa-rdfc-2022",
  "created": "2023-02-24T23:36:38Z",
  "verificationMethod": "https://vc.example/issuers/5678#z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
  "proofPurpose": "assertionMethod"
}`

func TestSignatureOfTheSpecificationVerifies(t *testing.T) {
	sum := sha256.Sum256([]byte(examplesContext))
	p, err := New(append(slices.Clone(Contexts()), PinnedContext{
		URL: "https://www.w3.org/ns/credentials/examples/v2", SHA256: hex.EncodeToString(sum[:]), Bytes: []byte(examplesContext),
	}))
	if err != nil {
		t.Fatal(err)
	}
	input := append(
		hashOf(t, p, alumniProof, "4c4d3890a157f8d611b13c265c2c22f39aa0a567c7c7dd9ba3e45cd579784eeb"),
		hashOf(t, p, alumniCredential, "517744132ae165a5349155bef0bb0cf2258fff99dfe1dbd914b938d775a36017")...)

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

func hashOf(t *testing.T, p *Processor, text, want string) []byte {
	t.Helper()
	canonical, err := p.Canonize(decode(t, text))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(canonical)
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("the hash is %s, want %s, of\n%s", got, want, canonical)
	}
	return sum[:]
}
