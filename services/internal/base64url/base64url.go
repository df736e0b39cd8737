// Package base64url is the one spelling of bytes that JOSE, DIDComm and DIDs
// share (RFC 4648, section 5, without padding; RFC 7515, section 2).
package base64url

import (
	"bytes"
	"encoding/base64"
)

// Encode writes bytes.
func Encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Decode is strict: padding, other alphabets, loose bits and line ends are
// refused, so that the same bytes have one spelling.
func Decode[T string | []byte](text T) ([]byte, error) { return Append(nil, []byte(text)) }

// Append appends what Decode gives of a text.
func Append(out, text []byte) ([]byte, error) {
	for _, end := range [...]byte{'\r', '\n'} { // encoding/base64 skips them
		if at := bytes.IndexByte(text, end); at >= 0 {
			return out, base64.CorruptInputError(at)
		}
	}
	return strict.AppendDecode(out, text)
}

var strict = base64.RawURLEncoding.Strict()
