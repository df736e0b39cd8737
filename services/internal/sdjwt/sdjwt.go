// Package sdjwt issues, holds, presents and verifies SD-JWT verifiable
// credentials: the compact form of RFC 9901 with the profile `dc+sd-jwt`
// (draft-ietf-oauth-sd-jwt-vc-19, here SD-JWT VC). Parse reads one, Verify and
// VerifyPresentation check it, Issue makes one, Present shows parts of it.
//
// It never touches a key, a network or a clock: keys sign behind jws.Signer,
// the issuer's public key, randomness and the time are arguments. It never
// decides whom to trust, and never asks for a status. A token is taken whole or
// not at all: what cannot be checked is refused, never dropped.
//
// What it is narrower in than the specifications:
//   - iss is a DID and kid one of its keys. Keys in a header (jwk, jku, x5c,
//     x5u) are refused, as is crit.
//   - alg is EdDSA (Ed25519), ES256 or ES384; _sd_alg is sha-256.
//   - typ is dc+sd-jwt. The draft of revision 19 took out that vc+sd-jwt may be
//     accepted for a time, so it is refused.
//   - iat is not selectively disclosable: it tells which of the issuer's keys
//     was in use.
//   - The JWS JSON Serialization (RFC 9901 section 8), which is optional, is
//     refused: a header member outside the signature has no say here.
//   - A credential with aud, or with a status mechanism other than
//     status_list, is refused: neither could be checked.
//
// Errors are faults whose rule begins with "sdjwt.", those of a key binding JWT
// with "sdjwt.binding-".
package sdjwt

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Limits on what is read from outside.
const (
	// MaxBytes is the length of the longest token, key binding JWT included.
	MaxBytes = 256 << 10
	// MaxDisclosures is how many disclosures a token may carry.
	MaxDisclosures = 1000

	maxDepth    = 32           // how deep claims nest, disclosures in disclosures included
	maxNesting  = maxDepth + 2 // of JSON: with the digests, and the array of a disclosure
	maxHeader   = 8192         // bytes of a header, and of a key binding JWT's payload
	maxText     = 2048         // bytes of a vct or status list URI
	maxOther    = 16           // further types of a credential
	maxPaths    = 1000         // paths in one list
	clockSkew   = time.Minute
	saltBytes   = 16 // RFC 9901 section 9.3
	digestBytes = 32
)

// Registered are the members of a credential that cannot be selectively
// disclosed (SD-JWT VC section 2.2.2.3), and the id of the key that signs.
type Registered struct {
	// Issuer is iss, a DID. KeyID is the header's kid, a DID URL of that DID.
	Issuer, KeyID string
	// VCT is the type of the credential, VCTIntegrity the hash of its metadata
	// ("vct#integrity"), OtherVCTs are further types ("aka_vcts"). The last two
	// are empty when absent.
	VCT, VCTIntegrity string
	OtherVCTs         []string
	// IssuedAt, NotBefore and Expires are in whole seconds, zero when absent.
	IssuedAt, NotBefore, Expires time.Time
	// Holder is the key of cnf, no key when absent. It signs presentations.
	Holder did.PublicKey
	// Status says where the status of the credential is found.
	Status Status
}

// Status is an entry of a Token Status List (draft-ietf-oauth-status-list
// section 6.2).
type Status struct {
	Present bool
	URI     string
	Index   int64 // 0 to 2^53-1
}

// HolderDID is the holder's key as a did:key, "" without one.
func (r Registered) HolderDID() string {
	if r.Holder.IsZero() {
		return ""
	}
	name, _ := did.NewKey(r.Holder)
	return name
}

// CheckDates fails with fault.Invalid for a credential that is not valid at
// an instant. The issuer's clock may run a minute ahead.
func (r Registered) CheckDates(now time.Time) error {
	soon := now.Add(clockSkew)
	switch {
	case r.inverted():
		return datesInverted()
	case r.IssuedAt.After(soon):
		return invalid("from-future", "the credential is dated later than now")
	case r.NotBefore.After(soon):
		return invalid("not-yet-valid", "the credential is not valid yet")
	case !r.Expires.IsZero() && !now.Before(r.Expires):
		return invalid("expired", "the credential has expired")
	}
	return nil
}

// inverted reports whether the credential ends before it begins. Of dates that
// are absent, which are zero, it does not.
func (r Registered) inverted() bool {
	return !r.Expires.IsZero() && (!r.NotBefore.Before(r.Expires) || !r.IssuedAt.Before(r.Expires))
}

func datesInverted() error {
	return invalid("dates-inverted", "the credential ends before it begins")
}

// Credential is a token whose signature and disclosures hold, and whose key
// binding holds if it was presented. Its dates and status are not checked.
type Credential struct {
	Registered
	// Subject is sub, empty when absent or not disclosed.
	Subject string
	// Claims are the processed claims (RFC 9901 section 7.1) without the members
	// above, as strictjson.Decode gives them.
	Claims map[string]any
	// Disclosed are the paths of the claims that came by a disclosure of their
	// own, in order: see Draft for how they are written. The index of an array
	// element is that in Claims.
	Disclosed []string
	// Raw is the token as it was received.
	Raw []byte
}

// Names of members that carry digests, and of the hash (RFC 9901 section 4).
const (
	digestsMember = "_sd"
	elementMember = "..."
	hashMember    = "_sd_alg"
	hashName      = "sha-256"
)

func invalid(rule, format string, args ...any) error {
	return fault.New(fault.Invalid, "sdjwt."+rule, format, args...)
}
