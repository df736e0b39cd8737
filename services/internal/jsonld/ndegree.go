package jsonld

import (
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// maxWork bounds the comparison of blank nodes that look alike, which takes
// exponential time for graphs made to poison it (RDFC-1.0, section 7.1). A
// unit is one statement or one candidate order looked at; documents of ours
// need a few hundred.
const maxWork = 10_000

// issuer gives blank nodes temporary labels in the order they are asked for.
type issuer struct {
	labels map[int32]string
	order  []int32
}

func newIssuer() *issuer { return &issuer{labels: map[int32]string{}} }

func (i *issuer) issue(blank int32) string {
	label, ok := i.labels[blank]
	if !ok {
		label = "b" + strconv.Itoa(len(i.order))
		i.labels[blank] = label
		i.order = append(i.order, blank)
	}
	return label
}

func (i *issuer) clone() *issuer { return &issuer{maps.Clone(i.labels), slices.Clone(i.order)} }

// labelAlike labels blank nodes that their own statements do not tell apart.
func (c *canonicaliser) labelAlike(alike []int32) error {
	var paths []hashPath
	for _, blank := range alike {
		if c.labels[blank] != 0 {
			continue
		}
		temporary := newIssuer()
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
			c.issue(blank)
		}
	}
	return nil
}

// canonicalLabel is the label of a blank node that has one.
func (c *canonicaliser) canonicalLabel(blank int32) (string, bool) {
	if c.labels[blank] == 0 {
		return "", false
	}
	return "c14n" + strconv.Itoa(int(c.labels[blank]-1)), true
}

func (c *canonicaliser) hex(data string) string {
	sum := make([]byte, c.digest.size)
	c.digest.sum(sum, []byte(data))
	return hex.EncodeToString(sum)
}

// hashRelated is section 4.7: how a blank node stands in a statement about
// another.
func (c *canonicaliser) hashRelated(related int32, q *quad, temporary *issuer, position string) string {
	input := position
	if position != "g" {
		input += q.predicate
	}
	if label, ok := c.canonicalLabel(related); ok {
		input += "_:" + label
	} else if label, ok := temporary.labels[related]; ok {
		input += "_:" + label
	} else {
		input += hex.EncodeToString(c.first(related))
	}
	return c.hex(input)
}

// hashPath is a hash and the labels that lead to it.
type hashPath struct {
	hash   string
	issuer *issuer
}

// hashNDegree is section 4.8.
func (c *canonicaliser) hashNDegree(blank int32, temporary *issuer) (hashPath, error) {
	byHash := map[string][]int32{}
	for _, at := range c.mentioning(blank) {
		if err := c.spend(); err != nil {
			return hashPath{}, err
		}
		q := &c.quads[at]
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
	for _, hash := range slices.Sorted(maps.Keys(byHash)) {
		data.WriteString(hash)
		chosen, err := c.choosePath(byHash[hash], temporary)
		if err != nil {
			return hashPath{}, err
		}
		data.WriteString(chosen.hash)
		temporary = chosen.issuer
	}
	return hashPath{c.hex(data.String()), temporary}, nil
}

// choosePath tries every order of related blank nodes and gives the least
// path; the hash of what it returns is the path itself (steps 5.2 to 5.6).
func (c *canonicaliser) choosePath(related []int32, temporary *issuer) (hashPath, error) {
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
func (c *canonicaliser) followPath(order []int32, temporary *issuer, best string) (hashPath, bool, error) {
	var path strings.Builder
	var recurse []int32
	for _, blank := range order {
		path.WriteString("_:")
		if label, ok := c.canonicalLabel(blank); ok {
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
func nextPermutation(order []int32) []int32 {
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
