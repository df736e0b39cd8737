// Package identifier checks and makes the numbers and codes that a case
// carries: organisation numbers, fødselsnummer and D-numbers, DUF numbers,
// bank accounts, phone numbers, passport numbers, e-mail addresses and country
// codes. It is pure: no I/O, no clock, no randomness.
//
// It never reads a birth date or a sex out of a number: since 2032 the number
// does not say, and already today the date digits may be a day of registration.
// Its errors never carry the value that was refused.
package identifier

// Mode says which world a number must belong to.
type Mode int

const (
	// Production accepts real numbers only: organisation numbers that start
	// with 8 or 9, birth numbers whose month is 01 to 12.
	Production Mode = iota
	// Synthetic accepts test numbers only: organisation numbers that start with
	// 2 or 3 (Tenor), birth numbers whose month is raised by 80 (Tenor) or by
	// 40 (Dolly). A real person's number is refused.
	Synthetic
)

// digits reports whether s is exactly n ASCII digits.
func digits(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// weighted is the sum of the leading digits of s, each times its weight.
func weighted(s string, weights []int) int {
	sum := 0
	for i, w := range weights {
		sum += int(s[i]-'0') * w
	}
	return sum
}

// mod11 is the control digit that completes a weighted sum to a multiple of
// eleven. There is none when it would be ten.
func mod11(sum int) (digit byte, ok bool) {
	r := sum % 11
	if r == 0 {
		return '0', true
	}
	if r == 1 {
		return 0, false
	}
	return byte('0' + 11 - r), true
}
