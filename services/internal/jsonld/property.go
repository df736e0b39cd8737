package jsonld

import (
	"slices"
	"strings"
)

// property writes the values of one member.
func (e *emitter) property(active *activeContext, subject rdfTerm, name string, t *term, value any, graph rdfTerm) error {
	if t.coercion == "@json" {
		object, err := e.jsonLiteral(value)
		if err != nil {
			return err
		}
		e.emit(subject, t, object, graph)
		return nil
	}
	items, isArray := value.([]any)
	if !isArray {
		return e.state(active, subject, name, t, value, graph)
	}
	if len(items) == 0 {
		return refuse("empty-array", "an empty array states nothing, so a signature does not cover it")
	}
	if err := differInDirection(items); err != nil {
		return err
	}
	for _, item := range items {
		if err := e.state(active, subject, name, t, item, graph); err != nil {
			return err
		}
	}
	return nil
}

// differInDirection refuses values of one property that differ in nothing but their
// @direction: implementations take them for one, and leave the second out of what is
// signed.
func differInDirection(items []any) error {
	if !slices.ContainsFunc(items, hasDirection) {
		return nil
	}
	type plain struct{ text, tag string }
	seen := make(map[plain]bool, len(items)) // whether one of them has a direction
	for _, item := range items {
		text, tag, ok := plainValue(item)
		if !ok {
			continue
		}
		value, directed := plain{text, strings.ToLower(tag)}, hasDirection(item)
		if before, twice := seen[value]; twice && (before || directed) {
			return refuse("direction", "two values differ in nothing but their direction")
		}
		seen[value] = directed
	}
	return nil
}

func hasDirection(value any) bool {
	object, _ := value.(map[string]any)
	_, has := object["@direction"]
	return has
}

// plainValue is the text and the language of a value, if it has a text.
func plainValue(value any) (text, tag string, ok bool) {
	if object, isObject := value.(map[string]any); isObject {
		tag, _ = object["@language"].(string)
		value = object["@value"]
	}
	text, ok = value.(string)
	return text, tag, ok
}

// state writes one value of a property.
func (e *emitter) state(active *activeContext, subject rdfTerm, name string, t *term, value any, graph rdfTerm) error {
	object, err := e.value(active, name, t, value, graph)
	if err != nil {
		return err
	}
	e.emit(subject, t, object, graph)
	return nil
}

// value writes what one value of a property states, and gives the object of
// the statement.
func (e *emitter) value(active *activeContext, name string, t *term, value any, graph rdfTerm) (rdfTerm, error) {
	object, isObject := value.(map[string]any)
	_, isValueObject := object["@value"]
	if t.graph && (!isObject || isValueObject) {
		return rdfTerm{}, refuse("graph", "a literal or a reference stands where a graph belongs")
	}
	inner := active
	if isObject && !isValueObject && active.previous != nil && !isReference(active, object) {
		inner = active.previous
	}
	if t.scope != nil {
		var err error
		if inner, err = e.p.enter(inner, t.scope, inProperty); err != nil {
			return rdfTerm{}, err
		}
	}
	switch {
	case !isObject:
		return e.scalar(inner, coercion(inner, name, t), value)
	case isValueObject:
		return e.valueObject(inner, coercion(inner, name, t), object)
	}
	if _, has := object["@context"]; has {
		// Only where a graph begins, as in a presentation, which hands over
		// to its credentials.
		if !t.graph {
			return rdfTerm{}, refuse("context", "@context stands inside the document")
		}
		var err error
		if inner, err = e.contexts(inner, object); err != nil {
			return rdfTerm{}, err
		}
	}
	if !t.graph {
		return e.node(inner, object, graph)
	}
	own, before := e.newBlank(), len(e.quads)
	if _, err := e.node(inner, object, own); err != nil {
		return rdfTerm{}, err
	}
	if len(e.quads) == before {
		return rdfTerm{}, refuse("graph", "an object that states nothing stands where a graph belongs")
	}
	return own, nil
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

// coercion gives the type of the values of a property. In a context of its own
// the property can have another type, or none.
func coercion(active *activeContext, name string, t *term) string {
	if t.scope != nil {
		t = active.terms[name]
	}
	if t == nil {
		return ""
	}
	return t.coercion
}

// scalar is Value Expansion (section 5.3).
func (e *emitter) scalar(active *activeContext, coercion string, value any) (rdfTerm, error) {
	text, isText := value.(string)
	switch {
	case isText && coercion == "@id":
		return e.reference(active, text)
	case isText && coercion == "@vocab":
		iri, err := active.vocabularyIRI(text)
		return e.terms.iri(iri), err
	case coercion == "@id" || coercion == "@vocab":
		coercion = ""
	}
	return e.literal(value, coercion)
}
