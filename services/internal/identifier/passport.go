package identifier

import (
	"regexp"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

var passportNumber = regexp.MustCompile(`^[A-Z0-9]{5,9}$`)

// CheckPassportNumber refuses what does not fit the document number of a
// passport's machine-readable zone: five to nine capital letters and digits
// (ICAO 9303 part 4). Rule: identifier.passport-number-format.
func CheckPassportNumber(s string) error {
	if !passportNumber.MatchString(s) {
		return fault.New(fault.Invalid, "identifier.passport-number-format", "a passport number has five to nine capital letters and digits")
	}
	return nil
}

// CheckMRZ refuses a passport's machine-readable zone (ICAO 9303 part 4, TD3:
// two lines of 44 characters) of another form or with a wrong check digit.
//
// Rules: identifier.mrz-format, identifier.mrz-check-digit.
func CheckMRZ(line1, line2 string) error {
	if !mrzLine(line1) || !mrzLine(line2) || line1[0] != 'P' {
		return fault.New(fault.Invalid, "identifier.mrz-format", "a passport's machine-readable zone is two lines of 44 characters")
	}
	composite := line2[0:10] + line2[13:20] + line2[21:43]
	for _, part := range []struct {
		text  string
		check byte
		blank bool // an unused field may have a filler for its check digit
	}{
		{line2[0:9], line2[9], false},
		{line2[13:19], line2[19], false},
		{line2[21:27], line2[27], false},
		{line2[28:42], line2[42], true},
		{composite, line2[43], false},
	} {
		digit := mrzCheckDigit(part.text)
		if part.check != digit && !(part.blank && part.check == '<' && digit == '0') {
			return fault.New(fault.Invalid, "identifier.mrz-check-digit", "a check digit of the machine-readable zone is wrong")
		}
	}
	return nil
}

func mrzLine(s string) bool {
	if len(s) != 44 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c != '<' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

func mrzCheckDigit(s string) byte {
	weights := [3]int{7, 3, 1}
	sum := 0
	for i := range len(s) {
		value := 0
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			value = int(c - '0')
		case c >= 'A' && c <= 'Z':
			value = int(c-'A') + 10
		}
		sum += value * weights[i%3]
	}
	return byte('0' + sum%10)
}
