package credential

import (
	"crypto"

	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
)

// Terms gives documents their meaning: the canonical N-Quads (RDFC-1.0, with a
// hash) of a document whose contexts are known. It refuses, with fault.Invalid,
// what no known context defines. It must be safe for concurrent use.
type Terms interface {
	Canonize(doc map[string]any, hash crypto.Hash) ([]byte, error)
}

// pinnedTerms are the contexts that production knows.
type pinnedTerms struct{}

func (pinnedTerms) Canonize(doc map[string]any, hash crypto.Hash) ([]byte, error) {
	p, err := jsonld.Production()
	if err != nil {
		return nil, err
	}
	return p.Canonize(doc, hash)
}

// orPinned is terms, or the pinned ones where there are none.
func orPinned(terms Terms) Terms {
	if terms == nil {
		return pinnedTerms{}
	}
	return terms
}

// checkTerms wants every term of a document to be defined by a known context.
// The rdfc suites see to that themselves.
func checkTerms(terms Terms, doc Document) error {
	_, err := terms.Canonize(doc, crypto.SHA256)
	return err
}
