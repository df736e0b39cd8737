package status

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Bounds of a status list, in entries. The least is that of Bitstring Status
// List 1.0, section 6.1: fewer would tell holders apart.
const (
	MinEntries = 131_072
	MaxEntries = 1 << 20
)

// Bitstring is one bit for each credential of a list (Bitstring Status List
// 1.0, section 2.2). It is not safe for concurrent use.
type Bitstring struct {
	bits []byte
}

// NewBitstring makes a list of entries that are all unset. The number is
// rounded up to whole bytes and must lie within the bounds. A list of twice
// MinEntries fits in a credential of 64 KiB however its bits are set; longer
// ones only as far as they compress.
func NewBitstring(entries int) (*Bitstring, error) {
	if entries < MinEntries || entries > MaxEntries {
		return nil, fault.New(fault.Invalid, "status.size", "a status list has %d to %d entries", MinEntries, MaxEntries)
	}
	return &Bitstring{bits: make([]byte, (entries+7)/8)}, nil
}

// Len is the number of entries.
func (b *Bitstring) Len() int { return 8 * len(b.bits) }

// Get reads an entry. It fails with fault.Invalid outside the list.
func (b *Bitstring) Get(index int) (bool, error) {
	if index < 0 || index >= b.Len() {
		return false, fault.New(fault.Invalid, "status.index", "the status index lies outside the list")
	}
	return b.bits[index/8]&mask(index) != 0, nil
}

// Set writes an entry. It fails with fault.Invalid outside the list.
func (b *Bitstring) Set(index int, on bool) error {
	was, err := b.Get(index)
	if err == nil && was != on {
		b.bits[index/8] ^= mask(index)
	}
	return err
}

// mask picks the bit of an index: index 0 is the leftmost.
func mask(index int) byte { return 0x80 >> (index % 8) }

// Encode writes the list as encodedList: multibase base64url of gzip.
func (b *Bitstring) Encode() string {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	// A bytes.Buffer does not fail.
	_, _ = w.Write(b.bits)
	_ = w.Close()
	return "u" + base64.RawURLEncoding.EncodeToString(packed.Bytes())
}

// DecodeBitstring reads an encodedList. It stops a gzip bomb at
// MaxEntries, and fails with fault.Invalid for lists out of bounds.
func DecodeBitstring(encoded string) (*Bitstring, error) {
	refused := func() (*Bitstring, error) {
		return nil, fault.New(fault.Invalid, "status.encoding", "encodedList is not the multibase base64url of one gzip stream of a permitted size")
	}
	if encoded == "" || encoded[0] != 'u' {
		return refused()
	}
	packed, err := base64.RawURLEncoding.Strict().DecodeString(encoded[1:])
	if err != nil {
		return refused()
	}
	source := bytes.NewReader(packed)
	r, err := gzip.NewReader(source)
	if err != nil {
		return refused()
	}
	r.Multistream(false)
	bits, err := io.ReadAll(io.LimitReader(r, MaxEntries/8+1))
	if err != nil || source.Len() > 0 || len(bits) < MinEntries/8 || len(bits) > MaxEntries/8 {
		return refused()
	}
	return &Bitstring{bits: bits}, nil
}
