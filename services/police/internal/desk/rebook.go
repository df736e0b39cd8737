package desk

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
)

// Rebooking is a wish for another time.
type Rebooking struct {
	Which
	// By is ByWorker or ByOfficer. A worker shows Code, the check-in code of the
	// Appointment credential.
	By   appointment.Origin
	Code string
	// NotBefore, when set, is the earliest that suits.
	NotBefore time.Time
	// OfficeID, when set, is another office. An officer's alone.
	OfficeID string
}

// Rebook moves the newest appointment of a case to the first free time that
// suits. The old time is given back and its credential revoked.
//
// Rules: appointment.code (Denied), those of Visits.Move, case.halted,
// case.revoked (Conflict), diary.no-free-slot (Unavailable).
func (d *Desk) Rebook(ctx context.Context, in Rebooking) (*appointment.Appointment, error) {
	return d.change(ctx, in.Which, "appointment.Rebook", func(ctx context.Context, tx *sqldb.Tx, caseRef string, visits appointment.Visits) (*appointment.Appointment, error) {
		last, err := pick(visits, in.Which)
		switch {
		case err != nil:
			return nil, err
		case in.By == appointment.ByWorker && !last.CheckIn(codeHash(in.Code)):
			return nil, fault.New(fault.Denied, "appointment.code", "the code is not that of this appointment")
		case last != visits.Last():
			return nil, fault.New(fault.Conflict, "appointment.closed", "the appointment has been moved or cancelled: see the case's newest one")
		}
		known, err := d.standing(ctx, tx, caseRef)
		if err != nil {
			return nil, err
		}
		was := last.State()
		if err := visits.Move(in.By, d.policy(), d.now()); err != nil {
			return nil, err
		}
		if last.State() != was {
			if err := d.Store.Save(ctx, tx, last, was); err != nil {
				return nil, err
			}
		}
		return d.bookAgain(ctx, tx, known.View, visits, wish{origin: in.By, notBefore: in.NotBefore, officeID: in.OfficeID})
	})
}

// RecordNoShow records that nobody came. The machine books anew as often as the
// figures say, then the worker must ask. It answers the case's newest
// appointment: the new one, or the missed one. A repetition changes nothing.
func (d *Desk) RecordNoShow(ctx context.Context, which Which, officer string) (*appointment.Appointment, error) {
	return d.change(ctx, which, "appointment.Miss", func(ctx context.Context, tx *sqldb.Tx, caseRef string, visits appointment.Visits) (*appointment.Appointment, error) {
		missed, err := pick(visits, which)
		if err != nil {
			return nil, err
		}
		was := missed.State()
		changed, err := missed.Miss(officer, d.now())
		if err != nil || !changed {
			return visits.Last(), err
		}
		if err := d.Store.Save(ctx, tx, missed, was); err != nil {
			return nil, err
		}
		if err := d.tell(ctx, tx, caseRef, "appointment.missed", eventbus.Candidate, nil); err != nil {
			return nil, err
		}
		known, err := d.standing(ctx, tx, caseRef)
		if fault.KindOf(err) == fault.Conflict { // nothing is booked for a case that does not stand
			return missed, nil
		}
		origin, due := visits.Due(d.policy())
		if err != nil || !due {
			return missed, err
		}
		made, err := d.bookAgain(ctx, tx, known.View, visits, wish{origin: origin})
		if fault.RuleOf(err) == "diary.no-free-slot" { // the step asks again until there is one
			return missed, d.Cases.Wake(ctx, tx, caseRef)
		}
		return made, err
	})
}

// change runs a verb on the appointments of a case, in one transaction and in
// the case's trace.
func (d *Desk) change(ctx context.Context, which Which, span string,
	verb func(ctx context.Context, tx *sqldb.Tx, caseRef string, visits appointment.Visits) (*appointment.Appointment, error),
) (answer *appointment.Appointment, err error) {
	caseRef, err := d.meant(ctx, d.DB.Read(), which)
	if err != nil {
		return nil, err
	}
	known, err := d.Cases.Find(ctx, d.DB.Read(), caseRef)
	if fault.KindOf(err) == fault.NotFound {
		return nil, fault.New(fault.NotFound, "appointment.unknown", "there is no such appointment")
	}
	if err != nil {
		return nil, err
	}
	ctx, end := telemetry.Span(telemetry.Continue(ctx, known.Traceparent), span, telemetry.Case.String(caseRef))
	defer func() { end(err) }()
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		visits, err := d.Store.Visits(ctx, tx, caseRef)
		if err != nil {
			return err
		}
		answer, err = verb(ctx, tx, caseRef, visits)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}
