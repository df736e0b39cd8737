package invariants

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A finder finds values of persons in text. Values and text are compared as
// sequences of words: lower case, without accents, whatever stands between
// them ("+47 12 34-5678" is "4712345678"). A value is found where it begins
// and ends with a word, so that hexadecimal ids, hashes and times with more
// digits are no finds.
//
// A name of fewer than four letters, and any name inside of a long random text
// (base64, a DID), counts only with another value of the same person beside it.
type finder struct {
	marks    map[string]*mark
	prefixes map[string]bool
	people   int
}

// mark is a value that is looked for.
type mark struct {
	kind    kind
	weak    bool
	persons map[int]bool
}

const (
	maxBetween = 3 // characters between two words of a value
	beside     = 3 // words between a weak find and its second sign
)

func newFinder() *finder {
	return &finder{marks: map[string]*mark{}, prefixes: map[string]bool{}}
}

// person begins a person whose values are marked together.
func (f *finder) person() int {
	f.people++
	return f.people
}

func (f *finder) mark(person int, kind kind, value string, weak bool) {
	value = normal(value)
	if value == "" {
		return
	}
	m := f.marks[value]
	if m == nil {
		m = &mark{kind: kind, weak: weak, persons: map[int]bool{}}
		f.marks[value] = m
	}
	m.persons[person] = true
	for n := range value {
		f.prefixes[value[:n]] = true
	}
	f.prefixes[value] = true
}

// find gives the kinds of value that stand in a line.
func (f *finder) find(line string) map[kind]bool {
	kinds := map[kind]bool{}
	f.look(line, kinds, 2)
	return kinds
}

// look searches a line, and what is encoded in it.
func (f *finder) look(line string, kinds map[kind]bool, depth int) {
	f.search(words(line), kinds)
	if depth == 0 {
		return
	}
	if decoded := unescape(line); decoded != line {
		f.look(decoded, kinds, depth-1)
	}
	for _, blob := range base64Form.FindAllString(line, -1) {
		if text, ok := fromBase64(blob); ok {
			f.look(text, kinds, depth-1)
		}
	}
}

// hit is a mark that was found at words from to to.
type hit struct {
	*mark
	value    string
	from, to int
	certain  bool
}

func (f *finder) search(words []word, kinds map[kind]bool) {
	var hits []hit
	for from := range words {
		joined := ""
		for to := from; to < len(words) && (to == from || words[to].near); to++ {
			joined += words[to].text
			if !f.prefixes[joined] {
				break
			}
			// Single digits in a row are a list, no number in groups.
			if m := f.marks[joined]; m != nil && 2*(to-from+1) <= max(len(joined), 2) {
				doubtful := m.weak || m.kind == name && words[from].random
				hits = append(hits, hit{m, joined, from, to, !doubtful})
			}
		}
	}
	for _, h := range hits {
		if h.certain || seconded(h, hits) {
			kinds[h.kind] = true
		}
	}
}

// seconded reports whether another value of the same person stands beside.
func seconded(h hit, hits []hit) bool {
	for _, o := range hits {
		apart := o.from > h.to && o.from-h.to <= beside || h.from > o.to && h.from-o.to <= beside
		if !apart || o.value == h.value {
			continue
		}
		for person := range h.persons {
			if o.persons[person] {
				return true
			}
		}
	}
	return false
}

// word is a run of letters and digits.
type word struct {
	text   string
	near   bool // few characters stand between it and the word before
	random bool // it stands in a long random text
}

var (
	// longForm is what may be base64url or hexadecimal.
	longForm   = regexp.MustCompile(`[A-Za-z0-9_-]{24,}`)
	base64Form = regexp.MustCompile(`[A-Za-z0-9_-]{16,}={0,2}|[A-Za-z0-9+/]{16,}={0,2}`)
	escapeForm = regexp.MustCompile(`%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\[0-3][0-7]{2}|\\x[0-9A-Fa-f]{2}`)
)

// words splits a text.
func words(text string) (all []word) {
	random := longForm.FindAllStringIndex(text, -1)
	within := func(at int) bool {
		for len(random) > 0 && random[0][1] <= at {
			random = random[1:]
		}
		return len(random) > 0 && random[0][0] <= at && isRandom(text[random[0][0]:random[0][1]])
	}
	begin, between := -1, maxBetween+1
	end := func(at int) {
		if begin >= 0 {
			all = append(all, word{text: normal(text[begin:at]), near: between <= maxBetween, random: within(begin)})
			begin, between = -1, 0
		}
	}
	for at, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r) {
			if begin < 0 {
				begin = at
			}
			continue
		}
		end(at)
		between++
	}
	end(len(text))
	return all
}

// isRandom reports whether a text is as only encodings are: upper and lower
// case and digits in no order.
func isRandom(text string) bool {
	class := func(b byte) int {
		switch {
		case b >= 'A' && b <= 'Z':
			return 1
		case b >= 'a' && b <= 'z':
			return 2
		}
		return 3
	}
	changes, seen := 0, map[int]int{}
	for n := range len(text) {
		seen[class(text[n])]++
		if n > 0 && class(text[n]) != class(text[n-1]) {
			changes++
		}
	}
	return seen[1] >= 3 && seen[2] >= 3 && changes*10 >= len(text)*3
}

// compact is a value as one word.
func compact(value string) string {
	var b strings.Builder
	for _, w := range words(value) {
		b.WriteString(w.text)
	}
	return b.String()
}

// plainLetters are letters with a stroke or of two, as people without them on
// their keyboards write them.
var plainLetters = strings.NewReplacer("ø", "o", "ł", "l", "đ", "d", "þ", "th", "ð", "d", "æ", "ae", "œ", "oe", "ß", "ss", "ı", "i")

// normal is a text in lower case, without accents.
func normal(text string) string {
	lower := strings.ToLower(norm.NFKD.String(text))
	return plainLetters.Replace(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, lower))
}

var passportLetters = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "å", "aa", "ø", "oe")

// transliterated is a name as a passport's machine-readable zone has it (ICAO
// Doc 9303 part 3, section 6).
func transliterated(name string) string {
	return passportLetters.Replace(strings.ToLower(norm.NFC.String(name)))
}

// unescape undoes percent, JSON and octal escapes.
func unescape(text string) string {
	return escapeForm.ReplaceAllStringFunc(text, func(escape string) string {
		switch {
		case escape[0] == '%':
			if plain, err := url.PathUnescape(escape); err == nil {
				return plain
			}
		case escape[1] == 'u':
			if code, err := strconv.ParseUint(escape[2:], 16, 16); err == nil {
				return string(rune(code))
			}
		case escape[1] == 'x':
			if code, err := strconv.ParseUint(escape[2:], 16, 8); err == nil {
				return string([]byte{byte(code)})
			}
		default:
			if code, err := strconv.ParseUint(escape[1:], 8, 8); err == nil {
				return string([]byte{byte(code)})
			}
		}
		return escape
	})
}

// fromBase64 decodes what turns out to be text.
func fromBase64(blob string) (string, bool) {
	bare := strings.TrimRight(blob, "=")
	for _, encoding := range []*base64.Encoding{base64.RawURLEncoding, base64.RawStdEncoding} {
		plain, err := encoding.DecodeString(bare)
		if err == nil && utf8.Valid(plain) && !strings.ContainsFunc(string(plain), func(r rune) bool {
			return unicode.IsControl(r) && !unicode.IsSpace(r)
		}) {
			return string(plain), true
		}
	}
	return "", false
}
