package jsonld

import (
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// property writes the values of one member.
func (e *emitter) property(active *activeContext, subject rdfTerm, name string, t *term, value strictjson.Value, graph rdfTerm) error {
	if t.coercion == "@json" {
		e.emit(subject, t, e.jsonLiteral(value), graph)
		return nil
	}
	if value.Kind() != strictjson.Array {
		return e.state(active, subject, name, t, value, graph)
	}
	if value.Len() == 0 {
		return refuse("empty-array", "an empty array states nothing, so a signature does not cover it")
	}
	if err := differInDirection(value); err != nil {
		return err
	}
	for item := range value.Items() {
		if err := e.state(active, subject, name, t, item, graph); err != nil {
			return err
		}
	}
	return nil
}

// differInDirection refuses values of one property that differ in nothing but their
// @direction: implementations take them for one, and leave the second out of what is
// signed.
func differInDirection(values strictjson.Value) error {
	if !anyHasDirection(values) {
		return nil
	}
	type plain struct{ text, tag string }
	seen := make(map[plain]bool, values.Len()) // whether one of them has a direction
	for item := range values.Items() {
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

func anyHasDirection(values strictjson.Value) bool {
	for value := range values.Items() {
		if hasDirection(value) {
			return true
		}
	}
	return false
}

func hasDirection(value strictjson.Value) bool { return value.Has("@direction") }

// plainValue is the text and the language of a value, if it has a text.
func plainValue(value strictjson.Value) (text, tag string, ok bool) {
	if value.Kind() == strictjson.Object {
		tag, _ = value.Get("@language").Text()
		value = value.Get("@value")
	}
	text, ok = value.Text()
	return text, tag, ok
}

// state writes one value of a property.
func (e *emitter) state(active *activeContext, subject rdfTerm, name string, t *term, value strictjson.Value, graph rdfTerm) error {
	object, err := e.value(active, name, t, value, graph)
	if err != nil {
		return err
	}
	e.emit(subject, t, object, graph)
	return nil
}

// value writes what one value of a property states, and gives the object of
// the statement.
func (e *emitter) value(active *activeContext, name string, t *term, value strictjson.Value, graph rdfTerm) (rdfTerm, error) {
	isObject := value.Kind() == strictjson.Object
	isValueObject := isObject && value.Has("@value")
	if t.graph && (!isObject || isValueObject) {
		return rdfTerm{}, refuse("graph", "a literal or a reference stands where a graph belongs")
	}
	inner := active
	if isObject && !isValueObject && active.previous != nil && !isReference(active, value) {
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
		return e.valueObject(inner, coercion(inner, name, t), value)
	}
	if contexts := value.Get("@context"); contexts.Exists() {
		// Only where a graph begins, as in a presentation, which hands over
		// to its credentials.
		if !t.graph {
			return rdfTerm{}, refuse("context", "@context stands inside the document")
		}
		var err error
		if inner, err = e.contexts(inner, contexts); err != nil {
			return rdfTerm{}, err
		}
	}
	if !t.graph {
		return e.node(inner, value, graph)
	}
	own, before := e.newBlank(), len(e.quads)
	if _, err := e.node(inner, value, own); err != nil {
		return rdfTerm{}, err
	}
	if len(e.quads) == before {
		return rdfTerm{}, refuse("graph", "an object that states nothing stands where a graph belongs")
	}
	return own, nil
}

// isReference reports whether the object holds an id and nothing else.
func isReference(active *activeContext, object strictjson.Value) bool {
	if object.Len() != 1 {
		return false
	}
	for name := range object.Members() {
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
func (e *emitter) scalar(active *activeContext, coercion string, value strictjson.Value) (rdfTerm, error) {
	text, isText := value.Text()
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
