package jsonld

import (
	"encoding/json"
	"strings"
)

// localContext is a @context as a file or a term definition has it, read but
// not applied. Its address identifies it.
type localContext struct {
	null        bool
	vocab       string // "" if it sets none
	definitions map[string]*definition
	source      any
}

// definition is a term definition as it is written. What its names stand for
// depends on the context in which it is applied.
type definition struct {
	id         string
	coercion   string
	set, graph bool // @container
	simple     bool // nothing but a string, so that it may be a prefix
	protected  bool
	scope      *localContext
}

// compile reads a local context: null or an object. anyTerm allows @vocab.
func compile(source any, anyTerm bool) (*localContext, error) {
	if source == nil {
		return &localContext{null: true}, nil
	}
	object, ok := source.(map[string]any)
	if !ok {
		return nil, refuse("context", "a pinned context is neither null nor an object")
	}
	local := &localContext{definitions: make(map[string]*definition, len(object)), source: source}
	protected := false
	for key, value := range object {
		text, _ := value.(string)
		switch {
		case key == "@version" && value == json.Number("1.1"):
		case key == "@vocab" && anyTerm && absolute(text):
			local.vocab = text
		case key == "@protected":
			if protected, ok = value.(bool); !ok {
				return nil, refuse("context", "@protected is not a boolean")
			}
		case strings.HasPrefix(key, "@"):
			return nil, refuse("context", "a context uses %s in a way that is not supported", key)
		}
	}
	for name, value := range object {
		if strings.HasPrefix(name, "@") {
			continue
		}
		d, err := compileTerm(name, value, anyTerm)
		if err != nil {
			return nil, err
		}
		d.protected = d.protected || protected
		local.definitions[name] = d
	}
	return local, nil
}

// compileTerm reads the definition of a term.
func compileTerm(name string, value any, anyTerm bool) (*definition, error) {
	if name == "" || strings.ContainsAny(name, ":/") {
		return nil, refuse("context", "the term %q has the form of an IRI", name)
	}
	d := &definition{}
	object, isObject := value.(map[string]any)
	if !isObject {
		object = map[string]any{"@id": value}
		d.simple = true
	}
	for key, v := range object {
		text, _ := v.(string)
		var err error
		switch {
		case key == "@id" && (text == "@id" || text == "@type" || isName(text)):
			d.id = text
		case key == "@type" && (text == "@id" || text == "@vocab" || text == "@json" || isName(text)):
			d.coercion = text
		case key == "@container" && text == "@set":
			// A value and a set of one value are the same statement.
			d.set = true
		case key == "@container" && text == "@graph":
			d.graph = true
		case key == "@protected" && v == true:
			d.protected = true
		case key == "@context":
			d.scope, err = compile(v, anyTerm)
		default:
			err = refuse("context", "the definition of %s uses %s in a way that is not supported", name, key)
		}
		if err != nil {
			return nil, err
		}
	}
	if d.id == "" {
		return nil, refuse("context", "the term %s has no IRI", name)
	}
	return d, nil
}

// isName reports whether s can be an IRI, a compact IRI or a term.
func isName(s string) bool { return s != "" && !strings.HasPrefix(s, "@") }
