package pagetest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/a-h/templ/parser/v2"

	"github.com/kompetansespor/kompetansespor/services/internal/texts"
)

// CheckTexts reads the templates and Go files of a folder of pages. It fails the
// test where a template has a text of its own, where a key is used that the
// catalog does not have, and where the catalog's own part, those keys that begin
// with one of prefixes, has a text that nobody uses. Keys that are put together
// are found by their beginning: "state." + s counts for all of state.*.
func CheckTexts(t *testing.T, folder string, catalog, own texts.Catalog) {
	t.Helper()
	used := map[string]bool{}
	begun := []string{"rule."}
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_templ.go") || strings.HasSuffix(file, "_test.go") {
			continue
		}
		switch filepath.Ext(file) {
		case ".templ":
			for _, wrong := range textsIn(t, file) {
				t.Errorf("%s: text in a template: %q", file, wrong)
			}
		case ".go":
		default:
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range quoted.FindAllStringSubmatch(string(content), -1) {
			key, more := found[1], found[2] != ""
			switch {
			case more && strings.Contains(key, "."):
				begun = append(begun, key)
			case catalog.Has(key), catalog.Has(key + ".one"):
				used[key], used[key+".one"], used[key+".many"] = true, true, true
			}
		}
		for _, found := range asked.FindAllStringSubmatch(string(content), -1) {
			if key, more := found[2], found[3] != ""; !more && !catalog.Has(key) && !catalog.Has(key+".one") {
				t.Errorf("%s: there is no text %s", file, key)
			}
		}
	}
	for key := range own {
		if !used[key] && !slices.ContainsFunc(begun, func(b string) bool { return strings.HasPrefix(key, b) }) {
			t.Errorf("nobody uses the text %s", key)
		}
	}
}

var (
	// quoted is any string that may be a key, and whether it goes on.
	quoted = regexp.MustCompile(`"([a-z][a-zA-Z0-9._-]*)"(\s*\+)?`)
	// asked is a key where a text is asked for.
	asked = regexp.MustCompile(`\.(T|N|Refuse|Done)\((?:c, )?(?:"[a-z_.]*", )?()"([a-z][a-zA-Z0-9._-]*)"(\s*\+)?`)
)

// textsIn are the texts that a template has of its own: words between tags, and in
// attributes that people read.
func textsIn(t *testing.T, file string) (all []string) {
	t.Helper()
	read, err := parser.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range read.Nodes {
		if template, ok := node.(*parser.HTMLTemplate); ok {
			all = append(all, words(template.Children)...)
		}
	}
	return all
}

var spoken = []string{"alt", "title", "placeholder", "aria-label", "value", "label", "content"}

func words(nodes []parser.Node) (all []string) {
	for _, node := range nodes {
		switch n := node.(type) {
		case *parser.Text:
			if strings.ContainsFunc(n.Value, unicode.IsLetter) {
				all = append(all, n.Value)
			}
		case *parser.Element:
			for _, a := range n.Attributes {
				constant, ok := a.(*parser.ConstantAttribute)
				if !ok {
					continue
				}
				name := fmt.Sprint(constant.Key)
				if slices.Contains(spoken, name) && strings.ContainsAny(constant.Value, " ") && n.Name != "meta" {
					all = append(all, constant.Value)
				}
			}
		}
		if parent, ok := node.(parser.CompositeNode); ok {
			all = append(all, words(parent.ChildNodes())...)
		}
	}
	return all
}
