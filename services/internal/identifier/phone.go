package identifier

import (
	"regexp"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

var (
	e164          = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	phoneGrouping = strings.NewReplacer(" ", "", "\u00a0", "", "(", "", ")", "", "-", "")
)

// ParsePhone gives a phone number as E.164 has it: spaces, parentheses and
// hyphens dropped, a leading 00 made a plus. Rule: identifier.phone-format.
func ParsePhone(s string) (string, error) {
	if len(s) > 40 {
		return "", phoneFault()
	}
	phone := phoneGrouping.Replace(s)
	if rest, ok := strings.CutPrefix(phone, "00"); ok {
		phone = "+" + rest
	}
	if !e164.MatchString(phone) {
		return "", phoneFault()
	}
	return phone, nil
}

func phoneFault() error {
	return fault.New(fault.Invalid, "identifier.phone-format", "a phone number is + and the country code and 7 to 15 digits in all")
}
