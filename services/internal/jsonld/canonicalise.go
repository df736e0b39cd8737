package jsonld

import (
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// maxWork bounds the comparison of blank nodes that look alike, which takes
// exponential time for graphs made to poison it (RDFC-1.0, section 7.1). A
// unit is one statement or one candidate order looked at; documents of ours
// need a few hundred.
const maxWork = 10_000

// issuer gives blank nodes new labels in the order they are asked for.
type issuer struct {
	prefix string
	labels map[int]string
	order  []int
}

func newIssuer(prefix string) *issuer { return &issuer{prefix: prefix, labels: map[int]string{}} }

func (i *issuer) issue(blank int) string {
	label, ok := i.labels[blank]
	if !ok {
		label = i.prefix + strconv.Itoa(len(i.order))
		i.labels[blank] = label
		i.order = append(i.order, blank)
	}
	return label
}

func (i *issuer) clone() *issuer {
	c := &issuer{prefix: i.prefix, labels: make(map[int]string, len(i.labels)), order: slices.Clone(i.order)}
	for blank, label := range i.labels {
		c.labels[blank] = label
	}
	return c
}

// canonicaliser is the canonicalization state of RDFC-1.0, section 4.2.
type canonicaliser struct {
	mentions  map[int][]*quad // the statements that mention a blank node
	firstHash map[int]string
	canonical *issuer
	digest    func(string) string
	work      int
}

func newCanonicaliser(quads []quad, digest func(string) string) *canonicaliser {
	c := &canonicaliser{mentions: map[int][]*quad{}, firstHash: map[int]string{}, canonical: newIssuer("c14n"), digest: digest}
	for i := range quads {
		q := &quads[i]
		for n, t := range [...]rdfTerm{q.subject, q.object, q.graph} {
			repeated := n > 0 && t == q.subject || n > 1 && t == q.object
			if t.blank > 0 && !repeated {
				c.mentions[t.blank] = append(c.mentions[t.blank], q)
			}
		}
	}
	return c
}

// canonicalise is RDFC-1.0, section 4.4.
func canonicalise(quads []quad, hash crypto.Hash) ([]byte, error) {
	digest, err := digestOf(hash)
	if err != nil {
		return nil, err
	}
	c := newCanonicaliser(quads, digest)
	if err := c.label(); err != nil {
		return nil, err
	}
	lines := make([]string, len(quads))
	size := 0
	for i := range quads {
		lines[i] = quads[i].line(c.canonical.issue)
		size += len(lines[i])
	}
	slices.Sort(lines)
	out := make([]byte, 0, size)
	for _, line := range lines {
		out = append(out, line...)
	}
	return out, nil
}

// label gives every blank node its canonical label (steps 3 to 5).
func (c *canonicaliser) label() error {
	byHash := map[string][]int{}
	for blank := range c.mentions {
		hash := c.hashFirstDegree(blank)
		byHash[hash] = append(byHash[hash], blank)
	}
	var shared []string
	for _, hash := range sortedKeys(byHash) {
		if alike := byHash[hash]; len(alike) > 1 {
			shared = append(shared, hash)
		} else {
			c.canonical.issue(alike[0])
		}
	}
	for _, hash := range shared {
		if err := c.labelAlike(byHash[hash]); err != nil {
			return err
		}
	}
	return nil
}

// labelAlike labels blank nodes that their own statements do not tell apart.
func (c *canonicaliser) labelAlike(alike []int) error {
	var paths []hashPath
	for _, blank := range alike {
		if _, done := c.canonical.labels[blank]; done {
			continue
		}
		temporary := newIssuer("b")
		temporary.issue(blank)
		path, err := c.hashNDegree(blank, temporary)
		if err != nil {
			return err
		}
		paths = append(paths, path)
	}
	slices.SortStableFunc(paths, func(a, b hashPath) int { return strings.Compare(a.hash, b.hash) })
	for _, path := range paths {
		for _, blank := range path.issuer.order {
			c.canonical.issue(blank)
		}
	}
	return nil
}

// hashFirstDegree is section 4.6: the hash of the statements that mention a
// blank node, written without other blank nodes' labels.
func (c *canonicaliser) hashFirstDegree(blank int) string {
	if hash, ok := c.firstHash[blank]; ok {
		return hash
	}
	mentions := c.mentions[blank]
	lines := make([]string, len(mentions))
	for i, q := range mentions {
		lines[i] = q.line(func(other int) string {
			if other == blank {
				return "a"
			}
			return "z"
		})
	}
	slices.Sort(lines)
	hash := c.digest(strings.Join(lines, ""))
	c.firstHash[blank] = hash
	return hash
}

// hashRelated is section 4.7: how a blank node stands in a statement about
// another.
func (c *canonicaliser) hashRelated(related int, q *quad, temporary *issuer, position string) string {
	input := position
	if position != "g" {
		input += q.predicate
	}
	if label, ok := c.canonical.labels[related]; ok {
		input += "_:" + label
	} else if label, ok := temporary.labels[related]; ok {
		input += "_:" + label
	} else {
		input += c.hashFirstDegree(related)
	}
	return c.digest(input)
}

// hashPath is a hash and the labels that lead to it.
type hashPath struct {
	hash   string
	issuer *issuer
}

// hashNDegree is section 4.8.
func (c *canonicaliser) hashNDegree(blank int, temporary *issuer) (hashPath, error) {
	byHash := map[string][]int{}
	for _, q := range c.mentions[blank] {
		if err := c.spend(); err != nil {
			return hashPath{}, err
		}
		for _, at := range [...]struct {
			term     rdfTerm
			position string
		}{{q.subject, "s"}, {q.object, "o"}, {q.graph, "g"}} {
			if at.term.blank == 0 || at.term.blank == blank {
				continue
			}
			hash := c.hashRelated(at.term.blank, q, temporary, at.position)
			byHash[hash] = append(byHash[hash], at.term.blank)
		}
	}
	var data strings.Builder
	for _, hash := range sortedKeys(byHash) {
		data.WriteString(hash)
		chosen, err := c.choosePath(byHash[hash], temporary)
		if err != nil {
			return hashPath{}, err
		}
		data.WriteString(chosen.hash)
		temporary = chosen.issuer
	}
	return hashPath{c.digest(data.String()), temporary}, nil
}

// choosePath tries every order of related blank nodes and gives the least
// path; the hash of what it returns is the path itself (steps 5.2 to 5.6).
func (c *canonicaliser) choosePath(related []int, temporary *issuer) (hashPath, error) {
	var chosen hashPath
	slices.Sort(related)
	for order := related; order != nil; order = nextPermutation(order) {
		if err := c.spend(); err != nil {
			return hashPath{}, err
		}
		path, better, err := c.followPath(order, temporary.clone(), chosen.hash)
		if err != nil {
			return hashPath{}, err
		}
		if better {
			chosen = path
		}
	}
	return chosen, nil
}

// followPath writes the path of one order, and gives up when it cannot be
// less than the best so far.
func (c *canonicaliser) followPath(order []int, temporary *issuer, best string) (hashPath, bool, error) {
	var path strings.Builder
	var recurse []int
	for _, blank := range order {
		path.WriteString("_:")
		if label, ok := c.canonical.labels[blank]; ok {
			path.WriteString(label)
		} else {
			if _, ok := temporary.labels[blank]; !ok {
				recurse = append(recurse, blank)
			}
			path.WriteString(temporary.issue(blank))
		}
		if exceeds(path.String(), best) {
			return hashPath{}, false, nil
		}
	}
	for _, blank := range recurse {
		deeper, err := c.hashNDegree(blank, temporary)
		if err != nil {
			return hashPath{}, false, err
		}
		path.WriteString("_:")
		path.WriteString(temporary.issue(blank))
		path.WriteString("<" + deeper.hash + ">")
		temporary = deeper.issuer
		if exceeds(path.String(), best) {
			return hashPath{}, false, nil
		}
	}
	if best != "" && path.String() >= best {
		return hashPath{}, false, nil
	}
	return hashPath{path.String(), temporary}, true, nil
}

func exceeds(path, best string) bool {
	return best != "" && len(path) >= len(best) && path > best
}

func (c *canonicaliser) spend() error {
	if c.work++; c.work > maxWork {
		return refuse("too-alike", "the document has too many parts that cannot be told apart")
	}
	return nil
}

// nextPermutation gives the next order of the numbers in lexicographic order,
// nil after the last.
func nextPermutation(order []int) []int {
	i := len(order) - 2
	for i >= 0 && order[i] >= order[i+1] {
		i--
	}
	if i < 0 {
		return nil
	}
	next := slices.Clone(order)
	j := len(next) - 1
	for next[j] <= next[i] {
		j--
	}
	next[i], next[j] = next[j], next[i]
	slices.Reverse(next[i+1:])
	return next
}

// digestOf gives the hash of RDFC-1.0 in lower case hexadecimal.
func digestOf(hash crypto.Hash) (func(string) string, error) {
	switch hash {
	case crypto.SHA256:
		return func(s string) string {
			sum := sha256.Sum256([]byte(s))
			return hex.EncodeToString(sum[:])
		}, nil
	case crypto.SHA384:
		return func(s string) string {
			sum := sha512.Sum384([]byte(s))
			return hex.EncodeToString(sum[:])
		}, nil
	}
	return nil, refuse("hash", "RDFC-1.0 is defined here for SHA-256 and SHA-384")
}

func sortedKeys(m map[string][]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
