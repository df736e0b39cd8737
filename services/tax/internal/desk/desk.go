// Package desk is what the tax administration does for a worker: ask the
// population register for a fødselsnummer or D-number once the permit is granted
// and the identity is verified, in whichever order that is learned, and issue the
// tax card. A verb loads, lets registration decide, saves, offers the credentials
// and leaves its events in the outbox, in one transaction; whom it asks, it asks
// in a step.
package desk

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/accesslog"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

// Standing is how far a case has come, as the clerk sees it.
type Standing string

// The standings of a case.
const (
	Waiting    Standing = "WAITING"     // for the permit or the identity control
	Requested  Standing = "REQUESTED"   // the population register has been asked
	Queued     Standing = "QUEUED"      // its clerks must look at it before a deadline
	Rejected   Standing = "REJECTED"    // it gives no number
	Assigned   Standing = "ASSIGNED"    // the worker has a number
	Stopped    Standing = "STOPPED"     // halted or revoked before there was one
	NotGranted Standing = "NOT_GRANTED" // the application was refused
	Failed     Standing = "FAILED"      // Rule says why
)

// Line is a case as the clerk sees it.
type Line struct {
	CaseRef      string
	Standing     Standing
	Registration *registration.Registration // nil before anything is known
	Rule         string
	Cursor       int64    // its place in the list
	Holders      []Holder // of Get only
}

// Holder is who was told a number of a case, and which: the n-th from 0.
type Holder struct {
	Caller  string // the name of its certificate
	Ordinal int
	At      time.Time
}

// Due is a requisition that is to be sent.
type Due struct {
	Reference, CaseRef, Traceparent string
	Attempts                        int64
}

// Store keeps registrations. What it does not find is a NotFound fault.
type Store interface {
	Save(ctx context.Context, tx *sqldb.Tx, r *registration.Registration) error
	ByCase(ctx context.Context, q sqldb.Querier, caseRef string) (*registration.Registration, error)
	// GivenToAnother says whether a number was assigned anew in another case.
	GivenToAnother(ctx context.Context, q sqldb.Querier, caseRef, number string) (bool, error)
	NextCard(ctx context.Context, q sqldb.Querier) (int64, error)
	Line(ctx context.Context, q sqldb.Querier, caseRef string) (Line, error)
	// Lines gives cases after a cursor, oldest first; standing may be empty.
	Lines(ctx context.Context, q sqldb.Querier, standing Standing, after int64, limit int) ([]Line, error)
	Told(ctx context.Context, tx *sqldb.Tx, caseRef string, h Holder) error
	AddAccess(ctx context.Context, tx *sqldb.Tx, e accesslog.Entry) error
	Holders(ctx context.Context, q sqldb.Querier, caseRef string) ([]Holder, error)

	// Due gives requisitions to be sent at a time, in microseconds; Postpone has
	// one sent later; Awaited says since when the youngest that is to be answered
	// has waited, and how many are; CaseOf finds a requisition's case.
	Due(ctx context.Context, q sqldb.Querier, now int64, limit int) ([]Due, error)
	Postpone(ctx context.Context, tx *sqldb.Tx, reference string, until int64, rule string) error
	Awaited(ctx context.Context, q sqldb.Querier) (youngest, count int64, err error)
	CaseOf(ctx context.Context, q sqldb.Querier, reference string) (caseRef, traceparent string, err error)
	// Pointer is how far a register's feedback has been read; Advance moves it,
	// Conflict when it stands elsewhere.
	Pointer(ctx context.Context, q sqldb.Querier, register string) (int64, error)
	Advance(ctx context.Context, tx *sqldb.Tx, register string, from, to int64) error
}

// Register is the population register. Its methods may take their time and are
// called outside transactions; they are safe for concurrent use.
type Register interface {
	// Name is where the register is, for its pointer.
	Name() string
	// Requisition asks for a number; the answer comes by Answers. A repetition of
	// a reference gives the first receipt and asks for nothing more. Invalid and
	// Conflict are the register's refusal to take it; other faults are passing.
	Requisition(ctx context.Context, r registration.Requisition) (receipt string, err error)
	// Answers gives at most some hundred answers with a sequence above after,
	// rising. A fault leaves everything where it was.
	Answers(ctx context.Context, after int64) ([]registration.Answer, error)
	// Resolve decides on a queued requisition where that is ours to do; Conflict
	// where the register's own clerks do it.
	Resolve(ctx context.Context, reference string, r registration.Resolution) error
}

// Config is what the desk needs.
type Config struct {
	DB         *sqldb.DB
	Store      Store
	Register   Register
	Issuer     *issuance.Issuer
	Outbox     *events.Outbox
	Clock      clock.Clock
	Random     io.Reader // names requisitions
	Log        *slog.Logger
	Parameters registration.Parameters
	// Mode is the world that numbers must be of.
	Mode identifier.Mode
	// DID is the tax administration's.
	DID string
}

// Desk is safe for concurrent use.
type Desk struct {
	Config
	// Cases is set once, after both exist: its verb is the desk's Assign.
	Cases *onboarding.Cases

	toSend, toRead *runner.Bell
	mu             sync.Mutex // guards reading
	reading        reading
}

// New makes the desk.
func New(c Config) *Desk {
	return &Desk{Config: c, toSend: runner.NewBell(), toRead: runner.NewBell()}
}

// Jobs are the background work beside that of Cases.
func (d *Desk) Jobs() []runner.Job {
	return []runner.Job{
		{Name: "tax.requisition", Step: d.SendStep, Idle: time.Second, Bell: d.toSend},
		{Name: "tax.feedback", Step: d.ReadStep, Idle: soonest, Bell: d.toRead},
	}
}

// Get gives a case as the clerk sees it, with who was told its number.
func (d *Desk) Get(ctx context.Context, caseRef string) (Line, error) {
	line, err := d.Store.Line(ctx, d.DB.Read(), caseRef)
	if err != nil {
		return line, err
	}
	line.Holders, err = d.Store.Holders(ctx, d.DB.Read(), caseRef)
	return line, err
}

// List gives cases after a cursor, oldest first.
func (d *Desk) List(ctx context.Context, standing Standing, after int64, limit int) ([]Line, error) {
	return d.Store.Lines(ctx, d.DB.Read(), standing, after, limit)
}

// purposes are what alone a number is told for: a bank's customer due diligence
// (hvitvaskingsloven § 12), and an employer's order of a tax card
// (skattebetalingsloven § 5-5).
var purposes = map[string]bool{"account-opening": true, "tax-card": true}

// Identifier tells a caller the numbers of a case and records that it did, so
// that the caller is among those who learn of a replacement: Denied for another
// purpose, NotFound for an unknown case, Conflict while none is assigned.
func (d *Desk) Identifier(ctx context.Context, caseRef, purpose, caller string) (current registration.Number, former []registration.Number, err error) {
	if !purposes[purpose] {
		return current, nil, fault.New(fault.Denied, "identifier.purpose", "an identifier is not told for this purpose")
	}
	line, err := d.Store.Line(ctx, d.DB.Read(), caseRef)
	if err != nil {
		return current, nil, err
	}
	numbered := false
	if line.Registration != nil {
		current, numbered = line.Registration.Current()
	}
	if !numbered {
		return current, nil, fault.New(fault.Conflict, "identifier.not-assigned", "no identifier is assigned in this case")
	}
	former = line.Registration.Former()
	return current, former, d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		return d.Store.Told(ctx, tx, caseRef, Holder{Caller: caller, Ordinal: len(former), At: d.Clock.Now()})
	})
}
