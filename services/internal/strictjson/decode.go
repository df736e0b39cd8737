// Package strictjson reads JSON that strangers wrote. It refuses what other
// readers resolve in different ways: duplicate member names, member names in
// another case, data after the value, a byte order mark, invalid UTF-8, lone
// surrogates, NUL, numbers that lose digits in a 64-bit float, and nesting
// without end. What it accepts means one thing to every reader (RFC 8259,
// RFC 7493).
//
// It never repairs, never guesses and never panics, and its errors say where
// the text is wrong, not what stood there.
package strictjson

import (
	"encoding/json"
	"slices"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Defaults of Limits.
const (
	DefaultBytes = 1 << 20
	DefaultDepth = 64
)

// Limits bound what is read. The zero value stands for the defaults.
type Limits struct {
	// Bytes is the longest text in bytes.
	Bytes int
	// Depth is how deep arrays and objects may nest.
	Depth int
}

// Decode reads one JSON text under the limits. It gives map[string]any,
// []any, json.Number, string, bool or nil. Every json.Number is written as
// the sender wrote it and survives a float64 unchanged: it stands for an
// integer of at most 2^53-1, or for the very decimal that the nearest float64
// is printed as. Errors are fault.Invalid.
func Decode(data []byte, limits Limits) (any, error) {
	v, _, err := parse(data, limits)
	return v, err
}

// parse also says whether the text is the canonical form of its value.
func parse(data []byte, limits Limits) (v any, canonical bool, err error) {
	maxBytes, maxDepth := limits.Bytes, limits.Depth
	if maxBytes <= 0 {
		maxBytes = DefaultBytes
	}
	if maxDepth <= 0 {
		maxDepth = DefaultDepth
	}
	if len(data) > maxBytes {
		return nil, false, fault.New(fault.Invalid, "json.too-large", "the text is longer than %d bytes", maxBytes)
	}
	if !utf8.Valid(data) {
		return nil, false, fault.New(fault.Invalid, "json.utf8", "the text is not valid UTF-8")
	}
	if len(data) >= 3 && data[0] == 0xEF && data[1] == 0xBB && data[2] == 0xBF {
		return nil, false, fault.New(fault.Invalid, "json.byte-order-mark", "the text begins with a byte order mark")
	}
	p := parsers.Get().(*parser)
	defer p.release()
	p.text, p.depthLeft = string(data), maxDepth
	if v, err = p.value(); err != nil {
		return nil, false, err
	}
	p.space()
	if p.at != len(p.text) {
		return nil, false, p.fail("json.trailing-data", "something follows the value")
	}
	return v, !p.free, nil
}

// DecodeObject is Decode for a text that must be an object.
func DecodeObject(data []byte, limits Limits) (map[string]any, error) {
	object, _, err := ReadObject(data, limits)
	return object, err
}

// ReadObject is DecodeObject, and says whether the text is what Canonical makes of
// the object, which then need not be written again.
func ReadObject(data []byte, limits Limits) (object map[string]any, canonical bool, err error) {
	v, canonical, err := parse(data, limits)
	if err != nil {
		return nil, false, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, false, fault.New(fault.Invalid, "json.not-an-object", "the text is not a JSON object")
	}
	return object, canonical, nil
}

// parser is a recursive descent over text that is known to be UTF-8. Strings
// that hold no escapes are parts of the text.
type parser struct {
	text      string
	at        int
	depthLeft int
	members   []member // of the objects that are open
	items     []any    // of the arrays that are open
	free      bool     // the text is not in canonical form
}

type member struct {
	name  string
	value any
}

// parsers keeps the lists of parsers that are done.
var parsers = sync.Pool{New: func() any { return new(parser) }}

// release forgets what was read: an error may have left some of it in the lists.
func (p *parser) release() {
	clear(p.members)
	clear(p.items)
	*p = parser{members: p.members[:0], items: p.items[:0]}
	parsers.Put(p)
}

func (p *parser) fail(rule, message string) error {
	return fault.New(fault.Invalid, rule, "%s (at byte %d)", message, p.at)
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
	p.space()
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *parser) value() (any, error) {
	switch c := p.peek(); {
	case c == '{':
		return p.object()
	case c == '[':
		return p.array()
	case c == '"':
		return p.string()
	case c == '-' || '0' <= c && c <= '9':
		return p.number()
	case c == 't':
		return true, p.literal("true")
	case c == 'f':
		return false, p.literal("false")
	case c == 'n':
		return nil, p.literal("null")
	}
	return nil, p.fail("json.syntax", "a value was expected")
}

func (p *parser) literal(word string) error {
	if len(p.text)-p.at < len(word) || p.text[p.at:p.at+len(word)] != word {
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

func (p *parser) object() (any, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	if p.peek() == '}' {
		p.leave()
		return map[string]any{}, nil
	}
	first := len(p.members)
	for {
		if p.peek() != '"' {
			return nil, p.fail("json.syntax", "a member name was expected")
		}
		name, err := p.string()
		if err != nil {
			return nil, err
		}
		if p.peek() != ':' {
			return nil, p.fail("json.syntax", "a colon was expected")
		}
		p.at++
		value, err := p.value()
		if err != nil {
			return nil, err
		}
		if last := len(p.members); last > first && compareUTF16(p.members[last-1].name, name) > 0 {
			p.free = true
		}
		p.members = append(p.members, member{name, value})
		switch p.peek() {
		case ',':
			p.at++
		case '}':
			p.leave()
			return p.close(first)
		default:
			return nil, p.fail("json.syntax", "a comma or the end of the object was expected")
		}
	}
}

// close makes an object of the members from the first on.
func (p *parser) close(first int) (any, error) {
	members := p.members[first:]
	object := make(map[string]any, len(members))
	for _, m := range members {
		object[m.name] = m.value
	}
	if len(object) != len(members) {
		return nil, p.fail("json.duplicate-member", "a member name appears twice in the object that ends here")
	}
	clear(members)
	p.members = p.members[:first]
	return object, nil
}

func (p *parser) array() (any, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	if p.peek() == ']' {
		p.leave()
		return []any{}, nil
	}
	first := len(p.items)
	for {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		p.items = append(p.items, v)
		switch p.peek() {
		case ',':
			p.at++
		case ']':
			p.leave()
			items := slices.Clone(p.items[first:])
			clear(p.items[first:])
			p.items = p.items[:first]
			return items, nil
		default:
			return nil, p.fail("json.syntax", "a comma or the end of the array was expected")
		}
	}
}

// string reads a string whose opening quote is the next byte.
func (p *parser) string() (string, error) {
	p.at++
	start := p.at
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			s := p.text[start:p.at]
			p.at++
			return s, nil
		case c == '\\':
			return p.escapedString(start)
		case c < 0x20:
			return "", p.fail("json.control-character", "a control character stands in a string")
		}
	}
	return "", p.fail("json.syntax", "a string does not end")
}

// escapedString reads on from the first backslash of a string that began at
// start.
func (p *parser) escapedString(start int) (string, error) {
	out := append([]byte(nil), p.text[start:p.at]...)
	for p.at < len(p.text) {
		c := p.text[p.at]
		switch {
		case c == '"':
			if written, err := appendString(nil, string(out)); err != nil || string(written) != p.text[start-1:p.at+1] {
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

// hex4 reads \uXXXX.
func (p *parser) hex4() (rune, error) {
	if len(p.text)-p.at < 6 {
		return 0, p.fail("json.syntax", "an escape sequence is cut short")
	}
	var r rune
	for _, c := range []byte(p.text[p.at+2 : p.at+6]) {
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

func (p *parser) number() (any, error) {
	start := p.at
	for p.at < len(p.text) && isNumberByte(p.text[p.at]) {
		p.at++
	}
	text := p.text[start:p.at]
	if PlainInteger(text) || plainDecimal(text) {
		return json.Number(text), nil
	}
	if !wellFormedNumber(text) {
		return nil, p.fail("json.syntax", "a number is malformed")
	}
	if !exact(text) {
		return nil, p.fail("json.inexact-number", "a number cannot be kept exactly")
	}
	if written, err := appendCanonical(nil, json.Number(text)); err != nil || string(written) != text {
		p.free = true
	}
	return json.Number(text), nil
}

func isNumberByte(c byte) bool {
	return '0' <= c && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}
