// Package credential is the credential engine for W3C Verifiable Credentials
// and presentations: it signs and verifies them with Data Integrity proofs
// (eddsa-rdfc-2022, eddsa-jcs-2022, ecdsa-rdfc-2019, ecdsa-jcs-2019, in sets
// and chains) and enveloped as JOSE (vc+jwt, vp+jwt), and says in a report what
// it checked.
//
// It never touches a key, a network, a clock or a database: keys sign behind
// Signer, public keys come from KeyResolver, status lists from StatusChecker,
// and the time is an argument. It never decides whom to trust: an issuer that
// verifies here may still be accredited by nobody. What cannot be checked is
// not verified.
package credential

import (
	"context"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// Limits on what is read from outside, in bytes.
const (
	MaxCredentialBytes   = 64 << 10
	MaxPresentationBytes = 512 << 10
	clockSkew            = time.Minute
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

// Format names a form of credential, as OpenID for Verifiable Credential
// Issuance 1.0, appendix A, and the media types of VC-JOSE-COSE do.
type Format string

// The formats.
const (
	// DataIntegrity is a W3C credential with embedded proofs.
	DataIntegrity Format = "ldp_vc"
	// JOSE is a W3C credential enveloped in a JWS, application/vc+jwt.
	JOSE Format = "vc+jwt"
	// SDJWT is an SD-JWT VC, application/dc+sd-jwt. Another package makes and
	// reads it; it is a Verified all the same.
	SDJWT Format = "dc+sd-jwt"
)

// MediaType is what a credential of the format is sent as (VCDM 2.0, section
// 6.2; VC-JOSE-COSE 1.0, section 6.2; SD-JWT VC, section 2.1).
func (f Format) MediaType() string {
	switch f {
	case JOSE:
		return "application/vc+jwt"
	case SDJWT:
		return "application/dc+sd-jwt"
	}
	return "application/vc"
}

// Document is a JSON object that is to be signed: what encoding/json or strictjson
// makes of one. Numbers may be json.Number or any Go number.
type Document = map[string]any

// Key names a key that signs: the DID URL of its verification method, and the
// curve that says which algorithms fit.
type Key struct {
	ID    string
	Curve did.Curve
}

// KeyOf gives the key that an issuer signs with now. It must be safe for
// concurrent use.
type KeyOf func(ctx context.Context, issuer string) (Key, error)

// Signer signs with keys that never leave their store. Sign returns the
// signature over data in JOSE's form (64 bytes of EdDSA; r and s one after the
// other of ECDSA) by the key that verificationMethod (a DID URL) names. It must
// be safe for concurrent use.
type Signer interface {
	Sign(ctx context.Context, verificationMethod string, data []byte) ([]byte, error)
}

// KeyResolver finds the public key of a verification method (a DID URL) as it
// stood at the instant given; a zero instant is now. It fails with fault.Denied
// when the DID document does not list the key under the purpose, or not at that
// time, fault.NotFound when there is no such key and fault.Unavailable when the
// document cannot be had. It must be safe for concurrent use.
type KeyResolver interface {
	VerificationKey(ctx context.Context, verificationMethod string, purpose Purpose, at time.Time) (did.PublicKey, error)
}

// StatusChecker says whether a credential that carries status entries still
// stands. It fetches and verifies the list of every entry and looks the
// credential up. It fails with fault.Denied for a revoked or suspended
// credential and fault.Unavailable for a list that cannot be had.
type StatusChecker interface {
	CheckStatus(ctx context.Context, of *Verified) error
}

// Verified is a credential whose proof, shape and dates hold, in whatever
// format it came.
type Verified struct {
	Format Format
	// ID is the credential's id, empty when it has none.
	ID string
	// Issuer is the DID that signed.
	Issuer string
	// Types holds every type, VerifiableCredential among them.
	Types []string
	// Subjects is everybody that the credential is about.
	Subjects []vcdm.Subject
	// SubjectID is the id of the one subject, empty when it has none or when
	// there are several.
	SubjectID string
	// Status holds the status entries, none for a credential without status.
	Status []status.Entry
	// ValidFrom and ValidUntil are zero when the credential does not say.
	ValidFrom, ValidUntil time.Time
	// VerificationMethod is the DID URL of the issuer's key, Created the instant
	// that its signature states, zero when it states none.
	VerificationMethod string
	Created            time.Time
	// Document is the whole credential, absent for an SD-JWT VC. Compact is the
	// compact form as it came, nil for a credential with embedded proofs.
	Document strictjson.Value
	Compact  []byte
}

// Claims is what is said of the one subject, without its id; nil when there are
// several. Numbers are json.Number. An rdfc signature covers what the claims state, as
// RDF: the order of an array is not signed, nor whether a lone value stands in an
// array. A schema says which form a reader takes. Whoever asks gets the same map, and
// must not change it.
func (v *Verified) Claims() map[string]any {
	if len(v.Subjects) != 1 {
		return nil
	}
	return v.Subjects[0].Claims()
}

// Raw is the bytes to keep: JSON in canonical form (RFC 8785), or the compact form as
// it came.
func (v *Verified) Raw() []byte {
	if v.Compact != nil {
		return v.Compact
	}
	return v.Document.AppendCanonical(nil)
}

// HasType reports whether the credential is of the type.
func (v *Verified) HasType(name string) bool { return slices.Contains(v.Types, name) }

// newVerified takes over what the form of a credential says.
func newVerified(c *vcdm.Credential, format Format) (*Verified, error) {
	v := &Verified{
		Format: format, ID: c.ID, Issuer: c.Issuer, Types: c.Types, Subjects: c.Subjects,
		ValidFrom: c.ValidFrom, ValidUntil: c.ValidUntil, Document: c.Document,
	}
	if len(c.Subjects) == 1 {
		v.SubjectID = c.Subjects[0].ID
	}
	var err error
	v.Status, err = status.ReadEntries(c.Status)
	return v, err
}

func invalid(rule, format string, args ...any) error {
	return fault.New(fault.Invalid, "credential."+rule, format, args...)
}

// decode reads a credential or presentation under a size limit.
func decode(data []byte, maxBytes int) (strictjson.Value, error) {
	return strictjson.ReadObject(data, strictjson.Limits{Bytes: maxBytes})
}

// readForm reads a credential's form, and wants an issuer whose keys could be
// found. The context of VCDM 2.0 has terms for the claims of JWT; a document that
// has them states an end, an audience or a key that this package would not look
// at. Those of a JWS were taken out before. The digests of what the credential relates to are compared where the
// thing is at hand: a context that is pinned here.
func readForm(doc strictjson.Value) (*vcdm.Credential, error) {
	c, err := vcdm.ReadCredential(doc)
	if err != nil {
		return nil, err
	}
	if err := checkParty("issuer", c.Issuer); err != nil {
		return nil, err
	}
	for _, name := range jwtClaims {
		if doc.Has(name) {
			return nil, invalid("jwt-claims", "a JWT claim stands among the members of the credential, where it binds nobody")
		}
	}
	return c, c.CheckResources(pinnedContext)
}

// pinnedContext is the text of a context by its URL.
func pinnedContext(url string) ([]byte, bool) {
	for _, c := range jsonld.Contexts() {
		if c.URL == url {
			return c.Bytes, true
		}
	}
	return nil, false
}

// checkParty wants the signer that a document names to be a DID: no other URL
// has keys that could be found here.
func checkParty(member, party string) error {
	if did.Check(party) != nil {
		return invalid(member, "%s is not a DID", member)
	}
	return nil
}
