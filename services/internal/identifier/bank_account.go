package identifier

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

var accountWeights = []int{5, 4, 3, 2, 7, 6, 5, 4, 3, 2}

// ParseBBAN gives a Norwegian account number's eleven digits; the dots and
// spaces that people write are dropped. Every number must have a right control
// digit: the exception that older numbers with 00 in positions five and six are
// said to enjoy is unverified, and what cannot be checked is not valid.
//
// Rules: identifier.bban-format, identifier.bban-check-digit.
func ParseBBAN(s string) (string, error) {
	bban := strings.NewReplacer(" ", "", ".", "").Replace(s)
	if !digits(bban, 11) {
		return "", fault.New(fault.Invalid, "identifier.bban-format", "an account number has eleven digits")
	}
	if c, ok := mod11(weighted(bban, accountWeights)); !ok || c != bban[10] {
		return "", fault.New(fault.Invalid, "identifier.bban-check-digit", "the account number's control digit is wrong")
	}
	return bban, nil
}

// NewBBAN is the account number of a bank code (four digits) and a serial
// number from 0 to 999999. Some serials have no control digit: ok is false, and
// the caller takes the next.
func NewBBAN(bankCode string, serial int) (bban string, ok bool) {
	if !digits(bankCode, 4) || serial < 0 || serial > 999999 {
		return "", false
	}
	s := fmt.Sprintf("%s%06d", bankCode, serial)
	c, ok := mod11(weighted(s, accountWeights))
	if !ok {
		return "", false
	}
	return s + string(c), true
}

// norway is "NO00" as ISO 13616 moves it behind the account number.
const norway = "232400"

// IBAN is the international form of an account number that ParseBBAN accepts.
func IBAN(bban string) (string, error) {
	bban, err := ParseBBAN(bban)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("NO%02d%s", 98-mod97(bban+norway), bban), nil
}

// ParseIBAN gives the fifteen characters of a Norwegian IBAN whose check digits
// and account number are both right; spaces are dropped.
//
// Rules: identifier.iban-format, identifier.iban-check-digits, and ParseBBAN's.
func ParseIBAN(s string) (string, error) {
	iban := strings.ReplaceAll(s, " ", "")
	if len(iban) != 15 || iban[:2] != "NO" || !digits(iban[2:], 13) {
		return "", fault.New(fault.Invalid, "identifier.iban-format", "a Norwegian IBAN is NO and thirteen digits")
	}
	want, err := IBAN(iban[4:])
	if err != nil {
		return "", err
	}
	if iban != want {
		return "", fault.New(fault.Invalid, "identifier.iban-check-digits", "the IBAN's check digits are wrong")
	}
	return iban, nil
}

func mod97(s string) int {
	r := 0
	for i := range len(s) {
		r = (r*10 + int(s[i]-'0')) % 97
	}
	return r
}

var bic = regexp.MustCompile(`^[A-Z]{4}NO[A-Z0-9]{2}([A-Z0-9]{3})?$`)

// CheckBIC refuses what is no Norwegian bank identifier code (ISO 9362).
func CheckBIC(s string) error {
	if !bic.MatchString(s) {
		return fault.New(fault.Invalid, "identifier.bic-format", "a Norwegian BIC has eight or eleven characters with NO in the middle")
	}
	return nil
}
