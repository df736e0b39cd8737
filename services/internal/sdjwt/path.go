package sdjwt

import (
	"strconv"
	"strings"
)

// step is one step into claims: to a member of an object, or to an element of
// an array. In a list of paths it may stand for all of them.
type step struct {
	element bool
	all     bool
	name    string
	index   int
}

// path leads from the top of the claims to one of them.
type path []step

// below is p with one more step. It shares no memory with p.
func (p path) below(s step) path {
	return append(append(make(path, 0, len(p)+1), p...), s)
}

// String writes a path as readPath takes it.
func (p path) String() string {
	var b strings.Builder
	for i, s := range p {
		switch {
		case s.element && s.all:
			b.WriteString("[]")
			continue
		case s.element:
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
			continue
		case i > 0:
			b.WriteByte('.')
		}
		if s.all {
			b.WriteByte('*')
			continue
		}
		for _, c := range []byte(s.name) {
			if strings.IndexByte(special, c) >= 0 {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		}
	}
	return b.String()
}

// special are the characters that have a meaning in a path. In the name of a
// member a backslash stands before each.
const special = `.*[]\`

// readPath reads one path, see Draft.
func readPath(text string) (path, error) {
	var p path
	rest := text
	for {
		s, after, ok := readMember(rest)
		if !ok {
			return nil, badPath()
		}
		p, rest = append(p, s), after
		for strings.HasPrefix(rest, "[") {
			inside, after, ok := strings.Cut(rest[1:], "]")
			s := step{element: true, all: inside == ""}
			if !s.all {
				index, err := strconv.Atoi(inside)
				ok = ok && err == nil && strconv.Itoa(index) == inside && index >= 0
				s.index = index
			}
			if !ok {
				return nil, badPath()
			}
			p, rest = append(p, s), after
		}
		if len(p) > maxDepth {
			return nil, badPath()
		}
		if rest == "" {
			return p, nil
		}
		if rest[0] != '.' {
			return nil, badPath()
		}
		rest = rest[1:]
	}
}

func badPath() error { return invalid("path", "a path to a claim is malformed") }

// readMember reads a name, up to the next dot or bracket.
func readMember(text string) (s step, rest string, ok bool) {
	if after, all := strings.CutPrefix(text, "*"); all {
		return step{all: true}, after, true
	}
	var name []byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '.', '[':
			return step{name: string(name)}, text[i:], true
		case '*', ']':
			return step{}, "", false
		case '\\':
			if i++; i == len(text) || strings.IndexByte(special, text[i]) < 0 {
				return step{}, "", false
			}
			name = append(name, text[i])
		default:
			name = append(name, c)
		}
	}
	return step{name: string(name)}, "", true
}

func readPaths(texts []string) ([]path, error) {
	if len(texts) > maxPaths {
		return nil, invalid("path", "more than %d paths", maxPaths)
	}
	var paths []path
	for _, text := range texts {
		p, err := readPath(text)
		if err != nil {
			return nil, err
		}
		paths = append(paths, p)
	}
	return paths, nil
}

// covers reports whether p, which may stand for many, leads to other.
func (p path) covers(other path) bool {
	return len(p) == len(other) && p.above(other)
}

// above reports whether p, which may stand for many, leads to other or to
// something that other is part of.
func (p path) above(other path) bool {
	if len(p) > len(other) {
		return false
	}
	for i, s := range p {
		if o := other[i]; s.element != o.element || !s.all && (s.name != o.name || s.index != o.index) {
			return false
		}
	}
	return true
}
