// Package population is the rules of a population register that tells people
// apart: who is known already, who may be, and which number a newcomer gets.
// They are what the tax administration goes by where no Folkeregisteret is
// configured.
//
// It is pure: it never stores, and it sees no name or number of anybody known,
// only in what the newcomer agrees with them.
package population

import (
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

// Match is one person who is known already, and what the newcomer agrees with
// that person in.
type Match struct {
	Person   string // the register's own key of the person
	Name     bool   // given and family name, as the register writes them
	Birth    bool   // the date of birth
	Passport bool   // number and country of issue of a passport
	DUF      bool   // the immigration authorities' number
	// Number says that the requisition names the person's own current number.
	Number bool
	// Kind is that of the person's current number.
	Kind identifier.PersonNumberKind
}

// same says that it is the person without doubt.
func (m Match) same() bool {
	return m.Number && m.Birth || m.Passport && m.Birth || m.DUF && m.Name && m.Birth
}

// doubtful says that a clerk must look.
func (m Match) doubtful() bool {
	return m.Number || m.Passport || m.DUF || m.Name && m.Birth
}

// Verdict is what becomes of a requisition.
type Verdict struct {
	// Person is the one that it is, "" for a newcomer. With Queued it is empty.
	Person string
	// Assign says that a number is to be assigned; otherwise the person's own
	// current number is the answer, or a clerk's.
	Assign bool
	// Queued is why a clerk must look at it, or "".
	Queued registration.Reason
}

// Judge decides on a requisition of a kind of number from everybody whom the
// newcomer agrees with in anything. Never by likeness: names are compared as the
// register writes them, and what is not the same without doubt is for a clerk.
func Judge(kind identifier.PersonNumberKind, matches []Match) Verdict {
	var certain []Match
	queued := registration.Reason("")
	for _, m := range matches {
		switch {
		case m.same():
			certain = append(certain, m)
		case m.DUF:
			queued = registration.DUFInUse
		case m.doubtful() && queued == "":
			queued = registration.PossibleDuplicate
		}
	}
	switch {
	case len(certain) > 1:
		return Verdict{Queued: registration.PossibleDuplicate}
	case len(certain) == 1 && queued == "":
		return Verdict{Person: certain[0].Person, Assign: Upgrades(certain[0].Kind, kind)}
	case queued != "":
		return Verdict{Queued: queued}
	}
	return Verdict{Assign: true}
}

// Upgrades says whether a person with a number of one kind gets another number
// for a requisition of the other: only a fødselsnummer after a D-number.
func Upgrades(has, wanted identifier.PersonNumberKind) bool {
	return has == identifier.DNumber && wanted == identifier.BirthNumber
}

// Key is a person's name as two registrations of it are compared: as the
// register writes it, in capitals, without what people write in different ways.
func Key(given, family string) (string, error) {
	var parts []string
	for _, name := range []string{given, family} {
		written, err := identifier.RegisterName(name)
		if err != nil {
			return "", err
		}
		parts = append(parts, strings.Map(func(r rune) rune {
			if r == ' ' || r == '-' || r == '\'' {
				return -1
			}
			return r
		}, strings.ToUpper(written)))
	}
	return strings.Join(parts, "|"), nil
}
