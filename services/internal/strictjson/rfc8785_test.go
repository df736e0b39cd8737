package strictjson

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/gowebpki/jcs"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(append([]string{"testdata", "jcs"}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestFilesOfRFC8785HaveTheirCanonicalForm(t *testing.T) {
	files, err := os.ReadDir("testdata/jcs/input")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(file.Name(), func(t *testing.T) {
			in, want := read(t, "input", file.Name()), read(t, "output", file.Name())
			tree, err := Decode(in, Limits{})
			if file.Name() == "values.json" {
				// Its numbers are more than a float64 keeps: they are not read
				// from outside, but written all the same.
				if fault.RuleOf(err) != "json.inexact-number" {
					t.Errorf("got %v", err)
				}
				err = json.Unmarshal(in, &tree)
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := Canonical(tree)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("got %s, %v\nwant %s", got, err, want)
			}
			if theirs, err := jcs.Transform(in); err == nil && !bytes.Equal(got, theirs) {
				t.Errorf("jcs writes %s", theirs)
			}
		})
	}
}

// RFC 8785, sections 3.2.2 to 3.2.4: the bytes of the example.
func TestExampleOfRFC8785HasTheBytesOfSection324(t *testing.T) {
	want, err := hex.DecodeString(strings.ReplaceAll(`
		7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e333333333333332c
		31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d`,
		"\n\t\t", ""))
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(read(t, "input", "values.json"), &tree); err != nil {
		t.Fatal(err)
	}
	if got, err := Canonical(tree); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %x, %v", got, err)
	}
}

// RFC 8785, appendix B.
func TestNumbersOfRFC8785AreWrittenAsItSays(t *testing.T) {
	for bits, want := range map[uint64]string{
		0x0000000000000000: "0", 0x8000000000000000: "0", 0x0000000000000001: "5e-324", 0x8000000000000001: "-5e-324",
		0x7fefffffffffffff: "1.7976931348623157e+308", 0xffefffffffffffff: "-1.7976931348623157e+308",
		0x4340000000000000: "9007199254740992", 0xc340000000000000: "-9007199254740992", 0x4430000000000000: "295147905179352830000",
		0x7fffffffffffffff: "", 0x7ff0000000000000: "", 0xfff0000000000000: "",
		0x44b52d02c7e14af5: "9.999999999999997e+22", 0x44b52d02c7e14af6: "1e+23", 0x44b52d02c7e14af7: "1.0000000000000001e+23",
		0x444b1ae4d6e2ef4e: "999999999999999700000", 0x444b1ae4d6e2ef4f: "999999999999999900000", 0x444b1ae4d6e2ef50: "1e+21",
		0x3eb0c6f7a0b5ed8c: "9.999999999999997e-7", 0x3eb0c6f7a0b5ed8d: "0.000001",
		0x41b3de4355555553: "333333333.3333332", 0x41b3de4355555554: "333333333.33333325", 0x41b3de4355555555: "333333333.3333333",
		0x41b3de4355555556: "333333333.3333334", 0x41b3de4355555557: "333333333.33333343",
		0xbecbf647612f3696: "-0.0000033333333333333333", 0x43143ff3c1cb0959: "1424953923781206.2",
	} {
		got, err := Canonical(math.Float64frombits(bits))
		if string(got) != want || (err != nil) != (want == "") {
			t.Errorf("%016x: got %s, %v, want %s", bits, got, err, want)
		}
	}
}

// The published digest of the first lines of the number test that RFC 8785,
// appendix B, points to: each line the bits of a float64 and its text.
func TestManyNumbersAreWrittenAsECMAScriptDoes(t *testing.T) {
	const lines, want = 100_000, "22776e6d4b49fa294a0d0f349268e5c28808fe7e0cb2bcbe28f63894e494d4c7"
	next := numbers(t)
	sum := sha256.New()
	for range lines {
		f := next()
		text, err := Canonical(f)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(sum, "%x,%s\n", math.Float64bits(f), text)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		t.Errorf("the digest is %s", got)
	}
}

// numbers gives the sequence: fixed values, 2,000 around the smallest normal
// one, and then what a chain of SHA-256 blocks holds, zeros and what is not
// finite left out.
func numbers(t *testing.T) func() float64 {
	t.Helper()
	var first []float64
	for _, word := range strings.Fields(string(read(t, "numbers.txt"))) {
		bits, err := strconv.ParseUint(word, 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		first = append(first, math.Float64frombits(bits))
	}
	for i := range uint64(2000) {
		first = append(first, math.Float64frombits(0x0010000000000000+i))
	}
	var block [sha256.Size]byte
	rest := block[:0]
	return func() float64 {
		if len(first) > 0 {
			f := first[0]
			first = first[1:]
			return f
		}
		for {
			if len(rest) == 0 {
				block = sha256.Sum256(block[:])
				rest = block[:]
			}
			f := math.Float64frombits(binary.LittleEndian.Uint64(rest))
			rest = rest[8:]
			if f != 0 && !math.IsNaN(f) && !math.IsInf(f, 0) {
				return f
			}
		}
	}
}

// Names are sorted by their UTF-16 code units, whatever they begin with.
func TestOrderOfNamesIsThatOfUTF16(t *testing.T) {
	runes := []rune{'a', 'b', 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xEFFF, 0xF000, 0xFFFD, 0x10000, 0x10001, 0x3FFFF, 0x40000, 0x10FFFF}
	var all []string
	for _, x := range runes {
		all = append(all, string(x))
		for _, y := range runes {
			all = append(all, string([]rune{x, y}))
		}
	}
	for _, a := range all {
		for _, b := range all {
			want := slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
			if got := compareUTF16(a, b); min(max(got, -1), 1) != want {
				t.Errorf("%q and %q: %d, want %d", a, b, got, want)
			}
		}
	}
}
