// Package jsonld turns JSON-LD 1.1 documents into canonical N-Quads (RDFC-1.0),
// the bytes that Data Integrity proofs of the rdfc cryptosuites sign.
//
// It knows a fixed table of contexts and never fetches one. It is made for
// signing, so it is stricter than JSON-LD: whatever would vanish on the way to
// RDF, or could be written in two ways, is refused instead. That is every
// member that no context defines, relative IRIs, null, empty and nested
// arrays, repeated values, blank node labels, keywords in place of their
// aliases, a node described in two places, contexts inside a document, and
// numbers that the canonical form would round. Of JSON-LD contexts it supports
// what the table uses; Contexts lists it.
package jsonld

import (
	"sync"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Processor canonicalises documents whose contexts are all in its table. It is
// safe for concurrent use.
type Processor struct {
	table map[string]*localContext

	mu     sync.Mutex // guards the two caches
	roots  map[string]*activeContext
	scoped map[scopeKey]*activeContext
}

// scopeKey names the application of a scoped context to an active context.
type scopeKey struct {
	active    *activeContext
	local     *localContext
	propagate bool
}

// maxCachedContexts bounds the caches: a document can nest scoped contexts in
// many ways, and beyond the bound they are computed each time.
const maxCachedContexts = 1024

// Canonize gives the canonical N-Quads of a document whose contexts are among
// the pinned ones (see Contexts). The document is what strictjson.Decode makes
// of an object: numbers are json.Number. Errors are fault.Invalid, with rules
// that begin with "jsonld.".
func Canonize(doc map[string]any) ([]byte, error) {
	p, err := pinned()
	if err != nil {
		return nil, err
	}
	return p.Canonize(doc)
}

// Canonize gives the canonical N-Quads of a document.
func (p *Processor) Canonize(doc map[string]any) ([]byte, error) {
	quads, err := p.toRDF(doc)
	if err != nil {
		return nil, err
	}
	return canonicalise(quads)
}

func refuse(rule, format string, args ...any) error {
	return fault.New(fault.Invalid, "jsonld."+rule, format, args...)
}
