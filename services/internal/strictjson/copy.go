package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// CopyObject makes a deep copy of an object in which every value is what Decode
// gives of its JSON, whatever Go types stand in it. It refuses what Decode refuses,
// with fault.Invalid, but for the length, which only the text has.
func CopyObject(object map[string]any) (map[string]any, error) {
	return copyObject(object, DefaultDepth)
}

func copyObject(object map[string]any, depth int) (map[string]any, error) {
	if depth == 0 {
		return nil, tooDeep()
	}
	out := make(map[string]any, len(object))
	for name, value := range object {
		if err := checkText(name); err != nil {
			return nil, err
		}
		var err error
		if out[name], err = copyValue(value, depth-1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func copyValue(v any, depth int) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case bool:
		return v, nil
	case string:
		return v, checkText(v)
	case json.Number:
		return copyNumber(v)
	case int:
		return copyNumber(json.Number(strconv.Itoa(v)))
	case int64:
		return copyNumber(json.Number(strconv.FormatInt(v, 10)))
	case map[string]any:
		if v == nil {
			return nil, nil // as encoding/json writes it
		}
		return copyObject(v, depth)
	case []any:
		return copyArray(v, depth)
	case []string:
		return copyArray(v, depth)
	}
	return copyAny(v, depth)
}

func copyArray[T any](items []T, depth int) (any, error) {
	switch {
	case items == nil:
		return nil, nil // as encoding/json writes it
	case depth == 0:
		return nil, tooDeep()
	}
	out := make([]any, len(items))
	for i, item := range items {
		var err error
		if out[i], err = copyValue(item, depth-1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func copyNumber(n json.Number) (any, error) {
	if text := string(n); !PlainInteger(text) && !plainDecimal(text) && (!wellFormedNumber(text) || !exact(text)) {
		return nil, fault.New(fault.Invalid, "json.inexact-number", "a number cannot be kept exactly")
	}
	return n, nil
}

// copyAny goes by way of the text.
func copyAny(v any, depth int) (any, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	read, err := Decode(text.Bytes(), Limits{Depth: max(depth, 1)})
	switch read.(type) {
	case []any, map[string]any:
		if depth == 0 {
			return nil, tooDeep()
		}
	}
	return read, err
}

func checkText(s string) error {
	switch {
	case !utf8.ValidString(s):
		return fault.New(fault.Invalid, "json.utf8", "a string is not valid UTF-8")
	case strings.IndexByte(s, 0) >= 0:
		return fault.New(fault.Invalid, "json.nul", "a string holds NUL")
	}
	return nil
}

func tooDeep() error { return fault.New(fault.Invalid, "json.too-deep", "the value nests too deep") }
