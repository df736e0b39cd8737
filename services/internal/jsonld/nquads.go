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

// rdfTerm is an IRI or a literal, by where N-Quads has it written in a text, or
// else a blank node with a number from 1. The zero value is the default graph.
type rdfTerm struct{ from, to, blank int32 }

// quad is a statement. Predicates are never blank.
type quad struct {
	subject, object, graph rdfTerm
	predicate              string
}

// blanks gives the blank nodes that the statement mentions, each once, and 0 in
// the place of anything else.
func (q *quad) blanks() [3]int32 {
	all := [3]int32{q.subject.blank, q.object.blank, q.graph.blank}
	if all[1] == all[0] {
		all[1] = 0
	}
	if all[2] == all[0] || all[2] == all[1] {
		all[2] = 0
	}
	return all
}

// append writes a line; text is where the terms are.
func (q *quad) append(out, text []byte, by labelling) []byte {
	out = append(q.subject.append(out, text, by), ' ')
	out = append(append(out, q.predicate...), ' ')
	out = append(q.object.append(out, text, by), ' ')
	if q.graph != (rdfTerm{}) {
		out = append(q.graph.append(out, text, by), ' ')
	}
	return append(out, ".\n"...)
}

func (t rdfTerm) append(out, text []byte, by labelling) []byte {
	if t.blank > 0 {
		return by.append(out, t.blank)
	}
	return append(out, text[t.from:t.to]...)
}

// terms writes the text of terms, one after the other.
type terms struct{ text []byte }

// since is what was written from a place on.
func (t *terms) since(from int) rdfTerm { return rdfTerm{from: int32(from), to: int32(len(t.text))} }

func (t *terms) of(term rdfTerm) []byte { return t.text[term.from:term.to] }

func (t *terms) iri(iri string) rdfTerm {
	from := len(t.text)
	t.text = append(append(append(t.text, '<'), iri...), '>')
	return t.since(from)
}

func (t *terms) literal(value, datatype string) rdfTerm {
	from := len(t.text)
	t.quoted(value)
	if datatype != xsdString {
		t.text = append(append(append(t.text, "^^<"...), datatype...), '>')
	}
	return t.since(from)
}

func (t *terms) inLanguage(value, tag string) rdfTerm {
	from := len(t.text)
	t.quoted(value)
	t.text = append(append(t.text, '@'), tag...)
	return t.since(from)
}

// quoted escapes as canonical N-Quads does (RDF 1.1 N-Quads, and RDFC-1.0,
// section 5): the short escapes, \u for other control characters, everything
// else as it is.
func (t *terms) quoted(s string) {
	const hexDigits = "0123456789ABCDEF"
	out := append(t.text, '"')
	plain := 0 // where what needs no escape begins
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c != 0x7F {
			continue
		}
		out = append(out, s[plain:i]...)
		plain = i + 1
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\b':
			out = append(out, '\\', 'b')
		case '\t':
			out = append(out, '\\', 't')
		case '\n':
			out = append(out, '\\', 'n')
		case '\f':
			out = append(out, '\\', 'f')
		case '\r':
			out = append(out, '\\', 'r')
		default:
			out = append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xF])
		}
	}
	t.text = append(append(out, s[plain:]...), '"')
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
