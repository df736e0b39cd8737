package events

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// Parked is an event that could not be taken, or that waits for one.
type Parked struct {
	Producer, ID, Case, Type string
	Sequence                 int64
	ReceivedAt               time.Time
	// State is parked, waiting (for a parked one of its case) or retry (asked for,
	// and not done yet).
	State string
	// Reason is the rule that parked it, such as event.version.
	Reason string
}

// ListParked gives what is parked or waits in a service's inbox, oldest first.
func ListParked(ctx context.Context, q sqldb.Querier) ([]Parked, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT producer, id, case_ref, type, sequence, received_at, state, reason FROM event_inbox
		WHERE state IN ('parked', 'waiting', 'retry') ORDER BY received_at, producer, case_ref, sequence`)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (p Parked, err error) {
		var at int64
		err = r.Scan(&p.Producer, &p.ID, &p.Case, &p.Type, &p.Sequence, &at, &p.State, &p.Reason)
		p.ReceivedAt = clock.FromMicros(at)
		return p, err
	})
}

// Retry asks for a parked event to be tried again, or for all of them when id is
// empty, and says how many there are. The running service does it. What came on
// another case's subject is forged and stays where it is.
func Retry(ctx context.Context, db *sqldb.DB, id string) (n int64, err error) {
	err = db.Tx(ctx, func(tx *sqldb.Tx) error {
		n, err = sqldb.Changed(ctx, tx, `UPDATE event_inbox SET state = 'retry' WHERE state = 'parked' AND reason <> $2 AND ($1 = '' OR id = $1)`, id, subjectIsNotCase)
		return err
	})
	return n, err
}

// behindParked keeps an event whose place is not reached because one before it
// is parked, so that the stream need not offer it for as long as that takes.
// Otherwise the one before is still on its way: errGap.
func (i *Inbox) behindParked(ctx context.Context, event *eventbus.Event, hash string, payload []byte) error {
	return i.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		var before int
		err := tx.QueryRowContext(ctx, `
			SELECT 1 FROM event_inbox WHERE producer = $1 AND case_ref = $2 AND sequence < $3 AND state IN ('parked', 'waiting', 'retry') LIMIT 1`,
			i.Producer, event.Case, event.Sequence).Scan(&before)
		if errors.Is(err, sql.ErrNoRows) {
			return errGap
		}
		if err != nil {
			return err
		}
		_, err = i.record(ctx, tx, event, hash, payload, "waiting", "")
		return err
	})
}

// kept is an event of the inbox that has not acted.
type kept struct {
	id, hash string
	payload  []byte
}

// openNow are the events of a producer that can be tried again. The index holds
// none but those that are open, and is used where the query names their states as it
// does.
const openNow = `
	SELECT id, hash, payload FROM event_inbox AS e
	WHERE producer = $1 AND state IN ('parked', 'waiting', 'retry') AND (state = 'retry' OR state = 'waiting' AND sequence = 1 + COALESCE((
		SELECT last FROM event_position AS p WHERE p.producer = e.producer AND p.case_ref = e.case_ref), 0))
	ORDER BY sequence, received_at LIMIT 64`

// goOn takes what somebody wants tried again, and what waited for that.
func (i *Inbox) goOn(ctx context.Context) error {
	for {
		rows, err := i.DB.Read().QueryContext(ctx, openNow, i.Producer)
		due, err := sqldb.Collect(rows, err, func(r *sql.Rows) (k kept, err error) {
			return k, r.Scan(&k.id, &k.hash, &k.payload)
		})
		if err != nil || len(due) == 0 {
			return err
		}
		for _, one := range due {
			if err := i.again(ctx, one); err != nil {
				return err
			}
		}
	}
}

// again tries an event that is kept. It leaves it done, waiting or parked; only
// what may pass by itself is an error.
func (i *Inbox) again(ctx context.Context, one kept) error {
	event, err := eventbus.Parse(one.payload)
	if err == nil && event.ID != one.id {
		return i.read(ctx, one, event)
	}
	if err == nil {
		ctx = telemetry.Continue(ctx, event.Traceparent)
		err = i.DB.Tx(ctx, func(tx *sqldb.Tx) error {
			if mine, err := i.turn(ctx, tx, one, i.outcome(event), ""); err != nil || !mine {
				return err // not mine: somebody else takes it at this moment
			}
			return i.act(ctx, tx, event)
		})
	}
	state, reason := "waiting", ""
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errGap):
	case i.hopeless(one.hash, err) != "":
		state, reason = "parked", fault.RuleOf(err)
		i.Log.ErrorContext(ctx, "event parked again", "producer", i.Producer, "event", one.id, "reason", reason)
	default:
		return err
	}
	return i.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		_, err := i.turn(ctx, tx, one, state, reason)
		return err
	})
}

// read keeps an event by its own id that could not be read when it came, such as
// one of a version that this program knows by now.
func (i *Inbox) read(ctx context.Context, one kept, event *eventbus.Event) error {
	return i.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		n, err := sqldb.Changed(ctx, tx, `DELETE FROM event_inbox WHERE producer = $1 AND id = $2 AND hash = $3 AND state = 'retry'`, i.Producer, one.id, one.hash)
		if err != nil || n == 0 {
			return err
		}
		_, err = i.record(ctx, tx, event, one.hash, one.payload, "retry", "")
		return err
	})
}

// turn gives an event that is kept another state, unless somebody else has.
func (i *Inbox) turn(ctx context.Context, tx *sqldb.Tx, one kept, state, reason string) (bool, error) {
	n, err := sqldb.Changed(ctx, tx, `
		UPDATE event_inbox SET state = $1, reason = $2 WHERE producer = $3 AND id = $4 AND hash = $5 AND state IN ('retry', 'waiting')`,
		state, reason, i.Producer, one.id, one.hash)
	return n == 1, err
}
