package vcdm

import (
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

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
	Status []strictjson.Value
	// Schemas are what credentialSchema names.
	Schemas []Schema
	// Document is the whole credential.
	Document strictjson.Value

	resources []resource
}

// Subject is whom a credential is about.
type Subject struct {
	// ID is a URL, empty when the credential does not say.
	ID string

	said   strictjson.Value // the members without its id
	claims func() map[string]any
}

// SubjectOf is the subject of claims that stood in another form.
func SubjectOf(id string, claims map[string]any) Subject {
	return Subject{ID: id, claims: func() map[string]any { return claims }}
}

// Said is what the credential says of the subject, without its id, as it is written;
// absent where the claims stood in another form.
func (s Subject) Said() strictjson.Value { return s.said }

// Claims are the subject's members without its id. Numbers are json.Number. There are
// none when the credential says no more than whom it is about. Whoever asks gets the
// same map, which is made for the first, and must not change it.
func (s Subject) Claims() map[string]any { return s.claims() }

// ReadCredential reads the form of a credential, secured or not. Its proof is
// not looked at, and neither is what its extension points say beyond their type
// and id. It fails with fault.Invalid.
func ReadCredential(doc strictjson.Value) (*Credential, error) {
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

// ReadDocument is ReadCredential for a credential that is being made.
func ReadDocument(doc Document) (*Credential, error) {
	v, err := strictjson.Of(doc)
	if err != nil {
		return nil, err
	}
	return ReadCredential(v)
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
		if object.Len() == 0 {
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
func readSubject(object strictjson.Value, version Version) (Subject, error) {
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
	said := object.Without("id")
	return Subject{ID: id, said: said, claims: sync.OnceValue(said.Map)}, nil
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
