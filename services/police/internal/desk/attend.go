package desk

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
)

// Attendance is what an officer saw. Exactly one of CaseRef and AppointmentID
// names the appointment.
type Attendance struct {
	CaseRef       string
	AppointmentID string
	Confirmed     bool   // the person who came is the one of the passport
	Officer       string // from the token
}

// permitType is the one permit that the verifier grants. The police's view does
// not name it.
const permitType = "SKILLED_WORKER"

// RecordAttendance records the officer's word, once. Confirmed, the identity
// is verified and the residence card is issued; not confirmed, nothing
// follows. The same answer again changes nothing, the other is a Conflict.
func (d *Desk) RecordAttendance(ctx context.Context, in Attendance) (*appointment.Appointment, error) {
	found, err := d.meant(ctx, d.DB.Read(), in)
	if err != nil {
		return nil, err
	}
	known, err := d.Cases.Find(ctx, d.DB.Read(), found.CaseRef())
	if err != nil {
		return nil, err
	}
	ctx, end := telemetry.Span(telemetry.Continue(ctx, known.Traceparent), "appointment.Attend", telemetry.Case.String(known.Ref))
	now := d.Clock.Now().Truncate(time.Microsecond) // as the database keeps it: a repetition answers the same
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		var err error
		if found, err = d.Store.ByID(ctx, tx, found.ID()); err != nil {
			return err
		}
		if !in.Confirmed {
			changed, err := found.TurnAway(in.Officer, now)
			if err != nil || !changed {
				return err
			}
			return d.Store.Save(ctx, tx, found)
		}
		changed, err := found.Attend(in.Officer, now)
		if err != nil || !changed {
			return err
		}
		return d.identified(ctx, tx, found, known.View)
	})
	end(err)
	return found, err
}

// meant finds the appointment that is meant.
func (d *Desk) meant(ctx context.Context, q sqldb.Querier, in Attendance) (*appointment.Appointment, error) {
	switch {
	case (in.CaseRef == "") == (in.AppointmentID == ""):
		return nil, fault.Violated("request.invalid", "the request cannot be used as it is", []fault.Violation{
			{Field: "appointment_id", Rule: "appointment.one-of", Message: "give exactly one of case_ref and appointment_id"}})
	case in.CaseRef != "":
		return d.Store.ByCase(ctx, q, in.CaseRef)
	}
	return d.Store.ByID(ctx, q, in.AppointmentID)
}

// identified tells the others that the worker is who the passport says, and
// issues the residence card.
func (d *Desk) identified(ctx context.Context, tx *sqldb.Tx, a *appointment.Appointment, view onboarding.View) error {
	if err := d.issueCard(ctx, tx, a, view); err != nil {
		return err
	}
	if err := d.Store.Save(ctx, tx, a); err != nil {
		return err
	}
	for _, happened := range []events.Happened{
		{Type: "appointment.attended", TimeClass: eventbus.Physical},
		{Type: "identity.verified", TimeClass: eventbus.Human, Data: map[string]any{
			"performed_at": a.AttendedAt().Truncate(time.Second).Format(time.RFC3339), "level": "IN_PERSON",
		}},
		{Type: "residencecard.issued", TimeClass: eventbus.Machine},
	} {
		happened.Case = a.CaseRef()
		if _, err := d.Outbox.Append(ctx, tx, happened); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) issueCard(ctx context.Context, tx *sqldb.Tx, a *appointment.Appointment, view onboarding.View) error {
	who, err := person(view)
	if err != nil {
		return err
	}
	number, err := d.freeCardNumber(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := a.IssueCard(number, d.Clock.Now()); err != nil {
		return err
	}
	claims, err := a.CardClaims(who, appointment.Permit{Type: permitType, DecisionID: view.Permit.DecisionID, ValidUntil: view.Permit.ValidUntil})
	if err != nil {
		return err
	}
	return d.deliver(ctx, tx, view, issuance.Draft{Type: credtype.ResidenceCard, Claims: claims, ValidUntil: view.Permit.ValidUntil.AddDate(0, 0, 1)})
}

// freeCardNumber draws a number and goes on to the next free one.
func (d *Desk) freeCardNumber(ctx context.Context, tx *sqldb.Tx) (string, error) {
	const numbers = 10_000_000
	var random [8]byte
	if _, err := io.ReadFull(d.Random, random[:]); err != nil {
		return "", fmt.Errorf("draw card number: %w", err)
	}
	first := binary.BigEndian.Uint64(random[:]) % numbers
	for i := range uint64(numbers) {
		number, err := appointment.CardNumber(int((first + i) % numbers))
		if err != nil {
			return "", err
		}
		taken, err := d.Store.CardTaken(ctx, tx, number)
		if err != nil || !taken {
			return number, err
		}
	}
	return "", fault.New(fault.Unavailable, "appointment.no-card-number", "there are no more card numbers")
}
