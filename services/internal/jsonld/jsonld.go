// Package jsonld turns JSON-LD 1.1 documents into canonical N-Quads (RDFC-1.0),
// the bytes that Data Integrity proofs of the rdfc cryptosuites sign.
//
// It knows fixed tables of contexts and never fetches one. It reads documents
// that others signed, and is stricter than JSON-LD, because the holder of a
// signed document may rewrite it as long as the statements stay the same. So
// whatever would vanish on the way to RDF, or could be written in two ways
// that readers of the JSON take for different things, is refused:
//
//   - members that no context defines, absolute IRIs as members, and keywords
//     in place of their aliases;
//   - null, empty and nested arrays, repeated values, objects that state
//     nothing where a graph belongs;
//   - relative IRIs, blank node labels, and ids and references that a prefix
//     of a context would change;
//   - members and types written as IRIs for which a context has a term;
//   - value objects that say what a plain value says;
//   - a node described in two places: RDF merges the two, so that a claim
//     could move from the subject to, say, an issuer of the same id;
//   - contexts inside a document, except where a graph begins, as the
//     credentials of a presentation do;
//   - numbers that the canonical form would round, or that implementations
//     write differently;
//   - values of one property that differ in nothing but their direction, of which
//     implementations leave one out.
//
// Of JSON-LD contexts it supports what the tables use; PinnedContext lists it.
package jsonld

import (
	"crypto"
	"sync"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// Processor canonicalises documents whose contexts are all in its table. It is
// safe for concurrent use.
type Processor struct {
	table map[string][]*localContext
	empty *activeContext

	mu      sync.RWMutex // guards entered
	entered map[entry]*activeContext
}

// entry is the application of a local context to an active one.
type entry struct {
	active *activeContext
	local  *localContext
	as     application
}

// maxEntered bounds the cache of applied contexts: a document can nest them in
// many ways. A full cache starts again.
const maxEntered = 1024

// Canonize gives the canonical N-Quads of a document, which is an object, by its own
// contexts. The hash, SHA-256 or SHA-384, is the one inside RDFC-1.0, which orders
// blank nodes; cryptosuites name it with the key (VC-DI-ECDSA, section 3.2.3: SHA-384
// for P-384). Errors are fault.Invalid, with rules that begin with "jsonld.".
func (p *Processor) Canonize(doc strictjson.Value, hash crypto.Hash) ([]byte, error) {
	e, err := p.toRDF(doc, doc.Get("@context"))
	if err != nil {
		return nil, err
	}
	defer e.release()
	return canonicalise(e.terms.text, e.quads, hash)
}

// Digest is the hash of what Canonize gives, by the same hash, of a document whose
// contexts are given, whatever it names itself.
func (p *Processor) Digest(doc, contexts strictjson.Value, hash crypto.Hash) ([]byte, error) {
	e, err := p.toRDF(doc, contexts)
	if err != nil {
		return nil, err
	}
	defer e.release()
	c, err := canonical(e.terms.text, e.quads, hash)
	if err != nil {
		return nil, err
	}
	defer c.release()
	sum := make([]byte, c.digest.size)
	c.digest.sum(sum, c.out)
	return sum, nil
}

// Check wants every member of a document to mean something, as Canonize does. It
// does not look for what is stated twice, nor for what cannot be told apart: both
// matter only to a signature over statements.
func (p *Processor) Check(doc strictjson.Value) error {
	e, err := p.toRDF(doc, doc.Get("@context"))
	if err != nil {
		return err
	}
	e.release()
	return nil
}

func refuse(rule, format string, args ...any) error {
	return fault.New(fault.Invalid, "jsonld."+rule, format, args...)
}
