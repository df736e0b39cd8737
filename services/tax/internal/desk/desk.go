// Package desk is what the tax administration does for a worker: assign the
// fødselsnummer or D-number once the permit is granted and the identity is
// verified, in whichever order that is learned, and issue the tax card. A verb
// loads, lets registration decide, saves, offers the credentials and leaves its
// events in the outbox, in one transaction.
package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

// Standing is how far a case has come, as the clerk sees it.
type Standing string

// The standings of a case.
const (
	Waiting    Standing = "WAITING"     // for the permit or the identity control
	Assigned   Standing = "ASSIGNED"    // the worker has a number and a tax card
	NotGranted Standing = "NOT_GRANTED" // the application was refused
	Failed     Standing = "FAILED"      // Rule says why
)

// Line is a case as the clerk sees it.
type Line struct {
	CaseRef      string
	Standing     Standing
	Registration *registration.Registration // nil before anything is known
	CardYear     string                     // income year of the tax card
	Rule         string
	Cursor       int64 // its place in the list
}

// Record is a registration and what is kept beside it.
type Record struct {
	Registration *registration.Registration
	CardYear     string
}

// Store keeps registrations. What it does not find is a NotFound fault.
type Store interface {
	Save(ctx context.Context, tx *sqldb.Tx, r Record) error
	ByCase(ctx context.Context, q sqldb.Querier, caseRef string) (Record, error)
	NumberTaken(ctx context.Context, q sqldb.Querier, number string) (bool, error)
	NextCard(ctx context.Context, q sqldb.Querier) (int64, error)
	Line(ctx context.Context, q sqldb.Querier, caseRef string) (Line, error)
	// Lines gives cases after a cursor, oldest first; standing may be empty.
	Lines(ctx context.Context, q sqldb.Querier, standing Standing, after int64, limit int) ([]Line, error)
}

// Config is what the desk needs.
type Config struct {
	DB         *sqldb.DB
	Store      Store
	Issuer     *issuance.Issuer
	Outbox     *events.Outbox
	Clock      clock.Clock
	Parameters registration.Parameters
	// DID is the tax administration's.
	DID string
}

// Desk is safe for concurrent use.
type Desk struct {
	Config
	// Cases is set once, after both exist: its verb is the desk's Assign.
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

// purposeOfBank is what alone the bank may ask a number for (hvitvaskingsloven
// § 12).
const purposeOfBank = "account-opening"

// Identifier tells the bank the number of its customer: Denied for another
// purpose, NotFound for an unknown case, Conflict while none is assigned.
func (d *Desk) Identifier(ctx context.Context, caseRef, purpose string) (registration.Snapshot, error) {
	if purpose != purposeOfBank {
		return registration.Snapshot{}, fault.New(fault.Denied, "identifier.purpose", "an identifier is not told for this purpose")
	}
	line, err := d.Get(ctx, caseRef)
	if err != nil {
		return registration.Snapshot{}, err
	}
	if line.Standing != Assigned {
		return registration.Snapshot{}, fault.New(fault.Conflict, "identifier.not-assigned", "no identifier is assigned in this case")
	}
	return line.Registration.Snapshot(), nil
}
