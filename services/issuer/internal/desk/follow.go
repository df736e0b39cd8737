package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/progress"
)

// Follow takes events of one service about the cases that offers opened: the
// offer's timeline grows, the employer sees how the case stands, and is written
// to when it is halted, revoked or over.
func (d *Desk) Follow(service string) events.Handler {
	return func(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
		c, err := d.Store.Case(ctx, tx, event.Case)
		if err != nil {
			if fault.KindOf(err) != fault.NotFound {
				return err
			}
			c = progress.Case{Ref: event.Case, State: progress.Seen, UpdatedAt: event.Time}
		}
		text := func(name string) string {
			value, _ := event.Data[name].(string)
			return value
		}
		h := progress.Happened{Event: event.Name(), OfferID: text("offer_id"), Outcome: text("outcome"), Cause: text("cause"), At: event.Time}
		changed := c.Take(h)
		if err := d.Store.SaveCase(ctx, tx, c); err != nil {
			return err
		}
		err = d.Store.AddCaseStep(ctx, tx, event.Case, Step{
			Service: service, Name: event.Name(), Cause: h.Cause, TimeClass: event.TimeClass, EventID: event.ID, EventType: event.Type, At: event.Time,
		})
		if err != nil || c.OfferID == "" {
			return err
		}
		if h.Event == progress.EventCardIssued || h.Event == progress.EventNumberReplaced {
			if err := d.askAgain(ctx, tx, c.OfferID); err != nil {
				return err
			}
		}
		if changed && progress.EmployerIsTold(h.Event) {
			return d.mailEmployer(ctx, tx, c, event)
		}
		return nil
	}
}
