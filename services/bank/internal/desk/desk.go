// Package desk is what the bank does for a worker: due diligence, the salary
// account once the permit is granted and the worker has an identifier, in
// whichever order that is learned, the BankID order, the account told to the
// employer, and what it undoes when a case is halted, revoked or corrected. A
// verb loads, lets the domain decide, saves, changes credentials and leaves its
// events in the outbox, in one transaction.
package desk

import (
	"context"
	"io"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/account"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/bankid"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/diligence"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/sanctions"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/tenant"
	"github.com/kompetansespor/kompetansespor/services/internal/accesslog"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Standing is how far a case has come, as the clerk sees it: a state of its
// account, or one of those that only the case has.
type Standing string

// The standings of a case.
const (
	Waiting       Standing = "WAITING"         // for the permit, the identifier or an answer
	WaitingForFNR Standing = "WAITING_FOR_FNR" // the bank takes no D-number
	Queued        Standing = "QUEUED"          // a clerk must decide
	Declined      Standing = "DECLINED"        // a clerk has
	Stopped       Standing = "STOPPED"         // the permit or the offer fell away before it was opened
	Opened        Standing = "OPENED"          // the worker has an account
	Frozen        Standing = "FROZEN"          // and no pay goes in until a clerk has looked
	Closed        Standing = "CLOSED"          // it was closed
	NotGranted    Standing = "NOT_GRANTED"     // the application was refused
	Failed        Standing = "FAILED"          // Rule says why
)

// Line is a case as the clerk sees it.
type Line struct {
	CaseRef  string
	Standing Standing
	Account  *account.Account // nil before anything is known
	Order    *bankid.Order    // the BankID's; nil in lists
	Rule     string           // of the fault that stopped the last attempt
	Cursor   int64            // its place in the list
}

// Store keeps accounts. What it does not find is a NotFound fault.
type Store interface {
	// Save writes an account. The number of one that is open never changes:
	// Conflict.
	Save(ctx context.Context, tx *sqldb.Tx, a *account.Account) error
	ByCase(ctx context.Context, q sqldb.Querier, caseRef string) (*account.Account, error)
	// Sharing gives the accounts of all cases that share the one that a case
	// opened, its own among them.
	Sharing(ctx context.Context, q sqldb.Querier, root string) ([]*account.Account, error)
	NumberTaken(ctx context.Context, q sqldb.Querier, bban string) (bool, error)
	// Unscreened gives the cases after one, in their order, whose account is open
	// and whose holder was last compared with another list than this.
	Unscreened(ctx context.Context, q sqldb.Querier, list, after string, limit int) ([]string, error)
	Line(ctx context.Context, q sqldb.Querier, caseRef string) (Line, error)
	// Lines gives the cases of a bank after a cursor, oldest first; unnamed
	// takes those in that no bank is known of; standing may be empty.
	Lines(ctx context.Context, q sqldb.Querier, of Wanted) ([]Line, error)

	// Register writes down that a person, by number, is the customer whose
	// account a case opened. A person is one customer of a bank: the answer is
	// the case that is so already, or this one.
	Register(ctx context.Context, tx *sqldb.Tx, bank, number, caseRef string) (root string, err error)
	// Customer is the case that opened the account of a person at a bank;
	// empty when there is none.
	Customer(ctx context.Context, q sqldb.Querier, bank, number string) (root string, err error)
	// Succeed has a case follow another that opened an account which is closed.
	Succeed(ctx context.Context, tx *sqldb.Tx, bank, root, by string) error

	// Order gives the BankID order of an account, one that was not begun when
	// there is none.
	Order(ctx context.Context, q sqldb.Querier, root string) (*bankid.Order, error)
	SaveOrder(ctx context.Context, tx *sqldb.Tx, root string, o *bankid.Order) error

	// AddAnswer appends to the log of what employers were told.
	AddAnswer(ctx context.Context, tx *sqldb.Tx, e accesslog.Entry) error
	// Answers gives a case's, oldest first.
	Answers(ctx context.Context, q sqldb.Querier, caseRef string) ([]accesslog.Row, error)

	// Name gives a text a short name that tells nobody the text.
	Name(text string) string
}

// Wanted says which cases a list takes in.
type Wanted struct {
	Bank     string
	Unnamed  bool
	Standing Standing
	After    int64
	Limit    int
}

// Identifiers asks the tax administration for a customer's fødselsnummer or
// D-number. Errors are faults.
type Identifiers interface {
	Identifier(ctx context.Context, caseRef string) (string, error)
}

// Lists gives the list that customers are compared with, as it is now: a
// Unavailable fault when it is missing, cannot be read or is too old.
type Lists interface {
	List(ctx context.Context) (*sanctions.List, error)
}

// Config is what the desk needs.
type Config struct {
	DB          *sqldb.DB
	Store       Store
	Identifiers Identifiers
	Lists       Lists
	Diligence   diligence.Parameters
	Issuer      *issuance.Issuer
	Outbox      *events.Outbox
	Clock       clock.Clock
	Random      io.Reader
	Mode        identifier.Mode
	Banks       tenant.Banks
}

// Desk is safe for concurrent use.
type Desk struct {
	Config
	// Cases is set once, after both exist: its verb is the desk's Open.
	Cases *onboarding.Cases

	rescreened string // how far Rescreen has come; of its one caller
}

// New makes the desk.
func New(c Config) *Desk { return &Desk{Config: c} }

// Get gives a case as a clerk of its bank sees it; NotFound for another bank's.
func (d *Desk) Get(ctx context.Context, clerk tenant.Clerk, caseRef string) (Line, error) {
	return d.line(ctx, d.DB.Read(), clerk, caseRef)
}

func (d *Desk) line(ctx context.Context, q sqldb.Querier, clerk tenant.Clerk, caseRef string) (Line, error) {
	line, err := d.Store.Line(ctx, q, caseRef)
	if err != nil {
		return Line{}, err
	}
	bank := ""
	if line.Account != nil {
		bank = line.Account.Bank()
	}
	if bank != clerk.Bank.DID && !(bank == "" && d.unnamed()) {
		return Line{}, fault.New(fault.NotFound, "account.unknown", "no event has named this case")
	}
	if line.Account != nil {
		line.Order, err = d.Store.Order(ctx, q, line.Account.Root())
	}
	return line, err
}

// unnamed says that a case of which no bank is known yet can be no other
// bank's.
func (d *Desk) unnamed() bool { return len(d.Banks) == 1 }

// List gives a clerk's cases after a cursor, oldest first.
func (d *Desk) List(ctx context.Context, clerk tenant.Clerk, standing Standing, after int64, limit int) ([]Line, error) {
	return d.Store.Lines(ctx, d.DB.Read(), Wanted{
		Bank: clerk.Bank.DID, Unnamed: d.unnamed(), Standing: standing, After: after, Limit: limit,
	})
}

// account finds a case's account, or begins it.
func (d *Desk) account(ctx context.Context, q sqldb.Querier, caseRef string) (*account.Account, error) {
	found, err := d.Store.ByCase(ctx, q, caseRef)
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return account.New(caseRef)
	}
	return found, err
}
