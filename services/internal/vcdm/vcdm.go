// Package vcdm reads the form of W3C Verifiable Credentials and Presentations:
// what the Verifiable Credentials Data Model asks of a document, whatever
// secures it. A file stands for a section of the Recommendation (version 2.0 of
// 15 May 2025); what it says about the documents of issuers and holders is
// refused here when a document breaks it, at issuing as at verifying.
//
// It never looks at proofs, keys or the time, and follows no link. It does not
// look into claims either: which members a claim may have, that an id in it is
// a URL and that nothing in it is null is checked where terms are (package
// jsonld). That a document has the right form says nothing about whether it is
// true.
//
// Version 1.1 (3 March 2022) is read, so that older credentials verify, and
// never written. Reading it means: issuanceDate, which is required, and
// expirationDate are the dates; status, schema and refresh service need an id;
// a holder or an issuer may be any URL or an object with one, as in 2.0. What
// 1.1 does not define (name, description, relatedResource, confidenceMethod,
// renderMethod) is an extension there and not read. A document that carries the
// dates of the other version is refused in either version: who knows one pair
// of names would miss the end that the other pair states.
package vcdm

import (
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// Document is a JSON object that is being made. What is read is a strictjson.Value.
type Document = map[string]any

// Version is a version of the data model.
type Version string

// The versions.
const (
	V2 Version = "2.0"
	// V1 is read, never written.
	V1 Version = "1.1"
)

// The first context of a document says its version.
const (
	ContextV2 = "https://www.w3.org/ns/credentials/v2"
	ContextV1 = "https://www.w3.org/2018/credentials/v1"
)

// The kinds of documents, each a type that the document names.
const (
	TypeCredential            = "VerifiableCredential"
	TypePresentation          = "VerifiablePresentation"
	TypeEnvelopedCredential   = "EnvelopedVerifiableCredential"
	TypeEnvelopedPresentation = "EnvelopedVerifiablePresentation"
)

func invalid(rule, format string, args ...any) error {
	return fault.New(fault.Invalid, "credential."+rule, format, args...)
}

// objects reads a member that is one object or a list of one or more (VCDM 2.0,
// section 6). A member that is missing holds none.
func objects(doc strictjson.Value, member, rule string) ([]strictjson.Value, error) {
	value := doc.Get(member)
	if !value.Exists() {
		return nil, nil
	}
	found := make([]strictjson.Value, 0, max(value.Len(), 1))
	for item := range value.Items() {
		if item.Kind() != strictjson.Object {
			return nil, invalid(rule, "%s is neither an object nor a list of objects", member)
		}
		found = append(found, item)
	}
	if len(found) == 0 {
		return nil, invalid(rule, "%s is an empty list", member)
	}
	return found, nil
}

// SetItems writes a member as objects reads it: one item stands alone, and none
// is no member.
func SetItems(doc Document, member string, items []any) {
	switch len(items) {
	case 0:
	case 1:
		doc[member] = items[0]
	default:
		doc[member] = items
	}
}
