package vcdm

import "github.com/kompetansespor/kompetansespor/services/internal/strictjson"

// MaxPresentedCredentials is how many credentials a presentation may hold.
const MaxPresentedCredentials = 8

// Presentation is what a document says as a presentation.
type Presentation struct {
	Version Version
	// ID is the presentation's id, empty when it has none.
	ID string
	// Types holds every type, VerifiablePresentation among them.
	Types []string
	// Holder is a URL, empty when the presentation does not say.
	Holder string
	// Credentials are the presented credentials in the order presented, none
	// when there are none, each as it stands: a credential with its proof, or
	// an EnvelopedVerifiableCredential.
	Credentials []strictjson.Value
	// Members are the members that VCDM does not define, such as consent.
	Members strictjson.Value
	// Document is the whole presentation.
	Document strictjson.Value
}

// presentationMembers are those that VCDM 2.0 defines of a presentation
// (sections 4.13, 5.4, 5.5 and 5.10).
var presentationMembers = []string{
	"@context", "id", "type", "holder", "verifiableCredential", "proof", "refreshService", "termsOfUse", "confidenceMethod", "renderMethod",
}

// ReadPresentation reads the form of a presentation, secured or not (VCDM 2.0,
// section 4.13). Of the credentials in it it wants that each is one, or an
// enveloped one; their form is for ReadCredential and Enveloped. It fails with
// fault.Invalid.
func ReadPresentation(doc strictjson.Value) (*Presentation, error) {
	p := &Presentation{Document: doc, Members: doc.Without(presentationMembers...)}
	var err error
	if p.Version, err = readContexts(doc); err != nil {
		return nil, err
	}
	if p.Types, err = readKind(doc, TypePresentation); err != nil {
		return nil, err
	}
	if p.ID, err = optionalURL(doc, "id", "the document"); err != nil {
		return nil, err
	}
	if doc.Has("holder") {
		if p.Holder, err = readParty(doc, "holder", p.Version); err != nil {
			return nil, err
		}
	}
	if p.Credentials, err = readPresented(doc); err != nil {
		return nil, err
	}
	if err := readExtensions(doc, p.Version, refreshService, termsOfUse); err != nil {
		return nil, err
	}
	return p, nil
}

// readPresented reads verifiableCredential. An empty list is as good as none:
// the published test suite takes it for conforming.
func readPresented(doc strictjson.Value) ([]strictjson.Value, error) {
	if list := doc.Get("verifiableCredential"); list.Kind() == strictjson.Array && list.Len() == 0 {
		return nil, nil
	}
	presented, err := objects(doc, "verifiableCredential", "presentation")
	if err != nil {
		return nil, err
	}
	if len(presented) > MaxPresentedCredentials {
		return nil, invalid("presentation", "a presentation holds more than %d credentials", MaxPresentedCredentials)
	}
	for _, item := range presented {
		kind := envelopeKind(item)
		if kind == "" {
			kind = TypeCredential
		}
		if _, err := readKind(item, kind); err != nil {
			return nil, err
		}
		if kind == TypeEnvelopedPresentation {
			return nil, invalid("presentation", "a presentation stands where a credential belongs")
		}
	}
	return presented, nil
}
