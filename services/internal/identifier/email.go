package identifier

import (
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// CheckEmail refuses what is no addr-spec of RFC 5322 section 3.4.1 that mail
// servers at large take: a dot-atom of at most 64 octets, an @, a host name of
// two labels or more, 254 octets in all. Quoted local parts, comments and
// address literals are refused although the grammar has them.
//
// Rule: identifier.email-format.
func CheckEmail(s string) error {
	at := strings.LastIndexByte(s, '@')
	if len(s) > 254 || at < 1 || at > 64 || !dotAtom(s[:at]) || !hostName(s[at+1:]) {
		return fault.New(fault.Invalid, "identifier.email-format", "this is no e-mail address")
	}
	return nil
}

// atomMarks are the characters of atext beside letters and digits.
const atomMarks = "!#$%&'*+-/=?^_`{|}~"

func dotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return false
		}
		for i := range len(atom) {
			if !alphanumeric(atom[i]) && strings.IndexByte(atomMarks, atom[i]) < 0 {
				return false
			}
		}
	}
	return true
}

func hostName(s string) bool {
	labels := 0
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if !alphanumeric(label[i]) && label[i] != '-' {
				return false
			}
		}
		labels++
	}
	return labels >= 2
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
