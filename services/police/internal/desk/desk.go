// Package desk is what the police do for a worker: book the one appointment,
// record that the worker came and who that was, issue the residence card. A
// verb loads, lets appointment decide, saves, offers the credential and leaves
// its events in the outbox, in one transaction.
package desk

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
)

// Listed is a line of the officer's list: an appointment, or a case that none
// could be booked for.
type Listed struct {
	CaseRef     string
	Appointment *appointment.Appointment // nil: Rule says why
	Rule        string
	Cursor      int64 // its place in the list
}

// Store keeps appointments. What it does not find is a NotFound fault.
type Store interface {
	Add(ctx context.Context, tx *sqldb.Tx, a *appointment.Appointment, place int) error
	Save(ctx context.Context, tx *sqldb.Tx, a *appointment.Appointment) error
	ByCase(ctx context.Context, q sqldb.Querier, caseRef string) (*appointment.Appointment, error)
	ByID(ctx context.Context, q sqldb.Querier, id string) (*appointment.Appointment, error)
	// Taken counts the appointments of each slot to come, by its start.
	Taken(ctx context.Context, q sqldb.Querier, officeID string, after time.Time) (map[int64]int, error)
	CardTaken(ctx context.Context, q sqldb.Querier, number string) (bool, error)
	// List gives lines after a cursor, soonest first; caseRef may be empty.
	List(ctx context.Context, q sqldb.Querier, caseRef string, after int64, limit int) ([]Listed, error)
}

// Config is what the desk needs.
type Config struct {
	DB     *sqldb.DB
	Store  Store
	Issuer *issuance.Issuer
	Outbox *events.Outbox
	Clock  clock.Clock
	Random io.Reader
	// DID is the police's.
	DID string
	// Office is where appointments are, Capacity how many one slot takes, Zone
	// where its clock hangs.
	Office   string
	Capacity int
	Zone     *time.Location
}

// Desk is safe for concurrent use.
type Desk struct {
	Config
	// Cases is set once, after both exist: its verb is the desk's Book.
	Cases *onboarding.Cases
}

// New makes the desk.
func New(c Config) *Desk { return &Desk{Config: c} }

// List gives the officer's list.
func (d *Desk) List(ctx context.Context, caseRef string, after int64, limit int) ([]Listed, error) {
	return d.Store.List(ctx, d.DB.Read(), caseRef, after, limit)
}

// deliver reserves a credential of a case and offers it to the delivery DID
// that the worker made for the police. Nothing waits for the wallet.
func (d *Desk) deliver(ctx context.Context, tx *sqldb.Tx, view onboarding.View, draft issuance.Draft) error {
	draft.Reference, draft.Issuer, draft.ValidFrom = view.CaseRef, d.DID, d.Clock.Now()
	id, err := d.Issuer.Reserve(ctx, tx, draft)
	if err != nil {
		return err
	}
	return d.Issuer.Offer(ctx, tx, id, issuance.Party{Ours: d.DID, Theirs: view.DeliveryDID})
}

// person reads whom the police meet.
func person(view onboarding.View) (appointment.Person, error) {
	r := view.Read()
	p := appointment.Person{
		GivenName: r.Text("given_name"), FamilyName: r.Text("family_name"), Birthdate: r.Text("birthdate"), Nationalities: r.Texts("nationalities"),
	}
	return p, r.Err()
}

func (d *Desk) newID(prefix string) (string, error) {
	random := make([]byte, 16)
	if _, err := io.ReadFull(d.Random, random); err != nil {
		return "", fmt.Errorf("make id: %w", err)
	}
	return prefix + hex.EncodeToString(random), nil
}
