package jsonld

import (
	"strings"
	"unicode"
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

func iriTerm(iri string) rdfTerm { return rdfTerm{text: "<" + iri + ">"} }

func literalTerm(value, datatype string) rdfTerm {
	text := `"` + escapeLiteral(value) + `"`
	if datatype != xsdString {
		text += "^^<" + datatype + ">"
	}
	return rdfTerm{text: text}
}

func languageTerm(value, language string) rdfTerm {
	return rdfTerm{text: `"` + escapeLiteral(value) + `"@` + language}
}

// escapeLiteral escapes as canonical N-Quads does (RDF 1.1 N-Quads, and
// RDFC-1.0, section 5): the short escapes, \u for other control characters,
// everything else as it is.
func escapeLiteral(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == '"' || r == '\\' || r == 0x7F }) {
		return s
	}
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\b':
			b.WriteString(`\b`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\f':
			b.WriteString(`\f`)
		case c == '\r':
			b.WriteString(`\r`)
		case c < 0x20 || c == 0x7F:
			b.WriteString(`\u00`)
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&0xF])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// line writes a quad with the labels that label gives to blank nodes.
func (q *quad) line(label func(blank int) string) string {
	var b strings.Builder
	write := func(t rdfTerm) {
		if t.blank > 0 {
			b.WriteString("_:")
			b.WriteString(label(t.blank))
		} else {
			b.WriteString(t.text)
		}
		b.WriteByte(' ')
	}
	write(q.subject)
	b.WriteString(q.predicate)
	b.WriteByte(' ')
	write(q.object)
	if q.graph != (rdfTerm{}) {
		write(q.graph)
	}
	b.WriteString(".\n")
	return b.String()
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
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r <= 0x20 || r == 0x7F || r == 0xFEFF || unicode.IsSpace(r) || strings.ContainsRune("<>\"{}|^`\\", r)
	})
}
