package vcdm

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/base58"
	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// maxMultibase is longer than any digest's form. Decoding base58 takes time
// that grows with the square of the length.
const maxMultibase = 128

// digest is what content must hash to.
type digest struct {
	algorithm hashAlgorithm
	want      []byte
}

// hashAlgorithm is a hash function; sum is nil for one that is not computed
// here.
type hashAlgorithm struct {
	size int
	sum  func([]byte) []byte
}

func (d digest) matches(content []byte) bool {
	return d.algorithm.sum != nil && bytes.Equal(d.algorithm.sum(content), d.want)
}

var (
	sha2x256 = hashAlgorithm{32, func(b []byte) []byte { h := sha256.Sum256(b); return h[:] }}
	sha2x384 = hashAlgorithm{48, func(b []byte) []byte { h := sha512.Sum384(b); return h[:] }}
	sha2x512 = hashAlgorithm{64, func(b []byte) []byte { h := sha512.Sum512(b); return h[:] }}
	sha3x256 = hashAlgorithm{32, func(b []byte) []byte { h := sha3.Sum256(b); return h[:] }}
	sha3x384 = hashAlgorithm{48, func(b []byte) []byte { h := sha3.Sum384(b); return h[:] }}
)

// sriAlgorithms are those of Subresource Integrity, section 3.2.
var sriAlgorithms = map[string]hashAlgorithm{"sha256": sha2x256, "sha384": sha2x384, "sha512": sha2x512}

// multihashAlgorithms are those of Controlled Identifiers 1.0, section 2.5, and
// SHA2-512.
var multihashAlgorithms = map[uint64]hashAlgorithm{
	0x12: sha2x256, 0x20: sha2x384, 0x13: sha2x512, 0x16: sha3x256, 0x15: sha3x384,
}

// digestForms are the members that state digests.
var digestForms = []struct {
	member string
	parse  func(string) ([]digest, bool)
}{
	{"digestSRI", parseSRI},
	{"digestMultibase", parseMultibase},
}

// readDigests reads digestSRI and digestMultibase, each one or more.
func readDigests(object strictjson.Value, rule, owner string) ([]digest, error) {
	var digests []digest
	for _, form := range digestForms {
		value := object.Get(form.member)
		if value.Kind() == strictjson.Array && value.Len() == 0 {
			return nil, invalid(rule, "the %s of %s holds none", form.member, owner)
		}
		for item := range value.Items() {
			text, _ := item.Text()
			some, ok := form.parse(text)
			if !ok {
				return nil, invalid(rule, "the %s of %s is malformed", form.member, owner)
			}
			digests = append(digests, some...)
		}
	}
	return digests, nil
}

// parseSRI reads hash expressions with white space between them (Subresource
// Integrity, section 3.5), each of a digest as long as its algorithm makes it.
func parseSRI(text string) ([]digest, bool) {
	var digests []digest
	for _, expression := range strings.Fields(text) {
		name, encoded, _ := strings.Cut(expression, "-")
		algorithm, known := sriAlgorithms[name]
		want, ok := decodeSRI(encoded, algorithm.size)
		if !known || !ok {
			return nil, false
		}
		digests = append(digests, digest{algorithm, want})
	}
	return digests, len(digests) > 0
}

// decodeSRI takes either alphabet, with padding or without, as the grammar does.
// The published test suite of VCDM 2.0 writes the multibase header of padded
// base64 in front (M); that is one character too many for any other reading.
func decodeSRI(encoded string, size int) ([]byte, bool) {
	encoded = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(encoded, "="))
	if len(encoded) == base64.RawStdEncoding.EncodedLen(size)+1 {
		encoded = strings.TrimPrefix(encoded, "M")
	}
	raw, err := base64.RawStdEncoding.Strict().DecodeString(encoded)
	return raw, err == nil && len(raw) == size
}

// parseMultibase reads a multibase-encoded multihash (Data Integrity 1.0,
// section 2.6; Controlled Identifiers 1.0, sections 2.4 and 2.5): the algorithm,
// the length and the digest, in one of the two bases that everybody knows.
func parseMultibase(text string) ([]digest, bool) {
	raw, ok := decodeMultibase(text)
	if !ok {
		return nil, false
	}
	code, raw, ok := cutVarint(raw)
	if !ok {
		return nil, false
	}
	length, raw, ok := cutVarint(raw)
	if !ok || length == 0 || length != uint64(len(raw)) {
		return nil, false
	}
	algorithm, known := multihashAlgorithms[code]
	if known && len(raw) != algorithm.size {
		return nil, false
	}
	return []digest{{algorithm, raw}}, true
}

func decodeMultibase(text string) ([]byte, bool) {
	if len(text) < 2 || len(text) > maxMultibase {
		return nil, false
	}
	var raw []byte
	var err error
	switch text[0] {
	case 'u':
		raw, err = base64url.Decode(text[1:])
	case 'z':
		raw, err = base58.Decode(text[1:])
	default:
		return nil, false
	}
	return raw, err == nil
}

// cutVarint reads an unsigned varint in its shortest form.
func cutVarint(raw []byte) (value uint64, rest []byte, ok bool) {
	value, n := binary.Uvarint(raw)
	if n != len(binary.AppendUvarint(nil, value)) {
		return 0, nil, false
	}
	return value, raw[n:], true
}
