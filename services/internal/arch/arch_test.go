package arch

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

func TestEveryRuleHolds(t *testing.T) {
	positions, packages, err := parse(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, p := range packages {
				for _, b := range r.check(p) {
					t.Errorf("%s: %s %s", positions.Position(b.at), p.path, b.what)
				}
			}
		})
	}
}

func TestNoRuleGuardsNothing(t *testing.T) {
	_, packages, err := parse(root)
	if err != nil {
		t.Fatal(err)
	}
	present := func(pattern string) bool {
		return slices.ContainsFunc(packages, func(p source) bool {
			return matches(p.path, p.service, []string{pattern})
		})
	}
	for _, s := range services {
		if !present(s + "/...") {
			t.Errorf("there is no service %s", s)
		}
	}
	for _, r := range rules {
		if !slices.ContainsFunc(packages, r.guards) {
			t.Errorf("rule %q guards no package once its exceptions are taken out", r.name)
		}
		for _, pattern := range slices.Concat(r.applies, r.except) {
			for _, p := range expand(pattern) {
				if !present(p) {
					t.Errorf("rule %q names %s, and there is no such package", r.name, p)
				}
			}
		}
	}
}

// The packages below testdata break every rule. What they break is written
// beside the line: // breaks: name of the rule; name of another.
func TestEveryRuleFires(t *testing.T) {
	positions, packages, err := parse("testdata")
	if err != nil {
		t.Fatal(err)
	}
	got, want := map[string]bool{}, map[string]bool{}
	key := func(file string, line int, rule string) string { return fmt.Sprintf("%s:%d: %s", file, line, rule) }

	for _, p := range packages {
		for _, r := range rules {
			for _, b := range r.check(p) {
				at := positions.Position(b.at)
				got[key(at.Filename, at.Line, r.name)] = true
			}
		}
		for _, file := range p.files {
			for _, group := range file.Comments {
				for _, comment := range group.List {
					names, ok := strings.CutPrefix(comment.Text, "// breaks: ")
					if !ok {
						continue
					}
					at := positions.Position(comment.Pos())
					for _, name := range strings.Split(names, "; ") {
						want[key(at.Filename, at.Line, name)] = true
					}
				}
			}
		}
	}

	for _, place := range slices.Sorted(maps.Keys(want)) {
		if !got[place] {
			t.Errorf("%s: is broken there, and was not found", place)
		}
	}
	for _, place := range slices.Sorted(maps.Keys(got)) {
		if !want[place] {
			t.Errorf("%s: found there, and is not broken", place)
		}
	}
	for _, r := range rules {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(want)), func(place string) bool { return strings.HasSuffix(place, ": "+r.name) }) {
			t.Errorf("no package below testdata breaks %q", r.name)
		}
	}
}
