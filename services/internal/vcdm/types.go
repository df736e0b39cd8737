package vcdm

import (
	"slices"
	"strings"
	"unicode"

	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// maxTypes bounds what is compared with one another.
const maxTypes = 32

// kinds are the types that say what kind of document one is.
var kinds = []string{TypeCredential, TypePresentation, TypeEnvelopedCredential, TypeEnvelopedPresentation}

// readKind reads the types of a document, which must be of the kind and of no
// other that the data model has: a reader of another kind must not take it.
func readKind(doc strictjson.Value, kind string) ([]string, error) {
	types, err := readTypes(doc, "type", "the document")
	if err != nil {
		return nil, err
	}
	if !slices.Contains(types, kind) {
		return nil, invalid("type", "type does not name %s", kind)
	}
	for _, other := range kinds {
		if other != kind && slices.Contains(types, other) {
			return nil, invalid("type", "type names %s and %s", kind, other)
		}
	}
	return types, nil
}

// readTypes reads type (VCDM 2.0, section 4.5): one or more terms or absolute
// URLs, in any order. An object without type has none.
func readTypes(object strictjson.Value, rule, owner string) ([]string, error) {
	value := object.Get("type")
	if !value.Exists() {
		return nil, nil
	}
	if value.Len() > maxTypes {
		return nil, invalid(rule, "%s is of more than %d types", owner, maxTypes)
	}
	if value.Kind() == strictjson.Array && value.Len() == 0 {
		return nil, invalid(rule, "the type of %s is an empty list", owner)
	}
	types := make([]string, 0, max(value.Len(), 1))
	for item := range value.Items() {
		name, _ := item.Text()
		if !isTerm(name) && !isURL(name) {
			return nil, invalid(rule, "the type of %s is neither a term nor an absolute URL", owner)
		}
		if slices.Contains(types, name) {
			return nil, invalid(rule, "the type of %s names the same twice", owner)
		}
		types = append(types, name)
	}
	return types, nil
}

// isTerm follows JSON-LD 1.1, section 9.1: a word that is neither a keyword nor
// part of an IRI. That a context defines it is checked where terms are.
func isTerm(s string) bool {
	return s != "" && len(s) <= maxIdentifierBytes && s[0] != '@' && !strings.ContainsFunc(s, func(r rune) bool {
		return r == ':' || r == '/' || !unicode.IsGraphic(r) || unicode.IsSpace(r)
	})
}
