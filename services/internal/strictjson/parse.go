package strictjson

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math/bits"
	"slices"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// tree is what was read, in two pieces of memory: the text, and a node for each value
// in the order in which they begin.
type tree struct {
	text      string
	nodes     []node
	unescaped []string // the strings that are written with escapes
	canonical bool     // the text is what Canonical makes of the value
}

func (t *tree) root() Value { return Value{tree: t} }

// node is a value; places are in bytes of the text.
type node struct {
	// The name, of a member of an object: where it is written between its quotes, or
	// from is negative and ^from its place among the unescaped.
	nameFrom, nameTo int32
	from, to         int32 // the whole value, a string with its quotes
	after            int32 // the node that follows this one and all that is inside it
	// size is how many members or items there are; of a string, 1 more than its place
	// among the unescaped, or 0.
	size int32
	kind Kind
}

// parse reads one JSON text under the limits.
func parse(data []byte, limits Limits) (*tree, error) {
	p := parsers.Get().(*parser)
	defer p.release()
	if err := p.read(data, 0, limits); err != nil {
		return nil, err
	}
	return p.tree(data), nil
}

// tree is what was read of data.
func (p *parser) tree(data []byte) *tree {
	return &tree{text: string(data), nodes: slices.Clone(p.nodes), unescaped: p.unescaped, canonical: !p.free}
}

// read reads the text that data has from a place to its end.
func (p *parser) read(data []byte, from int, limits Limits) error {
	maxBytes, maxDepth := limits.Bytes, limits.Depth
	if maxBytes <= 0 {
		maxBytes = DefaultBytes
	}
	if maxDepth <= 0 {
		maxDepth = DefaultDepth
	}
	text := data[from:]
	switch {
	case len(text) > maxBytes:
		return fault.New(fault.Invalid, "json.too-large", "the text is longer than %d bytes", maxBytes)
	case !utf8.Valid(text):
		return fault.New(fault.Invalid, "json.utf8", "the text is not valid UTF-8")
	case len(text) >= 3 && text[0] == 0xEF && text[1] == 0xBB && text[2] == 0xBF:
		return fault.New(fault.Invalid, "json.byte-order-mark", "the text begins with a byte order mark")
	}
	p.text, p.from, p.at, p.depthLeft = data, from, from, maxDepth
	if err := p.value(); err != nil {
		return err
	}
	p.space()
	if p.at != len(p.text) {
		return p.fail("json.trailing-data", "something follows the value")
	}
	return nil
}

// parser is a recursive descent over text that is known to be UTF-8.
type parser struct {
	text      []byte
	from, at  int
	depthLeft int
	nodes     []node
	unescaped []string
	free      bool // the text is not in canonical form
}

// parsers keeps the nodes of parsers that are done.
var parsers = sync.Pool{New: func() any { return new(parser) }}

func (p *parser) release() {
	*p = parser{nodes: p.nodes[:0]}
	parsers.Put(p)
}

func (p *parser) fail(rule, message string) error {
	return fault.New(fault.Invalid, rule, "%s (at byte %d)", message, p.at-p.from)
}

func (p *parser) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
			p.free = true
		default:
			return
		}
	}
}

// peek skips white space and gives the next byte, 0 at the end.
func (p *parser) peek() byte {
	if p.at < len(p.text) && p.text[p.at] > ' ' {
		return p.text[p.at]
	}
	p.space()
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

// value reads a value into a node, and what is inside into those that follow.
func (p *parser) value() error {
	c := p.peek()
	self := len(p.nodes)
	p.nodes = append(p.nodes, node{from: int32(p.at)})
	var kind Kind
	var size int32
	var err error
	switch {
	case c == '{':
		kind = Object
		size, err = p.object(self)
	case c == '[':
		kind = Array
		size, err = p.array()
	case c == '"':
		kind = String
		var escaped int32
		if _, _, escaped, err = p.string(); escaped < 0 {
			size = -escaped
		}
	case c == '-' || '0' <= c && c <= '9':
		kind = Number
		err = p.number()
	case c == 't':
		kind, err = Bool, p.literal("true")
	case c == 'f':
		kind, err = Bool, p.literal("false")
	case c == 'n':
		kind, err = Null, p.literal("null")
	default:
		err = p.fail("json.syntax", "a value was expected")
	}
	n := &p.nodes[self]
	n.to, n.after, n.size, n.kind = int32(p.at), int32(len(p.nodes)), size, kind
	return err
}

func (p *parser) literal(word string) error {
	if !bytes.HasPrefix(p.text[p.at:], []byte(word)) {
		return p.fail("json.syntax", "a value was expected")
	}
	p.at += len(word)
	return nil
}

func (p *parser) enter() error {
	if p.depthLeft == 0 {
		return p.fail("json.too-deep", "the text nests too deep")
	}
	p.depthLeft--
	p.at++
	return nil
}

func (p *parser) leave() {
	p.depthLeft++
	p.at++
}

// object reads the members of an object, whose node is self.
func (p *parser) object(self int) (members int32, err error) {
	if err := p.enter(); err != nil {
		return 0, err
	}
	if p.peek() == '}' {
		p.leave()
		return 0, nil
	}
	ordered := true
	for before := -1; ; members++ {
		if p.peek() != '"' {
			return 0, p.fail("json.syntax", "a member name was expected")
		}
		from, to, escaped, err := p.string()
		if err != nil {
			return 0, err
		}
		if escaped < 0 {
			from = escaped
		}
		if p.peek() != ':' {
			return 0, p.fail("json.syntax", "a colon was expected")
		}
		p.at++
		member := len(p.nodes)
		if err := p.value(); err != nil {
			return 0, err
		}
		p.nodes[member].nameFrom, p.nodes[member].nameTo = from, to
		if before >= 0 && compareUTF16(p.name(before), p.name(member)) >= 0 {
			ordered = false
		}
		before = member
		switch p.peek() {
		case ',':
			p.at++
		case '}':
			p.leave()
			if !ordered {
				p.free = true
				err = p.distinct(self, int(members)+1)
			}
			return members + 1, err
		default:
			return 0, p.fail("json.syntax", "a comma or the end of the object was expected")
		}
	}
}

// name is the name of a member's node.
func (p *parser) name(at int) []byte {
	n := &p.nodes[at]
	if n.nameFrom < 0 {
		return []byte(p.unescaped[^n.nameFrom])
	}
	return p.text[n.nameFrom:n.nameTo]
}

// few members are compared with each other, more are remembered.
const few = 24

// distinct wants the members of an object that are not in order to have different
// names.
func (p *parser) distinct(object, members int) error {
	twice := p.fail("json.duplicate-member", "a member name appears twice in the object that ends here")
	if members > few {
		seen := make(map[string]bool, members)
		for at := object + 1; at < len(p.nodes); at = int(p.nodes[at].after) {
			seen[string(p.name(at))] = true
		}
		if len(seen) < members {
			return twice
		}
		return nil
	}
	for at := object + 1; at < len(p.nodes); at = int(p.nodes[at].after) {
		for other := int(p.nodes[at].after); other < len(p.nodes); other = int(p.nodes[other].after) {
			if bytes.Equal(p.name(at), p.name(other)) {
				return twice
			}
		}
	}
	return nil
}

func (p *parser) array() (items int32, err error) {
	if err := p.enter(); err != nil {
		return 0, err
	}
	if p.peek() == ']' {
		p.leave()
		return 0, nil
	}
	for {
		if err := p.value(); err != nil {
			return 0, err
		}
		items++
		switch p.peek() {
		case ',':
			p.at++
		case ']':
			p.leave()
			return items, nil
		default:
			return 0, p.fail("json.syntax", "a comma or the end of the array was expected")
		}
	}
}

// string reads a string whose opening quote is the next byte: where it stands between
// its quotes or, when it has escapes, the place of what it means among the unescaped,
// as its negative less one.
func (p *parser) string() (from, to, escaped int32, err error) {
	p.at++
	start := p.at
	p.skip()
	if p.at == len(p.text) {
		return 0, 0, 0, p.fail("json.syntax", "a string does not end")
	}
	switch p.text[p.at] {
	case '"':
		p.at++
		return int32(start), int32(p.at - 1), 0, nil
	case '\\':
		s, err := p.escapedString(start)
		p.unescaped = append(p.unescaped, s)
		return int32(start), int32(p.at - 1), -int32(len(p.unescaped)), err
	}
	return 0, 0, 0, p.fail("json.control-character", "a control character stands in a string")
}

// skip passes over what stands for itself in a string, eight bytes at a time.
func (p *parser) skip() {
	const ones, highest = 0x0101010101010101, 0x8080808080808080
	for p.at+8 <= len(p.text) {
		w := binary.LittleEndian.Uint64(p.text[p.at:])
		quote, backslash := w^('"'*ones), w^('\\'*ones)
		// The highest bit of each byte that is below a space, a quote or a backslash;
		// of those above the first such byte it may be wrong.
		if end := ((w-' '*ones)&^w | (quote-ones)&^quote | (backslash-ones)&^backslash) & highest; end != 0 {
			p.at += bits.TrailingZeros64(end) / 8
			return
		}
		p.at += 8
	}
	for p.at < len(p.text) && p.text[p.at] >= ' ' && p.text[p.at] != '"' && p.text[p.at] != '\\' {
		p.at++
	}
}

// escapedString reads on from the first backslash of a string that began at
// start.
func (p *parser) escapedString(start int) (string, error) {
	out := append([]byte(nil), p.text[start:p.at]...)
	for p.at < len(p.text) {
		c := p.text[p.at]
		switch {
		case c == '"':
			if written, err := appendString(nil, string(out)); err != nil || !bytes.Equal(written, p.text[start-1:p.at+1]) {
				p.free = true
			}
			p.at++
			return string(out), nil
		case c < 0x20:
			return "", p.fail("json.control-character", "a control character stands in a string")
		case c != '\\':
			out = append(out, c)
			p.at++
		default:
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
		}
	}
	return "", p.fail("json.syntax", "a string does not end")
}

// escape reads one escape sequence, or the two of a surrogate pair.
func (p *parser) escape() (rune, error) {
	if p.at+1 >= len(p.text) {
		return 0, p.fail("json.syntax", "a string does not end")
	}
	c := p.text[p.at+1]
	if plain, ok := escapes[c]; ok {
		p.at += 2
		return plain, nil
	}
	if c != 'u' {
		return 0, p.fail("json.syntax", "an escape sequence is unknown")
	}
	r, err := p.hex4()
	if err != nil {
		return 0, err
	}
	if r == 0 {
		return 0, p.fail("json.nul", "a string holds NUL")
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if p.at+1 < len(p.text) && p.text[p.at] == '\\' && p.text[p.at+1] == 'u' {
		low, err := p.hex4()
		if err != nil {
			return 0, err
		}
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, nil
		}
	}
	return 0, p.fail("json.lone-surrogate", "a string holds half a surrogate pair")
}

var escapes = map[byte]rune{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// hex4 reads \u and the four hexadecimal digits after it.
func (p *parser) hex4() (rune, error) {
	if len(p.text)-p.at < 6 {
		return 0, p.fail("json.syntax", "an escape sequence is cut short")
	}
	var r rune
	for _, c := range p.text[p.at+2 : p.at+6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, p.fail("json.syntax", "an escape sequence is not hexadecimal")
		}
		r = r<<4 | rune(c)
	}
	p.at += 6
	return r, nil
}

func (p *parser) number() error {
	start := p.at
	for p.at < len(p.text) && isNumberByte(p.text[p.at]) {
		p.at++
	}
	if plain(p.text[start:p.at]) {
		return nil
	}
	text := string(p.text[start:p.at])
	if !wellFormedNumber(text) {
		return p.fail("json.syntax", "a number is malformed")
	}
	if !exact(text) {
		return p.fail("json.inexact-number", "a number cannot be kept exactly")
	}
	if written, err := appendCanonical(nil, json.Number(text)); err != nil || string(written) != text {
		p.free = true
	}
	return nil
}

func isNumberByte(c byte) bool {
	return '0' <= c && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}
