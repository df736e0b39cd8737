package credential

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// Draft is what a credential of our own types says, before it is signed.
type Draft struct {
	// ID is the credential's URL, such as urn:uuid:...
	ID string
	// Type is one of the types of our own context, such as OfferOfEmployment.
	Type string
	// Issuer and Subject are DIDs.
	Issuer, Subject string
	// Claims are the members of credentialSubject; "id" is not among them.
	Claims map[string]any
	// ValidFrom and ValidUntil are left out when zero.
	ValidFrom, ValidUntil time.Time
	// Status entries are left out when there are none.
	Status []status.Entry
}

// Document writes the draft as an unsigned credential for Issue.
func (d Draft) Document() Document {
	subject := maps.Clone(d.Claims)
	if subject == nil {
		subject = Document{}
	}
	subject["id"] = d.Subject
	doc := Document{
		"@context":          []any{vcdm.ContextV2, jsonld.KompetansesporV1},
		"id":                d.ID,
		"type":              []any{vcdm.TypeCredential, d.Type},
		"issuer":            d.Issuer,
		"credentialSubject": subject,
	}
	if !d.ValidFrom.IsZero() {
		doc["validFrom"] = vcdm.FormatInstant(d.ValidFrom)
	}
	if !d.ValidUntil.IsZero() {
		doc["validUntil"] = vcdm.FormatInstant(d.ValidUntil)
	}
	entries := make([]any, len(d.Status))
	for i, entry := range d.Status {
		entries[i] = entry.Document()
	}
	switch len(entries) {
	case 0:
	case 1:
		doc["credentialStatus"] = entries[0]
	default:
		doc["credentialStatus"] = entries
	}
	return doc
}

// Securing says how a document is signed.
type Securing struct {
	Key Key
	// Suite is of the Data Integrity proof; empty for the rdfc suite of the key.
	Suite Cryptosuite
	// Created is the date of the signature.
	Created time.Time
	// ProofID is the proof's URL, needed when another is to build on it, and
	// Previous the ids of proofs of the document that this one builds on.
	ProofID  string
	Previous []string
	// Terms, when set, are the contexts that the document may use; nil for the
	// pinned ones.
	Terms Terms
}

// suite is the cryptosuite asked for, provided that it fits the key.
func (s Securing) suite() (Cryptosuite, error) {
	name := s.Suite
	if name == "" {
		name = SuiteFor(s.Key.Curve)
	}
	if !suites[name].curves[s.Key.Curve] {
		return "", invalid("cryptosuite", "no cryptosuite that is known here fits the key")
	}
	return name, nil
}

// Issue signs a credential as its issuer, with a Data Integrity proof: the key
// must be of the issuer's DID. The result is the JSON of the credential in
// canonical form (RFC 8785). It refuses, with fault.Invalid, what Verify would
// refuse, and leaves unsigned as it was.
func Issue(ctx context.Context, signer Signer, unsigned Document, how Securing) ([]byte, error) {
	doc, _, err := issuable(unsigned, how.Key)
	if err != nil {
		return nil, err
	}
	if err := secure(ctx, signer, doc, AssertionMethod, nil, how); err != nil {
		return nil, fmt.Errorf("issue credential: %w", err)
	}
	return encode(doc, MaxCredentialBytes)
}

// issuable checks an unsigned credential for its issuer's key.
func issuable(unsigned Document, key Key) (Document, *vcdm.Credential, error) {
	doc, err := strictjson.CopyObject(unsigned)
	if err != nil {
		return nil, nil, err
	}
	c, err := readForm(doc)
	if err != nil {
		return nil, nil, err
	}
	if c.Version != vcdm.V2 {
		return nil, nil, invalid("version", "credentials are issued in version %s of the data model alone", vcdm.V2)
	}
	if _, err := status.ReadEntries(c.Status); err != nil {
		return nil, nil, err
	}
	if _, has := doc["proof"]; has {
		return nil, nil, invalid("already-signed", "the credential has a proof already")
	}
	return doc, c, checkSigner(key.ID, c.Issuer)
}

// AddProof signs a secured credential once more, by anybody: a proof set, or a
// chain when the new proof builds on previous ones. What is there is not
// verified.
func AddProof(ctx context.Context, signer Signer, secured []byte, how Securing) ([]byte, error) {
	doc, err := decode(secured, MaxCredentialBytes)
	if err != nil {
		return nil, err
	}
	if _, err := readForm(doc); err != nil {
		return nil, err
	}
	if err := secure(ctx, signer, doc, AssertionMethod, nil, how); err != nil {
		return nil, fmt.Errorf("add proof: %w", err)
	}
	return encode(doc, MaxCredentialBytes)
}

// secure adds a proof to a document, which it changes. more are further members
// of the proof.
func secure(ctx context.Context, signer Signer, doc Document, purpose Purpose, more Document, how Securing) error {
	name, err := how.suite()
	if err != nil {
		return err
	}
	config := Document{
		"type":               proofType,
		"cryptosuite":        string(name),
		"created":            vcdm.FormatInstant(how.Created),
		"verificationMethod": how.Key.ID,
		"proofPurpose":       string(purpose),
	}
	maps.Copy(config, more)
	if how.ProofID != "" {
		config["id"] = how.ProofID
	}
	if suites[name].jcs {
		config["@context"] = doc["@context"]
	}
	present := existingProofs(doc)
	if len(how.Previous) > 0 {
		config["previousProof"] = oneOrMore(how.Previous)
	}
	unsecured, err := buildOn(doc, present, how.Previous)
	if err != nil {
		return err
	}
	input, err := suites[name].signingInput(orPinned(how.Terms), unsecured, maps.Clone(config), how.Key.Curve)
	if err != nil {
		return err
	}
	if suites[name].jcs {
		// A jcs suite signs text. What no context defines is refused all the same.
		if err := orPinned(how.Terms).Check(unsecured); err != nil {
			return err
		}
	}
	signature, err := signer.Sign(ctx, how.Key.ID, input)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	if len(signature) != how.Key.Curve.SignatureSize() {
		return fault.New(fault.Internal, "credential.signer", "the signer gave %d bytes for a signature on %s", len(signature), how.Key.Curve)
	}
	config["proofValue"] = encodeSignature(signature)
	if present = append(present, config); len(present) == 1 {
		doc["proof"] = config
	} else {
		doc["proof"] = present
	}
	_, err = readProofs(doc, purpose)
	return err
}

func existingProofs(doc Document) []any {
	switch proofs := doc["proof"].(type) {
	case nil:
		return nil
	case []any:
		return proofs
	default:
		return []any{proofs}
	}
}

// buildOn is the document that a new proof signs: with the proofs that it
// builds on, and no others.
func buildOn(doc Document, present []any, previous []string) (Document, error) {
	unsecured := maps.Clone(doc)
	delete(unsecured, "proof")
	var builtOn []any
	for _, id := range previous {
		for _, item := range present {
			if object, _ := item.(map[string]any); object["id"] == any(id) {
				builtOn = append(builtOn, item)
			}
		}
	}
	if len(builtOn) != len(previous) {
		return nil, invalid("previous-proof", "a proof builds on one that is not there")
	}
	if builtOn != nil {
		unsecured["proof"] = builtOn
	}
	return unsecured, nil
}

func oneOrMore(ids []string) any {
	if len(ids) == 1 {
		return ids[0]
	}
	all := make([]any, len(ids))
	for i, id := range ids {
		all[i] = id
	}
	return all
}

// checkSigner wants a key to belong to a DID.
func checkSigner(key, owner string) error {
	name, _, err := did.Split(key)
	switch {
	case err != nil:
		return invalid("verification-method", "verificationMethod is not a DID URL with a fragment")
	case name != owner:
		return invalid("signer", "the key does not belong to the signer named in the document")
	}
	return nil
}

// encode writes a document in canonical form and holds it to a size.
func encode(doc Document, maxBytes int) ([]byte, error) {
	data, err := strictjson.Canonical(doc)
	if err != nil {
		return nil, fmt.Errorf("write document: %w", err)
	}
	if len(data) > maxBytes {
		return nil, invalid("too-large", "the document is longer than %d bytes", maxBytes)
	}
	return data, nil
}
