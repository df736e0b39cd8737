package jsonld

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"slices"
	"strconv"
	"sync"
)

// canonicaliser is the canonicalization state of RDFC-1.0, section 4.2. Blank
// nodes are numbers from 1; what is kept of each stands at its number.
type canonicaliser struct {
	text   []byte // of the terms
	quads  []quad
	digest digest
	// The statements that mention a blank node b are mentions[begins[b]:begins[b+1]].
	begins, mentions []int32
	firsts           []byte  // first degree hashes, one after the other
	labels           []int32 // 1 more than the number of the canonical label, 0 while there is none
	issued           int32
	order            []int32
	lines            lines
	out              []byte
	work             int
}

// idle keeps the buffers of canonicalisers that are done.
var idle = sync.Pool{New: func() any { return new(canonicaliser) }}

// canonicalise is RDFC-1.0, section 4.4, of statements whose terms are in a text.
func canonicalise(text []byte, quads []quad, hash crypto.Hash) ([]byte, error) {
	c, err := canonical(text, quads, hash)
	if err != nil {
		return nil, err
	}
	defer c.release()
	return bytes.Clone(c.out), nil
}

// canonical writes the canonical form to out of the canonicaliser, which the
// caller releases.
func canonical(text []byte, quads []quad, hash crypto.Hash) (*canonicaliser, error) {
	digest, ok := digests[hash]
	if !ok {
		return nil, refuse("hash", "RDFC-1.0 is defined here for SHA-256 and SHA-384")
	}
	c := idle.Get().(*canonicaliser)
	c.text = text
	c.begin(quads, digest)
	err := c.label()
	if err == nil {
		err = c.write()
	}
	if err != nil {
		c.release()
		return nil, err
	}
	return c, nil
}

func (c *canonicaliser) release() {
	c.text, c.quads = nil, nil
	idle.Put(c)
}

// begin lists who mentions each blank node.
func (c *canonicaliser) begin(quads []quad, digest digest) {
	blanks := int32(0)
	for i := range quads {
		q := &quads[i]
		blanks = max(blanks, q.subject.blank, q.object.blank, q.graph.blank)
	}
	c.quads, c.digest, c.issued, c.work = quads, digest, 0, 0
	c.labels = zeroed(c.labels, int(blanks)+1)
	c.begins = zeroed(c.begins, int(blanks)+2)
	total := int32(0)
	for i := range quads {
		for _, blank := range quads[i].blanks() {
			if blank > 0 {
				c.begins[blank]++
				total++
			}
		}
	}
	c.mentions = zeroed(c.mentions, int(total))
	for b := 1; b < len(c.begins); b++ {
		c.begins[b] += c.begins[b-1]
	}
	// From the last statement to the first, so that each list begins where the
	// count before it ends.
	for i := len(quads) - 1; i >= 0; i-- {
		for _, blank := range quads[i].blanks() {
			if blank > 0 {
				c.begins[blank]--
				c.mentions[c.begins[blank]] = int32(i)
			}
		}
	}
}

func zeroed[T any](s []T, n int) []T {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

// mentioning gives the statements that mention a blank node.
func (c *canonicaliser) mentioning(blank int32) []int32 {
	return c.mentions[c.begins[blank]:c.begins[blank+1]]
}

// label gives every blank node its canonical label (steps 3 to 5).
func (c *canonicaliser) label() error {
	c.order = c.order[:0]
	for blank := int32(1); blank < int32(len(c.labels)); blank++ {
		if len(c.mentioning(blank)) > 0 {
			c.order = append(c.order, blank)
		}
	}
	if len(c.order) == 1 { // nothing to be told from
		c.issue(c.order[0])
		return nil
	}
	c.hashFirstDegrees()
	slices.SortFunc(c.order, func(a, b int32) int { return bytes.Compare(c.first(a), c.first(b)) })
	var shared [][]int32
	for at := 0; at < len(c.order); {
		end := at + 1
		for end < len(c.order) && bytes.Equal(c.first(c.order[at]), c.first(c.order[end])) {
			end++
		}
		if end == at+1 {
			c.issue(c.order[at])
		} else {
			shared = append(shared, c.order[at:end])
		}
		at = end
	}
	for _, alike := range shared {
		if err := c.labelAlike(alike); err != nil {
			return err
		}
	}
	return nil
}

// issue gives a blank node the next canonical label, if it has none.
func (c *canonicaliser) issue(blank int32) {
	if c.labels[blank] == 0 {
		c.issued++
		c.labels[blank] = c.issued
	}
}

// first is a blank node's first degree hash.
func (c *canonicaliser) first(blank int32) []byte {
	return c.firsts[int(blank)*c.digest.size:][:c.digest.size]
}

// hashFirstDegrees is section 4.6, for all: the hash of the statements that
// mention a blank node, written without other blank nodes' labels.
func (c *canonicaliser) hashFirstDegrees() {
	c.firsts = zeroed(c.firsts, len(c.labels)*c.digest.size)
	for _, blank := range c.order {
		c.lines.reset()
		for _, at := range c.mentioning(blank) {
			c.lines.add(&c.quads[at], c.text, labelling{self: blank})
		}
		c.lines.sort()
		c.out = c.lines.join(c.out[:0])
		c.digest.sum(c.first(blank), c.out)
	}
}

// write writes the lines by their labels. A repeated one is refused: the
// document could lose one of the two and keep its signature.
func (c *canonicaliser) write() error {
	c.lines.reset()
	for i := range c.quads {
		c.lines.add(&c.quads[i], c.text, labelling{canonical: c.labels})
	}
	c.lines.sort()
	if c.lines.repeated() {
		return refuse("repeated-value", "a value is stated twice")
	}
	c.out = c.lines.join(c.out[:0])
	return nil
}

// digest is the hash inside RDFC-1.0.
type digest struct {
	size int
	sum  func(into, data []byte)
}

var digests = map[crypto.Hash]digest{
	crypto.SHA256: {sha256.Size, func(into, data []byte) {
		sum := sha256.Sum256(data)
		copy(into, sum[:])
	}},
	crypto.SHA384: {sha512.Size384, func(into, data []byte) {
		sum := sha512.Sum384(data)
		copy(into, sum[:])
	}},
}

// lines are statements as canonical N-Quads writes them, in one buffer.
type lines struct {
	text []byte
	each []line
}

// line is where one stands.
type line struct{ from, to int }

func (l *lines) reset() { l.text, l.each = l.text[:0], l.each[:0] }

func (l *lines) add(q *quad, text []byte, by labelling) {
	from := len(l.text)
	l.text = q.append(l.text, text, by)
	l.each = append(l.each, line{from, len(l.text)})
}

func (l *lines) sort() {
	slices.SortFunc(l.each, func(a, b line) int { return bytes.Compare(l.text[a.from:a.to], l.text[b.from:b.to]) })
}

// repeated reports whether two sorted lines are the same.
func (l *lines) repeated() bool {
	for i := 1; i < len(l.each); i++ {
		if a, b := l.each[i-1], l.each[i]; bytes.Equal(l.text[a.from:a.to], l.text[b.from:b.to]) {
			return true
		}
	}
	return false
}

func (l *lines) join(out []byte) []byte {
	for _, one := range l.each {
		out = append(out, l.text[one.from:one.to]...)
	}
	return out
}

// labelling says how blank nodes are called: by canonical labels, or, without
// any, the one that is looked at a and all others z (section 4.6, step 3).
type labelling struct {
	canonical []int32
	self      int32
}

func (l labelling) append(out []byte, blank int32) []byte {
	switch {
	case l.canonical != nil:
		return strconv.AppendInt(append(out, "_:c14n"...), int64(l.canonical[blank]-1), 10)
	case blank == l.self:
		return append(out, "_:a"...)
	}
	return append(out, "_:z"...)
}
