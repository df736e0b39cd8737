package credential

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
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
	Status []StatusEntry
}

// Document writes the draft as an unsigned credential for Issue.
func (d Draft) Document() Document {
	subject := maps.Clone(d.Claims)
	if subject == nil {
		subject = Document{}
	}
	subject["id"] = d.Subject
	doc := Document{
		"@context":          []any{contextV2, jsonld.KompetansesporV1},
		"id":                d.ID,
		"type":              []any{typeCredential, d.Type},
		"issuer":            d.Issuer,
		"credentialSubject": subject,
	}
	if !d.ValidFrom.IsZero() {
		doc["validFrom"] = writeInstant(d.ValidFrom)
	}
	if !d.ValidUntil.IsZero() {
		doc["validUntil"] = writeInstant(d.ValidUntil)
	}
	entries := make([]any, len(d.Status))
	for i, entry := range d.Status {
		entries[i] = entry.document()
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

// Issue signs a credential as its issuer: the DID of verificationMethod must
// be the issuer's. The result is the JSON of the credential in canonical form
// (RFC 8785). It refuses, with fault.Invalid, what Verify would refuse, and
// leaves unsigned as it was.
func Issue(ctx context.Context, signer Signer, unsigned Document, verificationMethod string, created time.Time) ([]byte, error) {
	doc, err := copyDocument(unsigned)
	if err != nil {
		return nil, err
	}
	v, err := readForm(doc)
	if err != nil {
		return nil, err
	}
	if _, has := doc["proof"]; has {
		return nil, invalid("already-signed", "the credential has a proof already")
	}
	if !v.ValidFrom.IsZero() && !v.ValidUntil.IsZero() && v.ValidUntil.Before(v.ValidFrom) {
		return nil, invalid("dates-inverted", "the credential ends before it begins")
	}
	config := newConfig(AssertionMethod, verificationMethod, created)
	if err := checkSigner(config, v.Issuer); err != nil {
		return nil, err
	}
	if err := secure(ctx, signer, doc, config); err != nil {
		return nil, fmt.Errorf("issue credential: %w", err)
	}
	return encode(doc, MaxCredentialBytes)
}

// checkSigner wants the key of a proof configuration to belong to the DID.
func checkSigner(config Document, did string) error {
	p := proof{config: config}
	method, _ := config["verificationMethod"].(string)
	if err := p.read("verificationMethod", method); err != nil {
		return err
	}
	if p.controller() != did {
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

// copyDocument makes a deep copy in which every value is what strictjson
// gives, whatever Go types the caller used.
func copyDocument(doc Document) (Document, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(doc); err != nil {
		return nil, fmt.Errorf("write document: %w", err)
	}
	return decode(text.Bytes(), MaxPresentationBytes)
}
