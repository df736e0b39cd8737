package identifier

import (
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Sex as the PID rulebook numbers it (ISO/IEC 5218, widened).
const (
	SexMale   = 1
	SexFemale = 2
	SexOther  = 3
)

// Candidate is a number that may be assigned.
type Candidate struct {
	Number string
	// DateDeviates is set when the six date digits are not the birth date,
	// because that day's numbers are used up.
	DateDeviates bool
}

// deviationDays is how far past a birth date candidates may stray.
const deviationDays = 30

// NewPersonNumber is the n-th (from 0) synthetic number for a birth date: month
// raised by 80, control digits of the rule until 2032. The sequence is the same
// every time, so that a caller with a UNIQUE column goes on to n+1 when the
// n-th is taken. When a day has no more numbers the next days follow.
//
// Only the calendar date of birth counts. Sex 2 gets even, 1 odd individual
// numbers, as the register assigns them until 2032; every other value gets both.
//
// Rules: identifier.person-number-birth-year (1854 to 2039),
// identifier.person-number-exhausted.
func NewPersonNumber(kind PersonNumberKind, birth time.Time, sex, n int) (Candidate, error) {
	year, month, day := birth.Date()
	for offset := range deviationDays + 1 {
		date := time.Date(year, month, day+offset, 0, 0, 0, 0, time.UTC)
		ranges := individualNumbers(date.Year())
		if ranges == nil {
			return Candidate{}, fault.New(fault.Invalid, "identifier.person-number-birth-year", "no numbers exist for this year of birth")
		}
		for _, r := range ranges {
			for individual := r.first; individual <= r.last; individual++ {
				if !fitsSex(individual, sex) {
					continue
				}
				s, ok := complete(kind, date, individual)
				if !ok {
					continue
				}
				if n == 0 {
					return Candidate{Number: s, DateDeviates: offset > 0}, nil
				}
				n--
			}
		}
	}
	return Candidate{}, fault.New(fault.Conflict, "identifier.person-number-exhausted", "no numbers are left for this birth date")
}

type individualRange struct{ first, last int }

func individualNumbers(year int) []individualRange {
	switch {
	case year >= 1854 && year <= 1899:
		return []individualRange{{500, 749}}
	case year >= 1900 && year <= 1939:
		return []individualRange{{0, 499}}
	case year >= 1940 && year <= 1999:
		return []individualRange{{0, 499}, {900, 999}}
	case year >= 2000 && year <= 2039:
		return []individualRange{{500, 999}}
	}
	return nil
}

func fitsSex(individual, sex int) bool {
	switch sex {
	case SexFemale:
		return individual%2 == 0
	case SexMale:
		return individual%2 == 1
	}
	return true
}

// complete adds the control digits, which are computed after the offsets.
func complete(kind PersonNumberKind, date time.Time, individual int) (string, bool) {
	day := date.Day()
	if kind == DNumber {
		day += dNumberDay
	}
	s := fmt.Sprintf("%02d%02d%02d%03d", day, int(date.Month())+tenorMonth, date.Year()%100, individual)
	first, ok := mod11(weighted(s, firstControlWeights))
	if !ok {
		return "", false
	}
	s += string(first)
	second, ok := mod11(weighted(s, secondControlWeights))
	if !ok {
		return "", false
	}
	return s + string(second), true
}
