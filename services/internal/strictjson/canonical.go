package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Canonical writes a value as the JSON Canonicalization Scheme does (RFC
// 8785): no white space, members sorted by UTF-16 code units, numbers as
// ECMAScript prints them. It takes what Decode gives, Go's own numbers and whatever
// else encoding/json writes. It fails, with fault.Invalid, for strings that are not
// UTF-8 and for numbers that a float64 does not keep.
func Canonical(v any) ([]byte, error) { return appendCanonical(make([]byte, 0, 1024), v) }

func appendCanonical(out []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(out, "null"...), nil
	case bool:
		return strconv.AppendBool(out, v), nil
	case string:
		return appendString(out, v)
	case json.Number:
		if plain(string(v)) {
			return append(out, v...), nil
		}
		if !wellFormedNumber(string(v)) || !exact(string(v)) {
			return nil, inexact()
		}
		f, err := v.Float64()
		if err != nil {
			return nil, fmt.Errorf("write JSON: %w", err)
		}
		return appendNumber(out, f)
	case float64:
		return appendNumber(out, v)
	case int:
		return appendInteger(out, int64(v))
	case int64:
		return appendInteger(out, v)
	case Value:
		return v.AppendCanonical(out), nil
	case []any:
		return appendArray(out, v)
	case []string:
		return appendArray(out, v)
	case []Value:
		return appendArray(out, v)
	case map[string]any:
		return appendObject(out, v)
	}
	return appendOther(out, v)
}

// appendOther goes by way of the text.
func appendOther(out []byte, v any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	read, err := Decode(text.Bytes(), Limits{Bytes: text.Len()})
	if err != nil {
		return nil, err
	}
	return appendCanonical(out, read)
}

func inexact() error {
	return fault.New(fault.Invalid, "json.inexact-number", "a number cannot be kept exactly")
}

func appendInteger(out []byte, n int64) ([]byte, error) {
	if n > maxSafeInteger || n < -maxSafeInteger {
		return nil, inexact()
	}
	return strconv.AppendInt(out, n, 10), nil
}

// appendNumber prints as ECMAScript's Number::toString does.
func appendNumber(out []byte, f float64) ([]byte, error) {
	switch size := math.Abs(f); {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return nil, fmt.Errorf("write JSON: a number is not finite")
	case f == 0:
		return append(out, '0'), nil
	case size >= 1e21 || size < 1e-6:
		text := strconv.AppendFloat(nil, f, 'e', -1, 64)
		// Go writes at least two digits of exponent, ECMAScript no zero in front.
		if n := len(text); n >= 4 && text[n-2] == '0' && (text[n-3] == '-' || text[n-3] == '+') {
			text = append(text[:n-2], text[n-1])
		}
		return append(out, text...), nil
	}
	return strconv.AppendFloat(out, f, 'f', -1, 64), nil
}

func appendArray[T any](out []byte, items []T) ([]byte, error) {
	if items == nil {
		return append(out, "null"...), nil // as encoding/json writes it
	}
	out = append(out, '[')
	var err error
	for i, item := range items {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = appendCanonical(out, item); err != nil {
			return nil, err
		}
	}
	return append(out, ']'), nil
}

func appendObject(out []byte, members map[string]any) ([]byte, error) {
	if members == nil {
		return append(out, "null"...), nil // as encoding/json writes it
	}
	var few [32]string // most objects have no more
	names := few[:0]
	for name := range members {
		names = append(names, name)
	}
	slices.SortFunc(names, compareUTF16[string])
	out = append(out, '{')
	var err error
	for i, name := range names {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = appendString(out, name); err != nil {
			return nil, err
		}
		out = append(out, ':')
		if out, err = appendCanonical(out, members[name]); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

// compareUTF16 orders strings by UTF-16 code units. That is the order of their
// bytes, but where characters beyond U+FFFF meet those from U+E000 on: UTF-8
// begins them with F0 and more, and with EE and EF.
func compareUTF16[T string | []byte](a, b T) int {
	n := min(len(a), len(b))
	for i := range n {
		switch x, y := a[i], b[i]; {
		case x == y:
		case x >= 0xF0 && (y == 0xEE || y == 0xEF):
			return -1
		case y >= 0xF0 && (x == 0xEE || x == 0xEF):
			return 1
		default:
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

const hexDigits = "0123456789abcdef"

func appendString(out []byte, s string) ([]byte, error) {
	out = append(out, '"')
	plain, beyondASCII := 0, false
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			beyondASCII = beyondASCII || c >= utf8.RuneSelf
			continue
		}
		out = append(out, s[plain:i]...)
		plain = i + 1
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\b':
			out = append(out, '\\', 'b')
		case '\f':
			out = append(out, '\\', 'f')
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		default:
			out = append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
		}
	}
	if beyondASCII && !utf8.ValidString(s) {
		return nil, fault.New(fault.Invalid, "json.utf8", "a string is not valid UTF-8")
	}
	out = append(out, s[plain:]...)
	return append(out, '"'), nil
}
