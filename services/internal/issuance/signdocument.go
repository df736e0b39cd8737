package issuance

import (
	"context"
	"maps"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// curves are those of the keys that a cryptosuite signs with, the first that
// the issuer has.
var curves = map[credential.Cryptosuite][]did.Curve{
	credential.EdDSARDFC: {did.Ed25519},
	credential.EdDSAJCS:  {did.Ed25519},
	credential.ECDSARDFC: {did.P256, did.P384},
	credential.ECDSAJCS:  {did.P256, did.P384},
}

// signingOf is who signs an order now.
func (i *Issuer) signingOf(ctx context.Context, o Order) (signing, error) {
	by := signing{signer: i.Book, at: i.Clock.Now(), random: i.Random}
	var err error
	if o.Suite == "" {
		by.key, err = i.Book.AssertionKey(ctx, o.Issuer)
		return by, err
	}
	for _, curve := range curves[o.Suite] {
		if by.key, err = i.Book.AssertionKeyOf(ctx, o.Issuer, curve); fault.KindOf(err) != fault.NotFound {
			return by, err
		}
	}
	return by, fault.New(fault.Invalid, "credential.cryptosuite", "the issuer has no key for this cryptosuite")
}

// document signs a document in the order's format.
func (s signing) document(ctx context.Context, o Order, c Credential, document credential.Document) ([]byte, error) {
	how := credential.Securing{Key: s.key, Suite: o.Suite, Created: s.at, Terms: o.Terms}
	switch o.Format {
	case credential.DataIntegrity:
		return credential.Issue(ctx, s.signer, document, how)
	case credential.JOSE:
		return credential.IssueJOSE(ctx, s.signer, document, how)
	case credential.SDJWT:
		return s.documentAsSDJWT(ctx, c, document)
	}
	return nil, fault.New(fault.Invalid, "credential.format", "credentials are not issued in the format %s", o.Format)
}

// inSDJWT are the members of a W3C credential that have a place in an SD-JWT VC.
var inSDJWT = []string{"@context", "id", "type", "issuer", "validFrom", "validUntil", "credentialSubject"}

// documentAsSDJWT says in an SD-JWT VC what a document says, all of it: a
// document that says more is refused.
func (s signing) documentAsSDJWT(ctx context.Context, c Credential, document credential.Document) ([]byte, error) {
	form, err := vcdm.ReadDocument(document)
	if err != nil {
		return nil, err
	}
	for member := range maps.Keys(document) {
		if !slices.Contains(inSDJWT, member) {
			return nil, notInSDJWT()
		}
	}
	if _, isURL := document["issuer"].(string); !isURL || len(form.Subjects) != 1 {
		return nil, notInSDJWT()
	}
	if form.ID != "" {
		c.ID = form.ID
	}
	return s.signSDJWT(ctx, c, form.Subjects[0].Claims(), form.Subjects[0].ID)
}

func notInSDJWT() error {
	return fault.New(fault.Invalid, "credential.not-in-sd-jwt", "an SD-JWT VC has no place for everything that the credential says")
}
