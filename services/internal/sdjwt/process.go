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
func (p *processor) value(v strictjson.Value, at path, within int) (any, error) {
	if p.visit != nil {
		p.visit(node{at, within})
	}
	switch v.Kind() {
	case strictjson.Object:
		return p.object(v, at, within)
	case strictjson.Array:
		return p.array(v, at, within)
	}
	return v.Any(), nil
}

func (p *processor) object(members strictjson.Value, at path, within int) (map[string]any, error) {
	if len(at) >= maxDepth {
		return nil, tooDeep()
	}
	digests := members.Get(digestsMember)
	out := make(map[string]any, members.Len()+digests.Len())
	for name, member := range p.inOrder(members) {
		switch {
		case name == digestsMember || name == hashMember && len(at) == 0:
			continue
		case name == elementMember || name == hashMember:
			return nil, invalid("reserved-name", "a member is called %s", name)
		case len(at) == 0 && neverDisclosed[name] && holdsDigest(member):
			return nil, invalid("disclosure-name", "part of %s is selectively disclosable", name)
		}
		v, err := p.value(member, at.below(step{name: name}), within)
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
		if err := p.member(out, item, at, within); err != nil {
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
func (p *processor) member(to map[string]any, item strictjson.Value, at path, within int) error {
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

func (p *processor) array(items strictjson.Value, at path, within int) ([]any, error) {
	if len(at) >= maxDepth {
		return nil, tooDeep()
	}
	out := make([]any, 0, items.Len())
	for item := range items.Items() {
		here := at.below(step{element: true, index: len(out)})
		sum := item.Get(elementMember)
		if !sum.Exists() {
			v, err := p.value(item, here, within)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
			continue
		}
		if item.Len() != 1 {
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
