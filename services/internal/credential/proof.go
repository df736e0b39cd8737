package credential

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mr-tron/base58"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
)

const (
	proofType   = "DataIntegrityProof"
	cryptosuite = "eddsa-rdfc-2022"
)

// proof is a Data Integrity proof (VC Data Integrity 1.0, section 2.1).
type proof struct {
	created            time.Time
	expires            time.Time // zero when the proof does not say
	verificationMethod string
	purpose            Purpose
	challenge, domain  string
	signature          []byte
	// config is the proof without proofValue, as it was written.
	config Document
}

// controller is the DID that the verification method belongs to.
func (p *proof) controller() string {
	did, _, _ := strings.Cut(p.verificationMethod, "#")
	return did
}

// readProof reads the one proof of a document. Members that this package does
// not check are refused.
func readProof(doc Document, purpose Purpose) (*proof, error) {
	object, ok := doc["proof"].(map[string]any)
	if !ok {
		return nil, invalid("proof-form", "proof is not one object")
	}
	p := &proof{config: maps.Clone(object), purpose: purpose}
	delete(p.config, "proofValue")
	for name, value := range object {
		text, isText := value.(string)
		if !isText {
			return nil, invalid("proof-form", "a member of the proof is not a string")
		}
		if err := p.read(name, text); err != nil {
			return nil, err
		}
	}
	for _, name := range [...]string{"type", "cryptosuite", "created", "verificationMethod", "proofPurpose", "proofValue"} {
		if _, has := object[name]; !has {
			return nil, invalid("proof-form", "the proof has no %s", name)
		}
	}
	if purpose == AssertionMethod && (p.challenge != "" || p.domain != "") {
		return nil, invalid("proof-form", "the proof of a credential has a challenge or domain")
	}
	return p, nil
}

func (p *proof) read(name, text string) (err error) {
	switch name {
	case "type":
		if text != proofType {
			return invalid("proof-type", "the proof is not a %s", proofType)
		}
	case "cryptosuite":
		if text != cryptosuite {
			return invalid("cryptosuite", "the cryptosuite is not %s", cryptosuite)
		}
	case "proofPurpose":
		if text != string(p.purpose) {
			return invalid("proof-purpose", "the proof is not made for %s", p.purpose)
		}
	case "created":
		p.created, err = optionalInstant(p.config, name)
	case "expires":
		p.expires, err = optionalInstant(p.config, name)
	case "verificationMethod":
		did, fragment, _ := strings.Cut(text, "#")
		if !strings.HasPrefix(did, "did:") || fragment == "" || !isURL(text) || strings.ContainsAny(did, "?/") {
			return invalid("verification-method", "verificationMethod is not a DID URL with a fragment")
		}
		p.verificationMethod = text
	case "challenge":
		p.challenge = text
	case "domain":
		p.domain = text
	case "proofValue":
		p.signature, err = decodeSignature(text)
	default:
		return invalid("proof-form", "the proof has a member that is not known here")
	}
	return err
}

// decodeSignature reads the multibase base58btc form of 64 bytes.
func decodeSignature(text string) ([]byte, error) {
	// 64 bytes take at most 88 characters.
	if len(text) < 2 || len(text) > 89 || text[0] != 'z' {
		return nil, invalid("proof-value", "proofValue is not a multibase base58 signature")
	}
	signature, err := base58.Decode(text[1:])
	if err != nil || len(signature) != ed25519.SignatureSize {
		return nil, invalid("proof-value", "proofValue is not a multibase base58 signature")
	}
	return signature, nil
}

// checkDates compares the proof's own dates with an instant.
func (p *proof) checkDates(now time.Time) error {
	switch {
	case p.created.After(now.Add(clockSkew)):
		return invalid("proof-from-future", "the proof is dated later than now")
	case !p.expires.IsZero() && !now.Before(p.expires):
		return invalid("proof-expired", "the proof has expired")
	}
	return nil
}

// checkSignature verifies the signature over the document (VC-DI-EdDSA 1.0,
// section 3.2.2).
func (p *proof) checkSignature(key ed25519.PublicKey, doc Document) error {
	if len(key) != ed25519.PublicKeySize || smallOrder(key) {
		return invalid("key", "the public key is not a sound Ed25519 key")
	}
	data, err := signingInput(doc, p.config)
	if err != nil {
		return err
	}
	if !ed25519.Verify(key, data, p.signature) {
		return invalid("signature", "the signature does not fit the document")
	}
	return nil
}

// signingInput is what is signed: the hash of the canonical proof
// configuration, then the hash of the canonical document without its proof
// (VC-DI-EdDSA 1.0, sections 3.2.3 to 3.2.5). 64 bytes.
func signingInput(doc, config Document) ([]byte, error) {
	config = maps.Clone(config)
	config["@context"] = doc["@context"]
	unsecured := maps.Clone(doc)
	delete(unsecured, "proof")
	var input []byte
	for _, part := range [...]Document{config, unsecured} {
		canonical, err := jsonld.Canonize(part)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(canonical)
		input = append(input, sum[:]...)
	}
	return input, nil
}

// secure adds a proof to a document, which it changes.
func secure(ctx context.Context, signer Signer, doc Document, config Document) error {
	input, err := signingInput(doc, config)
	if err != nil {
		return err
	}
	method, _ := config["verificationMethod"].(string)
	signature, err := signer.Sign(ctx, method, input)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	if len(signature) != ed25519.SignatureSize {
		return fault.New(fault.Internal, "credential.signer", "the signer gave %d bytes for an Ed25519 signature", len(signature))
	}
	config["proofValue"] = "z" + base58.Encode(signature)
	doc["proof"] = config
	return nil
}

// newConfig is a proof without its value.
func newConfig(purpose Purpose, verificationMethod string, created time.Time) Document {
	return Document{
		"type":               proofType,
		"cryptosuite":        cryptosuite,
		"created":            writeInstant(created),
		"verificationMethod": verificationMethod,
		"proofPurpose":       string(purpose),
	}
}

// smallOrderPoints are the y coordinates (little-endian, sign bit cleared) of
// the Ed25519 points of order 1, 2, 4 and 8, with their non-canonical forms.
// Under such a key one signature fits many messages.
var smallOrderPoints = [...]string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

func smallOrder(key ed25519.PublicKey) bool {
	y := bytes.Clone(key)
	y[len(y)-1] &= 0x7F
	return slices.Contains(smallOrderPoints[:], hex.EncodeToString(y))
}
