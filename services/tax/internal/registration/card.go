package registration

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Card is the worker's tax card for an income year.
type Card struct {
	ID       int64
	IssuedAt time.Time
	// Number is whose: the number that was current when it was issued.
	Number    string
	Year      int
	Deduction Deduction
	// Edition is the edition of the case that it rests on.
	Edition int64
	// RevokedAt and Cause are set when it counts no more.
	RevokedAt time.Time
	Cause     string
}

func (c Card) valid() bool { return c.ID > 0 && c.RevokedAt.IsZero() }

// Deduction is what an employer withholds. A percentage has Percent alone, a
// table has all three.
type Deduction struct {
	// Source says that it is tax at source on pay (kildeskatt på lønn).
	Source  bool
	Table   string // four digits; empty for a percentage
	Percent int    // 0 to 100
	Months  int    // of a year that pay is spread over
}

// Check refuses what no employer could withhold. Rule: registration.deduction
// (Invalid).
func (d Deduction) Check() error {
	byTable := d.Table != ""
	switch {
	case d.Percent < 0 || d.Percent > 100:
	case byTable && (len(d.Table) != 4 || d.Months < 1 || d.Months > 12 || d.Source):
	case !byTable && d.Months != 0:
	default:
		return nil
	}
	return fault.New(fault.Invalid, "registration.deduction",
		"a deduction is a percentage from 0 to 100, or a table of four digits with a percentage and 1 to 12 months")
}

// WantsCard says whether a tax card is due: there is none that counts, or it was
// issued for another number or by an earlier edition of the case.
func (r *Registration) WantsCard() bool {
	current, numbered := r.Current()
	if r.standing != Active || !numbered {
		return false
	}
	return !r.card.valid() || r.card.Number != current.Number || r.card.Edition != r.edition
}

// IssueCard records a tax card, in place of the one before it.
//
// Rules: registration.card (Invalid), registration.deduction (Invalid),
// registration.not-assigned (Conflict), registration.standing (Conflict).
func (r *Registration) IssueCard(id int64, year int, d Deduction, at time.Time) error {
	current, numbered := r.Current()
	switch {
	case id < 1 || id == r.card.ID || year < 2000:
		return fault.New(fault.Invalid, "registration.card", "a tax card has an id of its own and an income year")
	case !numbered:
		return fault.New(fault.Conflict, "registration.not-assigned", "there is no number to issue a tax card for")
	case r.standing != Active:
		return fault.New(fault.Conflict, "registration.standing", "the case is halted or its permit revoked: no tax card is issued")
	}
	if err := d.Check(); err != nil {
		return err
	}
	r.card = Card{ID: id, IssuedAt: at.UTC(), Number: current.Number, Year: year, Deduction: d, Edition: r.edition}
	return nil
}

// RevokeCard records that the tax card counts no more. A halted case keeps its
// card: it is revoked with the permit only.
func (r *Registration) RevokeCard(cause string, at time.Time) (changed bool) {
	if !r.card.valid() || r.standing != Revoked {
		return false
	}
	r.card.RevokedAt, r.card.Cause = at.UTC(), cause
	return true
}

// Card is the newest tax card; its ID is 0 before there is one.
func (r *Registration) Card() Card { return r.card }
