package credential

import (
	"bytes"
	"crypto/sha256"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
)

// OfferHash names one signed credential, so that somebody else can sign that
// very one: the worker signs the employer's offer as applicant
// (utlendingsforskriften § 6-9) by signing its hash in the consent of the
// presentation that shows it.
//
// It is the SHA-256, as base64url without padding (43 characters), over
//   - of a W3C credential: the JSON object that stands in the presentation's
//     verifiableCredential, its proof included, in canonical form (RFC 8785);
//   - of an SD-JWT VC: the ASCII text of the JWT that the issuer signed, which
//     is all before the first tilde: neither disclosures nor key binding;
//   - of a vc+jwt: the ASCII text of the JWT.
//
// What is presented and the Raw of what was verified have the same hash, in
// whatever order the members stood and however much was disclosed. It verifies
// nothing. It fails with fault.Invalid on what is neither.
func OfferHash(presented []byte) (string, error) {
	signed := presented
	if isCompact(presented) {
		signed, _, _ = bytes.Cut(presented, []byte("~"))
	} else {
		doc, err := decode(presented, MaxCredentialBytes)
		if err != nil {
			return "", err
		}
		signed = []byte(doc.Canonical())
	}
	sum := sha256.Sum256(signed)
	return base64url.Encode(sum[:]), nil
}
