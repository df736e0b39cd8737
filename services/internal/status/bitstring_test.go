package status

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

func TestBitstringKeepsEveryBit(t *testing.T) {
	bits, err := NewBitstring(MinEntries)
	if err != nil {
		t.Fatal(err)
	}
	for _, index := range []int{0, 7, 8, 131_071} {
		if err := bits.Set(index, true); err != nil {
			t.Fatal(err)
		}
	}
	if bits.bits[0] != 0b1000_0001 {
		t.Errorf("index 0 is not the leftmost bit: %08b", bits.bits[0])
	}
	back, err := DecodeBitstring(bits.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(back.bits, bits.bits) {
		t.Error("the list came back changed")
	}
	if err := bits.Set(7, false); err != nil {
		t.Fatal(err)
	}
	if on, _ := bits.Get(7); on {
		t.Error("a bit cannot be cleared")
	}
}

// The example list of Bitstring Status List 1.0, section 3.2: 131,072 bits, none
// of them set.
func TestBitstringOfTheSpecificationIsRead(t *testing.T) {
	bits, err := DecodeBitstring("uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA")
	if err != nil {
		t.Fatal(err)
	}
	if bits.Len() != MinEntries || bytes.Count(bits.bits, []byte{0}) != len(bits.bits) {
		t.Errorf("%d entries", bits.Len())
	}
}

// Hostile input 33.
func TestHostileBitstringsAreRefused(t *testing.T) {
	pack := func(size int) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write(make([]byte, size))
		_ = w.Close()
		return b.Bytes()
	}
	multibase := func(packed []byte) string { return "u" + base64.RawURLEncoding.EncodeToString(packed) }
	whole := pack(MinEntries / 8)
	for name, encoded := range map[string]string{
		"bomb":        multibase(pack(8 << 20)),
		"too short":   multibase(pack(100)),
		"two streams": multibase(append(bytes.Clone(whole), whole...)),
		"cut short":   multibase(whole[:len(whole)-4]),
		"not gzip":    multibase([]byte("hello")),
		"no prefix":   multibase(whole)[1:],
		"padding":     multibase(whole) + "=",
		"empty":       "",
	} {
		_, err := DecodeBitstring(encoded)
		if fault.RuleOf(err) != "status.encoding" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzDecodeBitstring(f *testing.F) {
	bits, _ := NewBitstring(MinEntries)
	f.Add(bits.Encode())
	f.Add("uH4sIAAAAAAAA")
	f.Fuzz(func(t *testing.T, encoded string) {
		b, err := DecodeBitstring(encoded)
		if err == nil && (b.Len() < MinEntries || b.Len() > MaxEntries) {
			t.Errorf("%d entries", b.Len())
		}
	})
}
