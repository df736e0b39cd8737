// Package taxcard is an employer's order of a worker's tax card at the tax
// administration (skattekort til arbeidsgiver, skattebetalingsloven § 5-5): how
// far it is, what the answers mean, and what is done when the worker has got
// another number meanwhile.
//
// It is pure: it asks nobody.
package taxcard

import (
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// State is how far an order is.
type State string

// The states.
const (
	Wanted      State = "WANTED"       // to be ordered, by the worker's number of now
	Ordered     State = "ORDERED"      // the tax administration works on it
	Received    State = "RECEIVED"     // the card is here
	NoCard      State = "NO_CARD"      // the person has none: the law's percentage is withheld
	NotLiable   State = "NOT_LIABLE"   // nothing is withheld
	CheckPermit State = "CHECK_PERMIT" // the employer is to look at the work permit
	Refused     State = "REFUSED"      // one of the numbers is not known there
)

// Result is what the tax administration says of one person
// (resultatForSkattekort).
type Result string

// The results.
const (
	ResultOK           Result = "skattekortopplysningerOK"
	ResultNoCard       Result = "ikkeSkattekort"
	ResultNotLiable    Result = "ikkeTrekkplikt"
	ResultCheckPermit  Result = "vurderArbeidstillatelse"
	ResultOrganisation Result = "ugyldigOrganisasjonsnummer"
	ResultPerson       Result = "ugyldigFoedselsEllerDnummer"
	// ResultReplaced: the D-number is out of use; the card is delivered for the
	// fødselsnummer that the person has now.
	ResultReplaced Result = "utgaattDnummerSkattekortForFoedselsnummerErLevert"
)

// Card is a tax card.
type Card struct {
	ID         string      `json:"id"`
	IssuedOn   string      `json:"issued_on"` // yyyy-mm-dd
	Year       int         `json:"year"`
	Deductions []Deduction `json:"deductions"`
	Additional []string    `json:"additional,omitempty"`
}

// Deduction is one line of a card: by table, by percentage, or an amount that
// is free.
type Deduction struct {
	Code       string `json:"code"`
	Table      string `json:"table,omitempty"`
	Percentage string `json:"percentage,omitempty"`
	Months     string `json:"months,omitempty"`
	Free       int64  `json:"free,omitempty"` // whole kroner
}

// Wish is what is ordered.
type Wish struct {
	Year         int
	Organisation string // nine digits
	Person       string // eleven digits
	Contact      string // e-mail of the employer
}

// Answer is what came of an order.
type Answer struct {
	Organisation string
	Persons      []Person
}

// Person is what an answer says of one person.
type Person struct {
	Number string
	Result Result
	Year   int
	Card   *Card // with ResultOK
}

// Order is an order of one card. Person is the number under which it runs.
type Order struct {
	OfferID    string
	CaseRef    string
	Year       int
	State      State
	Reference  string // of the order there, once ordered
	Person     string
	Card       *Card // when received
	OrderedAt  time.Time
	AnsweredAt time.Time
	Rule       string // why it waits or was refused
}

// Done reports whether the tax administration has answered.
func (o Order) Done() bool { return o.State != Wanted && o.State != Ordered }

// Placed records that the order was taken under a reference. Rule:
// taxcard.state (Conflict).
func (o *Order) Placed(reference, person string, at time.Time) error {
	if o.State != Wanted || reference == "" || person == "" {
		return fault.New(fault.Conflict, "taxcard.state", "the order is in another state than this needs")
	}
	o.State, o.Reference, o.Person, o.OrderedAt, o.Rule = Ordered, reference, person, at.UTC(), ""
	return nil
}

// Answered takes over an answer. It must be about the person and the employer
// that were asked for, and about the year: anything else is nobody's tax card
// (Unavailable, rule taxcard.another-answer), and so is a result that is not
// known here.
//
// When the person's number is out of use the order goes back to Wanted, so that
// it is placed anew under the number that the person has now.
func (o *Order) Answered(a Answer, organisation string, at time.Time) error {
	if o.State != Ordered {
		return fault.New(fault.Conflict, "taxcard.state", "the order is in another state than this needs")
	}
	i := slices.IndexFunc(a.Persons, func(p Person) bool { return p.Number == o.Person })
	if i < 0 || a.Organisation != organisation {
		return another()
	}
	p := a.Persons[i]
	switch p.Result {
	case ResultOK:
		if p.Card == nil || p.Year != o.Year {
			return another()
		}
		card := *p.Card
		card.Year = p.Year
		o.State, o.Card = Received, &card
	case ResultNoCard:
		o.State = NoCard
	case ResultNotLiable:
		o.State = NotLiable
	case ResultCheckPermit:
		o.State = CheckPermit
	case ResultOrganisation:
		o.State, o.Rule = Refused, "taxcard.organisation"
	case ResultPerson:
		o.State, o.Rule = Refused, "taxcard.person"
	case ResultReplaced:
		// Person stays what it was, so that the number of now can be told from it.
		o.State, o.Reference, o.Rule = Wanted, "", "taxcard.number-replaced"
		return nil
	default:
		return another()
	}
	o.AnsweredAt = at.UTC()
	return nil
}

// Again begins an order anew that has been answered, because another card was
// issued since. It reports whether it did.
func (o *Order) Again() bool {
	if !o.Done() {
		return false
	}
	o.State, o.Reference, o.Card, o.AnsweredAt, o.Rule = Wanted, "", nil, time.Time{}, ""
	return true
}

func another() error {
	return fault.New(fault.Unavailable, "taxcard.another-answer", "the tax administration's answer is not about the order: it is asked again")
}
