package credential

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// Presenting is what a holder presents, and to whom.
type Presenting struct {
	// ID is the presentation's URL; left out when empty.
	ID string
	// Types are beside VerifiablePresentation, such as ApplicationPresentation.
	Types []string
	// Holder is the DID that every credential is about and that signs.
	Holder string
	// Credentials are at most vcdm.MaxPresentedCredentials credentials: JSON
	// documents, or compact forms (vc+jwt, or an SD-JWT VC with its key
	// binding), which are enveloped.
	Credentials [][]byte
	// Members are further members, such as consent. They are signed too.
	Members map[string]any
	// Challenge and Domain are the verifier's.
	Challenge, Domain string
	// Key is the holder's, Suite the cryptosuite (empty for the rdfc suite of
	// the key), Created the date of the signature.
	Key     Key
	Suite   Cryptosuite
	Created time.Time
	// Envelope signs as vp+jwt instead of by a Data Integrity proof.
	Envelope bool
}

// Present makes and signs a presentation. The result is its JSON in canonical
// form (RFC 8785), or its compact form. It refuses, with fault.Invalid,
// another's credentials and what VerifyPresentation would refuse; it does not
// verify the credentials.
func Present(ctx context.Context, signer Signer, p Presenting) ([]byte, error) {
	if p.Challenge == "" || p.Domain == "" {
		return nil, invalid("challenge", "a presentation needs a challenge and a domain")
	}
	unsigned, err := p.document()
	if err != nil {
		return nil, err
	}
	doc, err := strictjson.Of(unsigned)
	if err != nil {
		return nil, err
	}
	if _, err := readPresentation(doc); err != nil {
		return nil, err
	}
	if err := checkSigner(p.Key.ID, p.Holder); err != nil {
		return nil, err
	}
	if p.Envelope {
		return presentJOSE(ctx, signer, unsigned, p)
	}
	answers := Document{"challenge": p.Challenge, "domain": p.Domain}
	signed, err := secure(ctx, signer, doc, Authentication, answers, Securing{Key: p.Key, Suite: p.Suite, Created: p.Created})
	if err != nil {
		return nil, fmt.Errorf("present: %w", err)
	}
	return within(MaxPresentationBytes, signed)
}

// document writes the presentation before it is signed.
func (p Presenting) document() (Document, error) {
	credentials := make([]any, len(p.Credentials))
	for i, data := range p.Credentials {
		item, err := p.presented(data)
		if err != nil {
			return nil, fmt.Errorf("present credential %d: %w", i, err)
		}
		credentials[i] = item
	}
	types := []any{vcdm.TypePresentation}
	for _, name := range p.Types {
		types = append(types, name)
	}
	doc := maps.Clone(p.Members)
	if doc == nil {
		doc = Document{}
	}
	doc["@context"] = []any{vcdm.ContextV2, jsonld.KompetansesporV1}
	doc["type"] = types
	doc["holder"] = p.Holder
	if len(credentials) > 0 {
		doc["verifiableCredential"] = credentials
	}
	if p.ID != "" {
		doc["id"] = p.ID
	}
	return doc, nil
}

// presented is a credential as it stands in a presentation. It must be about
// the holder; of an SD-JWT VC that is its caller's to know.
func (p Presenting) presented(data []byte) (any, error) {
	if isCompact(data) && bytes.IndexByte(data, '~') >= 0 {
		return envelopedCredential(SDJWT.MediaType(), string(data)), nil
	}
	if isCompact(data) {
		_, v, _, err := readJOSE(data, pinnedTerms{})
		if err != nil {
			return nil, err
		}
		return envelopedCredential(JOSE.MediaType(), string(data)), checkHolder(p.Holder, []*Verified{v})
	}
	doc, err := decode(data, MaxCredentialBytes)
	if err != nil {
		return nil, err
	}
	v, _, _, err := readSecured(doc)
	if err != nil {
		return nil, err
	}
	return doc, checkHolder(p.Holder, []*Verified{v})
}

// envelopedCredential is a compact credential as an object (VCDM 2.0, section
// 4.13.1).
func envelopedCredential(mediaType, compact string) Document {
	return Document{
		"@context": []any{vcdm.ContextV2}, "type": vcdm.TypeEnvelopedCredential, "id": "data:" + mediaType + "," + compact,
	}
}
