package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// throughText is what Of must stand for.
func throughText(object map[string]any) (map[string]any, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(object); err != nil {
		return nil, err
	}
	return DecodeObject(text.Bytes(), Limits{})
}

// anyValue draws what may stand in a document that a caller made, valid or not.
func anyValue(t *rapid.T, depth int) any {
	kinds := 13
	if depth == 0 {
		kinds = 9
	}
	switch rapid.IntRange(0, kinds).Draw(t, "kind") {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(t, "bool")
	case 2:
		return rapid.Int().Draw(t, "int")
	case 3:
		return rapid.Int64().Draw(t, "int64")
	case 4:
		f := rapid.Float64().Draw(t, "float")
		if f == 0 {
			return 0.0 // never -0, whose text is refused
		}
		return f
	case 5:
		return json.Number(rapid.StringMatching(`-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,8})?(e-?[0-9]{1,2})?`).Draw(t, "number"))
	case 6:
		return struct {
			Name string `json:"name"`
		}{rapid.String().Draw(t, "text")}
	case 7:
		return []string(nil)
	case 8:
		return []string{rapid.String().Draw(t, "text"), "\u2028<&>\x7f"}
	case 9, 10:
		return rapid.String().Draw(t, "text")
	case 11:
		return []any{anyValue(t, depth-1), anyValue(t, depth-1)}
	}
	return map[string]any{rapid.String().Draw(t, "name"): anyValue(t, depth-1), "a": anyValue(t, depth-1)}
}

func TestGoValuesStandForWhatTheirTextSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		object := map[string]any{"a": anyValue(t, 3), "b": anyValue(t, 3)}
		want, wantErr := throughText(object)
		got, err := Of(object)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%#v: %v; by its text %v", object, err, wantErr)
		}
		if err != nil {
			return
		}
		if text, err := Canonical(want); err != nil || got.Canonical() != string(text) {
			t.Fatalf("%#v: %s; by its text %s, %v", object, got.Canonical(), text, err)
		}
	})
}

// RFC 8785 writes it without its sign (appendix B).
func TestNegativeZeroOfGoStandsForZero(t *testing.T) {
	v, err := Of(map[string]any{"a": math.Copysign(0, -1)})
	if err != nil || v.Canonical() != `{"a":0}` {
		t.Error(v.Canonical(), err)
	}
}

func TestWhatHasNoTextIsNoValue(t *testing.T) {
	nest := func(levels int, inside any) any {
		for range levels {
			inside = []any{inside}
		}
		return inside
	}
	for name, c := range map[string]struct {
		value any
		rule  string
	}{
		"no UTF-8":              {"\xff", "json.utf8"},
		"NUL":                   {"a\x00", "json.nul"},
		"too deep":              {nest(DefaultDepth, 1), "json.too-deep"},
		"a type too deep":       {nest(DefaultDepth-1, []int{1}), "json.too-deep"},
		"a large number":        {json.Number("1e400"), "json.inexact-number"},
		"a number that is none": {json.Number("01"), "json.inexact-number"},
		"no number":             {math.NaN(), "internal"},
		"a function":            {func() {}, "internal"},
	} {
		if _, err := Of(map[string]any{"a": c.value}); err == nil || fault.RuleOf(err) != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Of(map[string]any{"a": nest(DefaultDepth-1, 1)}); err != nil {
		t.Error(err)
	}
}

// A value says what the same JSON says as Go values, whichever members are hidden.
func TestValueSaysWhatItsGoValuesSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfDistinct(rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-c"\\\n]{0,2}`), rapid.StringMatching(`m[0-9]{1,2}`)), rapid.ID[string])
		object := map[string]any{}
		for _, name := range append(names.Draw(t, "names"), numbered(rapid.IntRange(0, 80).Draw(t, "more"))...) {
			object[name] = anyValue(t, 1)
		}
		v, err := Of(object)
		if err != nil {
			return
		}
		if rapid.Bool().Draw(t, "loose") { // in another form
			if v, err = Read(loose(t, v), Limits{}); err != nil {
				t.Fatal(err)
			}
		}
		want := v.Map()
		for _, name := range rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(append(slices.Sorted(maps.Keys(want)), "none")), rapid.String()), 0, 4).Draw(t, "hidden") {
			delete(want, name)
			v = v.Without(name)
		}
		if v.Len() != len(want) || !reflect.DeepEqual(v.Map(), want) {
			t.Fatalf("%v, want %v", v.Map(), want)
		}
		canonical, err := Canonical(want)
		if err != nil || v.Canonical() != string(canonical) {
			t.Fatalf("%s, want %s, %v", v.Canonical(), canonical, err)
		}
		for name := range object {
			member := v.Get(name)
			value, has := want[name]
			if member.Exists() != has || v.Has(name) != has || !reflect.DeepEqual(member.Any(), value) {
				t.Fatalf("%q: %v, want %v", name, member.Any(), value)
			}
			if text, isText := value.(string); isText && !member.Is(text) {
				t.Fatalf("%q is not itself", text)
			}
		}
		added := rapid.String().Draw(t, "added")
		if _, has := want[added]; !has {
			want[added] = json.Number("7")
			canonical, _ = Canonical(want)
			if got, err := v.AppendWith(nil, added, "7"); err == nil && !bytes.Equal(got, canonical) {
				t.Fatalf("with %q: %s, want %s", added, got, canonical)
			}
		}
	})
}

// loose writes an object in an order and with spaces that are not canonical.
func loose(t *rapid.T, v Value) []byte {
	var members []string
	for name, member := range v.Members() {
		text, err := Canonical(name)
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, string(text)+" :"+member.Canonical())
	}
	return []byte("{ " + strings.Join(rapid.Permutation(members).Draw(t, "order"), " ,\n") + "}")
}

func numbered(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprint("n", i))
	}
	return names
}

// Texts that are read together say what each says by itself.
func TestTextsAreReadTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOf(rapid.SampledFrom([]string{
			`{"a":1,"b":[true,null]}`, `["\u0061\n", "b"]`, `"c"`, ` 1.50`, `{"b":1,"a":2}`, `{"a":1,"a":2}`, `{"\"":{"x":[]}}`, `[1`, ``, `{} {}`, "\xff", "\ufeff1",
		})).Draw(t, "texts")
		var data []byte
		var ends []int
		var want []any
		var wantErr error
		for _, text := range texts {
			v, err := Decode([]byte(text), Limits{})
			if wantErr == nil {
				wantErr = err
			}
			data, want = append(data, text...), append(want, v)
			ends = append(ends, len(data))
		}
		longest := 0
		for _, text := range texts {
			longest = max(longest, len(text))
		}
		got, err := ReadEach(data, ends, Limits{Bytes: max(longest, 1)}) // which holds for each
		if wantErr != nil {
			if err == nil || err.Error() != wantErr.Error() {
				t.Fatalf("%v, want %v", err, wantErr)
			}
			return
		}
		for i, v := range got {
			canonical, _ := Canonical(want[i])
			if err != nil || !reflect.DeepEqual(v.Any(), want[i]) || v.Canonical() != string(canonical) {
				t.Fatalf("%d: %v, want %v, %v", i, v.Any(), want[i], err)
			}
		}
	})
}

// Types that hold values are written by their text too.
func TestValuesInOtherTypesAreWritten(t *testing.T) {
	v, err := Read([]byte(`{"b": 1.50, "a": "<"}`), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	type holder struct{ V Value }
	const want = `{"a":"<","b":1.5}`
	for name, holding := range map[string]any{"struct": holder{v}, "map": map[string]Value{"V": v}, "list": []map[string]any{{"V": v}}} {
		got, err := Of(holding)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name == "list" {
			got = got.Index(0)
		}
		if text := got.Get("V").Canonical(); text != want {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// A member of a wide object can be left out however deep the object is.
func TestWideObjectIsCopiedAtAnyDepth(t *testing.T) {
	var wide strings.Builder
	wide.WriteString(`{"x":0`)
	for i := range widest {
		fmt.Fprintf(&wide, `,"%d":%s1%s`, i, strings.Repeat("[", DefaultDepth), strings.Repeat("]", DefaultDepth))
	}
	wide.WriteString("}")
	v, err := Read([]byte(wide.String()), Limits{Depth: 2 * DefaultDepth})
	if err != nil {
		t.Fatal(err)
	}
	if left := v.Without("x"); left.Has("x") || left.Len() != widest {
		t.Errorf("%d members are left", left.Len())
	}
}

func TestWhatIsNotThereIsAbsent(t *testing.T) {
	v, err := Read([]byte(` {"list": [1, "a"], "text": "b"} `), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, absent := range []Value{{}, v.Get("none"), v.Get("text").Get("a"), v.Get("list").Get("list"), Value{}.Get("a"), v.Without("text").Get("text"), v.Get("list").Index(2), v.Get("list").Index(-1), v.Index(0)} {
		if text, err := json.Marshal(absent); err != nil || string(text) != "null" || absent.Canonical() != "null" {
			t.Errorf("%s, %v", text, err)
		}
		if _, isText := absent.Text(); absent.Exists() || absent.Kind() != Absent || isText || absent.Len() != 0 || absent.Any() != nil || absent.Map() != nil {
			t.Errorf("%v", absent.Any())
		}
		for range absent.Items() {
			t.Error("an item of nothing")
		}
		for range absent.Members() {
			t.Error("a member of nothing")
		}
	}
	var items []any
	for item := range v.Get("list").Items() {
		items = append(items, item.Any())
	}
	for item := range v.Get("text").Items() { // a value alone
		items = append(items, item.Any())
	}
	if want := []any{json.Number("1"), "a", "b"}; !reflect.DeepEqual(items, want) {
		t.Errorf("%v", items)
	}
	if list := v.Get("list"); !list.Index(1).Is("a") || list.Index(0).Is("1") {
		t.Errorf("%v, %v", list.Index(0).Any(), list.Index(1).Any())
	}
	if _, err := ReadObject([]byte(`[]`), Limits{}); fault.RuleOf(err) != "json.not-an-object" {
		t.Errorf("an array: %v", err)
	}
}
