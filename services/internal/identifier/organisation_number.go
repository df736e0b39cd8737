package identifier

import "github.com/kompetansespor/kompetansespor/services/internal/fault"

var organisationWeights = []int{3, 2, 7, 6, 5, 4, 3, 2}

// CheckOrganisationNumber refuses everything but nine digits with a right
// control digit (modulus 11) that belong to the mode's world.
//
// Rules: identifier.organisation-number-format, -check-digit, -world.
func CheckOrganisationNumber(s string, mode Mode) error {
	if !digits(s, 9) {
		return fault.New(fault.Invalid, "identifier.organisation-number-format", "an organisation number has nine digits")
	}
	if c, ok := mod11(weighted(s, organisationWeights)); !ok || c != s[8] {
		return fault.New(fault.Invalid, "identifier.organisation-number-check-digit", "the organisation number's control digit is wrong")
	}
	isReal, isSynthetic := s[0] == '8' || s[0] == '9', s[0] == '2' || s[0] == '3'
	if mode == Production && !isReal {
		return fault.New(fault.Invalid, "identifier.organisation-number-world", "a real organisation number starts with 8 or 9")
	}
	if mode == Synthetic && !isSynthetic {
		return fault.New(fault.Invalid, "identifier.organisation-number-world", "a synthetic organisation number starts with 2 or 3")
	}
	return nil
}

// ISO6523 is an organisation number as other systems address it: the ISO 6523
// scheme of Enhetsregisteret (0192), a colon and the number.
func ISO6523(organisationNumber string) string { return "0192:" + organisationNumber }
