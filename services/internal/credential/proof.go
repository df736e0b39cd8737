package credential

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

const proofType = "DataIntegrityProof"

// proof is a Data Integrity proof (VC Data Integrity 1.0, section 2.1).
type proof struct {
	id                 string // empty when it has none
	suite              Cryptosuite
	created, expires   time.Time // zero when the proof does not say
	verificationMethod string
	purpose            Purpose
	challenge          string
	domains            []string
	previous           []string // ids of the proofs that it builds on
	signature          []byte
	object             strictjson.Value // as it was written
}

// controller is the DID that the verification method belongs to.
func (p *proof) controller() string {
	name, _, _ := strings.Cut(p.verificationMethod, "#")
	return name
}

// config is the proof without its value, which is what it signs of itself.
func (p *proof) config() strictjson.Value { return p.object.Without("proofValue") }

// readProof reads one proof. Members that this package does not check are
// refused.
func readProof(object strictjson.Value, purpose Purpose) (*proof, error) {
	if object.Kind() != strictjson.Object {
		return nil, invalid("proof-form", "a proof is not an object")
	}
	p := &proof{object: object, purpose: purpose}
	for name, value := range object.Members() {
		if err := p.read(name, value); err != nil {
			return nil, err
		}
	}
	for _, name := range [...]string{"type", "cryptosuite", "verificationMethod", "proofPurpose", "proofValue"} {
		if !object.Has(name) {
			return nil, invalid("proof-form", "the proof has no %s", name)
		}
	}
	if object.Has("@context") && !suites[p.suite].jcs {
		return nil, invalid("proof-form", "the proof has a context of its own")
	}
	if purpose == AssertionMethod && (p.challenge != "" || p.domains != nil) {
		return nil, invalid("proof-form", "the proof of a credential has a challenge or domain")
	}
	return p, nil
}

// read takes one member of a proof.
func (p *proof) read(name string, value strictjson.Value) (err error) {
	switch name {
	case "domain":
		p.domains, err = texts(value)
		return err
	case "previousProof":
		p.previous, err = texts(value)
		return err
	case "@context":
		return nil // compared with the document's
	}
	text, isText := value.Text()
	if !isText {
		return invalid("proof-form", "a member of the proof is not a string")
	}
	switch name {
	case "type":
		if text != proofType {
			return invalid("proof-type", "the proof is not a %s", proofType)
		}
	case "cryptosuite":
		p.suite = Cryptosuite(text)
		if _, known := suites[p.suite]; !known {
			return invalid("cryptosuite", "the cryptosuite is not known here")
		}
	case "proofPurpose":
		if text != string(p.purpose) {
			return invalid("proof-purpose", "the proof is not made for %s", p.purpose)
		}
	case "created":
		p.created, err = vcdm.Instant(p.object, name)
	case "expires":
		p.expires, err = vcdm.Instant(p.object, name)
	case "verificationMethod":
		if _, _, err := did.Split(text); err != nil {
			return invalid("verification-method", "verificationMethod is not a DID URL with a fragment")
		}
		p.verificationMethod = text
	case "id":
		if u, err := url.Parse(text); err != nil || !u.IsAbs() {
			return invalid("proof-form", "the id of a proof is not a URL")
		}
		p.id = text
	case "challenge":
		p.challenge = text
	case "nonce": // part of what is signed, and nothing else
	case "proofValue":
		p.signature, err = decodeSignature(text)
	default:
		return invalid("proof-form", "the proof has a member that is not known here")
	}
	return err
}

// maxTexts bounds the domains of a proof, and the proofs that it builds on.
const maxTexts = maxProofs

// texts reads a string, or a short list of different strings.
func texts(value strictjson.Value) ([]string, error) {
	if value.Len() > maxTexts {
		return nil, invalid("proof-form", "a member of the proof lists more than %d strings", maxTexts)
	}
	var all []string
	for item := range value.Items() {
		text, ok := item.Text()
		if !ok || slices.Contains(all, text) {
			return nil, invalid("proof-form", "a member of the proof is not a list of different strings")
		}
		all = append(all, text)
	}
	if len(all) == 0 {
		return nil, invalid("proof-form", "a member of the proof is neither a string nor a list of them")
	}
	return all, nil
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

// checkSignature verifies the signature over a document, which holds no proofs
// but those that this one builds on.
func (p *proof) checkSignature(key did.PublicKey, document strictjson.Value, terms Terms) error {
	suite := suites[p.suite]
	if !suite.curves[key.Curve()] {
		return invalid("key", "the key lies on another curve than %s signs with", p.suite)
	}
	data, err := suite.signingInput(terms, document, p.config(), key.Curve())
	if err != nil {
		return err
	}
	if !key.Verify(data, p.signature) {
		return invalid("signature", "the signature does not fit the document")
	}
	return nil
}
