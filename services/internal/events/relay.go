package events

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/crash"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// Publisher puts a payload on the producer's stream. It returns nil only when
// the stream holds exactly this payload under this id, durably;
// eventbus.ErrHashMismatch when it holds another one.
type Publisher interface {
	Publish(ctx context.Context, subject, id string, payload []byte) (streamSequence uint64, err error)
}

// Relay publishes the outbox, the events of a case in order.
type Relay struct {
	DB       *sqldb.DB
	Producer string
	To       Publisher
	Clock    clock.Clock
	Log      *slog.Logger
}

type leaving struct {
	id, caseRef, traceparent string
	payload                  []byte
}

// Step publishes the next event of each case that has one waiting.
func (r *Relay) Step(ctx context.Context) (bool, error) {
	rows, err := r.DB.Read().QueryContext(ctx, `
		SELECT id, case_ref, traceparent, payload FROM event_outbox AS o
		WHERE state = 'waiting' AND NOT EXISTS (
			SELECT 1 FROM event_outbox AS e
			WHERE e.case_ref = o.case_ref AND e.sequence < o.sequence AND e.state = 'waiting')
		ORDER BY created_at LIMIT 64`)
	due, err := sqldb.Collect(rows, err, func(rows *sql.Rows) (leaving, error) {
		var one leaving
		err := rows.Scan(&one.id, &one.caseRef, &one.traceparent, &one.payload)
		return one, err
	})
	if err != nil {
		return false, err
	}
	var stuck error
	for _, one := range due {
		err := r.publish(ctx, one)
		switch {
		case errors.Is(err, eventbus.ErrHashMismatch):
			stuck = err // this case waits for an operator, the others go on
		case err != nil:
			return false, err
		}
	}
	return len(due) > 0, stuck
}

func (r *Relay) publish(ctx context.Context, one leaving) error {
	ctx = telemetry.Continue(ctx, one.traceparent)
	ctx, end := telemetry.Span(ctx, "events.Publish")
	crash.At(crash.BeforePublish)
	subject := eventbus.Subject(r.Producer, one.caseRef)
	sequence, err := r.To.Publish(ctx, subject, one.id, one.payload)
	state := "published"
	if errors.Is(err, eventbus.ErrHashMismatch) {
		// Somebody has put another payload on the stream under this id, so
		// that ours would be taken for a repeat. Say so loudly, and publish
		// ours under an id that nobody can have foreseen.
		r.Log.ErrorContext(ctx, "ALARM: the stream holds another payload under the id of this event", "event", one.id, "case", one.caseRef)
		telemetry.Count(ctx, "events.hash_mismatch", 1)
		state = "alarmed"
		sequence, err = r.To.Publish(ctx, subject, one.id+"."+eventbus.Hash(one.payload), one.payload)
	}
	end(err)
	if err != nil {
		return err
	}
	crash.At(crash.AfterPublish)
	return r.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE event_outbox SET state = $1, stream_sequence = $2, published_at = $3 WHERE id = $4`,
			state, int64(sequence), clock.Micros(r.Clock.Now()), one.id)
		return err
	})
}
