package offer

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Number is what people call an offer: two digits of the year, six that count
// the year's offers, and a letter that finds slips of the pen: "26-004217-K".
// It is no secret.
type Number string

// checkLetters are the letters but I, O and Q, which look like digits. There
// are 23, a prime that divides neither a digit's step nor the difference that
// two swapped neighbours make: every single wrong digit, and every swap of two
// that stand next to each other, gives another letter.
const checkLetters = "ABCDEFGHJKLMNPRSTUVWXYZ"

// mostNumber is the last number of a year.
const mostNumber = 999_999

// NewNumber is the number of a year's nth offer, from 1.
func NewNumber(year, n int) (Number, error) {
	if n < 1 || n > mostNumber || year < 2000 || year > 2099 {
		return "", fault.New(fault.Unavailable, "offer.numbers-exhausted", "there are no more offer numbers this year")
	}
	digits := fmt.Sprintf("%02d%06d", year%100, n)
	return Number(digits[:2] + "-" + digits[2:] + "-" + string(checkLetter(digits))), nil
}

func checkLetter(digits string) byte {
	value, _ := strconv.Atoi(digits) // eight digits, seen to by the callers
	return checkLetters[value%len(checkLetters)]
}

// ParseNumber reads a number however it was typed: case, spaces and hyphens do
// not matter. False when no offer can have it.
func ParseNumber(typed string) (Number, bool) {
	if len(typed) > 32 {
		return "", false
	}
	text := strings.ToUpper(strings.NewReplacer("-", "", " ", "", "\u2013", "", "\u00a0", "").Replace(typed))
	if len(text) != 9 || strings.Trim(text[:8], "0123456789") != "" || text[8] != checkLetter(text[:8]) {
		return "", false
	}
	return Number(text[:2] + "-" + text[2:8] + "-" + text[8:]), true
}
