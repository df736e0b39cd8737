package issuance

import (
	"context"
	"fmt"
	"io"
	"maps"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sdjwt"
)

// formats are those in which every type can be had. The claims are the same in
// both: credtype maps between them.
var formats = []credential.Format{credential.DataIntegrity, credential.SDJWT}

// decoys is how many digests of nothing hide how much of an SD-JWT VC there is
// to disclose.
const decoys = 2

// signing is who signs, with what, and when.
type signing struct {
	signer credential.Signer
	key    credential.Key
	at     time.Time
	random io.Reader
}

// sign signs a credential for a subject, a DID, in a format.
func (s signing) sign(ctx context.Context, format credential.Format, c Credential, claims map[string]any, subject string) ([]byte, error) {
	switch format {
	case credential.DataIntegrity:
		return credential.Issue(ctx, s.signer, unsigned(c, claims, subject), credential.Securing{Key: s.key, Created: s.at})
	case credential.SDJWT:
		return s.signSDJWT(ctx, c, claims, subject)
	}
	return nil, fault.New(fault.Invalid, "credential.format", "credentials are not issued in the format %s", format)
}

// signSDJWT signs an SD-JWT VC. It is bound to the subject's key, and carries
// the credential's id as jti.
func (s signing) signSDJWT(ctx context.Context, c Credential, claims map[string]any, subject string) ([]byte, error) {
	kind, err := typeOf(c)
	if err != nil {
		return nil, err
	}
	holder, err := holderKey(ctx, subject)
	if err != nil {
		return nil, err
	}
	types, err := sdjwtTypes()
	if err != nil {
		return nil, err
	}
	mapped, err := credtype.ToSDJWT(kind, claims)
	if err != nil {
		return nil, err
	}
	payload := maps.Clone(mapped)
	payload["jti"] = c.ID
	return sdjwt.Issue(ctx, s.signer.Sign, s.random, sdjwt.Draft{
		Registered: sdjwt.Registered{
			Issuer: c.Issuer, KeyID: s.key.ID, VCT: kind.VCT, VCTIntegrity: types[kind.Name].integrity,
			IssuedAt: s.at, NotBefore: c.validFrom, Expires: c.validUntil, Holder: holder,
			Status: c.tokenStatus(),
		},
		Curve: s.key.Curve, Claims: payload, Disclosable: types[kind.Name].disclosable, Decoys: decoys,
	})
}

// sdjwtType is what every SD-JWT VC of a type has in common.
type sdjwtType struct {
	integrity   string
	disclosable []string
}

// sdjwtTypes are made once, by name: writing a type's metadata takes longer than
// signing.
var sdjwtTypes = sync.OnceValues(func() (map[string]sdjwtType, error) {
	types := map[string]sdjwtType{}
	for _, kind := range credtype.All() {
		integrity, err := kind.Integrity()
		if err != nil {
			return nil, err
		}
		disclosable, err := kind.Disclosable()
		if err != nil {
			return nil, err
		}
		types[kind.Name] = sdjwtType{integrity, disclosable}
	}
	return types, nil
})

// tokenStatus is where the status of an SD-JWT VC stands, if it has one.
func (c Credential) tokenStatus() sdjwt.Status {
	if c.status.List == "" {
		return sdjwt.Status{}
	}
	entry := c.status.Token()
	return sdjwt.Status{Present: true, URI: entry.List, Index: int64(entry.Index)}
}

// holderKey is the key of a did:key.
func holderKey(ctx context.Context, subject string) (did.PublicKey, error) {
	document, err := did.Static{}.Resolve(ctx, subject)
	if err != nil {
		return did.PublicKey{}, err
	}
	key, ok := document.Key(did.KeyIDOf(subject), did.Authentication)
	if !ok {
		return did.PublicKey{}, fault.New(fault.Invalid, "credential.binding-key", "the holder is not a did:key that signs")
	}
	return key, nil
}

func typeOf(c Credential) (credtype.Type, error) {
	kind, ok := credtype.Find(c.Type)
	if !ok {
		return kind, fault.New(fault.Internal, "credential.type-unknown", "a credential was reserved of a type that is not known here")
	}
	return kind, nil
}

// unsigned is the credential as W3C, as it will be signed.
func unsigned(c Credential, claims map[string]any, subject string) credential.Document {
	document := credential.Draft{
		ID: c.ID, Type: c.Type, Issuer: c.Issuer, Subject: subject, Claims: claims,
		ValidFrom: c.validFrom, ValidUntil: c.validUntil, Status: c.status.W3C(),
	}.Document()
	if kind, ok := credtype.Find(c.Type); ok {
		document["credentialSchema"] = map[string]any{"id": kind.SchemaID(), "type": "JsonSchema"}
	}
	return document
}

// preview is the credential as it is offered: nobody's yet, without status.
func preview(c Credential, claims map[string]any) credential.Document {
	document := unsigned(c, claims, "")
	delete(document, "credentialStatus")
	document["credentialSubject"] = claims
	return document
}

// rehearse goes through signing in every format without a key, for a stand-in
// subject: what cannot be signed is refused here, by whoever promises it, and
// not later, when a holder asks.
func (i *Issuer) rehearse(ctx context.Context, c Credential, claims map[string]any) error {
	key, err := i.Book.AssertionKey(ctx, c.Issuer)
	if err != nil {
		return err
	}
	by := signing{signer: nobody{key.Curve}, key: key, at: i.Clock.Now(), random: i.Random}
	for _, format := range formats {
		if _, err := by.sign(ctx, format, c, claims, standIn); err != nil {
			return fmt.Errorf("rehearse signing %s: %w", c.Type, err)
		}
	}
	return nil
}

// standIn is the did:key of the key in RFC 8032, section 7.1, test 1: nobody's.
const standIn = "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"

// nobody is a signer without a key.
type nobody struct{ curve did.Curve }

func (n nobody) Sign(context.Context, string, []byte) ([]byte, error) {
	return make([]byte, n.curve.SignatureSize()), nil
}
