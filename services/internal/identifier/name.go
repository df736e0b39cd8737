package identifier

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// registerLetters are the letters that Folkeregisteret writes beside a to z, in
// both cases. Source: rekvisisjon_av_dnummer_v5, the pattern of names.
const registerLetters = "æøåáàâãäçðéèêëíìîïñóòôõöþúùûüýÿ"

// romanised are letters that are no letter of the register's with a mark, as
// ICAO 9303 part 3 (section 6, table A) writes them in the Latin letters of a
// machine-readable zone.
var romanised = map[rune]string{
	'ł': "l", 'đ': "d", 'ħ': "h", 'ı': "i", 'ĸ': "q", 'ŀ': "l", 'ŉ': "n", 'ŋ': "n", 'œ': "oe", 'ŧ': "t", 'ĳ': "ij", 'ß': "ss",
	'ƀ': "b", 'ɓ': "b", 'ƈ': "c", 'ɖ': "d", 'ɗ': "d", 'ǝ': "e", 'ə': "e", 'ƒ': "f", 'ɠ': "g", 'ƙ': "k", 'ɲ': "n", 'ƥ': "p", 'ƭ': "t", 'ƴ': "y", 'ƶ': "z",
}

// nameLimit is the longest name in bytes that is read.
const nameLimit = 600

// RegisterName is a name as Folkeregisteret's set of letters allows it: letters
// that it has stay, others lose their mark or are written as ICAO 9303 writes
// them, apostrophes are straight, and spaces single. A name in another script is
// refused: how it is written in Latin letters stands in the passport, and nobody
// guesses.
//
// Rule: identifier.name-letters (Invalid).
func RegisterName(name string) (string, error) {
	if len(name) > nameLimit {
		return "", nameFault()
	}
	var b strings.Builder
	for _, r := range norm.NFC.String(strings.Join(strings.Fields(name), " ")) {
		written, ok := registerLetter(r)
		if !ok {
			return "", nameFault()
		}
		b.WriteString(written)
	}
	if strings.Trim(b.String(), " -'") == "" {
		return "", nameFault()
	}
	return b.String(), nil
}

func registerLetter(r rune) (string, bool) {
	lower := []rune(strings.ToLower(string(r)))
	switch {
	case r == '’' || r == '‘' || r == '`' || r == '´' || r == 'ʼ':
		return "'", true
	case r == '.': // "St. James": ICAO 9303 part 3 leaves full stops out
		return "", true
	case r == '‐' || r == '‑' || r == '–':
		return "-", true
	case r == ' ' || r == '-' || r == '\'' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
		return string(r), true
	case len(lower) >= 1 && strings.ContainsRune(registerLetters, lower[0]) && len(lower) == 1:
		return string(r), true
	}
	if written, ok := romanised[lower[0]]; ok && len(lower) == 1 {
		if lower[0] != r { // a capital
			written = strings.ToUpper(written)
		}
		return written, true
	}
	return unmarked(r)
}

// unmarked is a Latin letter without what stands above, below or through it.
func unmarked(r rune) (string, bool) {
	letter := rune(0)
	for _, part := range norm.NFD.String(string(r)) {
		switch {
		case part >= 'a' && part <= 'z' || part >= 'A' && part <= 'Z':
			if letter != 0 {
				return "", false
			}
			letter = part
		case part >= 0x0300 && part <= 0x036f:
		default:
			return "", false
		}
	}
	// A mark that belongs to no letter stands for nothing, and is dropped.
	if letter == 0 {
		return "", r >= 0x0300 && r <= 0x036f
	}
	return string(letter), true
}

func nameFault() error {
	return fault.New(fault.Invalid, "identifier.name-letters", "the name has letters that the population register cannot write")
}
