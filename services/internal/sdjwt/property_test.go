package sdjwt

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// Any claims, any of them selectively disclosable, any selection: what is
// verified are the claims restricted to the selection.
func TestShownClaimsAreTheClaimsRestrictedToTheSelection(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		claims := drawObject(rt, 0)
		all := paths(claims, nil)
		disclosable, selected := drawPaths(rt, all, "disclosable"), drawPaths(rt, all, "selected")
		d := offer(t)
		d.Claims, d.Disclosable, d.Decoys = claims, texts(disclosable), rapid.IntRange(0, 3).Draw(rt, "decoys")
		raw := issue(t, d, university)

		held, err := parsed(t, raw).Verify(university.key)
		if err != nil {
			rt.Fatal(err)
		}
		if !reflect.DeepEqual(held.Claims, claims) || len(held.Disclosed) != len(disclosable) {
			rt.Fatalf("held %v of %v, disclosed %q", held.Claims, claims, held.Disclosed)
		}

		shown, err := parsed(t, present(t, raw, texts(selected)...)).VerifyPresentation(university.key, binding())
		if err != nil {
			rt.Fatal(err)
		}
		m := model{disclosable, selected}
		if want := m.restrict(claims, nil); !reflect.DeepEqual(shown.Claims, want) {
			rt.Fatalf("shown %v\nwant %v", shown.Claims, want)
		}
		count := 0
		for _, p := range disclosable {
			if m.shows(p) {
				count++
			}
		}
		if len(shown.Disclosed) != count {
			rt.Fatalf("disclosed %q, want %d", shown.Disclosed, count)
		}
	})
}

// model says without digests what a selection shows.
type model struct{ disclosable, selected []path }

// shows reports whether a disclosable claim is shown: something above it, or
// in it, or it itself was selected.
func (m model) shows(p path) bool {
	for _, s := range m.selected {
		if s.above(p) || p.above(s) {
			return true
		}
	}
	return false
}

func (m model) withheld(p path) bool {
	for _, d := range m.disclosable {
		if d.covers(p) {
			return !m.shows(p)
		}
	}
	return false
}

func (m model) restrict(v any, at path) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, inner := range v {
			if here := at.below(step{name: name}); !m.withheld(here) {
				out[name] = m.restrict(inner, here)
			}
		}
		return out
	case []any:
		out := []any{}
		for i, inner := range v {
			if here := at.below(step{element: true, index: i}); !m.withheld(here) {
				out = append(out, m.restrict(inner, here))
			}
		}
		return out
	}
	return v
}

// paths lists the paths of all claims.
func paths(v any, at path) []path {
	var out []path
	if at != nil {
		out = append(out, at)
	}
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			out = append(out, paths(inner, at.below(step{name: name}))...)
		}
	case []any:
		for i, inner := range v {
			out = append(out, paths(inner, at.below(step{element: true, index: i}))...)
		}
	}
	return out
}

func texts(paths []path) []string {
	var out []string
	for _, p := range paths {
		out = append(out, p.String())
	}
	return out
}

func drawPaths(rt *rapid.T, all []path, label string) []path {
	var out []path
	for _, p := range all {
		if rapid.IntRange(0, 2).Draw(rt, label) == 0 {
			out = append(out, p)
		}
	}
	return out
}

// drawObject draws claims with names that would be special in a path.
func drawObject(rt *rapid.T, depth int) map[string]any {
	out := map[string]any{}
	names := rapid.SampledFrom([]string{"a", "b", "c", "", "exp.", "[0]", "*", `\`, "ø", "sd", "....", "a.b"})
	for range rapid.IntRange(0, 4).Draw(rt, "members") {
		out[names.Draw(rt, "name")] = drawValue(rt, depth+1)
	}
	return out
}

func drawValue(rt *rapid.T, depth int) any {
	kinds := 6
	if depth > 4 {
		kinds = 4
	}
	switch rapid.IntRange(0, kinds-1).Draw(rt, "kind") {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(rt, "bool")
	case 2:
		return rapid.SampledFrom([]any{json.Number("0"), json.Number("-1"), json.Number("87.5"), json.Number("9007199254740991")}).Draw(rt, "number")
	case 3:
		return rapid.StringMatching(`[a-zæøå~."\\]{0,8}`).Draw(rt, "string")
	case 4:
		return drawObject(rt, depth)
	}
	items := []any{}
	for range rapid.IntRange(0, 4).Draw(rt, "elements") {
		items = append(items, drawValue(rt, depth+1))
	}
	return items
}
