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
	signed, err := secure(ctx, signer, doc, AssertionMethod, nil, how)
	if err != nil {
		return nil, fmt.Errorf("issue credential: %w", err)
	}
	return within(MaxCredentialBytes, signed)
}

// issuable checks an unsigned credential for its issuer's key.
func issuable(unsigned Document, key Key) (strictjson.Value, *vcdm.Credential, error) {
	doc, err := strictjson.Of(unsigned)
	if err != nil {
		return doc, nil, err
	}
	c, err := readForm(doc)
	if err != nil {
		return doc, nil, err
	}
	if c.Version != vcdm.V2 {
		return doc, nil, invalid("version", "credentials are issued in version %s of the data model alone", vcdm.V2)
	}
	if _, err := status.ReadEntries(c.Status); err != nil {
		return doc, nil, err
	}
	if doc.Has("proof") {
		return doc, nil, invalid("already-signed", "the credential has a proof already")
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
	signed, err := secure(ctx, signer, doc, AssertionMethod, nil, how)
	if err != nil {
		return nil, fmt.Errorf("add proof: %w", err)
	}
	return within(MaxCredentialBytes, signed)
}

// secure gives the text of a document with one more proof, in canonical form. more are
// further members of the proof.
func secure(ctx context.Context, signer Signer, doc strictjson.Value, purpose Purpose, more Document, how Securing) ([]byte, error) {
	name, err := how.suite()
	if err != nil {
		return nil, err
	}
	terms, suite, contexts := orPinned(how.Terms), suites[name], doc.Get("@context")
	config, err := how.configuration(name, purpose, contexts, more)
	if err != nil {
		return nil, err
	}
	unsecured, err := buildOn(doc, how.Previous)
	if err != nil {
		return nil, err
	}
	input, err := suite.signingInput(terms, unsecured, config, how.Key.Curve)
	if err != nil {
		return nil, err
	}
	if suite.jcs {
		// A jcs suite signs text. What no context defines is refused all the same.
		if err := terms.Check(unsecured); err != nil {
			return nil, err
		}
	}
	signature, err := signer.Sign(ctx, how.Key.ID, input)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if len(signature) != how.Key.Curve.SignatureSize() {
		return nil, fault.New(fault.Internal, "credential.signer", "the signer gave %d bytes for a signature on %s", len(signature), how.Key.Curve)
	}
	added, err := config.AppendWith(nil, "proofValue", `"`+encodeSignature(signature)+`"`)
	if err != nil {
		return nil, err
	}
	all, err := strictjson.Read(addProof(doc.Get("proof"), added), strictjson.Limits{Bytes: MaxPresentationBytes})
	if err != nil {
		return nil, err
	}
	if _, err := readProofs(all, contexts, purpose); err != nil {
		return nil, err
	}
	return doc.Without("proof").AppendWith(nil, "proof", all.Canonical())
}

// configuration is a proof that has no value yet.
func (s Securing) configuration(name Cryptosuite, purpose Purpose, contexts strictjson.Value, more Document) (strictjson.Value, error) {
	config := Document{
		"type":               proofType,
		"cryptosuite":        string(name),
		"created":            vcdm.FormatInstant(s.Created),
		"verificationMethod": s.Key.ID,
		"proofPurpose":       string(purpose),
	}
	maps.Copy(config, more)
	if s.ProofID != "" {
		config["id"] = s.ProofID
	}
	if suites[name].jcs {
		config["@context"] = contexts
	}
	if len(s.Previous) > 0 {
		config["previousProof"] = oneOrMore(s.Previous)
	}
	return strictjson.Of(config)
}

// addProof is the text of a document's proofs with one more: it stands alone when it is
// the first.
func addProof(present strictjson.Value, added []byte) []byte {
	if !present.Exists() {
		return added
	}
	out := []byte{'['}
	for one := range present.Items() {
		out = append(one.AppendCanonical(out), ',')
	}
	return append(append(out, added...), ']')
}

// buildOn is the document that a new proof signs: with the proofs that it
// builds on, and no others.
func buildOn(doc strictjson.Value, previous []string) (strictjson.Value, error) {
	unsecured := doc.Without("proof")
	var builtOn []strictjson.Value
	for _, id := range previous {
		for present := range doc.Get("proof").Items() {
			if present.Get("id").Is(id) {
				builtOn = append(builtOn, present)
			}
		}
	}
	switch {
	case len(builtOn) != len(previous):
		return unsecured, invalid("previous-proof", "a proof builds on one that is not there")
	case builtOn == nil:
		return unsecured, nil
	}
	return with(unsecured, "proof", builtOn)
}

func oneOrMore(ids []string) any {
	if len(ids) == 1 {
		return ids[0]
	}
	return ids
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

// within holds a text to a size.
func within(limit int, text []byte) ([]byte, error) {
	if len(text) > limit {
		return nil, tooLarge(limit)
	}
	return text, nil
}

func tooLarge(limit int) error {
	return invalid("too-large", "the document is longer than %d bytes", limit)
}
