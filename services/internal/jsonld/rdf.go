package jsonld

import (
	"slices"
	"strings"
)

// maxContextURLs bounds the contexts that one document names.
const maxContextURLs = 8

// emitter writes the statements of a document as it walks it. Expansion
// (JSON-LD 1.1 API, section 5.1), node map generation (7.2) and RDF
// serialization (8.1) are one pass, since what is accepted needs no merging.
type emitter struct {
	p         *Processor
	quads     []quad
	blanks    int
	described map[placed]bool
	seen      map[quad]bool
}

// placed is a node in a graph.
type placed struct{ node, graph rdfTerm }

func (p *Processor) toRDF(doc map[string]any) ([]quad, error) {
	e := emitter{p: p, described: map[placed]bool{}, seen: map[quad]bool{}}
	active, err := e.contexts(p.empty, doc)
	if err != nil {
		return nil, err
	}
	if _, err := e.node(active, doc, rdfTerm{}); err != nil {
		return nil, err
	}
	if len(e.quads) == 0 {
		return nil, refuse("empty", "the document states nothing")
	}
	return e.quads, nil
}

// contexts applies the @context of a document, or of a document embedded in
// another, to the active context.
func (e *emitter) contexts(active *activeContext, doc map[string]any) (*activeContext, error) {
	items, isList := doc["@context"].([]any)
	if !isList {
		items = []any{doc["@context"]}
	}
	if len(items) == 0 || len(items) > maxContextURLs {
		return nil, refuse("context", "@context must name 1 to %d contexts", maxContextURLs)
	}
	for i, item := range items {
		url, ok := item.(string)
		if !ok {
			return nil, refuse("context", "@context is missing or holds something that is not a URL")
		}
		if slices.Contains(items[:i], item) {
			return nil, refuse("context", "@context names a context twice")
		}
		locals, ok := e.p.table[url]
		if !ok {
			return nil, refuse("context", "@context names a context that is not pinned here")
		}
		for _, local := range locals {
			var err error
			if active, err = e.p.enter(active, local, inDocument); err != nil {
				return nil, err
			}
		}
	}
	return active, nil
}

func (e *emitter) newBlank() rdfTerm {
	e.blanks++
	return rdfTerm{blank: e.blanks}
}

// emit adds a statement. A repeated one is refused: the document could lose
// one of the two and keep its signature.
func (e *emitter) emit(q quad) error {
	if e.seen[q] {
		return refuse("repeated-value", "a value is stated twice")
	}
	e.seen[q] = true
	e.quads = append(e.quads, q)
	return nil
}

// node writes a node object whose own contexts, but for those of its types,
// are in untyped.
func (e *emitter) node(untyped *activeContext, object map[string]any, graph rdfTerm) (rdfTerm, error) {
	id, types, err := identity(untyped, object)
	if err != nil {
		return rdfTerm{}, err
	}
	active, err := e.typed(untyped, types)
	if err != nil {
		return rdfTerm{}, err
	}
	subject, err := e.subject(active, id)
	if err != nil {
		return rdfTerm{}, err
	}
	for _, name := range types {
		iri, err := untyped.vocabularyIRI(name)
		if err != nil {
			return rdfTerm{}, err
		}
		if err := e.emit(quad{subject: subject, predicate: rdfType, object: iriTerm(iri), graph: graph}); err != nil {
			return rdfTerm{}, err
		}
	}
	properties := len(types)
	for name, value := range object {
		if name == "@context" {
			continue
		}
		t, before := active.terms[name], untyped.terms[name]
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
		if e.described[placed{subject, graph}] {
			return rdfTerm{}, refuse("described-twice", "two objects describe the same id")
		}
		e.described[placed{subject, graph}] = true
	}
	return subject, nil
}

func (e *emitter) subject(active *activeContext, id string) (rdfTerm, error) {
	if id == "" {
		return e.newBlank(), nil
	}
	return reference(active, id)
}

// identity reads the members that stand for @id and @type; the id is empty if
// there is none.
func identity(active *activeContext, object map[string]any) (id string, types []string, err error) {
	idMembers, typeMembers := 0, 0
	for name, value := range object {
		t := active.terms[name]
		switch {
		case t == nil:
		case t.iri == "@id":
			idMembers++
			text, ok := value.(string)
			if !ok || text == "" {
				return "", nil, refuse("relative-iri", "an id is not an absolute IRI")
			}
			id = text
		case t.iri == "@type":
			typeMembers++
			if types, err = typeNames(value); err != nil {
				return "", nil, err
			}
		}
	}
	if idMembers > 1 || typeMembers > 1 {
		return "", nil, refuse("keyword", "two members stand for the same keyword")
	}
	return id, types, nil
}

func typeNames(value any) ([]string, error) {
	if name, ok := value.(string); ok {
		return []string{name}, nil
	}
	items, _ := value.([]any)
	if len(items) == 0 {
		return nil, refuse("type", "a type is neither a name nor a list of names")
	}
	names := make([]string, len(items))
	for i, item := range items {
		var ok bool
		if names[i], ok = item.(string); !ok {
			return nil, refuse("type", "a type is not a name")
		}
	}
	return names, nil
}

// typed applies the contexts that belong to types, in the order of the types'
// names, whatever order the document has them in.
func (e *emitter) typed(untyped *activeContext, types []string) (*activeContext, error) {
	active := untyped
	for _, name := range slices.Sorted(slices.Values(types)) {
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
func reference(active *activeContext, text string) (rdfTerm, error) {
	if !absolute(text) {
		return rdfTerm{}, refuse("relative-iri", "an id or a reference is not an absolute IRI")
	}
	if _, ok := active.compact(text); ok {
		return rdfTerm{}, refuse("compact-iri", "an id or a reference is written with a prefix")
	}
	return iriTerm(text), nil
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
	return &term{iri: iri}, nil
}
