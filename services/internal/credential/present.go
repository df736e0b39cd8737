package credential

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
)

// Presenting is what a holder presents, and to whom.
type Presenting struct {
	// ID is the presentation's URL; left out when empty.
	ID string
	// Types are beside VerifiablePresentation, such as ApplicationPresentation.
	Types []string
	// Holder is the DID that every credential is about and that signs.
	Holder string
	// Credentials are 1 to MaxPresentedCredentials credentials, as JSON.
	Credentials [][]byte
	// Members are further members, such as consent. They are signed too.
	Members map[string]any
	// Challenge and Domain are the verifier's.
	Challenge, Domain string
	// VerificationMethod is the holder's key, Created the date of the proof.
	VerificationMethod string
	Created            time.Time
}

// Present makes and signs a presentation. The result is its JSON in canonical
// form (RFC 8785). It refuses, with fault.Invalid, another's credentials and
// what VerifyPresentation would refuse; it does not verify the credentials.
func Present(ctx context.Context, signer Signer, p Presenting) ([]byte, error) {
	if p.Challenge == "" || p.Domain == "" {
		return nil, invalid("challenge", "a presentation needs a challenge and a domain")
	}
	credentials := make([]any, len(p.Credentials))
	for i, data := range p.Credentials {
		doc, err := decode(data, MaxCredentialBytes)
		if err != nil {
			return nil, fmt.Errorf("present credential %d: %w", i, err)
		}
		credentials[i] = doc
	}
	types := []any{typePresentation}
	for _, name := range p.Types {
		types = append(types, name)
	}
	unsigned := maps.Clone(p.Members)
	if unsigned == nil {
		unsigned = Document{}
	}
	unsigned["@context"] = []any{contextV2, jsonld.KompetansesporV1}
	unsigned["type"] = types
	unsigned["holder"] = p.Holder
	unsigned["verifiableCredential"] = credentials
	if p.ID != "" {
		unsigned["id"] = p.ID
	}
	doc, err := copyDocument(unsigned)
	if err != nil {
		return nil, err
	}
	presented, err := readPresentation(doc)
	if err != nil {
		return nil, err
	}
	if err := checkHolder(presented); err != nil {
		return nil, err
	}
	config := newConfig(Authentication, p.VerificationMethod, p.Created)
	config["challenge"], config["domain"] = p.Challenge, p.Domain
	if err := checkSigner(config, p.Holder); err != nil {
		return nil, err
	}
	if err := secure(ctx, signer, doc, config); err != nil {
		return nil, fmt.Errorf("present: %w", err)
	}
	return encode(doc, MaxPresentationBytes)
}
