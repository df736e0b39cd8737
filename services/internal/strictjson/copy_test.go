package strictjson

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// throughText is what CopyObject must give.
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
		return rapid.Float64().Draw(t, "float")
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

func TestCopyIsWhatTheTextSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		object := map[string]any{"a": anyValue(t, 3), "b": anyValue(t, 3)}
		want, wantErr := throughText(object)
		got, err := CopyObject(object)
		if (err == nil) != (wantErr == nil) || !reflect.DeepEqual(got, want) && err == nil {
			t.Fatalf("%#v: %#v, %v; by its text %#v, %v", object, got, err, want, wantErr)
		}
	})
}

func TestWhatHasNoTextIsNotCopied(t *testing.T) {
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
		if _, err := CopyObject(map[string]any{"a": c.value}); err == nil || fault.RuleOf(err) != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := CopyObject(map[string]any{"a": nest(DefaultDepth-1, 1)}); err != nil {
		t.Error(err)
	}
}
