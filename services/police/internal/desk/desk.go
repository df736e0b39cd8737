// Package desk is what the police do for a worker: book the one appointment,
// move it, record that the worker came and who that was, have the residence card
// made, and stop or go on when UDI says so. A verb loads, lets the domain decide,
// saves, offers the credential and leaves its events in the outbox, in one
// transaction.
package desk

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/accesslog"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/card"
	"github.com/kompetansespor/kompetansespor/services/police/internal/diary"
	"github.com/kompetansespor/kompetansespor/services/police/internal/earlystart"
	"github.com/kompetansespor/kompetansespor/services/police/internal/identity"
)

// Listed is a line of the officer's list: an appointment, or a case that none
// could be booked for.
type Listed struct {
	CaseRef     string
	Appointment *appointment.Appointment // nil: Rule says why
	Card        *card.Card               // of an attended appointment
	Rule        string
	Cursor      int64 // its place in the list
}

// Store keeps what the desk does. What it does not find is a NotFound fault,
// where nothing else is said.
type Store interface {
	// Take puts in an appointment in one place of its slot, and reports whether
	// the place was free. Two that want one place at once never both get it.
	Take(ctx context.Context, tx *sqldb.Tx, a *appointment.Appointment, place int) (bool, error)
	// Save and SaveCard are a Conflict when the state is no longer was.
	Save(ctx context.Context, tx *sqldb.Tx, a *appointment.Appointment, was appointment.State) error
	SaveCard(ctx context.Context, tx *sqldb.Tx, c *card.Card, was card.State) error
	// Visits are the appointments of a case, oldest first; none is no fault.
	Visits(ctx context.Context, q sqldb.Querier, caseRef string) (appointment.Visits, error)
	ByID(ctx context.Context, q sqldb.Querier, id string) (*appointment.Appointment, error)
	// Taken counts the appointments of each slot to come, by its start.
	Taken(ctx context.Context, q sqldb.Querier, officeID string, after time.Time) (map[int64]int, error)
	// AddCard puts in a card and reports whether its number was free.
	AddCard(ctx context.Context, tx *sqldb.Tx, c *card.Card) (bool, error)
	Card(ctx context.Context, q sqldb.Querier, caseRef string) (*card.Card, error)
	// Correction is what was corrected of a case; nothing is no fault.
	Correction(ctx context.Context, q sqldb.Querier, caseRef string) (identity.Correction, error)
	AddCorrection(ctx context.Context, tx *sqldb.Tx, caseRef string, c identity.Correction) error
	// Acted is the standing of a case that was acted on last.
	Acted(ctx context.Context, q sqldb.Querier, caseRef string) (onboarding.Standing, error)
	Act(ctx context.Context, tx *sqldb.Tx, caseRef string, standing onboarding.Standing, cause string) error
	EarlyStart(ctx context.Context, q sqldb.Querier, caseRef string) (EarlyStart, error)
	// AddEarlyStart reports whether the confirmation is new.
	AddEarlyStart(ctx context.Context, tx *sqldb.Tx, e EarlyStart) (bool, error)
	// List gives lines after a cursor, soonest first.
	List(ctx context.Context, q sqldb.Querier, l Listing) ([]Listed, error)
	AddAccess(ctx context.Context, tx *sqldb.Tx, e accesslog.Entry) error
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
	DID      string
	Offices  diary.Offices
	Policies appointment.Policies
	Early    earlystart.Rule
	// EarlyViews reads a case before the decision, for early start.
	EarlyViews onboarding.Views
	// Office is where a worker goes whose municipality nobody knows.
	Office string
	// Capacity, above 0, is how many one slot takes at every office, instead of
	// what the offices' data say: for development.
	Capacity int
}

// Desk is safe for concurrent use.
type Desk struct {
	Config
	// Cases is set once, after both exist: its verb is the desk's Settle.
	Cases *onboarding.Cases
}

// New makes the desk.
func New(c Config) *Desk { return &Desk{Config: c} }

// Listing says which lines are wanted. Empty fields narrow nothing; OfficeID and
// the times leave out cases that no appointment could be booked for.
type Listing struct {
	CaseRef, OfficeID string
	From, Until       time.Time // starts within
	After             int64     // cursor
	Limit             int
}

// List gives the officer's list.
func (d *Desk) List(ctx context.Context, l Listing) ([]Listed, error) {
	return d.Store.List(ctx, d.DB.Read(), l)
}

// Which names an appointment: exactly one of the two is set. CaseRef means the
// case's newest one.
type Which struct{ CaseRef, AppointmentID string }

// meant finds the case of the appointment that is meant.
func (d *Desk) meant(ctx context.Context, q sqldb.Querier, w Which) (caseRef string, err error) {
	if (w.CaseRef == "") == (w.AppointmentID == "") {
		return "", fault.Violated("request.invalid", "the request cannot be used as it is", []fault.Violation{
			{Field: "appointment_id", Rule: "appointment.one-of", Message: "give exactly one of case_ref and appointment_id"}})
	}
	if w.CaseRef != "" {
		return w.CaseRef, nil
	}
	found, err := d.Store.ByID(ctx, q, w.AppointmentID)
	if err != nil {
		return "", err
	}
	return found.CaseRef(), nil
}

// pick finds the appointment that is meant among those of its case.
func pick(visits appointment.Visits, w Which) (*appointment.Appointment, error) {
	for _, a := range visits {
		if a.ID() == w.AppointmentID {
			return a, nil
		}
	}
	if last := visits.Last(); last != nil {
		return last, nil
	}
	return nil, fault.New(fault.NotFound, "appointment.unknown", "there is no such appointment")
}

// standing finds a case for a verb of an officer or the worker, which needs that
// it stands. Rules (Conflict): case.halted, case.revoked.
func (d *Desk) standing(ctx context.Context, q sqldb.Querier, caseRef string) (onboarding.Case, error) {
	known, err := d.Cases.Find(ctx, q, caseRef)
	if err != nil {
		return known, err
	}
	switch known.Standing {
	case onboarding.Halted:
		return known, fault.New(fault.Conflict, "case.halted", "UDI has halted the case (%s): nothing more is done until it goes on", known.Cause)
	case onboarding.Revoked:
		return known, fault.New(fault.Conflict, "case.revoked", "the permit is revoked (%s): nothing more is done", known.Cause)
	}
	return known, nil
}

// tell leaves an event of a case in the outbox.
func (d *Desk) tell(ctx context.Context, tx *sqldb.Tx, caseRef, kind string, class eventbus.TimeClass, data map[string]any) error {
	_, err := d.Outbox.Append(ctx, tx, events.Happened{Type: kind, Case: caseRef, TimeClass: class, Data: data})
	return err
}

// deliver has a credential take the place of the one before, if there was one,
// and offers it to the delivery DID that the worker made for the police. Nothing
// waits for the wallet.
func (d *Desk) deliver(ctx context.Context, tx *sqldb.Tx, view onboarding.View, draft issuance.Draft, reason string) error {
	draft.Reference, draft.Issuer, draft.ValidFrom = view.CaseRef, d.DID, d.Clock.Now()
	id, err := d.Issuer.Replace(ctx, tx, draft, reason)
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

// claim is a text of the view, empty when it has none.
func claim(view onboarding.View, path string) string {
	r := view.Read()
	text := r.Text(path)
	if r.Err() != nil {
		return ""
	}
	return text
}

// now is the time as the database keeps it: a repetition answers the same.
func (d *Desk) now() time.Time { return d.Clock.Now().Truncate(time.Microsecond) }

// policy are the figures that count now.
func (d *Desk) policy() appointment.Policy { return d.Policies.At(d.Clock.Now()) }

func (d *Desk) random(n int) ([]byte, error) {
	random := make([]byte, n)
	if _, err := io.ReadFull(d.Random, random); err != nil {
		return nil, fmt.Errorf("draw random bytes: %w", err)
	}
	return random, nil
}

func (d *Desk) newID(prefix string) (string, error) {
	random, err := d.random(16)
	return prefix + hex.EncodeToString(random), err
}

// newCode makes the code by which a worker may move the appointment: 80 bits,
// letters and digits that a person can read out.
func (d *Desk) newCode() (string, error) {
	random, err := d.random(10)
	return strings.ToLower(base32.StdEncoding.EncodeToString(random)), err
}

// codeHash is what is kept of a code. The code is random: nobody finds it by
// trying hashes.
func codeHash(code string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(code)))
	return hex.EncodeToString(sum[:])
}
