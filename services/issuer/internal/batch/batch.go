// Package batch is many offers that come in one file: reading the file as HR
// writes it, saying everything that is wrong with it by line and column,
// keeping count while the offers are issued, and a report that a spreadsheet
// opens without running anything.
//
// It is pure: it issues nothing and keeps nothing.
package batch

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

// Limits of a file.
const (
	MaxBytes = 1 << 20
	MaxLines = 2000
)

// State is how far a line is.
type State string

// The states of a line.
const (
	Waiting State = "WAITING"
	Issued  State = "ISSUED"
	Failed  State = "FAILED"
)

// Line is one offer of a file.
type Line struct {
	Number  int // in the file, the first being 1
	Form    offer.Form
	State   State
	OfferID string // once issued
	Rule    string // why it failed
	Message string
}

// Progress is how far a batch is.
type Progress struct {
	Total, Issued, Failed int
	ImportedAt            time.Time
	DoneAt                time.Time // zero before
}

// Done reports whether every line has been issued or has failed.
func (p Progress) Done() bool { return p.Issued+p.Failed == p.Total }

// Violation is one broken rule in one cell. Column counts from 1; 0 is a column
// that the file does not have.
type Violation struct {
	Line, Column int
	fault.Violation
}

// Check holds every line against every rule of the form, and says all that is
// wrong, in the order of the lines. today is the date in its own location.
func (f *File) Check(today time.Time, rules offer.Rules) []Violation {
	var all []Violation
	for _, line := range f.Lines {
		_, err := offer.Check(line.Form, today, rules)
		if err == nil {
			continue
		}
		for _, v := range fault.From(err).Violations {
			all = append(all, Violation{Line: line.Number, Column: f.columns[v.Field], Violation: v})
		}
	}
	return all
}
