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
	encoded string // as it was received: the digest is taken over it
	element bool   // of an array; else a member of an object
	name    string // of the member
	value   any
}

// readDisclosure reads [salt, name, value] or [salt, value].
func readDisclosure(encoded string) (disclosure, error) {
	text, err := base64url.Decode(encoded)
	if err != nil {
		return disclosure{}, badDisclosure("it is not base64url")
	}
	tree, err := strictjson.Decode(text, strictjson.Limits{Bytes: MaxBytes, Depth: maxNesting})
	if err != nil {
		return disclosure{}, fault.Wrap(err, fault.Invalid, "sdjwt.disclosure", "a disclosure is not JSON that means one thing")
	}
	items, _ := tree.([]any)
	if len(items) != 2 && len(items) != 3 {
		return disclosure{}, badDisclosure("it is not an array of two or three")
	}
	if _, ok := items[0].(string); !ok {
		return disclosure{}, badDisclosure("its salt is not a string")
	}
	d := disclosure{encoded: encoded, value: items[len(items)-1]}
	if len(items) == 2 {
		d.element = true
		return d, nil
	}
	name, ok := items[1].(string)
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

func sumOf(ascii string) (s sum) {
	var part [512]byte // on the stack: most disclosures are shorter
	if len(ascii) <= len(part) {
		return sha256.Sum256(part[:copy(part[:], ascii)])
	}
	h := sha256.New()
	for ascii != "" {
		n := copy(part[:], ascii)
		h.Write(part[:n])
		ascii = ascii[n:]
	}
	h.Sum(s[:0])
	return s
}

// digest is what stands in the place of a disclosure (RFC 9901 section 4.2.3),
// and sd_hash of a token.
func digest(ascii string) string {
	s := sumOf(ascii)
	return base64url.Encode(s[:])
}

// isDigest reads what can be a digest, or a decoy.
func isDigest(v any) (s sum, ok bool) {
	text, _ := v.(string)
	read, err := base64url.Decode(text)
	if err != nil || len(read) != len(s) {
		return s, false
	}
	return sum(read), true
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
