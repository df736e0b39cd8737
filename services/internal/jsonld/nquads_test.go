package jsonld

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// nquadsReader reads N-Quads (RDF 1.1 N-Quads, section 4) for tests. It knows
// the labels of the blank nodes it has numbered.
type nquadsReader struct {
	line   string
	blanks map[string]int32
	data   dataset
	known  map[string]rdfTerm
}

// once gives a term that was written before, where one was.
func (r *nquadsReader) once(t rdfTerm) rdfTerm {
	text := string(r.data.of(t))
	if before, ok := r.known[text]; ok {
		return before
	}
	r.known[text] = t
	return t
}

// readNQuads gives the statements of a dataset, each once, and the numbers of
// its blank nodes by label.
func readNQuads(text string) (dataset, map[string]int32, error) {
	r := nquadsReader{blanks: map[string]int32{}, known: map[string]rdfTerm{}}
	seen := map[quad]bool{}
	for _, line := range strings.Split(text, "\n") {
		if strings.TrimLeft(line, " \t") == "" {
			continue
		}
		r.line = line
		q, err := r.statement()
		if err != nil {
			return dataset{}, nil, fmt.Errorf("%w in %q", err, line)
		}
		if !seen[q] {
			r.data.quads = append(r.data.quads, q)
		}
		seen[q] = true
	}
	return r.data, r.blanks, nil
}

func (r *nquadsReader) statement() (q quad, err error) {
	if q.subject, err = r.term(false); err != nil {
		return q, err
	}
	predicate, err := r.term(false)
	if err != nil || predicate.blank > 0 {
		return q, fmt.Errorf("no predicate")
	}
	q.predicate = string(r.data.of(predicate))
	if q.object, err = r.term(true); err != nil {
		return q, err
	}
	if !r.skip(".") {
		if q.graph, err = r.term(false); err != nil {
			return q, err
		}
		if !r.skip(".") {
			return q, fmt.Errorf("no full stop")
		}
	}
	if r.line != "" {
		return q, fmt.Errorf("something follows the statement")
	}
	return q, nil
}

// skip drops white space and, if it comes next, the token.
func (r *nquadsReader) skip(token string) bool {
	r.line = strings.TrimLeft(r.line, " \t")
	rest, ok := strings.CutPrefix(r.line, token)
	if ok {
		r.line = rest
	}
	return ok
}

func (r *nquadsReader) term(orLiteral bool) (rdfTerm, error) {
	switch {
	case r.skip("<"):
		iri, err := r.until('>')
		return r.once(r.data.iri(iri)), err
	case r.skip("_:"):
		return r.blankNode()
	case orLiteral && r.skip(`"`):
		return r.literal()
	}
	return rdfTerm{}, fmt.Errorf("no term")
}

func (r *nquadsReader) blankNode() (rdfTerm, error) {
	end := strings.IndexAny(r.line, " \t")
	if end < 1 {
		return rdfTerm{}, fmt.Errorf("no label")
	}
	label := r.line[:end]
	r.line = r.line[end:]
	if r.blanks[label] == 0 {
		r.blanks[label] = int32(len(r.blanks) + 1)
	}
	return rdfTerm{blank: r.blanks[label]}, nil
}

func (r *nquadsReader) literal() (rdfTerm, error) {
	text, err := r.until('"')
	if err != nil {
		return rdfTerm{}, err
	}
	switch {
	case strings.HasPrefix(r.line, "^^<"):
		r.line = r.line[3:]
		datatype, err := r.until('>')
		return r.once(r.data.literal(text, datatype)), err
	case strings.HasPrefix(r.line, "@"):
		end := strings.IndexAny(r.line, " \t")
		if end < 0 || !languageTag(r.line[1:end]) {
			return rdfTerm{}, fmt.Errorf("no language tag")
		}
		tag := r.line[1:end]
		r.line = r.line[end:]
		return r.once(r.data.inLanguage(text, tag)), nil
	}
	return r.once(r.data.literal(text, xsdString)), nil
}

var nquadsEscapes = map[byte]byte{'t': '\t', 'b': '\b', 'n': '\n', 'r': '\r', 'f': '\f', '"': '"', '\'': '\'', '\\': '\\'}

// until reads to the end of an IRI or a string, whose escapes differ only in
// what this reader need not refuse.
func (r *nquadsReader) until(end byte) (string, error) {
	var out []byte
	for i := 0; i < len(r.line); i++ {
		c := r.line[i]
		if c == end {
			r.line = r.line[i+1:]
			return string(out), nil
		}
		if c != '\\' {
			out = append(out, c)
			continue
		}
		i++
		if i == len(r.line) {
			break
		}
		if plain, ok := nquadsEscapes[r.line[i]]; ok {
			out = append(out, plain)
			continue
		}
		digits := map[byte]int{'u': 4, 'U': 8}[r.line[i]]
		if digits == 0 || i+digits >= len(r.line) {
			return "", fmt.Errorf("an unknown escape")
		}
		code, err := strconv.ParseUint(r.line[i+1:i+1+digits], 16, 32)
		if err != nil || !utf8.ValidRune(rune(code)) {
			return "", fmt.Errorf("an escape of no character")
		}
		out = utf8.AppendRune(out, rune(code))
		i += digits
	}
	return "", fmt.Errorf("an IRI or a string does not end")
}

func TestReaderOfNQuadsRefusesWhatIsNone(t *testing.T) {
	for _, text := range []string{
		`<a:a> <a:b> <a:c>`, `<a:a> <a:b> .`, `<a:a> _:b <a:c> .`, `"a" <a:b> <a:c> .`, `<a:a> <a:b> "c .`, `<a:a> <a:b> "c"@ .`, `<a:a> <a:b> <a:c> . x`,
		`<a:a> <a:b> "\x" .`, `<a:a> <a:b> "\u12" .`, `<a:a> <a:b> "\ud800" .`, `<a:a> <a:b> <a:c> "g" .`, `_: <a:b> <a:c> .`,
	} {
		if _, _, err := readNQuads(text); err == nil {
			t.Errorf("%s was read", text)
		}
	}
}
