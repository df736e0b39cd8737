package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/police/internal/card"
)

// stop is the work on a case that was halted, or whose permit was revoked: an
// appointment to come is cancelled and its credential revoked, and a card that
// is not made is held. What has happened stays: an attended appointment is not
// undone by a halt. A revoked permit takes its credentials and its card with it.
// What is stopped is said once.
func (d *Desk) stop(ctx context.Context, tx *sqldb.Tx, c onboarding.Case) (err error) {
	ctx, end := telemetry.Span(ctx, "appointment.Stop", telemetry.Case.String(c.Ref))
	defer func() { end(err) }()
	acted, err := d.Store.Acted(ctx, tx, c.Ref)
	if err != nil {
		return err
	}
	undone, err := d.cancel(ctx, tx, c)
	if err != nil {
		return err
	}
	unmade, err := d.stopCard(ctx, tx, c)
	if err != nil || acted == c.Standing {
		return err
	}
	if err := d.Store.Act(ctx, tx, c.Ref, c.Standing, c.Cause); err != nil || !undone && !unmade {
		return err
	}
	return d.tell(ctx, tx, c.Ref, "onboarding.stopped", eventbus.Machine, because(c))
}

func because(c onboarding.Case) map[string]any { return map[string]any{"cause": c.Cause} }

// cancel ends the appointment to come. It reports whether the visit is still
// ahead, booked or not.
func (d *Desk) cancel(ctx context.Context, tx *sqldb.Tx, c onboarding.Case) (ahead bool, err error) {
	visits, err := d.Store.Visits(ctx, tx, c.Ref)
	if err != nil {
		return false, err
	}
	open := visits.Open()
	if open == nil && c.Standing != onboarding.Revoked {
		return visits.Attended() == nil, nil
	}
	if open != nil {
		was := open.State()
		if _, err := open.Cancel(c.Cause, d.now()); err != nil {
			return false, err
		}
		if err := d.Store.Save(ctx, tx, open, was); err != nil {
			return false, err
		}
		if err := d.tell(ctx, tx, c.Ref, "appointment.cancelled", eventbus.Machine, because(c)); err != nil {
			return false, err
		}
	}
	_, err = d.Issuer.WithdrawOf(ctx, tx, c.Ref, credtype.Appointment, c.Cause)
	return visits.Attended() == nil, err
}

// stopCard holds or revokes the card. It reports whether there was one that the
// worker did not have yet.
func (d *Desk) stopCard(ctx context.Context, tx *sqldb.Tx, c onboarding.Case) (ahead bool, err error) {
	held, err := d.Store.Card(ctx, tx, c.Ref)
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return false, nil
		}
		return false, err
	}
	was := held.State
	if c.Standing == onboarding.Halted {
		if !held.Stop(c.Cause) {
			return false, nil
		}
		return true, d.Store.SaveCard(ctx, tx, held, was)
	}
	if !held.Revoke(c.Cause, d.now()) {
		return false, nil
	}
	if err := d.Store.SaveCard(ctx, tx, held, was); err != nil {
		return false, err
	}
	if _, err := d.Issuer.WithdrawOf(ctx, tx, c.Ref, credtype.ResidenceCard, c.Cause); err != nil {
		return false, err
	}
	return was != card.Delivered, d.tell(ctx, tx, c.Ref, "residencecard.revoked", eventbus.Machine, because(c))
}
