package jsonld

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	rdf           = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	rdfType       = "<" + rdf + "type>"
	rdfJSON       = rdf + "JSON"
	rdfLangString = rdf + "langString"
	xsd           = "http://www.w3.org/2001/XMLSchema#"
	xsdString     = xsd + "string"
	i18n          = "https://www.w3.org/ns/i18n#"
)

// rdfTerm is an IRI or a literal, as N-Quads writes it, or else a blank node
// with a number from 1. The zero value is the default graph.
type rdfTerm struct {
	text  string
	blank int
}

// quad is a statement. Predicates are never blank.
type quad struct {
	subject, object, graph rdfTerm
	predicate              string
}

// blanks gives the blank nodes that the statement mentions, each once, and 0 in
// the place of anything else.
func (q *quad) blanks() [3]int {
	all := [3]int{q.subject.blank, q.object.blank, q.graph.blank}
	if all[1] == all[0] {
		all[1] = 0
	}
	if all[2] == all[0] || all[2] == all[1] {
		all[2] = 0
	}
	return all
}

// append writes a line.
func (q *quad) append(out []byte, by labelling) []byte {
	out = append(q.subject.append(out, by), ' ')
	out = append(append(out, q.predicate...), ' ')
	out = append(q.object.append(out, by), ' ')
	if q.graph != (rdfTerm{}) {
		out = append(q.graph.append(out, by), ' ')
	}
	return append(out, ".\n"...)
}

func (t rdfTerm) append(out []byte, by labelling) []byte {
	if t.blank > 0 {
		return by.append(out, t.blank)
	}
	return append(out, t.text...)
}

// terms writes the text of terms one after the other, all in one buffer.
type terms struct{ buffer strings.Builder }

// since is what was written from a place on.
func (t *terms) since(from int) rdfTerm { return rdfTerm{text: t.buffer.String()[from:]} }

func (t *terms) iri(iri string) rdfTerm {
	from := t.buffer.Len()
	t.buffer.WriteByte('<')
	t.buffer.WriteString(iri)
	t.buffer.WriteByte('>')
	return t.since(from)
}

func (t *terms) literal(value, datatype string) rdfTerm {
	from := t.buffer.Len()
	t.quoted(value)
	if datatype != xsdString {
		t.buffer.WriteString("^^<")
		t.buffer.WriteString(datatype)
		t.buffer.WriteByte('>')
	}
	return t.since(from)
}

func (t *terms) inLanguage(value, tag string) rdfTerm {
	from := t.buffer.Len()
	t.quoted(value)
	t.buffer.WriteByte('@')
	t.buffer.WriteString(tag)
	return t.since(from)
}

// quoted escapes as canonical N-Quads does (RDF 1.1 N-Quads, and RDFC-1.0,
// section 5): the short escapes, \u for other control characters, everything
// else as it is.
func (t *terms) quoted(s string) {
	const hexDigits = "0123456789ABCDEF"
	b := &t.buffer
	b.WriteByte('"')
	plain := 0 // where what needs no escape begins
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c != 0x7F {
			continue
		}
		b.WriteString(s[plain:i])
		plain = i + 1
		b.WriteByte('\\')
		switch c {
		case '"', '\\':
			b.WriteByte(c)
		case '\b':
			b.WriteByte('b')
		case '\t':
			b.WriteByte('t')
		case '\n':
			b.WriteByte('n')
		case '\f':
			b.WriteByte('f')
		case '\r':
			b.WriteByte('r')
		default:
			b.WriteString("u00")
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&0xF])
		}
	}
	b.WriteString(s[plain:])
	b.WriteByte('"')
}

// absolute reports whether s is an absolute IRI that N-Quads can write and that
// holds no white space of any alphabet, which implementations differ on.
func absolute(s string) bool {
	colon := strings.IndexByte(s, ':')
	if colon < 1 || colon == len(s)-1 {
		return false
	}
	for i, c := range []byte(s[:colon]) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || !('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.')) {
			return false
		}
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			return !strings.ContainsFunc(s[i:], outsideIRI)
		case c <= 0x20 || c == 0x7F || outside[c]:
			return false
		}
	}
	return true
}

// outside are the printable characters of ASCII that no IRI holds.
var outside = [utf8.RuneSelf]bool{'<': true, '>': true, '"': true, '{': true, '}': true, '|': true, '^': true, '`': true, '\\': true}

func outsideIRI(r rune) bool {
	return r <= 0x20 || r == 0x7F || r == 0xFEFF || unicode.IsSpace(r) || r < utf8.RuneSelf && outside[r]
}
