package desk

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/diary"
)

// Settle brings a granted case to what its standing asks for, whatever came
// before and however often: one that stands has an appointment and its card goes
// on; one that does not stops (stop.go).
func (d *Desk) Settle(_ context.Context, c onboarding.Case) (onboarding.Effect, error) {
	if c.Standing != onboarding.Active {
		return func(ctx context.Context, tx *sqldb.Tx) error { return d.stop(ctx, tx, c) }, nil
	}
	if _, err := person(c.View); err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *sqldb.Tx) error { return d.goOn(ctx, tx, c) }, nil
}

// goOn is the work on a case that stands.
func (d *Desk) goOn(ctx context.Context, tx *sqldb.Tx, c onboarding.Case) error {
	acted, err := d.Store.Acted(ctx, tx, c.Ref)
	if err != nil {
		return err
	}
	if acted != onboarding.Active {
		if err := d.Store.Act(ctx, tx, c.Ref, onboarding.Active, ""); err != nil {
			return err
		}
	}
	visits, err := d.Store.Visits(ctx, tx, c.Ref)
	if err != nil {
		return err
	}
	if origin, due := visits.Due(d.policy()); due {
		if _, err := d.bookAgain(ctx, tx, c.View, visits, wish{origin: origin}); err != nil {
			return err
		}
	}
	return d.cardGoesOn(ctx, tx, c, visits)
}

// wish is what kind of appointment somebody wants.
type wish struct {
	origin appointment.Origin
	// notBefore, when set, is the earliest that suits.
	notBefore time.Time
	// officeID, when set, is another office than the worker's own.
	officeID string
}

// told is the event of a booking, by who had it booked.
var told = map[appointment.Origin]string{
	appointment.First: "appointment.booked", appointment.AfterHalt: "appointment.booked",
	appointment.AfterNoShow: "appointment.rebooked", appointment.ByWorker: "appointment.rebooked", appointment.ByOfficer: "appointment.rebooked",
}

// bookAgain gives a case its next appointment: a place in a slot, an Appointment
// credential instead of the one before, an event.
func (d *Desk) bookAgain(ctx context.Context, tx *sqldb.Tx, view onboarding.View, visits appointment.Visits, w wish) (_ *appointment.Appointment, err error) {
	ctx, end := telemetry.Span(ctx, "appointment.Book", telemetry.Case.String(view.CaseRef))
	defer func() { end(err) }()
	who, err := person(view)
	if err != nil {
		return nil, err
	}
	code, err := d.newCode()
	if err != nil {
		return nil, err
	}
	made, err := d.place(ctx, tx, view, visits, w, codeHash(code))
	if err != nil {
		return nil, err
	}
	err = d.deliver(ctx, tx, view, issuance.Draft{
		Type: credtype.Appointment, Claims: made.Claims(who, d.policy(), diary.TimeZone, code), ValidUntil: made.Slot().End,
	}, "APPOINTMENT_REBOOKED")
	if err != nil {
		return nil, err
	}
	return made, d.tell(ctx, tx, view.CaseRef, told[w.origin], eventbus.Machine, nil)
}

// place finds the first slot that suits and takes one of its places. Who is
// faster takes the place, and the slower one the next.
func (d *Desk) place(ctx context.Context, tx *sqldb.Tx, view onboarding.View, visits appointment.Visits, w wish, code string) (*appointment.Appointment, error) {
	now := d.Clock.Now()
	officeID := w.officeID
	if officeID == "" {
		officeID = d.officeOf(view, now).ID
	}
	after, err := d.earliest(w, now)
	if err != nil {
		return nil, err
	}
	book, taken, err := d.diary(ctx, tx, officeID, now)
	if err != nil {
		return nil, err
	}
	id, err := d.newID("apt_")
	if err != nil {
		return nil, err
	}
	for {
		slot, err := book.NextFree(after)
		if err != nil {
			return nil, err
		}
		office, _ := d.Offices.Find(officeID, slot.Start)
		made, err := visits.Book(appointment.Booking{ID: id, CaseRef: view.CaseRef, Office: office, Slot: slot, Origin: w.origin, CheckIn: code, At: now})
		if err != nil {
			return nil, err
		}
		for place := range book.Room(slot) {
			free, err := d.Store.Take(ctx, tx, made, place)
			if err != nil || free {
				return made, err
			}
		}
		taken[slot.Start.Unix()] = book.Room(slot) // others filled it meanwhile
	}
}

// earliest is the time after which a slot suits. Rule: appointment.not-before
// (Invalid), for a wish beyond what offices take bookings for.
func (d *Desk) earliest(w wish, now time.Time) (time.Time, error) {
	policy, after := d.policy(), now
	if w.origin != appointment.ByOfficer { // an officer may call in a worker who waits outside
		after = policy.Earliest(now, d.Offices.Zone())
	}
	if w.notBefore.After(now.AddDate(0, 0, policy.HorizonDays)) {
		return after, fault.Violated("request.invalid", "the request cannot be used as it is", []fault.Violation{
			{Field: "not_before", Rule: "appointment.not-before", Message: "is later than offices take bookings for"}})
	}
	if before := w.notBefore.Add(-time.Nanosecond); before.After(after) {
		after = before
	}
	return after, nil
}

// diary opens an office's diary. taken may be added to.
func (d *Desk) diary(ctx context.Context, q sqldb.Querier, officeID string, now time.Time) (diary.Diary, map[int64]int, error) {
	taken, err := d.Store.Taken(ctx, q, officeID, now)
	return diary.Diary{
		Offices: d.Offices, OfficeID: officeID, Horizon: d.policy().HorizonDays, Capacity: d.Capacity,
		Taken: func(start time.Time) int { return taken[start.Unix()] },
	}, taken, err
}

// officeOf is the office that serves a worker, by where the worker will live:
// what the application says, otherwise the workplace stands for it, otherwise
// the configured office.
func (d *Desk) officeOf(view onboarding.View, at time.Time) diary.Office {
	for _, path := range []string{"residence_municipality", "employment.workplace_municipality"} {
		if office, ok := d.Offices.For(claim(view, path), at); ok {
			return office
		}
	}
	office, _ := d.Offices.Find(d.Office, at)
	return office
}

// FindOffices are the offices of today, or the one that serves a municipality.
func (d *Desk) FindOffices(municipality string) []diary.Office {
	now := d.Clock.Now()
	if municipality == "" {
		return d.Offices.On(now)
	}
	if office, ok := d.Offices.For(municipality, now); ok {
		return []diary.Office{office}
	}
	return nil
}

// FreeSlots are the next free times at an office, at most limit, at or after
// notBefore. Rules: diary.office, appointment.not-before (Invalid).
func (d *Desk) FreeSlots(ctx context.Context, officeID string, notBefore time.Time, limit int) ([]diary.Slot, error) {
	now := d.Clock.Now()
	after, err := d.earliest(wish{origin: appointment.ByOfficer, notBefore: notBefore}, now)
	if err != nil {
		return nil, err
	}
	book, _, err := d.diary(ctx, d.DB.Read(), officeID, now)
	if err != nil {
		return nil, err
	}
	return book.Free(after, limit)
}
