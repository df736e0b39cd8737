package sdjwt

import (
	"crypto/sha256"
	"iter"
	"maps"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// none is the index of no disclosure.
const none = -1

// place is where a disclosure belongs: the path of its claim, and the
// disclosure that the digest stood in, or none.
type place struct {
	found  bool
	path   path
	within int
}

// claims is a payload with its disclosures in their places.
type claims struct {
	tree   map[string]any
	places []place // of each disclosure
}

// node is a claim that process came to: its path, which changes afterwards, and the
// innermost disclosure that it came with, or none.
type node struct {
	path   path
	within int
}

// process puts the disclosures in the places of their digests (RFC 9901
// section 7.1, step 3 to 5). Digests without a disclosure vanish. It refuses
// everything that the section has refused, a digest in a member that may not be
// disclosed, and claims that nest deeper than maxDepth. visit, when not nil, is
// told of each claim.
func process(payload strictjson.Value, disclosures []disclosure, visit func(node)) (claims, error) {
	p := processor{
		disclosures: disclosures,
		byDigest:    make(map[sum]known, 2*len(disclosures)), // decoys come to it
		places:      make([]place, len(disclosures)),
		visit:       visit,
	}
	for i, d := range disclosures {
		p.byDigest[sha256.Sum256(d.encoded)] = known{disclosure: i}
	}
	if len(p.byDigest) < len(disclosures) {
		return claims{}, invalid("disclosure-repeated", "a disclosure appears twice")
	}
	if name := payload.Get(hashMember); name.Exists() && !name.Is(hashName) {
		return claims{}, invalid("hash-algorithm", "the hash algorithm is not %s", hashName)
	}
	tree, err := p.object(payload, none)
	if err != nil {
		return claims{}, err
	}
	for _, at := range p.places {
		if !at.found {
			return claims{}, invalid("disclosure-unreferenced", "a disclosure belongs to no digest")
		}
	}
	return claims{tree: tree, places: p.places}, nil
}

type processor struct {
	disclosures []disclosure
	byDigest    map[sum]known
	places      []place
	visit       func(node)
	at          path // of what is processed
}

// known is what is known of a digest: the disclosure that it is of, or none, and
// whether it has been met.
type known struct {
	disclosure int
	met        bool
}

// below processes a value, or a disclosure of it, one step further down.
func (p *processor) below(s step, do func() (any, error)) (any, error) {
	p.at = append(p.at, s)
	v, err := do()
	p.at = p.at[:len(p.at)-1]
	return v, err
}

// value processes what stands at the path, within a disclosure.
func (p *processor) value(v strictjson.Value, within int) (any, error) {
	if p.visit != nil {
		p.visit(node{p.at, within})
	}
	switch v.Kind() {
	case strictjson.Object:
		return p.object(v, within)
	case strictjson.Array:
		return p.array(v, within)
	}
	return v.Any(), nil
}

func (p *processor) object(members strictjson.Value, within int) (map[string]any, error) {
	if len(p.at) >= maxDepth {
		return nil, tooDeep()
	}
	digests := members.Get(digestsMember)
	out := make(map[string]any, members.Len()+digests.Len())
	for name, member := range p.inOrder(members) {
		switch {
		case name == digestsMember || name == hashMember && len(p.at) == 0:
			continue
		case name == elementMember || name == hashMember:
			return nil, invalid("reserved-name", "a member is called %s", name)
		case len(p.at) == 0 && neverDisclosed[name] && holdsDigest(member):
			return nil, invalid("disclosure-name", "part of %s is selectively disclosable", name)
		}
		v, err := p.below(step{name: name}, func() (any, error) { return p.value(member, within) })
		if err != nil {
			return nil, err
		}
		out[name] = v
	}
	if !digests.Exists() {
		return out, nil
	}
	if digests.Kind() != strictjson.Array {
		return nil, badDigest()
	}
	for item := range digests.Items() {
		if err := p.member(out, item, within); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// inOrder gives the members of an object, sorted where somebody is told of them.
func (p *processor) inOrder(object strictjson.Value) iter.Seq2[string, strictjson.Value] {
	if p.visit == nil {
		return object.Members()
	}
	return func(yield func(string, strictjson.Value) bool) {
		members := maps.Collect(object.Members())
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if !yield(name, members[name]) {
				return
			}
		}
	}
}

// member adds the member that a digest in _sd stands for, if it is disclosed.
func (p *processor) member(to map[string]any, item strictjson.Value, within int) error {
	i, err := p.find(item)
	if err != nil || i == none {
		return err
	}
	d := p.disclosures[i]
	if d.element {
		return badDisclosure("a member of an object has no name")
	}
	switch d.name {
	case digestsMember, elementMember, hashMember:
		return invalid("disclosure-name", "a disclosure is called %s", d.name)
	}
	if len(p.at) == 0 && neverDisclosed[d.name] {
		return invalid("disclosure-name", "%s is disclosed and may not be", d.name)
	}
	if _, twice := to[d.name]; twice {
		return invalid("disclosure-collision", "a disclosed claim is there already")
	}
	to[d.name], err = p.below(step{name: d.name}, func() (any, error) { return p.disclosed(i, within) })
	return err
}

func (p *processor) array(items strictjson.Value, within int) ([]any, error) {
	if len(p.at) >= maxDepth {
		return nil, tooDeep()
	}
	out := make([]any, 0, items.Len())
	for item := range items.Items() {
		i := none
		sum := item.Get(elementMember)
		if sum.Exists() {
			var err error
			if i, err = p.element(item, sum); err != nil {
				return nil, err
			}
			if i == none {
				continue
			}
		}
		v, err := p.below(step{element: true, index: len(out)}, func() (any, error) {
			if i == none {
				return p.value(item, within)
			}
			return p.disclosed(i, within)
		})
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// element gives the disclosure of an element that a digest stands for, or none.
func (p *processor) element(item, sum strictjson.Value) (int, error) {
	if item.Len() != 1 {
		return none, invalid("reserved-name", "a member is called %s", elementMember)
	}
	i, err := p.find(sum)
	if err == nil && i != none && !p.disclosures[i].element {
		err = badDisclosure("an array element has a name")
	}
	return i, err
}

// disclosed processes the value of a disclosure that stands at the path.
func (p *processor) disclosed(i, within int) (any, error) {
	p.places[i] = place{found: true, path: slices.Clone(p.at), within: within}
	return p.value(p.disclosures[i].value, i)
}

// find gives the disclosure of a digest, or none. A digest may be met once.
func (p *processor) find(v strictjson.Value) (int, error) {
	sum, ok := isDigest(v)
	if !ok {
		return none, badDigest()
	}
	of, disclosed := p.byDigest[sum]
	switch {
	case of.met:
		return none, invalid("digest-repeated", "a digest appears twice")
	case !disclosed:
		of.disclosure = none
	}
	of.met = true
	p.byDigest[sum] = of
	return of.disclosure, nil
}

func badDigest() error { return invalid("digest", "a digest is malformed") }

func tooDeep() error { return invalid("too-deep", "the claims nest deeper than %d", maxDepth) }

// holdsDigest reports whether a digest, or what is named like one, stands
// anywhere in v.
func holdsDigest(v strictjson.Value) bool {
	for name, inner := range v.Members() {
		if name == digestsMember || name == elementMember || holdsDigest(inner) {
			return true
		}
	}
	if v.Kind() == strictjson.Array {
		for item := range v.Items() {
			if holdsDigest(item) {
				return true
			}
		}
	}
	return false
}
