// Package sanctions compares a customer with a list of persons: those whose
// funds are frozen (sanksjonsloven, lov 16. april 2021 nr. 18, and the
// regulations made under it) and those who are politically exposed
// (hvitvaskingsloven § 18). A list is a file that the bank is given; see list.go.
//
// It is pure: it never reads the file, and it never decides what a match means.
package sanctions

import (
	"cmp"
	"slices"
	"time"
)

// Kind is why a person is on a list.
type Kind string

// The kinds of a list's column kind.
const (
	Sanction Kind = "SANCTION"
	PEP      Kind = "PEP"
)

// Strength is how much a person is like an entry.
type Strength string

const (
	// Hit: the same name after normalisation, and no birth date that speaks
	// against it.
	Hit Strength = "HIT"
	// Possible: a clerk must look. A name that is nearly the same, or the same
	// name with another birth date.
	Possible Strength = "POSSIBLE"
)

// Person is who is compared with the list.
type Person struct {
	GivenName, FamilyName string
	Birthdate             time.Time // midnight UTC
}

// Match is an entry that a person may be.
type Match struct {
	Entry    string // the entry's id
	Kind     Kind
	Strength Strength
}

// Screen finds the entries that a person may be, by id. Which letters, which
// case, which order of names and which diacritics either side uses makes no
// difference.
func (l *List) Screen(p Person, near Nearness) []Match {
	name := fold(p.GivenName + " " + p.FamilyName)
	var all []Match
	for _, e := range l.entries {
		if strength := e.compare(name, p.Birthdate, near); strength != "" {
			all = append(all, Match{Entry: e.id, Kind: e.kind, Strength: strength})
		}
	}
	slices.SortFunc(all, func(a, b Match) int { return cmp.Compare(a.Entry, b.Entry) })
	return all
}

func (e entry) compare(name folded, born time.Time, near Nearness) Strength {
	age := e.born(born, near.Years)
	best := Strength("")
	for _, listed := range e.names {
		switch {
		case name.equal(listed) && (age == same || age == unknown):
			return Hit
		case name.equal(listed):
			best = Possible
		case age != far && near.like(name, listed, age):
			best = Possible
		}
	}
	return best
}

// agreement is what two birth dates say of each other.
type agreement int

const (
	unknown agreement = iota // the list has none
	same
	close // in the same year, or one or so apart
	far
)

// born compares a birth date with those of an entry, of which one is enough.
func (e entry) born(day time.Time, years int) agreement {
	if len(e.births) == 0 {
		return unknown
	}
	best := far
	for _, b := range e.births {
		switch {
		case b.day.IsZero() && b.year == day.Year(), b.day.Equal(day) && !b.day.IsZero():
			return same
		case abs(b.year-day.Year()) <= years: // day and month exchanged, too
			best = close
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }
