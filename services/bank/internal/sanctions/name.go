package sanctions

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// folded is a name as it is compared: its words without diacritics and case,
// in the order of the alphabet, and all of it written together as it stood.
type folded struct {
	words  []string
	joined string
}

// letters are those that decomposition leaves whole.
var letters = map[rune]string{
	'ø': "o", 'æ': "ae", 'œ': "oe", 'ß': "ss", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ħ': "h", 'ı': "i", 'ŧ': "t", 'ŋ': "n", 'ə': "e",
}

// within stand inside a word and part nothing: O’Brien is OBrien.
const within = "'’‘ʼ`´′ʻ"

// fold normalises a name (Unicode NFKD, TR 15), so that what people write in
// several ways is compared as one.
func fold(name string) folded {
	var b strings.Builder
	for _, r := range norm.NFKD.String(name) {
		r = unicode.ToLower(r)
		switch {
		case unicode.In(r, unicode.Mn, unicode.Cf) || strings.ContainsRune(within, r):
		case letters[r] != "":
			b.WriteString(letters[r])
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	words := strings.Fields(b.String())
	joined := strings.Join(words, "")
	slices.Sort(words)
	return folded{words: words, joined: joined}
}

func (f folded) equal(other folded) bool { return slices.Equal(f.words, other.words) }

// Nearness is how different two names may be and still be looked at by a
// clerk. Its figures are dated data of the due diligence.
type Nearness struct {
	// Edits are allowed per word, by its length: the last that fits counts.
	Edits []Edits
	// Years is how far apart two years of birth may be.
	Years int
}

// Edits allows so many letters to differ in words from a length on.
type Edits struct {
	FromLength int
	Letters    int
}

func (n Nearness) allowed(length int) int {
	allowed := 0
	for _, e := range n.Edits {
		if length >= e.FromLength {
			allowed = e.Letters
		}
	}
	return allowed
}

// like says whether two names are nearly the same: each word of the shorter
// has its own word in the longer, or both are the same when they are written
// together. One word alone is like a longer name only for who was born on the
// same day: nearly everybody shares one.
func (n Nearness) like(a, b folded, age agreement) bool {
	short, long := a, b
	if len(short.words) > len(long.words) {
		short, long = long, short
	}
	switch {
	case len(short.words) == 0:
		return false
	case n.near(a.joined, b.joined):
		return true
	case len(short.words) == 1 && len(long.words) > 1 && age != same:
		return false
	}
	return n.contained(short.words, long.words)
}

func (n Nearness) contained(short, long []string) bool {
	free := slices.Clone(long)
	for _, word := range short {
		at := slices.Index(free, word)
		if at < 0 {
			at = slices.IndexFunc(free, func(other string) bool { return n.near(word, other) })
		}
		if at < 0 {
			return false
		}
		free = slices.Delete(free, at, at+1)
	}
	return true
}

func (n Nearness) near(a, b string) bool {
	x, y := []rune(a), []rune(b)
	allowed := n.allowed(min(len(x), len(y)))
	return abs(len(x)-len(y)) <= allowed && distance(x, y) <= allowed
}

// distance is how many letters must be put in, taken out, changed or exchanged
// with their neighbour (optimal string alignment).
func distance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(last[j]+1, row[j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// Unusual says that a name has characters that a person cannot see, or letters
// of several scripts: it may look like another name and not be it. Such a name
// is for a clerk, never matched by rule.
func Unusual(name string) bool {
	var latin, other bool
	for _, r := range norm.NFKC.String(name) {
		switch {
		case unicode.In(r, unicode.Cf, unicode.Cc, unicode.Co, unicode.Cs) || r == unicode.ReplacementChar:
			return true
		case unicode.Is(unicode.Latin, r):
			latin = true
		case unicode.IsLetter(r) && !unicode.Is(unicode.Lm, r):
			other = true
		}
	}
	return other && latin
}
