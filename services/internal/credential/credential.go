// Package credential is the credential engine: it signs and verifies W3C
// Verifiable Credentials (VCDM 2.0) and presentations with Data Integrity
// proofs of cryptosuite eddsa-rdfc-2022, and builds and reads Bitstring Status
// Lists.
//
// It never touches a key, a network, a clock or a database: keys sign behind
// Signer, public keys come from KeyResolver, status lists from StatusChecker,
// and the time is an argument. It never decides whom to trust: an issuer that
// verifies here may still be accredited by nobody. What cannot be checked is
// not verified.
package credential

import (
	"context"
	"crypto/ed25519"
	"slices"
	"time"
)

// Limits on what is read from outside, in bytes and counts.
const (
	MaxCredentialBytes       = 64 << 10
	MaxPresentationBytes     = 512 << 10
	MaxPresentedCredentials  = 8
	maxStatusEntries         = 4
	maxIdentifierBytes       = 2048
	contextV2                = "https://www.w3.org/ns/credentials/v2"
	typeCredential           = "VerifiableCredential"
	typePresentation         = "VerifiablePresentation"
	clockSkew                = time.Minute
	typeStatusListCredential = "BitstringStatusListCredential"
)

// Purpose is a verification relationship of a DID document (Controlled
// Identifiers 1.0, section 2.3).
type Purpose string

// The two relationships that proofs of this package are made for.
const (
	// AssertionMethod signs credentials.
	AssertionMethod Purpose = "assertionMethod"
	// Authentication signs presentations.
	Authentication Purpose = "authentication"
)

// Document is a JSON object: what encoding/json or strictjson makes of one.
// Numbers may be json.Number or any Go number.
type Document = map[string]any

// Signer signs with keys that never leave their store. Sign returns the
// 64-byte Ed25519 signature (RFC 8032) over data made by the key that
// verificationMethod (a DID URL) names. It must be safe for concurrent use.
type Signer interface {
	Sign(ctx context.Context, verificationMethod string, data []byte) ([]byte, error)
}

// KeyResolver finds the public key of a verification method (a DID URL) as it
// stood at the instant given. It fails with fault.Denied when the DID document
// does not list the key under the purpose, fault.NotFound when there is no such
// key and fault.Unavailable when the document cannot be had. It must be safe
// for concurrent use.
type KeyResolver interface {
	VerificationKey(ctx context.Context, verificationMethod string, purpose Purpose, at time.Time) (ed25519.PublicKey, error)
}

// StatusChecker says whether a credential that carries status entries still
// stands. It fetches and verifies the list of every entry and asks CheckStatus.
// It fails with fault.Denied for a revoked or suspended credential and
// fault.Unavailable for a list that cannot be had.
type StatusChecker interface {
	CheckStatus(ctx context.Context, of *Verified) error
}

// Verified is a credential whose proof, shape and dates hold.
type Verified struct {
	// ID is the credential's id, empty when it has none.
	ID string
	// Issuer is the DID that signed.
	Issuer string
	// Types holds every type, VerifiableCredential among them.
	Types []string
	// SubjectID is credentialSubject.id.
	SubjectID string
	// Claims is credentialSubject without its id. Numbers are json.Number. The
	// signature covers what the claims state, as RDF: the order of an array is
	// not signed, nor whether a lone value stands in an array. A schema says
	// which form a reader takes.
	Claims map[string]any
	// Status holds the status entries, none for a credential without status.
	Status []StatusEntry
	// ValidFrom and ValidUntil are zero when the credential does not say.
	ValidFrom, ValidUntil time.Time
	// VerificationMethod is the DID URL of the key, Created the instant that
	// the proof states.
	VerificationMethod string
	Created            time.Time
	// Document is the whole credential, Raw its JSON in canonical form
	// (RFC 8785): store these bytes, the proof holds over them.
	Document Document
	Raw      []byte
}

// HasType reports whether the credential is of the type.
func (v *Verified) HasType(name string) bool { return slices.Contains(v.Types, name) }
