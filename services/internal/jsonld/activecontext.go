package jsonld

import (
	"encoding/json"
	"maps"
	"strings"
)

// activeContext is what terms mean at one place of a document (JSON-LD 1.1
// API, section 4.1). It does not change once made.
type activeContext struct {
	terms map[string]*term
	// previous is the context to return to below a node, set where a
	// type-scoped context was applied.
	previous *activeContext
}

// localContext is a @context as a file or a term definition has it. Its
// address identifies it.
type localContext struct {
	null  bool
	terms map[string]*term
}

// term is a term definition.
type term struct {
	iri       string // an absolute IRI, "@id" or "@type"
	coercion  string // "", "@id", "@vocab", "@json" or a datatype IRI
	graph     bool   // @container is @graph
	protected bool
	scope     *localContext
}

// root gives the active context for the @context URLs of a document.
func (p *Processor) root(urls []string) (*activeContext, error) {
	key := strings.Join(urls, "\n")
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.roots[key]; c != nil {
		return c, nil
	}
	active := &activeContext{}
	for _, url := range urls {
		local, ok := p.table[url]
		if !ok {
			return nil, refuse("context", "@context names a context that is not pinned here")
		}
		var err error
		if active, err = active.enter(local, true, false); err != nil {
			return nil, err
		}
	}
	if len(p.roots) < maxCachedContexts {
		p.roots[key] = active
	}
	return active, nil
}

// enter applies a property-scoped context (propagate) or a type-scoped one.
// Property-scoped contexts may redefine protected terms, type-scoped ones not.
func (p *Processor) enter(active *activeContext, local *localContext, propagate bool) (*activeContext, error) {
	key := scopeKey{active, local, propagate}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.scoped[key]; c != nil {
		return c, nil
	}
	c, err := active.enter(local, propagate, propagate)
	if err != nil {
		return nil, err
	}
	if len(p.scoped) < maxCachedContexts {
		p.scoped[key] = c
	}
	return c, nil
}

// enter is the Context Processing Algorithm (section 4.1.2).
func (c *activeContext) enter(local *localContext, propagate, overrideProtected bool) (*activeContext, error) {
	result := &activeContext{previous: c.previous}
	if !propagate && result.previous == nil {
		result.previous = c
	}
	for name, before := range c.terms {
		if overrideProtected || !before.protected {
			continue
		}
		if t := local.terms[name]; local.null || t != nil && !before.means(t) {
			return nil, refuse("context", "a context redefines the protected term %s", name)
		}
	}
	if local.null {
		if propagate {
			result.previous = nil
		}
		return result, nil
	}
	result.terms = maps.Clone(c.terms)
	if result.terms == nil {
		result.terms = make(map[string]*term, len(local.terms))
	}
	for name, t := range local.terms {
		if before := c.terms[name]; before != nil && before.protected && !overrideProtected {
			continue
		}
		result.terms[name] = t
	}
	return result, nil
}

// means reports whether two definitions differ in nothing but protection.
func (t *term) means(other *term) bool {
	return t.iri == other.iri && t.coercion == other.coercion && t.graph == other.graph && t.scope.means(other.scope)
}

func (l *localContext) means(other *localContext) bool {
	if l == nil || other == nil {
		return l == other
	}
	return l.null == other.null && maps.EqualFunc(l.terms, other.terms, (*term).means)
}

// compile reads a local context: null or an object.
func compile(value any) (*localContext, error) {
	if value == nil {
		return &localContext{null: true}, nil
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, refuse("context", "a pinned context is neither null nor an object")
	}
	protected := false
	for key, value := range object {
		switch {
		case key == "@version" && value == json.Number("1.1"):
		case key == "@protected":
			if protected, ok = value.(bool); !ok {
				return nil, refuse("context", "@protected is not a boolean")
			}
		case strings.HasPrefix(key, "@"):
			return nil, refuse("context", "a context uses %s in a way that is not supported", key)
		}
	}
	local := &localContext{terms: make(map[string]*term, len(object))}
	for name, value := range object {
		if strings.HasPrefix(name, "@") {
			continue
		}
		t, err := compileTerm(name, value)
		if err != nil {
			return nil, err
		}
		t.protected = t.protected || protected
		local.terms[name] = t
	}
	return local, nil
}

// compileTerm is the Create Term Definition algorithm (section 4.2.2) for
// definitions that name their IRI in full. Prefixes and @vocab do not exist
// here, so no definition depends on another.
func compileTerm(name string, value any) (*term, error) {
	if name == "" || strings.ContainsAny(name, ":/") {
		return nil, refuse("context", "the term %q has the form of an IRI", name)
	}
	t := &term{}
	definition, ok := value.(map[string]any)
	if !ok {
		definition = map[string]any{"@id": value}
	}
	for key, v := range definition {
		text, _ := v.(string)
		var err error
		switch {
		case key == "@id" && (text == "@id" || text == "@type" || absolute(text)):
			t.iri = text
		case key == "@type" && (text == "@id" || text == "@vocab" || text == "@json" || absolute(text)):
			t.coercion = text
		case key == "@container" && text == "@set":
			// A value and a set of one value are the same statement.
		case key == "@container" && text == "@graph":
			t.graph = true
		case key == "@protected" && v == true:
			t.protected = true
		case key == "@context":
			t.scope, err = compile(v)
		default:
			err = refuse("context", "the definition of %s uses %s in a way that is not supported", name, key)
		}
		if err != nil {
			return nil, err
		}
	}
	if t.iri == "" || !ok && strings.ContainsAny(t.iri[len(t.iri)-1:], ":/?#[]@") {
		return nil, refuse("context", "the term %s has no IRI, or would be a prefix", name)
	}
	return t, nil
}
