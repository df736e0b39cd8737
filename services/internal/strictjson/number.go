package strictjson

import (
	"math"
	"strconv"
	"strings"
)

// maxSafeInteger is 2^53-1, the largest integer that every reader keeps.
const maxSafeInteger = 1<<53 - 1

// longestNumber is more digits than any exact number needs; it keeps the
// exponent arithmetic of decimal small.
const longestNumber = 64

// wellFormedNumber follows the grammar of RFC 8259, section 6.
func wellFormedNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole := digits(s)
	if whole == 0 || whole > 1 && s[0] == '0' {
		return false
	}
	s = s[whole:]
	if strings.HasPrefix(s, ".") {
		fraction := digits(s[1:])
		if fraction == 0 {
			return false
		}
		s = s[1+fraction:]
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		exponent := digits(s)
		return exponent > 0 && exponent == len(s)
	}
	return s == ""
}

// PlainInteger reports whether a number is an integer of few digits, without a
// sign, a point or a zero in front: well-formed, exact, and in canonical form.
func PlainInteger[T string | []byte](s T) bool {
	if len(s) == 0 || len(s) > 15 || s[0] == '0' && len(s) > 1 {
		return false
	}
	return digits(s) == len(s)
}

// plain is PlainInteger, and the same for a decimal: at most 15 digits survive a
// float64, and with few zeros in front none is printed with an exponent.
func plain[T string | []byte](s T) bool {
	whole := digits(s)
	if whole == len(s) || len(s) > 16 || s[whole] != '.' {
		return PlainInteger(s)
	}
	fraction := s[whole+1:]
	return PlainInteger(s[:whole]) && len(fraction) > 0 && len(fraction) <= 6 &&
		digits(fraction) == len(fraction) && fraction[len(fraction)-1] != '0'
}

// digits counts the decimal digits that s begins with.
func digits[T string | []byte](s T) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

// exact reports whether a well-formed number survives a float64: as an
// integer no larger than 2^53-1, or as a decimal that is the shortest text of
// its float64. Minus zero does not survive: others print it as zero.
func exact(s string) bool {
	if len(s) > longestNumber {
		return false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) {
		return false
	}
	if f == 0 {
		significant, _ := decimal(s)
		return significant == "" && s[0] != '-'
	}
	if f == math.Trunc(f) && math.Abs(f) > maxSafeInteger {
		return false
	}
	wantDigits, wantExponent := decimal(s)
	gotDigits, gotExponent := decimal(strconv.FormatFloat(f, 'e', -1, 64))
	return wantDigits == gotDigits && wantExponent == gotExponent
}

// decimal gives the significant digits of a number without its sign and
// without zeros at either end, and the power of ten of the last of them.
func decimal(s string) (significant string, exponent int) {
	s = strings.TrimPrefix(s, "-")
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		exponent, _ = strconv.Atoi(s[i+1:])
		s = s[:i]
	}
	if whole, fraction, found := strings.Cut(s, "."); found {
		s = whole + fraction
		exponent -= len(fraction)
	}
	trimmed := strings.TrimRight(s, "0")
	exponent += len(s) - len(trimmed)
	return strings.TrimLeft(trimmed, "0"), exponent
}
