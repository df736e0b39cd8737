package status

import (
	"bytes"
	"compress/gzip"
	"io"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Bitstring is the bits of a list (Bitstring Status List 1.0, section 2.2).
// How many of them make an entry only the entries say. Reading is safe for
// concurrent use, writing is not.
type Bitstring struct {
	bits []byte
}

// NewBitstring makes a list of bits that are all unset. The number is rounded
// up to whole bytes and must lie within the bounds. A list of twice MinEntries
// fits in a credential of 64 KiB however its bits are set; longer ones only as
// far as they compress.
func NewBitstring(bits int) (*Bitstring, error) {
	if bits < MinEntries || bits > MaxEntries {
		return nil, fault.New(fault.Invalid, "status.size", "a status list has %d to %d bits", MinEntries, MaxEntries)
	}
	return &Bitstring{bits: make([]byte, (bits+7)/8)}, nil
}

// Len is the number of bits.
func (b *Bitstring) Len() int { return 8 * len(b.bits) }

// Get reads an entry of one bit. It fails with fault.Invalid outside the list.
func (b *Bitstring) Get(index int) (bool, error) {
	value, err := b.Value(index, 1)
	return value != 0, err
}

// Set writes an entry of one bit. It fails with fault.Invalid outside the list.
func (b *Bitstring) Set(index int, on bool) error {
	value := 0
	if on {
		value = 1
	}
	return b.SetValue(index, 1, value)
}

// Value reads an entry of size bits, of which the first counts most. It fails
// with fault.Invalid outside the list, and for a list of too few entries.
func (b *Bitstring) Value(index, size int) (int, error) {
	if err := b.check(index, size); err != nil {
		return 0, err
	}
	value := 0
	for i := index * size; i < (index+1)*size; i++ {
		value <<= 1
		if b.bits[i/8]&mask(i) != 0 {
			value |= 1
		}
	}
	return value, nil
}

// SetValue writes an entry of size bits. Its errors are those of Value.
func (b *Bitstring) SetValue(index, size, value int) error {
	if err := b.check(index, size); err != nil {
		return err
	}
	if value < 0 || value >= 1<<size {
		return fault.New(fault.Invalid, "status.value", "the value does not fit in the entries of the status list")
	}
	for i := (index+1)*size - 1; i >= index*size; i-- {
		b.bits[i/8] &^= mask(i)
		if value&1 != 0 {
			b.bits[i/8] |= mask(i)
		}
		value >>= 1
	}
	return nil
}

func (b *Bitstring) check(index, size int) error {
	switch {
	case size < 1 || size > maxSize || b.Len()/size < MinEntries:
		return fault.New(fault.Invalid, "status.length", "the status list has fewer than %d entries", MinEntries)
	case index < 0 || index >= b.Len()/size:
		return outside()
	}
	return nil
}

// mask picks a bit: bit 0 is the leftmost.
func mask(i int) byte { return 0x80 >> (i % 8) }

// Encode writes the list as encodedList: multibase base64url of gzip.
func (b *Bitstring) Encode() string {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	// A bytes.Buffer does not fail.
	_, _ = w.Write(b.bits)
	_ = w.Close()
	return "u" + base64url.Encode(packed.Bytes())
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
	packed, err := base64url.Decode(encoded[1:])
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
