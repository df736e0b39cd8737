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

// A value of several bits begins at its index times its size (Bitstring Status
// List 1.0, section 3.3), with the bit that counts most. The specification has
// no example of such a list; these are from its text.
func TestEntriesOfSeveralBits(t *testing.T) {
	bits, err := NewBitstring(3 * MinEntries)
	if err != nil {
		t.Fatal(err)
	}
	for index, value := range map[int]int{0: 0b110, 1: 0b001, 2: 0b101, MinEntries - 1: 0b111} {
		if err := bits.SetValue(index, 3, value); err != nil {
			t.Fatal(err)
		}
		if got, err := bits.Value(index, 3); got != value || err != nil {
			t.Errorf("[%d] = %d, want %d: %v", index, got, value, err)
		}
	}
	if got := bits.bits[:2]; got[0] != 0b110_001_10 || got[1] != 0b1_0000000 {
		t.Errorf("%08b", got)
	}
	if err := bits.SetValue(1, 3, 0b010); err != nil || bits.bits[0] != 0b110_010_10 {
		t.Errorf("%08b, %v", bits.bits[0], err)
	}
	for _, value := range []int{8, -1} {
		if err := bits.SetValue(0, 3, value); fault.RuleOf(err) != "status.value" {
			t.Errorf("%d: %v", value, err)
		}
	}
	for _, index := range []int{-1, MinEntries, 1 << 61, 1 << 62} {
		if _, err := bits.Value(index, 3); fault.RuleOf(err) != "status.index" {
			t.Errorf("33 index %d: %v", index, err)
		}
	}
	for _, size := range []int{0, -1, 4, 9, 1 << 40} { // too few entries of that size
		if _, err := bits.Value(0, size); fault.RuleOf(err) != "status.length" {
			t.Errorf("%d bits: %v", size, err)
		}
	}
}
