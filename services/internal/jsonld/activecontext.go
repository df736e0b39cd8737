package jsonld

import (
	"maps"
	"reflect"
	"strings"
	"sync"
)

// activeContext is what terms mean at one place of a document (JSON-LD 1.1
// API, section 4.1). It does not change once made.
type activeContext struct {
	terms map[string]*term
	vocab string
	// previous is the context to return to below a node, set where a
	// type-scoped context was applied.
	previous *activeContext
	// ids and types are the terms that stand for @id and @type.
	ids, types []string
	// named holds the IRIs that have a term, made when first asked for; nil if
	// there are no terms.
	named func() map[string]bool
}

// term is a term definition with its names expanded.
type term struct {
	iri        string // an absolute IRI, "@id" or "@type"
	written    string // the IRI as N-Quads has it
	coercion   string // "", "@id", "@vocab", "@json" or a datatype IRI
	set, graph bool
	prefix     bool
	protected  bool
	scope      *localContext
}

// newTerm is a term that means an IRI, and no more.
func newTerm(iri string) *term { return &term{iri: iri, written: "<" + iri + ">"} }

func (t *term) keyword() bool { return t != nil && strings.HasPrefix(t.iri, "@") }

// means reports whether two definitions differ in nothing but protection.
func (t *term) means(other *term) bool {
	if (t.scope == nil) != (other.scope == nil) || t.scope != nil && !reflect.DeepEqual(t.scope.source, other.scope.source) {
		return false
	}
	return t.iri == other.iri && t.coercion == other.coercion && t.set == other.set && t.graph == other.graph && t.prefix == other.prefix
}

// application says where a local context stands: in the document, in the
// definition of a property or in that of a type.
type application int

const (
	inDocument application = iota
	inProperty             // may redefine protected terms
	inType                 // ends below the node
)

// enter applies a local context, from the cache if it can.
func (p *Processor) enter(active *activeContext, local *localContext, as application) (*activeContext, error) {
	if local.null && as == inProperty {
		return p.empty, nil
	}
	key := entry{active, local, as}
	p.mu.RLock()
	c := p.entered[key]
	p.mu.RUnlock()
	if c != nil {
		return c, nil
	}
	// Outside the lock: a document can make much work here, and others need
	// not wait for it. Two that do the same work at once both are right.
	c, err := active.enter(local, as)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.entered) >= maxEntered {
		clear(p.entered)
	}
	p.entered[key] = c
	return c, nil
}

// enter is the Context Processing Algorithm (section 4.1.2).
func (c *activeContext) enter(local *localContext, as application) (*activeContext, error) {
	result := &activeContext{vocab: c.vocab, previous: c.previous}
	if as == inType && result.previous == nil {
		result.previous = c
	}
	if local.null {
		for name, t := range c.terms {
			if t.protected && as != inProperty {
				return nil, refuse("context", "a context removes the protected term %s", name)
			}
		}
		result.vocab = ""
		if as != inType {
			result.previous = nil
		}
	} else if err := result.define(c, local, as); err != nil {
		return nil, err
	}
	for name, t := range result.terms {
		switch t.iri {
		case "@id":
			result.ids = append(result.ids, name)
		case "@type":
			result.types = append(result.types, name)
		}
	}
	result.named = sync.OnceValue(func() map[string]bool {
		named := make(map[string]bool, len(result.terms))
		for _, t := range result.terms {
			named[t.iri] = true
		}
		return named
	})
	return result, nil
}

// define adds the terms of a local context to those of before.
func (c *activeContext) define(before *activeContext, local *localContext, as application) error {
	c.terms = maps.Clone(before.terms)
	if c.terms == nil {
		c.terms = make(map[string]*term, len(local.definitions))
	}
	if local.vocab != "" {
		c.vocab = local.vocab
	}
	d := definer{active: c, local: local, as: as, state: make(map[string]progress, len(local.definitions))}
	for name := range local.definitions {
		if err := d.term(name); err != nil {
			return err
		}
	}
	return nil
}

// check applies the scoped contexts of what a local context defines, and those
// inside them, so that what is not supported is found when a table is loaded.
func (c *activeContext) check(local *localContext) error {
	for name := range local.definitions {
		scope := c.terms[name].scope
		if scope == nil || scope.null {
			continue
		}
		scoped, err := c.enter(scope, inProperty)
		if err != nil {
			return err
		}
		if err := scoped.check(scope); err != nil {
			return err
		}
	}
	return nil
}

// definer is the Create Term Definition algorithm (section 4.2.2) at work on
// one local context, whose definitions may refer to each other.
type definer struct {
	active *activeContext
	local  *localContext
	as     application
	state  map[string]progress
}

type progress int

const (
	begun progress = iota + 1
	done
)

func (d *definer) term(name string) error {
	switch d.state[name] {
	case done:
		return nil
	case begun:
		return refuse("context", "the definition of %s refers to itself", name)
	}
	d.state[name] = begun
	definition := d.local.definitions[name]
	before := d.active.terms[name]
	t := &term{
		iri: definition.id, coercion: definition.coercion, set: definition.set, graph: definition.graph,
		protected: definition.protected, scope: definition.scope,
	}
	var err error
	if !t.keyword() {
		if t.iri, err = d.expand(name, definition.id); err != nil {
			return err
		}
		t.written = "<" + t.iri + ">"
		t.prefix = definition.simple && strings.ContainsAny(t.iri[len(t.iri)-1:], ":/?#[]@")
	}
	if t.coercion != "" && !strings.HasPrefix(t.coercion, "@") {
		if t.coercion, err = d.expand(name, definition.coercion); err != nil {
			return err
		}
	}
	if before != nil && before.protected && d.as != inProperty {
		if !before.means(t) {
			return refuse("context", "a context redefines the protected term %s", name)
		}
		t.protected = true
	}
	d.active.terms[name] = t
	d.state[name] = done
	return nil
}

// expand gives the IRI of a name in the definition of a term.
func (d *definer) expand(term, name string) (string, error) {
	prefix, _, _ := strings.Cut(name, ":")
	for _, needed := range []string{name, prefix} {
		if d.local.definitions[needed] != nil {
			if err := d.term(needed); err != nil {
				return "", err
			}
		}
	}
	iri := name
	if t := d.active.terms[name]; t != nil {
		iri = t.iri
	} else if compact, ok := d.active.compact(name); ok {
		iri = compact
	}
	if !absolute(iri) {
		return "", refuse("context", "the definition of %s has a name that stands for no IRI", term)
	}
	return iri, nil
}

// compact expands prefix:name, if the prefix is one.
func (c *activeContext) compact(name string) (iri string, ok bool) {
	prefix, local, found := strings.Cut(name, ":")
	if !found || strings.HasPrefix(local, "//") {
		return "", false
	}
	t := c.terms[prefix]
	if t == nil || !t.prefix {
		return "", false
	}
	return t.iri + local, true
}

// hasTermFor reports whether a term stands for the IRI.
func (c *activeContext) hasTermFor(iri string) bool { return c.named != nil && c.named()[iri] }
