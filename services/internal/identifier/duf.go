package identifier

import (
	"fmt"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

var dufWeights = []int{4, 6, 3, 2, 4, 6, 3, 2, 7, 5}

// ParseDUF gives a DUF number's twelve digits; spaces between groups are
// dropped. A wrong form is an error (identifier.duf-format). A checksum that
// does not agree is not: UDI does not publish the rule, and the number that
// UDI's own pages print as an illustration breaks it. checksum says whether it
// agrees, for a warning.
func ParseDUF(s string) (duf string, checksum bool, err error) {
	duf = strings.ReplaceAll(s, " ", "")
	if !digits(duf, 12) {
		return "", false, fault.New(fault.Invalid, "identifier.duf-format", "a DUF number has twelve digits")
	}
	return duf, number(duf[10:]) == weighted(duf, dufWeights)%11, nil
}

// NewDUF is the DUF number with the year of first application and a serial
// number from 0 to 999999.
func NewDUF(year, serial int) (string, error) {
	if year < 1000 || year > 9999 || serial < 0 || serial > 999999 {
		return "", fault.New(fault.Invalid, "identifier.duf-serial", "no DUF number has this year and serial")
	}
	s := fmt.Sprintf("%04d%06d", year, serial)
	return fmt.Sprintf("%s%02d", s, weighted(s, dufWeights)%11), nil
}
