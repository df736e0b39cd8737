package events

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/crash"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// Publisher is a producer's stream.
type Publisher interface {
	// Publish puts a payload on the stream, as the next on its subject after the
	// message at a place. It returns nil only when the stream holds exactly this
	// payload under this id, durably; eventbus.ErrHashMismatch when it holds
	// another one; eventbus.ErrNotNext, having published nothing, when something
	// else is last on the subject.
	Publish(ctx context.Context, subject, id string, payload []byte, after uint64) (streamSequence uint64, err error)
	// Last gives the last message on a subject, the zero value when there is none.
	Last(ctx context.Context, subject string) (eventbus.Stored, error)
	// At gives the message at a place, the zero value when there is none.
	At(ctx context.Context, streamSequence uint64) (eventbus.Stored, error)
}

// Relay publishes the outbox, the events of a case in order. Each names the
// message that it expects before it on the case's subject, so that a second
// relay, one that was paused and wakes up, or a stranger is noticed.
type Relay struct {
	DB       *sqldb.DB
	Producer string
	To       Publisher
	Clock    clock.Clock
	Log      *slog.Logger
}

type leaving struct {
	id, caseRef, traceparent, state string
	payload                         []byte
	after                           uint64 // the place of the case's event before
}

// leavingNext are the events that are the first of their case to leave.
const leavingNext = `
	SELECT id, case_ref, traceparent, state, payload, COALESCE((
		SELECT b.stream_sequence FROM event_outbox AS b WHERE b.case_ref = o.case_ref AND b.sequence = o.sequence - 1), 0)
	FROM event_outbox AS o
	WHERE state IN ('waiting', 'missed') AND NOT EXISTS (
		SELECT 1 FROM event_outbox AS e
		WHERE e.case_ref = o.case_ref AND e.sequence < o.sequence AND e.state IN ('waiting', 'missed'))
	ORDER BY created_at LIMIT 64`

// Step publishes the next event of each case that has one waiting, those of different
// cases side by side.
func (r *Relay) Step(ctx context.Context) (bool, error) {
	rows, err := r.DB.Read().QueryContext(ctx, leavingNext)
	due, err := sqldb.Collect(rows, err, func(rows *sql.Rows) (leaving, error) {
		var one leaving
		var after int64
		err := rows.Scan(&one.id, &one.caseRef, &one.traceparent, &one.state, &one.payload, &after)
		one.after = uint64(after)
		return one, err
	})
	if err != nil {
		return false, err
	}
	left, err := r.leave(ctx, due)
	if failed := r.note(ctx, left); err == nil {
		err = failed
	}
	return len(due) > 0 && err == nil, err
}

// sideBySide is how many cases are published, or taken, at once: they wait for the
// same disk at the stream and here.
const sideBySide = 16

// left is an event that is on the stream: where, and what state it has for that.
type left struct {
	leaving
	sequence uint64
	state    string
}

// leave has events on the stream, and gives those that are, also when others could not
// be published.
func (r *Relay) leave(ctx context.Context, due []leaving) (all []left, err error) {
	var mu sync.Mutex // guards all and stuck
	var stuck error
	err = runner.Each(ctx, sideBySide, due, func(ctx context.Context, one leaving) error {
		ctx, end := telemetry.Span(telemetry.Continue(ctx, one.traceparent), "events.Publish")
		crash.At(crash.BeforePublish)
		sequence, state, err := r.put(ctx, one)
		end(err)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case errors.Is(err, eventbus.ErrHashMismatch), errors.Is(err, eventbus.ErrNotNext):
			stuck = err // this case is looked at again, the others go on
			return nil
		case err != nil:
			return err
		}
		crash.At(crash.AfterPublish)
		all = append(all, left{one, sequence, state})
		return nil
	})
	if err == nil {
		err = stuck
	}
	return all, err
}

// note writes down what has left.
func (r *Relay) note(ctx context.Context, all []left) error {
	if len(all) == 0 {
		return nil
	}
	var displaced []left
	err := r.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		displaced = nil
		for _, one := range all {
			// A stream gives each message a place of its own, unless it has lost some.
			n, err := sqldb.Changed(ctx, tx, `UPDATE event_outbox SET state = 'missed' WHERE stream_sequence = $1 AND id <> $2 AND state IN ('published', 'alarmed')`,
				int64(one.sequence), one.id)
			if err != nil {
				return err
			}
			if n > 0 {
				displaced = append(displaced, one)
			}
			if _, err := tx.ExecContext(ctx, `UPDATE event_outbox SET state = $1, stream_sequence = $2, published_at = $3 WHERE id = $4`,
				one.state, int64(one.sequence), clock.Micros(r.Clock.Now()), one.id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, one := range displaced {
		r.alarm(ctx, one.leaving, "the stream has given this event the place of another, which is published again", "events.missed")
	}
	return nil
}

// put has the event on the stream, and says where and how it came there:
// published, or alarmed when something was wrong that a person must look at.
func (r *Relay) put(ctx context.Context, one leaving) (sequence uint64, state string, err error) {
	subject := eventbus.Subject(r.Producer, one.caseRef)
	id := one.id
	if one.state == "missed" {
		// The stream may still know the id of what a consumer has not got.
		id = fmt.Sprintf("%s.%d", one.id, clock.Micros(r.Clock.Now()))
	}
	state = "published"
	sequence, err = r.To.Publish(ctx, subject, id, one.payload, one.after)
	if errors.Is(err, eventbus.ErrNotNext) {
		last, failed := r.To.Last(ctx, subject)
		if failed != nil {
			return 0, "", failed
		}
		switch known, failed := r.known(ctx, one, last); {
		case failed != nil:
			return 0, "", failed
		case known == itself && one.state != "missed":
			// It is there already: the answer was lost longer ago than the stream
			// remembers ids.
			return last.Sequence, state, nil
		case known == stranger:
			r.alarm(ctx, one, "a message that is not ours is on this case's subject", "events.hash_mismatch")
			state = "alarmed"
		}
		sequence, err = r.To.Publish(ctx, subject, id, one.payload, last.Sequence)
	}
	if errors.Is(err, eventbus.ErrHashMismatch) {
		// Somebody has put another payload on the stream under this id, so that
		// ours would be taken for a repeat. Say so loudly, and publish ours under
		// an id that nobody can have foreseen.
		r.alarm(ctx, one, "the stream holds another payload under the id of this event", "events.hash_mismatch")
		state = "alarmed"
		last, failed := r.To.Last(ctx, subject)
		if failed != nil {
			return 0, "", failed
		}
		sequence, err = r.To.Publish(ctx, subject, one.id+"."+eventbus.Hash(one.payload), one.payload, last.Sequence)
	}
	return sequence, state, err
}

// Whose the last message on a case's subject is.
type origin int

const (
	stranger origin = iota
	ours            // another event of the case, or none is there
	itself
)

// known says whose a message is. None at all is what is left of ours when the
// stream was made anew or has let old events go.
func (r *Relay) known(ctx context.Context, one leaving, last eventbus.Stored) (origin, error) {
	hash := eventbus.Hash(last.Data)
	if last.Sequence == 0 {
		return ours, nil
	}
	if hash == eventbus.Hash(one.payload) {
		return itself, nil
	}
	var there int
	err := r.DB.Read().QueryRowContext(ctx, `SELECT 1 FROM event_outbox WHERE case_ref = $1 AND hash = $2`, one.caseRef, hash).Scan(&there)
	if errors.Is(err, sql.ErrNoRows) {
		return stranger, nil
	}
	return ours, err
}

func (r *Relay) alarm(ctx context.Context, one leaving, what, counted string) {
	r.Log.ErrorContext(ctx, "ALARM: "+what, "event", one.id, "case", one.caseRef)
	telemetry.Count(ctx, counted, 1)
}
