// Package strictjson reads JSON that strangers wrote. It refuses what other
// readers resolve in different ways: duplicate member names, member names in
// another case, data after the value, a byte order mark, invalid UTF-8, lone
// surrogates, NUL, numbers that lose digits in a 64-bit float, and nesting
// without end. What it accepts means one thing to every reader (RFC 8259,
// RFC 7493).
//
// It never repairs, never guesses and never panics, and its errors say where
// the text is wrong, not what stood there.
package strictjson

import "github.com/kompetansespor/kompetansespor/services/internal/fault"

// Defaults of Limits.
const (
	DefaultBytes = 1 << 20
	DefaultDepth = 64
)

// Limits bound what is read. The zero value stands for the defaults.
type Limits struct {
	// Bytes is the longest text in bytes.
	Bytes int
	// Depth is how deep arrays and objects may nest.
	Depth int
}

// Decode reads one JSON text under the limits. It gives map[string]any,
// []any, json.Number, string, bool or nil. Every json.Number is written as
// the sender wrote it and survives a float64 unchanged: it stands for an
// integer of at most 2^53-1, or for the very decimal that the nearest float64
// is printed as. Errors are fault.Invalid.
func Decode(data []byte, limits Limits) (any, error) {
	t, err := parse(data, limits)
	if err != nil {
		return nil, err
	}
	return t.root().Any(), nil
}

// DecodeObject is Decode for a text that must be an object.
func DecodeObject(data []byte, limits Limits) (map[string]any, error) {
	t, err := parse(data, limits)
	if err != nil {
		return nil, err
	}
	if t.root().Kind() != Object {
		return nil, notAnObject()
	}
	return t.root().object(), nil
}

func notAnObject() error {
	return fault.New(fault.Invalid, "json.not-an-object", "the text is not a JSON object")
}
