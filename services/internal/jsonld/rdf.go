package jsonld

import (
	"slices"
	"strings"
)

// maxContextURLs bounds the contexts that one document names.
const maxContextURLs = 4

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
	active, err := e.rootContext(doc)
	if err != nil {
		return nil, err
	}
	if _, err := e.node(active, doc, rdfTerm{}); err != nil {
		return nil, err
	}
	return e.quads, nil
}

// rootContext reads the @context of a document, or of a document embedded in
// another.
func (e *emitter) rootContext(doc map[string]any) (*activeContext, error) {
	var urls []string
	switch context := doc["@context"].(type) {
	case string:
		urls = []string{context}
	case []any:
		for _, item := range context {
			url, ok := item.(string)
			if !ok {
				return nil, refuse("context", "@context holds something that is not a URL")
			}
			if slices.Contains(urls, url) {
				return nil, refuse("context", "@context names a context twice")
			}
			urls = append(urls, url)
		}
	default:
		return nil, refuse("context", "@context is missing or not a list of URLs")
	}
	if len(urls) == 0 || len(urls) > maxContextURLs {
		return nil, refuse("context", "@context must name 1 to %d contexts", maxContextURLs)
	}
	return e.p.root(urls)
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
// are in active.
func (e *emitter) node(active *activeContext, object map[string]any, graph rdfTerm) (rdfTerm, error) {
	untyped := active
	id, types, err := e.identity(untyped, object)
	if err != nil {
		return rdfTerm{}, err
	}
	// Type-scoped contexts apply in the order of the types' names, whatever
	// order the document has them in.
	for _, name := range slices.Sorted(slices.Values(types)) {
		if t := untyped.terms[name]; t != nil && t.scope != nil {
			if active, err = e.p.enter(active, t.scope, false); err != nil {
				return rdfTerm{}, err
			}
		}
	}
	subject := id
	if subject == (rdfTerm{}) {
		subject = e.newBlank()
	}
	for _, name := range types {
		iri, err := vocabularyIRI(untyped, name)
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
		t := active.terms[name]
		if t == nil {
			return rdfTerm{}, refuse("undefined-term", "a member is defined by no context")
		}
		if strings.HasPrefix(t.iri, "@") {
			if untyped.terms[name] == nil || untyped.terms[name].iri != t.iri {
				return rdfTerm{}, refuse("keyword", "a type gives a member the meaning of a keyword")
			}
			continue
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

// identity reads the members that stand for @id and @type.
func (e *emitter) identity(active *activeContext, object map[string]any) (id rdfTerm, types []string, err error) {
	idMembers, typeMembers := 0, 0
	for name, value := range object {
		t := active.terms[name]
		switch {
		case t == nil:
		case t.iri == "@id":
			idMembers++
			text, ok := value.(string)
			if !ok || !absolute(text) {
				return id, nil, refuse("relative-iri", "an id is not an absolute IRI")
			}
			id = iriTerm(text)
		case t.iri == "@type":
			typeMembers++
			if types, err = typeNames(value); err != nil {
				return id, nil, err
			}
		}
	}
	if idMembers > 1 || typeMembers > 1 {
		return id, nil, refuse("keyword", "two members stand for the same keyword")
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

// vocabularyIRI expands a name in the position of @type or of a value that is
// coerced to @vocab.
func vocabularyIRI(active *activeContext, name string) (string, error) {
	if t := active.terms[name]; t != nil && !strings.HasPrefix(t.iri, "@") {
		return t.iri, nil
	}
	if !absolute(name) {
		return "", refuse("relative-iri", "a type is neither a defined term nor an absolute IRI")
	}
	return name, nil
}

// property writes the values of one member.
func (e *emitter) property(active *activeContext, subject rdfTerm, name string, t *term, value any, graph rdfTerm) error {
	predicate := "<" + t.iri + ">"
	if t.coercion == "@json" {
		object, err := jsonLiteral(value)
		if err != nil {
			return err
		}
		return e.emit(quad{subject, object, graph, predicate})
	}
	items, isArray := value.([]any)
	if !isArray {
		items = []any{value}
	}
	if len(items) == 0 {
		return refuse("empty-array", "an empty array states nothing, so a signature does not cover it")
	}
	for _, item := range items {
		object, err := e.value(active, name, t, item, graph)
		if err != nil {
			return err
		}
		if err := e.emit(quad{subject, object, graph, predicate}); err != nil {
			return err
		}
	}
	return nil
}

// value writes what one value of a property states, and gives the object of
// the statement.
func (e *emitter) value(active *activeContext, name string, t *term, value any, graph rdfTerm) (rdfTerm, error) {
	object, isObject := value.(map[string]any)
	if !isObject {
		return e.scalar(active, name, t, value)
	}
	if _, ok := object["@value"]; ok {
		if t.graph {
			return rdfTerm{}, refuse("graph", "a literal stands where a graph belongs")
		}
		return valueObject(object)
	}
	inner := active
	if active.previous != nil && !isReference(active, object) {
		inner = active.previous
	}
	if t.scope != nil {
		var err error
		if inner, err = e.p.enter(inner, t.scope, true); err != nil {
			return rdfTerm{}, err
		}
	}
	if _, has := object["@context"]; has {
		// Only where the surrounding document hands over to another one,
		// as a presentation does for its credentials.
		if t.scope == nil || !t.scope.null {
			return rdfTerm{}, refuse("context", "@context stands inside the document")
		}
		var err error
		if inner, err = e.rootContext(object); err != nil {
			return rdfTerm{}, err
		}
	}
	if !t.graph {
		return e.node(inner, object, graph)
	}
	if isReference(inner, object) {
		return rdfTerm{}, refuse("graph", "a reference stands where a graph belongs")
	}
	own := e.newBlank()
	_, err := e.node(inner, object, own)
	return own, err
}

// isReference reports whether the object holds an id and nothing else.
func isReference(active *activeContext, object map[string]any) bool {
	if len(object) != 1 {
		return false
	}
	for name := range object {
		if t := active.terms[name]; t != nil && t.iri == "@id" {
			return true
		}
	}
	return false
}

// scalar is Value Expansion (section 5.3).
func (e *emitter) scalar(active *activeContext, name string, t *term, value any) (rdfTerm, error) {
	if t.graph {
		return rdfTerm{}, refuse("graph", "a scalar stands where a graph belongs")
	}
	coercion := t.coercion
	if t.scope != nil {
		var err error
		if active, err = e.p.enter(active, t.scope, true); err != nil {
			return rdfTerm{}, err
		}
		coercion = ""
		if own := active.terms[name]; own != nil {
			coercion = own.coercion
		}
	}
	text, isText := value.(string)
	switch {
	case isText && coercion == "@id":
		if !absolute(text) {
			return rdfTerm{}, refuse("relative-iri", "a reference is not an absolute IRI")
		}
		return iriTerm(text), nil
	case isText && coercion == "@vocab":
		iri, err := vocabularyIRI(active, text)
		return iriTerm(iri), err
	case coercion == "@id" || coercion == "@vocab":
		coercion = ""
	}
	return literal(value, coercion)
}
