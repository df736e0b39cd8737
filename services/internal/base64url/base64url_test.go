package base64url

import (
	"bytes"
	"testing"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	for _, b := range [][]byte{nil, {0}, {0xfb, 0xff}, []byte("hello")} {
		got, err := Decode(Encode(b))
		if err != nil || !bytes.Equal(got, b) {
			t.Errorf("%x: %x, %v", b, got, err)
		}
	}
}

// Line 12 of the list of hostile inputs.
func TestOtherSpellingsAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"12 padding": "AA==", "12 loose bits": "AB", "12 standard alphabet": "-_+/", "12 line end": "AAAA\n", "12 line end inside": "AA\r\nAA",
		"12 space": "AA AA", "12 one character": "A", "12 not ASCII": "ÆAAA",
	} {
		if b, err := Decode(text); err == nil {
			t.Errorf("%s: read as %x", name, b)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("aGVsbG8")
	f.Add("AB")
	f.Fuzz(func(t *testing.T, text string) {
		if b, err := Decode(text); err == nil && Encode(b) != text {
			t.Errorf("%q is another spelling of %q", text, Encode(b))
		}
	})
}
