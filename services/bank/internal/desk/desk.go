// Package desk is what the bank does for a worker: open the salary account
// once the permit is granted and the worker has an identifier, in whichever
// order that is learned. A verb loads, lets account decide, saves, offers the
// credential and leaves its event in the outbox, in one transaction.
package desk

import (
	"context"
	"io"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/account"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Standing is how far a case has come, as the clerk sees it.
type Standing string

// The standings of a case.
const (
	Waiting    Standing = "WAITING"     // for the permit or the identifier
	Opened     Standing = "OPENED"      // the worker has an account
	NotGranted Standing = "NOT_GRANTED" // the application was refused
	Failed     Standing = "FAILED"      // Rule says why
)

// Line is a case as the clerk sees it.
type Line struct {
	CaseRef  string
	Standing Standing
	Account  *account.Account // nil before anything is known
	Rule     string
	Cursor   int64 // its place in the list
}

// Store keeps accounts. What it does not find is a NotFound fault.
type Store interface {
	Save(ctx context.Context, tx *sqldb.Tx, a *account.Account) error
	ByCase(ctx context.Context, q sqldb.Querier, caseRef string) (*account.Account, error)
	NumberTaken(ctx context.Context, q sqldb.Querier, bban string) (bool, error)
	Line(ctx context.Context, q sqldb.Querier, caseRef string) (Line, error)
	// Lines gives cases after a cursor, oldest first; standing may be empty.
	Lines(ctx context.Context, q sqldb.Querier, standing Standing, after int64, limit int) ([]Line, error)
}

// Identifiers asks the tax administration for a customer's fødselsnummer or
// D-number. Errors are faults.
type Identifiers interface {
	Identifier(ctx context.Context, caseRef string) (string, error)
}

// Config is what the desk needs.
type Config struct {
	DB          *sqldb.DB
	Store       Store
	Identifiers Identifiers
	Issuer      *issuance.Issuer
	Outbox      *events.Outbox
	Clock       clock.Clock
	Random      io.Reader
	Mode        identifier.Mode
	// DID and Bank are who keeps the account, Code the first four digits of its
	// account numbers.
	DID  string
	Bank account.Bank
	Code string
}

// Desk is safe for concurrent use.
type Desk struct {
	Config
	// Cases is set once, after both exist: its verb is the desk's Open.
	Cases *onboarding.Cases
}

// New makes the desk.
func New(c Config) *Desk { return &Desk{Config: c} }

// Get gives a case as the clerk sees it.
func (d *Desk) Get(ctx context.Context, caseRef string) (Line, error) {
	return d.Store.Line(ctx, d.DB.Read(), caseRef)
}

// List gives cases after a cursor, oldest first.
func (d *Desk) List(ctx context.Context, standing Standing, after int64, limit int) ([]Line, error) {
	return d.Store.Lines(ctx, d.DB.Read(), standing, after, limit)
}

// account finds a case's account, or begins it.
func (d *Desk) account(ctx context.Context, q sqldb.Querier, caseRef string) (*account.Account, error) {
	found, err := d.Store.ByCase(ctx, q, caseRef)
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return account.New(caseRef)
	}
	return found, err
}
