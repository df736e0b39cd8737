package status

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// The published lists are read, and built from their statuses they have the
// same bytes before compression: how hard an encoder tries is its own affair.
func TestTokenListsOfTheSpecification(t *testing.T) {
	raw, err := os.ReadFile("testdata/tokenlists.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Lists []struct {
			Section       string
			Bits, Entries int
			Lst           string
			Statuses      map[int]int
		}
	}
	if err := json.Unmarshal(raw, &vectors); err != nil || len(vectors.Lists) != 6 {
		t.Fatal(err)
	}
	for _, v := range vectors.Lists {
		read, err := DecodeStatuses(v.Bits, v.Lst)
		if err != nil || read.Len() != v.Entries || read.Bits() != v.Bits {
			t.Fatalf("%s: %v", v.Section, err)
		}
		built, err := NewStatuses(v.Bits, v.Entries)
		if err != nil {
			t.Fatal(err)
		}
		for index, value := range v.Statuses {
			if got, err := read.Get(index); got != value || err != nil {
				t.Errorf("%s: status[%d] = %d, want %d: %v", v.Section, index, got, value, err)
			}
			if err := built.Set(index, value); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(built.packed, read.packed) {
			t.Errorf("%s: built another list", v.Section)
		}
		if again, err := DecodeStatuses(v.Bits, built.Encode()); err != nil || !bytes.Equal(again.packed, read.packed) {
			t.Errorf("%s: wrote another list: %v", v.Section, err)
		}
	}
	// The byte arrays of section 4.1.
	for i, want := range []string{"b9a3", "c944f9"} {
		if read, _ := DecodeStatuses(i+1, vectors.Lists[i].Lst); hex.EncodeToString(read.packed) != want {
			t.Errorf("%x, want %s", read.packed, want)
		}
	}
}

func TestAStatusIsWrittenOverAndLeavesItsNeighbours(t *testing.T) {
	for _, bits := range []int{1, 2, 4, 8} {
		list, err := NewStatuses(bits, 33)
		if err != nil {
			t.Fatal(err)
		}
		most := 1<<bits - 1
		for _, value := range []int{most, 0, most / 2, most} {
			for index := range list.Len() {
				if err := list.Set(index, most); err != nil {
					t.Fatal(err)
				}
			}
			if err := list.Set(9, value); err != nil {
				t.Fatal(err)
			}
			for index, want := range map[int]int{8: most, 9: value, 10: most} {
				if got, _ := list.Get(index); got != want {
					t.Errorf("%d bits: [%d] = %d, want %d", bits, index, got, want)
				}
			}
		}
		for _, c := range []struct{ index, value int }{{0, most + 1}, {0, -1}} {
			if err := list.Set(c.index, c.value); fault.RuleOf(err) != "status.value" {
				t.Errorf("%d bits: %+v: %v", bits, c, err)
			}
		}
		for _, index := range []int{-1, list.Len(), 1 << 62} {
			if err := list.Set(index, 0); fault.RuleOf(err) != "status.index" {
				t.Errorf("33 index %d: %v", index, err)
			}
		}
	}
	for _, c := range []struct{ bits, entries int }{{3, 8}, {0, 8}, {16, 8}, {2, 0}, {2, MaxEntries + 1}} {
		if _, err := NewStatuses(c.bits, c.entries); fault.RuleOf(err) != "status.size" {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func deflate(data []byte) []byte {
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	_, _ = w.Write(data)
	_ = w.Close()
	return packed.Bytes()
}

func TestHostile33TokenListEncodings(t *testing.T) {
	whole := deflate(make([]byte, 1000))
	changed := bytes.Clone(whole)
	changed[len(changed)-1] ^= 1
	for name, encoded := range map[string]string{
		"33 bomb":      base64url.Encode(deflate(make([]byte, 8<<20))),
		"33 one more":  base64url.Encode(deflate(make([]byte, MaxEntries/8+1))),
		"no entries":   base64url.Encode(deflate(nil)),
		"two streams":  base64url.Encode(append(bytes.Clone(whole), whole...)),
		"cut short":    base64url.Encode(whole[:len(whole)-4]),
		"wrong sum":    base64url.Encode(changed),
		"not zlib":     base64url.Encode([]byte("hello")),
		"12 padding":   base64url.Encode(whole) + "=",
		"12 line end":  base64url.Encode(whole) + "\n",
		"12 loose bit": "eNrbuRgAAhcBXR",
		"empty":        "",
	} {
		if _, err := DecodeStatuses(1, encoded); fault.RuleOf(err) != "status.encoding" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bits := range []int{-1, 0, 3, 16} {
		if _, err := DecodeStatuses(bits, base64url.Encode(whole)); fault.RuleOf(err) != "status.size" {
			t.Errorf("%d bits: %v", bits, err)
		}
	}
	if list, err := DecodeStatuses(1, base64url.Encode(deflate(make([]byte, MaxEntries/8)))); err != nil || list.Len() != MaxEntries {
		t.Error("the longest list", err)
	}
}

// exampleToken holds the claims of the example of TSL section 5.1.
const exampleToken = `{"exp":2291720170,"iat":1686920170,"status_list":{"bits":1,"lst":"eNrbuRgAAhcBXQ"},"sub":"https://example.com/statuslists/1","ttl":43200}`

const example = "did:web:example.com"

func TestTokenOfTheSpecificationIsReadAndWritten(t *testing.T) {
	token, err := ReadToken([]byte(exampleToken), example)
	if err != nil {
		t.Fatal(err)
	}
	if token.URI != "https://example.com/statuslists/1" || token.Issuer != example || token.TTL != 12*time.Hour ||
		token.IssuedAt.Unix() != 1686920170 || token.Expires.Unix() != 2291720170 {
		t.Errorf("%+v", token)
	}
	written, err := json.Marshal(token.Claims())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ReadToken(written, example); err != nil || !reflect.DeepEqual(again, token) {
		t.Errorf("wrote %s: %v", written, err)
	}
	token.Expires, token.TTL = time.Time{}, 0
	for _, name := range []string{"exp", "ttl"} {
		if _, has := token.Claims()[name]; has {
			t.Errorf("%s is written and not said", name)
		}
	}
	more := strings.Replace(exampleToken, `"bits"`, `"aggregation_uri":"https://example.com/lists","bits"`, 1)
	more = strings.Replace(more, `"exp"`, `"iss":"did:web:example.com","jti":"x","exp"`, 1)
	if _, err := ReadToken([]byte(more), example); err != nil {
		t.Error("further claims are refused", err)
	}
}

func TestMalformedTokensAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ old, new, rule string }{
		"no sub":             {`"sub":"https://example.com/statuslists/1",`, ``, "status.form"},
		"sub is a number":    {`"https://example.com/statuslists/1"`, `1`, "status.form"},
		"no iat":             {`"iat":1686920170,`, ``, "status.form"},
		"iat is text":        {`1686920170`, `"1686920170"`, "status.form"},
		"iat is 0":           {`1686920170`, `0`, "status.form"},
		"iat is a fraction":  {`1686920170`, `1686920170.5`, "status.form"},
		"exp is negative":    {`2291720170`, `-1`, "status.form"},
		"exp is far":         {`2291720170`, `253402300800`, "status.form"},
		"exp is null":        {`2291720170`, `null`, "status.form"},
		"ttl is 0":           {`43200`, `0`, "status.form"},
		"ttl is long":        {`43200`, `31536001`, "status.form"},
		"no list":            {`"status_list":{"bits":1,"lst":"eNrbuRgAAhcBXQ"},`, ``, "status.size"},
		"list is text":       {`{"bits":1,"lst":"eNrbuRgAAhcBXQ"}`, `"x"`, "status.size"},
		"bits of 3":          {`"bits":1`, `"bits":3`, "status.size"},
		"bits is text":       {`"bits":1`, `"bits":"1"`, "status.form"},
		"bits of 9":          {`"bits":1`, `"bits":9`, "status.form"},
		"lst is a number":    {`"eNrbuRgAAhcBXQ"`, `1`, "status.encoding"},
		"another issuer":     {`"exp"`, `"iss":"did:web:else.example","exp"`, "status.issuer"},
		"for somebody":       {`"exp"`, `"aud":"x","exp"`, "status.form"},
		"not before":         {`"exp"`, `"nbf":1,"exp"`, "status.form"},
		"36 a member twice":  {`"exp"`, `"sub":"x","exp"`, "json.duplicate-member"},
		"something follows":  {`43200}`, `43200}{}`, "json.trailing-data"},
		"index out of shape": {`"iat"`, `"IAT"`, "status.form"},
	} {
		text := strings.Replace(exampleToken, c.old, c.new, 1)
		if text == exampleToken {
			t.Errorf("%s: nothing changed", name)
		}
		if _, err := ReadToken([]byte(text), example); fault.RuleOf(err) != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestATokenIsLookedUpForItsOwnEntriesOnly(t *testing.T) {
	token, err := ReadToken([]byte(exampleToken), example)
	if err != nil {
		t.Fatal(err)
	}
	now := token.IssuedAt
	entry := func(index int64) Entry { return TokenEntry(token.URI, index) }
	findings, err := token.Find(example, []Entry{entry(1), entry(3), {List: token.URI, Purpose: Revocation}}, now)
	if err != nil || len(findings) != 2 || findings[0].Value != 0 || findings[1].Value != 1 {
		t.Error(findings, err)
	}
	for name, c := range map[string]struct {
		issuer string
		entry  Entry
		at     time.Time
		rule   string
	}{
		"34 signed by another":    {"did:web:else.example", entry(1), now, "status.issuer"},
		"34 of a time to come":    {example, entry(1), now.Add(-time.Minute - time.Second), "status.dates"},
		"34 expired":              {example, entry(1), token.Expires, "status.dates"},
		"34 wrong subject":        {example, TokenEntry(token.URI+"0", 1), now, "status.wrong-list"},
		"34 another mechanism":    {example, Entry{List: token.URI, Purpose: Revocation}, now, "status.wrong-list"},
		"33 index past the end":   {example, entry(16), now, "status.index"},
		"33 index negative":       {example, entry(-1), now, "status.index"},
		"33 index of 2^63 and on": {example, entry(-1 << 63), now, "status.index"},
	} {
		if _, err := token.Find(c.issuer, []Entry{c.entry}, c.at); fault.RuleOf(err) != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := token.Find(example, []Entry{entry(1)}, now.Add(-time.Minute)); err != nil {
		t.Error("the clocks differ by a minute", err)
	}
}

func TestUntilIsTheFirstEnd(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	for _, c := range []struct {
		end  time.Time
		ttl  time.Duration
		want time.Time
	}{
		{now.Add(time.Hour), time.Minute, now.Add(time.Minute)},
		{now.Add(time.Minute), time.Hour, now.Add(time.Minute)},
		{now.Add(time.Hour), 0, now.Add(time.Hour)},
		{time.Time{}, time.Minute, now.Add(time.Minute)},
		{time.Time{}, 0, time.Time{}},
	} {
		if got := (Token{Expires: c.end, TTL: c.ttl}).Until(now); !got.Equal(c.want) {
			t.Errorf("%+v: %v", c, got)
		}
		if got := (List{ValidUntil: c.end, TTL: c.ttl}).Until(now); !got.Equal(c.want) {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func FuzzReadToken(f *testing.F) {
	f.Add(exampleToken)
	f.Add(`{"sub":"x","iat":1,"status_list":{"bits":8,"lst":"eNo76fITAAPfAgc"}}`)
	f.Fuzz(func(t *testing.T, claims string) {
		token, err := ReadToken([]byte(claims), example)
		if err != nil {
			return
		}
		if token.URI == "" || token.IssuedAt.IsZero() || token.Statuses.Len() < 1 || token.Statuses.Len() > MaxEntries {
			t.Fatalf("%+v", token)
		}
		written, err := json.Marshal(token.Claims())
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ReadToken(written, example); err != nil || !reflect.DeepEqual(again, token) {
			t.Fatalf("became %s: %v", written, err)
		}
	})
}

func FuzzDecodeStatuses(f *testing.F) {
	f.Add(1, "eNrbuRgAAhcBXQ")
	f.Add(2, "eNo76fITAAPfAgc")
	f.Add(8, base64url.Encode(deflate(make([]byte, 100))))
	f.Fuzz(func(t *testing.T, bits int, encoded string) {
		list, err := DecodeStatuses(bits, encoded)
		if err != nil {
			return
		}
		if list.Len() < 1 || list.Len() > MaxEntries {
			t.Fatal(list.Len())
		}
		for _, index := range []int{0, list.Len() - 1} {
			if _, err := list.Get(index); err != nil {
				t.Fatal(err)
			}
		}
	})
}
