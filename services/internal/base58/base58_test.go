package base58

import (
	"bytes"
	"encoding/hex"
	"testing"

	library "github.com/mr-tron/base58"
)

// The vectors of draft-msporny-base58-03, section 5, and of did:key.
func TestPublishedVectorsAreWrittenAndRead(t *testing.T) {
	for text, want := range map[string]string{
		"2NEpo7TZRRrLZSi2U": hex.EncodeToString([]byte("Hello World!")),
		"USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z": hex.EncodeToString([]byte("The quick brown fox jumps over the lazy dog.")),
		"11233QC4": "0000287fb4cd",
		"":         "", "1": "00", "111": "000000", "2": "01", "z": "39", "21": "3a",
	} {
		raw, err := hex.DecodeString(want)
		if err != nil {
			t.Fatal(err)
		}
		if got := Encode(raw); got != text {
			t.Errorf("%s is written %s, want %s", want, got, text)
		}
		if got, err := Decode(text); err != nil || !bytes.Equal(got, raw) {
			t.Errorf("%s is read %x, %v, want %s", text, got, err, want)
		}
	}
}

func TestOtherCharactersAreRefused(t *testing.T) {
	for _, text := range []string{"0", "O", "I", "l", "2NEpo7TZRRrLZSi2U ", "æ", "2+", "\x00", "1111l"} {
		if got, err := Decode(text); err == nil {
			t.Errorf("%q is read %x", text, got)
		}
	}
}

// Another implementation is the oracle.
func FuzzBase58(f *testing.F) {
	f.Add([]byte("Hello World!"), "2NEpo7TZRRrLZSi2U")
	f.Add([]byte{0, 0, 1}, "11l")
	f.Add(bytes.Repeat([]byte{255}, 64), "zzzzzzzzzzz")
	f.Fuzz(func(t *testing.T, raw []byte, text string) {
		if len(raw) > 1000 || len(text) > 1000 {
			return
		}
		written := Encode(raw)
		if want := library.Encode(raw); written != want {
			t.Fatalf("%x is written %s, want %s", raw, written, want)
		}
		if back, err := Decode(written); err != nil || !bytes.Equal(back, raw) {
			t.Fatalf("%s is read %x, %v, want %x", written, back, err, raw)
		}
		got, err := Decode(text)
		want, theirs := library.Decode(text)
		if text == "" {
			return // which the library takes for an error
		}
		if (err == nil) != (theirs == nil) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("%q is read %x, %v; the library reads %x, %v", text, got, err, want, theirs)
		}
	})
}

func BenchmarkSignature(b *testing.B) {
	signature := bytes.Repeat([]byte{0xa7, 0x13, 0xff, 0x20}, 16)
	text := Encode(signature)
	for name, do := range map[string]func(){
		"encode": func() { Encode(signature) }, "encode-library": func() { library.Encode(signature) },
		"decode": func() { _, _ = Decode(text) }, "decode-library": func() { _, _ = library.Decode(text) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				do()
			}
		})
	}
}
