package credential

import (
	"crypto"

	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// Terms gives documents their meaning. It refuses, with fault.Invalid, what no
// known context defines. It must be safe for concurrent use.
type Terms interface {
	// Digest is the hash of a document's canonical N-Quads (RDFC-1.0, with the
	// same hash), by the contexts given.
	Digest(doc, contexts strictjson.Value, hash crypto.Hash) ([]byte, error)
	// Check is for signatures over text, which cover what no context defines. A
	// document is checked by its own contexts.
	Check(doc strictjson.Value) error
}

// pinnedTerms are the contexts that production knows.
type pinnedTerms struct{}

func (pinnedTerms) Digest(doc, contexts strictjson.Value, hash crypto.Hash) ([]byte, error) {
	p, err := jsonld.Production()
	if err != nil {
		return nil, err
	}
	return p.Digest(doc, contexts, hash)
}

func (pinnedTerms) Check(doc strictjson.Value) error {
	p, err := jsonld.Production()
	if err != nil {
		return err
	}
	return p.Check(doc)
}

// orPinned is terms, or the pinned ones where there are none.
func orPinned(terms Terms) Terms {
	if terms == nil {
		return pinnedTerms{}
	}
	return terms
}
