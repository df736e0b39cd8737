package credential

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mr-tron/base58"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// vector is one step of a published test vector of VC-DI-EdDSA 1.0 (appendix B)
// or VC-DI-ECDSA 1.0 (appendix A): see testdata/vectors/README.md.
type vector struct {
	Suite                string          `json:"suite"`
	Curve                did.Curve       `json:"curve"`
	PublicKey            string          `json:"publicKeyMultibase"`
	SecretKey            string          `json:"secretKeyMultibase"`
	Unsigned             json.RawMessage `json:"unsigned"`
	ProofConfig          json.RawMessage `json:"proofConfig"`
	CanonicalDocument    string          `json:"canonicalDocument"`
	CanonicalProofConfig string          `json:"canonicalProofConfig"`
	CombinedHash         string          `json:"combinedHash"`
	SignatureHex         string          `json:"signatureHex"`
	Signed               json.RawMessage `json:"signed"`
	Steps                []vector        `json:"steps"`
}

// steps reads a file of one vector, or of the steps of a set or chain.
func steps(t *testing.T, file string) []vector {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var v vector
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	for i := range v.Steps {
		v.Steps[i].Suite, v.Steps[i].Curve = v.Suite, v.Curve
	}
	if v.Steps == nil {
		return []vector{v}
	}
	return v.Steps
}

// exampleTerms are the contexts that the vectors use.
func exampleTerms(t *testing.T) *jsonld.Processor {
	t.Helper()
	citizenship, err := os.ReadFile("testdata/vectors/contexts/citizenship-v4rc1.jsonld")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(citizenship)
	table := append(jsonld.Contexts(), jsonld.ExampleContexts()...)
	p, err := jsonld.New(append(table, jsonld.PinnedContext{
		URL: "https://w3id.org/citizenship/v4rc1", SHA256: hex.EncodeToString(sum[:]), Bytes: citizenship, AnyTerm: true,
	}))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func object(t *testing.T, data []byte) Document {
	t.Helper()
	doc, err := strictjson.DecodeObject(data, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestPublishedVectorsPassByteForByte(t *testing.T) {
	files, err := filepath.Glob("testdata/vectors/*.json")
	if err != nil || len(files) < 11 {
		t.Fatal(len(files), err)
	}
	terms := exampleTerms(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			for _, v := range steps(t, file) {
				v.check(t, terms)
			}
		})
	}
}

func (v vector) check(t *testing.T, terms *jsonld.Processor) {
	t.Helper()
	suite := suites[Cryptosuite(v.Suite)]
	signed := value(t, object(t, v.Signed))
	proofs, err := readProofs(signed.Get("proof"), signed.Get("@context"), AssertionMethod)
	if err != nil {
		t.Fatal(err)
	}
	p := proofs[len(proofs)-1]
	config := p.config()
	document, err := proofs.signedBy(p, signed)
	if err != nil {
		t.Fatal(err)
	}
	// What is canonical, part by part.
	hash := hashFor(v.Curve)
	withContext, err := with(config, "@context", document.Get("@context"))
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		doc  strictjson.Value
		want string
	}{
		"document": {document, v.CanonicalDocument},
		"proof":    {withContext, v.CanonicalProofConfig},
	} {
		got, err := terms.Canonize(c.doc, hash)
		if suite.jcs {
			got, err = c.doc.AppendCanonical(nil), nil
		}
		if err != nil || string(got) != c.want {
			t.Errorf("canonical %s:\n%s\nwant\n%s\n%v", what, got, c.want, err)
		}
	}
	input, err := suite.signingInput(terms, document, config, v.Curve)
	if err != nil || hex.EncodeToString(input) != v.CombinedHash {
		t.Fatalf("signing input %x, %v", input, err)
	}
	if hex.EncodeToString(p.signature) != v.SignatureHex || !p.object.Get("proofValue").Is(encodeSignature(p.signature)) {
		t.Error("the proof value is read or written differently")
	}
	key, err := did.ParseMultibase(v.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.checkSignature(key, document, terms); err != nil {
		t.Error(err)
	}
	// Signing gives the same: of EdDSA the same signature, of ECDSA another one
	// that verifies, since it is randomised.
	again := v.sign(t, input)
	if v.Curve == did.Ed25519 && !bytes.Equal(again, p.signature) {
		t.Errorf("signed %x", again)
	}
	if !key.Verify(input, again) {
		t.Error("our own signature does not verify")
	}
}

// sign signs with the vector's secret key.
func (v vector) sign(t *testing.T, input []byte) []byte {
	t.Helper()
	raw, err := base58.Decode(v.SecretKey[1:])
	if err != nil {
		t.Fatal(err)
	}
	secret := raw[2:] // behind the multicodec prefix
	if v.Curve == did.Ed25519 {
		return ed25519.Sign(ed25519.NewKeyFromSeed(secret), input)
	}
	curve := map[did.Curve]elliptic.Curve{did.P256: elliptic.P256(), did.P384: elliptic.P384()}[v.Curve]
	private, err := ecdsa.ParseRawPrivateKey(curve, secret)
	if err != nil {
		t.Fatal(err)
	}
	return testkit.SignECDSA(private, v.Curve, input)
}
