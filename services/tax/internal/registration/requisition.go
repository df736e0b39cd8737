package registration

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// Requisition asks the population register for a number for one person.
type Requisition struct {
	// Reference is ours and unique: a repetition is the same requisition.
	Reference string
	// Case is the pseudonym of the case, for the register's clerks.
	Case string
	Kind identifier.PersonNumberKind
	// Replaces is the person's D-number that the new number replaces, or "".
	Replaces              string
	GivenName, FamilyName string
	Birth                 time.Time // a date
	Sex                   int       // as the PID rulebook numbers it
	Nationalities         []string  // ISO 3166-1 alpha-2
	// Residence is the country that the person lives in, alpha-2, or "".
	Residence string
	// DUF is the immigration authorities' number, twelve digits, or "".
	DUF string
	// Passport is the travel document, when the view has it.
	Passport    Passport
	RequestedAt time.Time
}

// Passport is a travel document.
type Passport struct {
	Number  string
	Country string    // of issue, alpha-2
	Until   time.Time // last day; zero when unknown
}

// Resolution is a clerk's decision on a queued requisition.
type Resolution struct {
	// SamePerson says that the person has a number already: Existing, eleven
	// digits. Otherwise another person it is, and a number is assigned.
	SamePerson bool
	Existing   string
	// Refuse closes the requisition without a number.
	Refuse bool
}

// Check refuses a resolution that is none. Rule: registration.resolution (Invalid).
func (r Resolution) Check() error {
	if r.SamePerson && r.Refuse || r.SamePerson != (r.Existing != "") {
		return fault.New(fault.Invalid, "registration.resolution",
			"a duplicate is resolved as the same person with the number that the person has, as another person, or refused")
	}
	return nil
}
