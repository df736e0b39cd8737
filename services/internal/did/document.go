// Package did knows decentralized identifiers and their documents: did:key,
// did:jwk, did:peer:2 and 4, and the syntax of did:web. It decides which key
// may do what in whose name, and at what time.
//
// It never fetches anything: whoever resolves did:web brings the bytes to
// ParseFor. A key that a document lists in a form that this package does not
// know is left out, so that nothing can be attributed to it.
package did

import (
	"context"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Resolver turns a DID into its document.
//
// The document's ID equals did. Errors are faults: Invalid for a DID or
// document that breaks the rules, NotFound for one that is not there,
// Unavailable when asking again later may help. Implementations are safe for
// concurrent use; callers do not change the document.
type Resolver interface {
	Resolve(ctx context.Context, did string) (*Document, error)
}

// Purpose is a verification relationship (DID Core 1.0 section 5.3).
type Purpose string

// The verification relationships that this package reads.
const (
	Authentication       Purpose = "authentication"
	AssertionMethod      Purpose = "assertionMethod"
	KeyAgreement         Purpose = "keyAgreement"
	CapabilityInvocation Purpose = "capabilityInvocation"
	CapabilityDelegation Purpose = "capabilityDelegation"
)

// purposes are all of them, in the order of Controlled Identifiers 1.0 section
// 2.3.
var purposes = []Purpose{Authentication, AssertionMethod, KeyAgreement, CapabilityInvocation, CapabilityDelegation}

// Document is a DID document (DID Core 1.0 section 5). Key ids are absolute
// DID URLs, whatever stood in the text.
type Document struct {
	ID                   string
	VerificationMethod   []VerificationMethod
	Authentication       []string // ids of verification methods, as are the next four
	AssertionMethod      []string
	KeyAgreement         []string
	CapabilityInvocation []string
	CapabilityDelegation []string
	Service              []Service
}

// VerificationMethod is one public key of the document's subject.
type VerificationMethod struct {
	ID         string // absolute: the document's id, '#', a fragment
	Type       string // Multikey, JsonWebKey2020, ...; rendered as JsonWebKey2020 and JsonWebKey, or as Multikey
	Controller string
	Key        PublicKey

	// Expires is when the key ceases to be used, Revoked from when on it must
	// not be; zero for never (Controlled Identifiers 1.0 section 2.2). There is
	// no member for when a key began.
	Expires, Revoked time.Time
}

// Service is one service of the document's subject.
type Service struct {
	ID       string // absolute
	Type     string
	Endpoint []Endpoint
}

// DIDCommMessaging is the type of a DIDComm service (DIDComm v2.1 section
// "Service Endpoint").
const DIDCommMessaging = "DIDCommMessaging"

// Endpoint is where a service is found. Accept and RoutingKeys belong to
// DIDCommMessaging.
type Endpoint struct {
	URI         string
	Accept      []string
	RoutingKeys []string
}

func (d *Document) relationship(p Purpose) *[]string {
	switch p {
	case Authentication:
		return &d.Authentication
	case AssertionMethod:
		return &d.AssertionMethod
	case KeyAgreement:
		return &d.KeyAgreement
	case CapabilityInvocation:
		return &d.CapabilityInvocation
	case CapabilityDelegation:
		return &d.CapabilityDelegation
	}
	return new([]string)
}

// Key finds the key with the absolute id, provided that the document lists it
// for the purpose, whatever its period: see At and Check.
func (d *Document) Key(id string, p Purpose) (PublicKey, bool) {
	m, ok := d.Method(id, p)
	return m.Key, ok
}

// Method is Key with all that the document says of the key.
func (d *Document) Method(id string, p Purpose) (VerificationMethod, bool) {
	for _, m := range d.KeysFor(p) {
		if m.ID == id {
			return m, true
		}
	}
	return VerificationMethod{}, false
}

// KeysFor lists the keys that serve the purpose, in the document's order of
// preference.
func (d *Document) KeysFor(p Purpose) []VerificationMethod {
	var out []VerificationMethod
	for _, id := range *d.relationship(p) {
		for _, m := range d.VerificationMethod {
			if m.ID == id {
				out = append(out, m)
				break
			}
		}
	}
	return out
}

// DIDComm finds the first DIDCommMessaging endpoint that accepts didcomm/v2;
// an endpoint that says nothing of what it accepts counts.
func (d *Document) DIDComm() (Endpoint, bool) {
	for _, s := range d.Service {
		if s.Type != DIDCommMessaging {
			continue
		}
		for _, e := range s.Endpoint {
			if len(e.Accept) == 0 {
				return e, true
			}
			for _, a := range e.Accept {
				if a == "didcomm/v2" {
					return e, true
				}
			}
		}
	}
	return Endpoint{}, false
}

// maxDID is the length in bytes of the longest DID or DID URL read.
const maxDID = 4096

// Check refuses what is not a DID (DID Core 1.0 section 3.1), or is longer
// than 4096 bytes.
func Check(did string) error {
	rest, ok := strings.CutPrefix(did, "did:")
	method, id, ok2 := strings.Cut(rest, ":")
	if !ok || !ok2 || len(did) > maxDID || method == "" || id == "" || strings.HasSuffix(id, ":") {
		return badSyntax()
	}
	for _, c := range method {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return badSyntax()
		}
	}
	for i := 0; i < len(id); i++ {
		switch c := id[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '-', c == '_', c == ':':
		case c == '%' && i+2 < len(id) && isHex(id[i+1]) && isHex(id[i+2]):
			i += 2
		default:
			return badSyntax()
		}
	}
	return nil
}

func badSyntax() error { return fault.New(fault.Invalid, "did.syntax", "not a DID") }

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// Split parts a key id such as did:example:a#key-1 into its DID and fragment.
// An id without a fragment, or with a path or query, is refused.
func Split(id string) (did, fragment string, err error) {
	did, fragment, ok := strings.Cut(id, "#")
	if !ok || fragment == "" || len(id) > maxDID || Check(did) != nil {
		return "", "", fault.New(fault.Invalid, "did.key-id", "not an absolute key id")
	}
	for i := range len(fragment) {
		if c := fragment[i]; c <= ' ' || c >= 0x7f || c == '#' || c == '"' || c == '<' || c == '>' || c == '\\' {
			return "", "", fault.New(fault.Invalid, "did.key-id", "not an absolute key id")
		}
	}
	return did, fragment, nil
}
