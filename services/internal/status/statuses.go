package status

import (
	"bytes"
	"compress/zlib"
	"io"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Statuses are the values of a Token Status List (TSL section 4.1): 1, 2, 4 or
// 8 bits for each entry, the first in the least significant bits of the first
// byte. Reading is safe for concurrent use, writing is not.
type Statuses struct {
	size   int
	packed []byte
}

// NewStatuses makes a list of entries that are all 0, of 1, 2, 4 or 8 bits
// each. The number is rounded up to whole bytes.
func NewStatuses(bits, entries int) (*Statuses, error) {
	if !permitted(bits) || entries < 1 || entries > MaxEntries {
		return nil, fault.New(fault.Invalid, "status.size", "a status list has 1 to %d entries of 1, 2, 4 or 8 bits", MaxEntries)
	}
	return &Statuses{size: bits, packed: make([]byte, (entries*bits+7)/8)}, nil
}

func permitted(bits int) bool { return bits == 1 || bits == 2 || bits == 4 || bits == 8 }

// Bits is the size of an entry, Len the number of entries.
func (s *Statuses) Bits() int { return s.size }
func (s *Statuses) Len() int  { return len(s.packed) * 8 / s.size }

// Get reads an entry. It fails with fault.Invalid outside the list.
func (s *Statuses) Get(index int) (int, error) {
	if index < 0 || index >= s.Len() {
		return 0, outside()
	}
	at := index * s.size
	return int(s.packed[at/8]>>(at%8)) & s.most(), nil
}

// Set writes an entry. It fails with fault.Invalid outside the list, and for a
// value that does not fit.
func (s *Statuses) Set(index, value int) error {
	if index < 0 || index >= s.Len() {
		return outside()
	}
	if value < 0 || value > s.most() {
		return fault.New(fault.Invalid, "status.value", "the value does not fit in the entries of the status list")
	}
	at := index * s.size
	s.packed[at/8] = s.packed[at/8]&^byte(s.most()<<(at%8)) | byte(value<<(at%8))
	return nil
}

// most is the largest value of an entry.
func (s *Statuses) most() int { return 1<<s.size - 1 }

// Encode writes the list as lst: base64url of zlib (RFC 1950), at its best
// compression.
func (s *Statuses) Encode() string {
	var packed bytes.Buffer
	// The level is known, and a bytes.Buffer does not fail.
	w, _ := zlib.NewWriterLevel(&packed, zlib.BestCompression)
	_, _ = w.Write(s.packed)
	_ = w.Close()
	return base64url.Encode(packed.Bytes())
}

// DecodeStatuses reads an lst of entries of 1, 2, 4 or 8 bits. It stops a zlib
// bomb at MaxEntries, and fails with fault.Invalid.
func DecodeStatuses(bits int, encoded string) (*Statuses, error) {
	refused := func() (*Statuses, error) {
		return nil, fault.New(fault.Invalid, "status.encoding", "lst is not the base64url of one zlib stream of a permitted size")
	}
	if !permitted(bits) {
		return nil, fault.New(fault.Invalid, "status.size", "bits is none of 1, 2, 4 and 8")
	}
	compressed, err := base64url.Decode(encoded)
	if err != nil {
		return refused()
	}
	source := bytes.NewReader(compressed)
	r, err := zlib.NewReader(source)
	if err != nil {
		return refused()
	}
	most := MaxEntries * bits / 8
	packed, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	if err != nil || source.Len() > 0 || len(packed) == 0 || len(packed) > most {
		return refused()
	}
	return &Statuses{size: bits, packed: packed}, nil
}
