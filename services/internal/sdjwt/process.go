package sdjwt

import (
	"iter"
	"maps"
	"slices"
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

// node is a claim that process came to: its path, and the innermost
// disclosure that it came with, or none.
type node struct {
	path   path
	within int
}

// process puts the disclosures in the places of their digests (RFC 9901
// section 7.1, step 3 to 5). Digests without a disclosure vanish. It refuses
// everything that the section has refused, a digest in a member that may not be
// disclosed, and claims that nest deeper than maxDepth. visit, when not nil, is
// told of each claim.
func process(payload map[string]any, disclosures []disclosure, visit func(node)) (claims, error) {
	p := processor{
		disclosures: disclosures,
		byDigest:    make(map[sum]known, 2*len(disclosures)), // decoys come to it
		places:      make([]place, len(disclosures)),
		visit:       visit,
	}
	for i, d := range disclosures {
		p.byDigest[sumOf(d.encoded)] = known{disclosure: i}
	}
	if len(p.byDigest) < len(disclosures) {
		return claims{}, invalid("disclosure-repeated", "a disclosure appears twice")
	}
	if name, has := payload[hashMember]; has && name != hashName {
		return claims{}, invalid("hash-algorithm", "the hash algorithm is not %s", hashName)
	}
	tree, err := p.object(payload, nil, none)
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
}

// known is what is known of a digest: the disclosure that it is of, or none, and
// whether it has been met.
type known struct {
	disclosure int
	met        bool
}

// value processes what stands at a path, within a disclosure.
func (p *processor) value(v any, at path, within int) (any, error) {
	if p.visit != nil {
		p.visit(node{at, within})
	}
	switch v := v.(type) {
	case map[string]any:
		return p.object(v, at, within)
	case []any:
		return p.array(v, at, within)
	}
	return v, nil
}

func (p *processor) object(members map[string]any, at path, within int) (map[string]any, error) {
	if len(at) >= maxDepth {
		return nil, tooDeep()
	}
	out := make(map[string]any, len(members))
	for name := range p.inOrder(members) {
		switch {
		case name == digestsMember || name == hashMember && len(at) == 0:
			continue
		case name == elementMember || name == hashMember:
			return nil, invalid("reserved-name", "a member is called %s", name)
		case len(at) == 0 && neverDisclosed[name] && holdsDigest(members[name]):
			return nil, invalid("disclosure-name", "part of %s is selectively disclosable", name)
		}
		v, err := p.value(members[name], at.below(step{name: name}), within)
		if err != nil {
			return nil, err
		}
		out[name] = v
	}
	digests, has := members[digestsMember]
	if !has {
		return out, nil
	}
	items, ok := digests.([]any)
	if !ok {
		return nil, badDigest()
	}
	for _, item := range items {
		if err := p.member(out, item, at, within); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// inOrder gives the names of members, sorted where somebody is told of them.
func (p *processor) inOrder(members map[string]any) iter.Seq[string] {
	if p.visit == nil {
		return maps.Keys(members)
	}
	return slices.Values(slices.Sorted(maps.Keys(members)))
}

// member adds the member that a digest in _sd stands for, if it is disclosed.
func (p *processor) member(to map[string]any, item any, at path, within int) error {
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
	if len(at) == 0 && neverDisclosed[d.name] {
		return invalid("disclosure-name", "%s is disclosed and may not be", d.name)
	}
	if _, twice := to[d.name]; twice {
		return invalid("disclosure-collision", "a disclosed claim is there already")
	}
	to[d.name], err = p.disclosed(i, at.below(step{name: d.name}), within)
	return err
}

func (p *processor) array(items []any, at path, within int) ([]any, error) {
	if len(at) >= maxDepth {
		return nil, tooDeep()
	}
	out := make([]any, 0, len(items))
	for _, item := range items {
		here := at.below(step{element: true, index: len(out)})
		object, _ := item.(map[string]any)
		sum, hidden := object[elementMember]
		if !hidden {
			v, err := p.value(item, here, within)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
			continue
		}
		if len(object) != 1 {
			return nil, invalid("reserved-name", "a member is called %s", elementMember)
		}
		i, err := p.find(sum)
		if err != nil {
			return nil, err
		}
		if i == none {
			continue
		}
		if !p.disclosures[i].element {
			return nil, badDisclosure("an array element has a name")
		}
		v, err := p.disclosed(i, here, within)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// disclosed processes the value of a disclosure that stands at a path.
func (p *processor) disclosed(i int, at path, within int) (any, error) {
	p.places[i] = place{found: true, path: at, within: within}
	return p.value(p.disclosures[i].value, at, i)
}

// find gives the disclosure of a digest, or none. A digest may be met once.
func (p *processor) find(v any) (int, error) {
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
func holdsDigest(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if name == digestsMember || name == elementMember || holdsDigest(inner) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, holdsDigest)
	}
	return false
}
