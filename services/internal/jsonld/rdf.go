package jsonld

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// maxContextURLs bounds the contexts that one document names.
const maxContextURLs = 8

// emitter writes the statements of a document as it walks it. Expansion
// (JSON-LD 1.1 API, section 5.1), node map generation (7.2) and RDF
// serialization (8.1) are one pass, since what is accepted needs no merging.
type emitter struct {
	p         *Processor
	terms     terms
	quads     []quad
	blanks    int32
	described []placed
	names     []string // of the types of the node at hand
	urls      [maxContextURLs + 1]string
}

// placed is a node in a graph.
type placed struct{ node, graph rdfTerm }

// compare orders what is described by node, then by graph; graphs are blank nodes.
func (e *emitter) compare(a, b placed) int {
	return cmp.Or(bytes.Compare(e.terms.of(a.node), e.terms.of(b.node)), cmp.Compare(a.graph.blank, b.graph.blank))
}

// emitters keeps the buffers of walks that are done.
var emitters = sync.Pool{New: func() any { return new(emitter) }}

func (e *emitter) release() {
	clear(e.quads)
	clear(e.names)
	*e = emitter{terms: terms{e.terms.text[:0]}, quads: e.quads[:0], described: e.described[:0], names: e.names[:0]}
	emitters.Put(e)
}

// toRDF gives the statements of a document by contexts in an emitter, which the
// caller releases when it is done with them.
func (p *Processor) toRDF(doc, contexts strictjson.Value) (*emitter, error) {
	e := emitters.Get().(*emitter)
	e.p = p
	if err := e.document(doc, contexts); err != nil {
		e.release()
		return nil, err
	}
	return e, nil
}

func (e *emitter) document(doc, contexts strictjson.Value) error {
	active, err := e.contexts(e.p.empty, contexts)
	if err != nil {
		return err
	}
	if _, err := e.node(active, doc, rdfTerm{}); err != nil {
		return err
	}
	if len(e.quads) == 0 {
		return refuse("empty", "the document states nothing")
	}
	slices.SortFunc(e.described, e.compare)
	for i := 1; i < len(e.described); i++ {
		if e.compare(e.described[i-1], e.described[i]) == 0 {
			return refuse("described-twice", "two objects describe the same id")
		}
	}
	return nil
}

// contexts applies the contexts of a document, or of a document embedded in
// another, to the active context.
func (e *emitter) contexts(active *activeContext, named strictjson.Value) (*activeContext, error) {
	urls, err := namedContexts(e.urls[:0], named)
	if err != nil {
		return nil, err
	}
	for i, url := range urls {
		if slices.Contains(urls[:i], url) {
			return nil, refuse("context", "@context names a context twice")
		}
		locals, ok := e.p.table[url]
		if !ok {
			return nil, refuse("context", "@context names a context that is not pinned here")
		}
		for _, local := range locals {
			if active, err = e.p.enter(active, local, inDocument); err != nil {
				return nil, err
			}
		}
	}
	return active, nil
}

func namedContexts(urls []string, named strictjson.Value) ([]string, error) {
	for item := range named.Items() {
		url, ok := item.Text()
		if !ok {
			return nil, refuse("context", "@context holds something that is not a URL")
		}
		if urls = append(urls, url); len(urls) > maxContextURLs {
			break
		}
	}
	if len(urls) == 0 || len(urls) > maxContextURLs {
		return nil, refuse("context", "@context must name 1 to %d contexts", maxContextURLs)
	}
	return urls, nil
}

func (e *emitter) newBlank() rdfTerm {
	e.blanks++
	return rdfTerm{blank: e.blanks}
}

func (e *emitter) emit(subject rdfTerm, t *term, object, graph rdfTerm) {
	e.quads = append(e.quads, quad{subject, object, graph, t.written})
}

// node writes a node object whose own contexts, but for those of its types,
// are in untyped.
func (e *emitter) node(untyped *activeContext, object strictjson.Value, graph rdfTerm) (rdfTerm, error) {
	id, err := e.identity(untyped, object)
	if err != nil {
		return rdfTerm{}, err
	}
	active, err := e.typed(untyped)
	if err != nil {
		return rdfTerm{}, err
	}
	subject, err := e.subject(active, id)
	if err != nil {
		return rdfTerm{}, err
	}
	for _, name := range e.names {
		iri, err := untyped.vocabularyIRI(name)
		if err != nil {
			return rdfTerm{}, err
		}
		e.quads = append(e.quads, quad{subject, e.terms.iri(iri), graph, rdfType})
	}
	properties := len(e.names)
	for name, value := range object.Members() {
		if name == "@context" {
			continue
		}
		t := active.terms[name]
		before := t
		if untyped != active {
			before = untyped.terms[name]
		}
		if t.keyword() || before.keyword() {
			if t == nil || before == nil || t.iri != before.iri {
				return rdfTerm{}, refuse("keyword", "a type gives or takes a member the meaning of a keyword")
			}
			continue
		}
		if t == nil {
			if t, err = active.undefined(name); err != nil {
				return rdfTerm{}, err
			}
		}
		properties++
		if err := e.property(active, subject, name, t, value, graph); err != nil {
			return rdfTerm{}, err
		}
	}
	if properties > 0 && subject.blank == 0 {
		e.described = append(e.described, placed{subject, graph})
	}
	return subject, nil
}

func (e *emitter) subject(active *activeContext, id string) (rdfTerm, error) {
	if id == "" {
		return e.newBlank(), nil
	}
	return e.reference(active, id)
}

// identity reads the members that stand for @id and @type: the types into
// names, sorted; the id is empty if there is none.
func (e *emitter) identity(active *activeContext, object strictjson.Value) (id string, err error) {
	e.names = e.names[:0]
	idMembers, typeMembers := 0, 0
	for _, name := range active.ids {
		value := object.Get(name)
		if !value.Exists() {
			continue
		}
		idMembers++
		text, ok := value.Text()
		if !ok || text == "" {
			return "", refuse("relative-iri", "an id is not an absolute IRI")
		}
		id = text
	}
	for _, name := range active.types {
		value := object.Get(name)
		if !value.Exists() {
			continue
		}
		typeMembers++
		if err := e.typeNames(value); err != nil {
			return "", err
		}
	}
	if idMembers > 1 || typeMembers > 1 {
		return "", refuse("keyword", "two members stand for the same keyword")
	}
	return id, nil
}

func (e *emitter) typeNames(value strictjson.Value) error {
	for item := range value.Items() {
		name, ok := item.Text()
		if !ok {
			return refuse("type", "a type is neither a name nor a list of names")
		}
		e.names = append(e.names, name)
	}
	if len(e.names) == 0 {
		return refuse("type", "a type is an empty list")
	}
	slices.Sort(e.names)
	return nil
}

// typed applies the contexts that belong to types, in the order of the types'
// names, whatever order the document has them in.
func (e *emitter) typed(untyped *activeContext) (*activeContext, error) {
	active := untyped
	for _, name := range e.names {
		t := untyped.terms[name]
		if t == nil || t.scope == nil {
			continue
		}
		var err error
		if active, err = e.p.enter(active, t.scope, inType); err != nil {
			return nil, err
		}
	}
	return active, nil
}

// reference gives the node of an id, or of a value that is coerced to @id. An
// IRI that a prefix would change is refused: who reads the JSON takes it as it
// stands.
func (e *emitter) reference(active *activeContext, text string) (rdfTerm, error) {
	if !absolute(text) {
		return rdfTerm{}, refuse("relative-iri", "an id or a reference is not an absolute IRI")
	}
	if _, ok := active.compact(text); ok {
		return rdfTerm{}, refuse("compact-iri", "an id or a reference is written with a prefix")
	}
	return e.terms.iri(text), nil
}

// vocabularyIRI expands a name in the position of @type or of a value that is
// coerced to @vocab. An IRI that has a term is refused: by the term alone do
// readers of the JSON know it.
func (c *activeContext) vocabularyIRI(name string) (string, error) {
	if t := c.terms[name]; t != nil && !t.keyword() {
		return t.iri, nil
	}
	iri, ok := c.compact(name)
	switch {
	case ok:
	case strings.Contains(name, ":"):
		iri = name
	case c.terms[name] == nil && isName(name) && c.vocab != "":
		iri = c.vocab + name
	}
	if !absolute(iri) {
		return "", refuse("relative-iri", "a type is neither a defined term nor an absolute IRI")
	}
	if c.hasTermFor(iri) {
		return "", refuse("alias", "a type is written as an IRI, although it has a term")
	}
	return iri, nil
}

// undefined gives the meaning of a member that is no term: of a compact IRI,
// or of any name where a context sets @vocab.
func (c *activeContext) undefined(name string) (*term, error) {
	iri, ok := c.compact(name)
	if !ok && c.vocab != "" && isName(name) && !strings.Contains(name, ":") {
		iri = c.vocab + name
	}
	if !absolute(iri) {
		return nil, refuse("undefined-term", "a member is defined by no context")
	}
	if c.hasTermFor(iri) {
		return nil, refuse("alias", "a member is written as an IRI, although it has a term")
	}
	return newTerm(iri), nil
}
