package identifier

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// PersonNumberKind is which of the population register's two numbers it is,
// spelled as the TaxRegistration credential spells it.
type PersonNumberKind string

const (
	// BirthNumber is a fødselsnummer, for residents.
	BirthNumber PersonNumberKind = "FNR"
	// DNumber is for people who are not, or not yet, resident: day raised by 40.
	DNumber PersonNumberKind = "D_NUMBER"
)

// ControlRule is how the first control digit is checked.
type ControlRule int

const (
	// ControlUntil2032 has one right first control digit.
	ControlUntil2032 ControlRule = iota
	// ControlFrom2032 has four, because numbers run out. Numbers issued before
	// stay valid under it.
	ControlFrom2032
)

// controlFrom is the day from which numbers are issued under the later rule,
// also to people born before. Source: Skatteetaten,
// folkeregisteret-api-dokumentasjon, nyttfnr2032.
var controlFrom = time.Date(2032, 1, 1, 0, 0, 0, 0, time.UTC)

// ControlRuleAt is the rule for numbers that may have been issued up to t.
func ControlRuleAt(t time.Time) ControlRule {
	if t.Before(controlFrom) {
		return ControlUntil2032
	}
	return ControlFrom2032
}

// remainders is how many remainders, from 0, the first control digit may leave.
func (r ControlRule) remainders() int {
	if r == ControlFrom2032 {
		return 4
	}
	return 1
}

var (
	firstControlWeights  = []int{3, 7, 6, 1, 8, 9, 4, 5, 2}
	secondControlWeights = []int{5, 4, 3, 2, 7, 6, 5, 4, 3, 2}
)

// Offsets that mark a number's kind and world in its first and third digit.
const (
	dNumberDay = 40
	tenorMonth = 80
	// dollyMonth is also what the health service adds for its own help numbers
	// (H-numbers), so a +40 month is synthetic here and never a person.
	dollyMonth = 40
)

// CheckPersonNumber says which kind of number s is, or why it is none: eleven
// digits, a day that some year has, the mode's world, two control digits.
// Source: Skatteetaten, folkeregisteret-api-dokumentasjon, nyttfnr2032.
//
// Rules: identifier.person-number-format, -date, -world, -check-digit.
func CheckPersonNumber(s string, mode Mode, rule ControlRule) (PersonNumberKind, error) {
	if !digits(s, 11) {
		return "", fault.New(fault.Invalid, "identifier.person-number-format", "a fødselsnummer or D-number has eleven digits")
	}
	kind, day := BirthNumber, number(s[0:2])
	if day > dNumberDay {
		kind, day = DNumber, day-dNumberDay
	}
	month := number(s[2:4])
	switch {
	case mode == Production && month > 12:
		return "", fault.New(fault.Invalid, "identifier.person-number-world", "this is a synthetic number")
	case mode == Synthetic && month <= dollyMonth:
		return "", fault.New(fault.Invalid, "identifier.person-number-world", "only synthetic numbers are accepted here")
	case month > tenorMonth:
		month -= tenorMonth
	case month > dollyMonth:
		month -= dollyMonth
	}
	if !calendarDay(number(s[4:6]), month, day) {
		return "", fault.New(fault.Invalid, "identifier.person-number-date", "the first six digits are no calendar day")
	}
	if !controlled(s, rule) {
		return "", fault.New(fault.Invalid, "identifier.person-number-check-digit", "a control digit is wrong")
	}
	return kind, nil
}

func controlled(s string, rule ControlRule) bool {
	if remainder := (weighted(s, firstControlWeights) + int(s[9]-'0')) % 11; remainder >= rule.remainders() {
		return false
	}
	return (weighted(s, secondControlWeights)+int(s[10]-'0'))%11 == 0
}

// DatePartIs compares the six date digits of a number with a birth date
// (yyyy-mm-dd) that is known from elsewhere. That they differ is no fault: the
// digits may be a day of registration, and a birth date may have been corrected
// after the number was given. The other way round they tell nothing.
func DatePartIs(personNumber, birthdate string) bool {
	birth, err := time.Parse(time.DateOnly, birthdate)
	if err != nil || !digits(personNumber, 11) {
		return false
	}
	day, month := number(personNumber[0:2]), number(personNumber[2:4])
	if day > dNumberDay {
		day -= dNumberDay
	}
	switch {
	case month > tenorMonth:
		month -= tenorMonth
	case month > dollyMonth:
		month -= dollyMonth
	}
	return day == birth.Day() && month == int(birth.Month()) && number(personNumber[4:6]) == birth.Year()%100
}

// calendarDay asks whether any century has the day: the number does not tell
// which one it means, and of xx00 only 2000 was a leap year.
func calendarDay(year, month, day int) bool {
	if month < 1 || month > 12 || day < 1 {
		return false
	}
	return day <= time.Date(2000+year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func number(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}
