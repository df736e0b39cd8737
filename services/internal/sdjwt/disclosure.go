package sdjwt

import (
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// disclosure is one disclosure (RFC 9901 section 4.2).
type disclosure struct {
	encoded []byte // as it was received: the digest is taken over it
	element bool   // of an array; else a member of an object
	name    string // of the member
	value   strictjson.Value
}

// readDisclosures reads what stands between the tildes of a token.
func readDisclosures(encoded [][]byte) ([]disclosure, error) {
	size := 0
	for _, one := range encoded {
		size += len(one) // a third more than what they say
	}
	texts, ends := make([]byte, 0, size), make([]int, len(encoded))
	for i, one := range encoded {
		var err error
		if texts, err = base64url.Append(texts, one); err != nil {
			return nil, badDisclosure("it is not base64url")
		}
		ends[i] = len(texts)
	}
	values, err := strictjson.ReadEach(texts, ends, strictjson.Limits{Bytes: MaxBytes, Depth: maxNesting})
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "sdjwt.disclosure", "a disclosure is not JSON that means one thing")
	}
	all := make([]disclosure, len(values))
	for i, v := range values {
		if all[i], err = readDisclosure(encoded[i], v); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// readDisclosure reads [salt, name, value] or [salt, value].
func readDisclosure(encoded []byte, items strictjson.Value) (disclosure, error) {
	n := items.Len()
	if items.Kind() != strictjson.Array || n != 2 && n != 3 {
		return disclosure{}, badDisclosure("it is not an array of two or three")
	}
	if items.Index(0).Kind() != strictjson.String {
		return disclosure{}, badDisclosure("its salt is not a string")
	}
	d := disclosure{encoded: encoded, value: items.Index(n - 1)}
	if n == 2 {
		d.element = true
		return d, nil
	}
	name, ok := items.Index(1).Text()
	if !ok {
		return disclosure{}, badDisclosure("its claim name is not a string")
	}
	d.name = name
	return d, nil
}

func badDisclosure(why string) error {
	return invalid("disclosure", "a disclosure is malformed: %s", why)
}

// sum is a digest as it is before it is written.
type sum = [digestBytes]byte

// digest is what stands in the place of a disclosure (RFC 9901 section 4.2.3),
// and sd_hash of a token.
func digest[T string | []byte](ascii T) string {
	s := sha256.Sum256([]byte(ascii))
	return base64url.Encode(s[:])
}

// isDigest reads what can be a digest, or a decoy.
func isDigest(v strictjson.Value) (s sum, ok bool) {
	text, _ := v.Text()
	var written [(digestBytes*8 + 5) / 6]byte
	if copy(written[:], text) != len(text) {
		return s, false
	}
	read, err := base64url.Append(s[:0], written[:len(text)])
	return s, err == nil && len(read) == len(s)
}

// writeDisclosure makes a disclosure with a new salt of 128 bits. Its items are
// the value, or name and value.
func writeDisclosure(random io.Reader, items ...any) (string, error) {
	salt, err := readRandom(random, saltBytes)
	if err != nil {
		return "", err
	}
	return encodeJSON(append([]any{base64url.Encode(salt)}, items...))
}

func readRandom(random io.Reader, size int) ([]byte, error) {
	b := make([]byte, size)
	if _, err := io.ReadFull(random, b); err != nil {
		return nil, fmt.Errorf("read randomness: %w", err)
	}
	return b, nil
}
