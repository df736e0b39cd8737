package offer

import (
	"regexp"
	"strconv"
	"strings"
)

// Decimal is an exact number in hundredths: 37.5 is 3750.
type Decimal int64

const hundred Decimal = 100

var decimalForm = regexp.MustCompile(`^(-?)([0-9]{1,6})(?:[.,]([0-9]{1,2}))?$`)

// parseDecimal reads a number with a comma or point and at most two decimals.
func parseDecimal(s string) (Decimal, bool) {
	m := decimalForm.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(m[2]+(m[3] + "00")[:2], 10, 64)
	if err != nil {
		return 0, false
	}
	if m[1] != "" {
		n = -n
	}
	return Decimal(n), true
}

// String is the number as JSON writes it, without needless zeros.
func (d Decimal) String() string {
	s := strconv.FormatInt(int64(d/hundred), 10)
	if rest := d % hundred; rest != 0 {
		s += strings.TrimRight("."+strconv.FormatInt(int64(rest/10), 10)+strconv.FormatInt(int64(rest%10), 10), "0")
	}
	return s
}

var (
	kronerForm   = regexp.MustCompile(`^-?([0-9]{1,9}|[0-9]{1,3}( [0-9]{3}){1,2})$`)
	kronerSpaces = strings.NewReplacer("\u00a0", " ", "\u202f", " ")
)

// parseKroner reads whole kroner: digits, or groups of three with spaces
// between, with or without NOK or kr around. Points and commas are refused: they
// part thousands in one country and decimals in another.
func parseKroner(s string) (int64, bool) {
	s = kronerSpaces.Replace(s)
	for _, unit := range []string{"NOK", "kr"} {
		s = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(s, unit), unit))
	}
	if !kronerForm.MatchString(s) {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(s, " ", ""), 10, 64)
	return n, err == nil
}

func kroner(n int64) string { return strconv.FormatInt(n, 10) }
