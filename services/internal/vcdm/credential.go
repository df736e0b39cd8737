package vcdm

import "time"

// Credential is what a document says as a credential.
type Credential struct {
	Version Version
	// ID is the credential's id, empty when it has none.
	ID string
	// Issuer is a URL.
	Issuer string
	// Types holds every type, VerifiableCredential among them.
	Types []string
	// Subjects has one or more.
	Subjects []Subject
	// ValidFrom and ValidUntil are in UTC, and zero when the credential does
	// not say. In version 1.1 they are issuanceDate and expirationDate.
	ValidFrom, ValidUntil time.Time
	// Status holds the entries of credentialStatus as they are.
	Status []Document
	// Schemas are what credentialSchema names.
	Schemas []Schema
	// Document is the whole credential.
	Document Document

	resources []resource
}

// Subject is whom a credential is about.
type Subject struct {
	// ID is a URL, empty when the credential does not say.
	ID string
	// Claims are the subject's members without its id. Numbers are json.Number.
	// There are none when the credential says no more than whom it is about.
	Claims map[string]any
}

// ReadCredential reads the form of a credential, secured or not. Its proof is
// not looked at, and neither is what its extension points say beyond their type
// and id. It fails with fault.Invalid.
func ReadCredential(doc Document) (*Credential, error) {
	c := &Credential{Document: doc}
	var err error
	if c.Version, err = readContexts(doc); err != nil {
		return nil, err
	}
	if c.Types, err = readKind(doc, TypeCredential); err != nil {
		return nil, err
	}
	if c.ID, err = optionalURL(doc, "id", "the document"); err != nil {
		return nil, err
	}
	if err := readTexts(doc, "the document", c.Version); err != nil {
		return nil, err
	}
	if c.Issuer, err = readParty(doc, "issuer", c.Version); err != nil {
		return nil, err
	}
	if err := c.readSubjects(); err != nil {
		return nil, err
	}
	if err := c.readDates(); err != nil {
		return nil, err
	}
	if err := c.readExtensions(); err != nil {
		return nil, err
	}
	return c, nil
}

// readSubjects reads credentialSubject (VCDM 2.0, section 4.8): objects that
// are the subject of a claim. An id alone is enough of one, that the credential
// is about whom it names: the published test suite takes it for conforming.
func (c *Credential) readSubjects() error {
	subjects, err := objects(c.Document, "credentialSubject", "subject")
	if err != nil {
		return err
	}
	if len(subjects) == 0 {
		return invalid("subject", "the credential has no credentialSubject")
	}
	for _, object := range subjects {
		if len(object) == 0 {
			return invalid("subject", "a credentialSubject is the subject of no claim")
		}
		subject, err := readSubject(object, c.Version)
		if err != nil {
			return err
		}
		c.Subjects = append(c.Subjects, subject)
	}
	return nil
}

// readSubject reads one subject, which may have a confidence method of its own.
func readSubject(object Document, version Version) (Subject, error) {
	id, err := optionalURL(object, "subject", "credentialSubject")
	if err != nil {
		return Subject{}, err
	}
	if _, err := readTypes(object, "subject", "credentialSubject"); err != nil {
		return Subject{}, err
	}
	if err := readExtensions(object, version); err != nil {
		return Subject{}, err
	}
	subject := Subject{ID: id, Claims: make(map[string]any, len(object))}
	for name, value := range object {
		if name != "id" {
			subject.Claims[name] = value
		}
	}
	return subject, nil
}

func (c *Credential) readExtensions() error {
	entries, err := status.read(c.Document, c.Version)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		c.Status = append(c.Status, entry.object)
	}
	schemas, err := schema.read(c.Document, c.Version)
	if err != nil {
		return err
	}
	for _, one := range schemas {
		c.Schemas = append(c.Schemas, Schema{ID: one.id, Types: one.types})
	}
	if c.resources, err = readResources(c.Document, schemas, c.Version); err != nil {
		return err
	}
	return readExtensions(c.Document, c.Version, evidence, refreshService, termsOfUse)
}
