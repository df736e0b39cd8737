package sdjwt

import (
	"encoding/binary"
	"io"
	"maps"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
)

// concealer puts digests in the place of claims.
type concealer struct {
	random      io.Reader
	disclosable []path
	decoys      int

	disclosures []string // made so far; what is inside another comes before it
}

func (c *concealer) value(v any, at path) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		return c.object(v, at)
	case []any:
		return c.array(v, at)
	}
	return v, nil
}

func (c *concealer) object(members map[string]any, at path) (map[string]any, error) {
	if len(at) >= maxDepth {
		return nil, tooDeep()
	}
	out := map[string]any{}
	digests := []any{}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		switch name {
		case digestsMember, elementMember, hashMember:
			return nil, invalid("reserved-name", "a claim is called %s", name)
		}
		here := at.below(step{name: name})
		v, err := c.value(members[name], here)
		if err != nil {
			return nil, err
		}
		if !c.conceals(here) {
			out[name] = v
			continue
		}
		sum, err := c.disclose(name, v)
		if err != nil {
			return nil, err
		}
		digests = append(digests, sum)
	}
	if len(digests) == 0 {
		return out, nil
	}
	for range c.decoys {
		sum, err := c.decoy()
		if err != nil {
			return nil, err
		}
		digests = append(digests, sum)
	}
	// Sorted, so that the order tells nothing (RFC 9901 section 4.2.4.1).
	slices.SortFunc(digests, func(a, b any) int {
		if a.(string) < b.(string) {
			return -1
		}
		return 1
	})
	out[digestsMember] = digests
	return out, nil
}

func (c *concealer) array(items []any, at path) ([]any, error) {
	if len(at) >= maxDepth {
		return nil, tooDeep()
	}
	out := []any{}
	concealed := false
	for i, item := range items {
		here := at.below(step{element: true, index: i})
		v, err := c.value(item, here)
		if err != nil {
			return nil, err
		}
		if c.conceals(here) {
			concealed = true
			sum, err := c.disclose(v)
			if err != nil {
				return nil, err
			}
			v = map[string]any{elementMember: sum}
		}
		out = append(out, v)
	}
	if !concealed {
		return out, nil
	}
	for range c.decoys {
		sum, err := c.decoy()
		if err != nil {
			return nil, err
		}
		place, err := readRandom(c.random, 8)
		if err != nil {
			return nil, err
		}
		i := int(binary.BigEndian.Uint64(place) % uint64(len(out)+1))
		out = slices.Insert(out, i, any(map[string]any{elementMember: sum}))
	}
	return out, nil
}

func (c *concealer) conceals(at path) bool {
	return slices.ContainsFunc(c.disclosable, func(p path) bool { return p.covers(at) })
}

// disclose makes a disclosure of its items and gives the digest.
func (c *concealer) disclose(items ...any) (string, error) {
	encoded, err := writeDisclosure(c.random, items...)
	if err != nil {
		return "", err
	}
	c.disclosures = append(c.disclosures, encoded)
	return digest(encoded), nil
}

// decoy is the digest of a random number.
func (c *concealer) decoy() (string, error) {
	b, err := readRandom(c.random, digestBytes)
	if err != nil {
		return "", err
	}
	return digest(base64url.Encode(b)), nil
}
