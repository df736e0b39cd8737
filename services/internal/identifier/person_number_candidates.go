package identifier

import (
	"fmt"
	"iter"
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

// World is how the month of a synthetic number is raised.
type World int

const (
	// Tenor raises it by 80: the tax administration's own test people.
	Tenor World = iota
	// Dolly raises it by 40: NAV's.
	Dolly
)

func (w World) month() int {
	if w == Dolly {
		return dollyMonth
	}
	return tenorMonth
}

// Series is the synthetic numbers of a birth date.
type Series struct {
	Kind PersonNumberKind
	// Birth counts by its calendar date alone.
	Birth time.Time
	// Sex 2 gets even, 1 odd individual numbers, every other value both. Under
	// the rule from 2032 it does not count: numbers do not tell it any more.
	Sex   int
	Rule  ControlRule
	World World
}

// Check refuses a birth date that has no numbers. Rule:
// identifier.person-number-birth-year (1854 to 2039 until 2032; from then on an
// individual number does not tell the century, and every year from 1854 has
// numbers).
func (s Series) Check() error {
	if s.ranges(s.Birth.Year()) == nil {
		return fault.New(fault.Invalid, "identifier.person-number-birth-year", "no numbers exist for this year of birth")
	}
	return nil
}

// Numbers gives every number of the series, the same sequence every time: those
// of the birth date, then of the thirty days after it, marked as deviating.
// Under the rule from 2032 a day's numbers that satisfy the older rule as well
// come first, because old readers take them.
func (s Series) Numbers() iter.Seq[Candidate] {
	return func(yield func(Candidate) bool) {
		year, month, day := s.Birth.Date()
		for offset := range deviationDays + 1 {
			date := time.Date(year, month, day+offset, 0, 0, 0, 0, time.UTC)
			for number := range s.ofDay(date) {
				if !yield(Candidate{Number: number, DateDeviates: offset > 0}) {
					return
				}
			}
		}
	}
}

func (s Series) ofDay(date time.Time) iter.Seq[string] {
	return func(yield func(string) bool) {
		for remainder := range s.Rule.remainders() {
			for _, r := range s.ranges(date.Year()) {
				for individual := r.first; individual <= r.last; individual++ {
					if s.Rule == ControlUntil2032 && !fitsSex(individual, s.Sex) {
						continue
					}
					number, ok := s.complete(date, individual, remainder)
					if ok && !yield(number) {
						return
					}
				}
			}
		}
	}
}

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
	s := Series{Kind: kind, Birth: birth, Sex: sex}
	if err := s.Check(); err != nil {
		return Candidate{}, err
	}
	for c := range s.Numbers() {
		if n == 0 {
			return c, nil
		}
		n--
	}
	return Candidate{}, Exhausted()
}

// Exhausted is the fault of a birth date whose numbers, and those of the thirty
// days after it, are all taken: identifier.person-number-exhausted.
func Exhausted() error {
	return fault.New(fault.Conflict, "identifier.person-number-exhausted", "no numbers are left for this birth date")
}

type individualRange struct{ first, last int }

// ranges are the individual numbers of a year of birth. Source: Skatteetaten,
// folkeregisteret-api-dokumentasjon.
func (s Series) ranges(year int) []individualRange {
	switch {
	case year < 1854:
		return nil
	case s.Rule == ControlFrom2032:
		return []individualRange{{0, 999}}
	case year <= 1899:
		return []individualRange{{500, 749}}
	case year <= 1939:
		return []individualRange{{0, 499}}
	case year <= 1999:
		return []individualRange{{0, 499}, {900, 999}}
	case year <= 2039:
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
// remainder is what the first ten digits' weighted sum is to leave.
func (s Series) complete(date time.Time, individual, remainder int) (string, bool) {
	day := date.Day()
	if s.Kind == DNumber {
		day += dNumberDay
	}
	text := fmt.Sprintf("%02d%02d%02d%03d", day, int(date.Month())+s.World.month(), date.Year()%100, individual)
	// A sum that is short of the remainder is completed to it.
	first, ok := mod11(weighted(text, firstControlWeights) + 11 - remainder)
	if !ok {
		return "", false
	}
	text += string(first)
	second, ok := mod11(weighted(text, secondControlWeights))
	if !ok {
		return "", false
	}
	return text + string(second), true
}
