package events

import (
	"context"
	"database/sql"
	"log/slog"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// Outside is a service outside that passes events on to who subscribes there.
// Nil means that it has the event; it may have had it before.
type Outside interface {
	Publish(ctx context.Context, payload []byte) error
}

// Forward hands published events to a service outside, those of a case in
// order, each at least once. What the other side refuses for good is noted and
// passed over: its subscribers miss a notice, and no case waits for that.
type Forward struct {
	DB    *sqldb.DB
	To    Outside
	Clock clock.Clock
	Log   *slog.Logger
}

// Step hands over the next event of each case that has one.
func (f *Forward) Step(ctx context.Context) (bool, error) {
	rows, err := f.DB.Read().QueryContext(ctx, `
		SELECT id, case_ref, traceparent, payload FROM event_outbox AS o
		WHERE forwarded_at = 0 AND state <> 'waiting' AND NOT EXISTS (
			SELECT 1 FROM event_outbox AS e
			WHERE e.case_ref = o.case_ref AND e.sequence < o.sequence AND e.forwarded_at = 0)
		ORDER BY created_at LIMIT 64`)
	due, err := sqldb.Collect(rows, err, func(rows *sql.Rows) (leaving, error) {
		var one leaving
		err := rows.Scan(&one.id, &one.caseRef, &one.traceparent, &one.payload)
		return one, err
	})
	if err != nil {
		return false, err
	}
	for _, one := range due {
		if err := f.forward(ctx, one); err != nil {
			return false, err
		}
	}
	return len(due) > 0, nil
}

func (f *Forward) forward(ctx context.Context, one leaving) error {
	ctx, end := telemetry.Span(telemetry.Continue(ctx, one.traceparent), "events.Forward")
	err := f.To.Publish(ctx, one.payload)
	end(err)
	if err != nil {
		// Denied is the configuration's fault, not the event's: it waits.
		if fault.KindOf(err) != fault.Invalid {
			return err
		}
		f.Log.ErrorContext(ctx, "an event was refused outside and is passed over", "event", one.id, "case", one.caseRef, "rule", fault.RuleOf(err))
	}
	return f.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE event_outbox SET forwarded_at = $1 WHERE id = $2`, clock.Micros(f.Clock.Now()), one.id)
		return err
	})
}
