package events

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// Reconciler compares what has left a producer's outbox with its stream, and has
// the relay publish again what is not there: a stream can be deleted, damaged or
// restored from an older copy. The database is the truth.
type Reconciler struct {
	DB       *sqldb.DB
	Producer string
	From     Publisher
	Clock    clock.Clock
	Log      *slog.Logger
	// MaxAge is how long the stream keeps an event: older ones are not missed.
	MaxAge time.Duration
	// Bell is rung when there is something to publish.
	Bell *runner.Bell

	round time.Time // until when the last whole round compared what was published
	at    int64     // published_at of the last event that was compared in this round
	atID  string    // and its id
}

// compareAtOnce is how many events one step looks at, settled how old they are
// at least: an answer of the stream may be on its way.
const (
	compareAtOnce = 64
	settled       = 5 * time.Second
)

type published struct {
	id, caseRef, hash string
	sequence, at      int64
}

// wholeEvery is how often everything is compared. In between, only three events
// are: the newest, which a stream lacks that was cut short; and the last before
// the round and the first since, one of which a stream lacks that was made anew.
const wholeEvery = 10 * time.Minute

// Step compares the next events, and is busy until a round is through. It begins
// one when the last is long ago, or when the newest event is not there.
func (r *Reconciler) Step(ctx context.Context) (bool, error) {
	now := r.Clock.Now()
	if r.at == 0 {
		if whole, err := r.begins(ctx, now); !whole || err != nil {
			return false, err
		}
		r.round = now.Add(-settled) // what is younger is not compared in it
	}
	from := max(r.at, clock.Micros(now.Add(-r.MaxAge)))
	rows, err := r.DB.Read().QueryContext(ctx, comparedNext, clock.Micros(now.Add(-settled)), from, r.atID, compareAtOnce)
	batch, err := sqldb.Collect(rows, err, func(rows *sql.Rows) (p published, err error) {
		return p, rows.Scan(&p.id, &p.caseRef, &p.hash, &p.sequence, &p.at)
	})
	if err != nil {
		return false, err
	}
	var missing []string
	for _, one := range batch {
		there, err := r.there(ctx, one)
		if err != nil {
			return false, err
		}
		if !there {
			missing = append(missing, one.id)
		}
	}
	if err := Missed(ctx, r.DB, missing); err != nil {
		return false, err
	}
	if len(missing) > 0 {
		r.Log.ErrorContext(ctx, "ALARM: events have gone from the stream and are published again", "producer", r.Producer, "events", len(missing))
		telemetry.Count(ctx, "events.missed", int64(len(missing)))
		r.Bell.Ring()
	}
	if len(batch) < compareAtOnce {
		r.at, r.atID = 0, ""
		return false, nil
	}
	last := batch[len(batch)-1]
	r.at, r.atID = last.at, last.id
	return true, nil
}

// comparedNext are the events of a round after the one that was compared last.
const comparedNext = `
	SELECT id, case_ref, hash, stream_sequence, published_at FROM event_outbox
	WHERE state IN ('published', 'alarmed') AND published_at <= $1 AND published_at >= $2 AND (published_at > $2 OR id > $3)
	ORDER BY published_at, id LIMIT $4`

// begins says whether everything is to be compared now.
func (r *Reconciler) begins(ctx context.Context, now time.Time) (bool, error) {
	if r.round.IsZero() || now.Sub(r.round) >= wholeEvery {
		return true, nil
	}
	oldest, round, newest := clock.Micros(now.Add(-r.MaxAge)), clock.Micros(r.round), clock.Micros(now.Add(-settled))
	for _, w := range []struct {
		query    string
		from, to int64
	}{{newestOnStream, oldest, newest}, {lastPublished, oldest, round}, {firstPublished, round, newest}} {
		var one published
		err := r.DB.Read().QueryRowContext(ctx, w.query, w.from, w.to).Scan(&one.caseRef, &one.hash, &one.sequence)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return false, err
		}
		if there, err := r.there(ctx, one); !there || err != nil {
			return err == nil, err
		}
	}
	return false, nil
}

// Events that were published in a span of time. Cases are published side by side, so
// that the last on the stream need not be the one that was noted last. The plus keeps
// SQLite from sorting all for it.
const (
	selectPlace    = `SELECT case_ref, hash, stream_sequence FROM event_outbox WHERE state IN ('published', 'alarmed') AND `
	lastPublished  = selectPlace + `published_at > $1 AND published_at <= $2 ORDER BY published_at DESC LIMIT 1`
	firstPublished = selectPlace + `published_at > $1 AND published_at <= $2 ORDER BY published_at LIMIT 1`
	newestOnStream = selectPlace + `+published_at > $1 AND +published_at <= $2 ORDER BY stream_sequence DESC LIMIT 1`
)

// there says whether the stream holds an event where it was put.
func (r *Reconciler) there(ctx context.Context, one published) (bool, error) {
	have, err := r.From.At(ctx, uint64(one.sequence))
	return have.Subject == eventbus.Subject(r.Producer, one.caseRef) && eventbus.Hash(have.Data) == one.hash, err
}

// Missed has the relay publish events again that have left the outbox.
func Missed(ctx context.Context, db *sqldb.DB, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	return db.Tx(ctx, func(tx *sqldb.Tx) error {
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, `UPDATE event_outbox SET state = 'missed' WHERE id = $1 AND state IN ('published', 'alarmed')`, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// NotTaken gives the ids of events that have left a producer's outbox, were
// settled long enough, and are not in a consumer's inbox.
func NotTaken(ctx context.Context, producer string, outbox, inbox sqldb.Querier, before time.Time) ([]string, error) {
	rows, err := inbox.QueryContext(ctx, `SELECT id || ' ' || hash FROM event_inbox WHERE producer = $1`, producer)
	taken := map[string]bool{}
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
		var key string
		err := r.Scan(&key)
		taken[key] = true
		return struct{}{}, err
	})
	if err != nil {
		return nil, err
	}
	rows, err = outbox.QueryContext(ctx, `
		SELECT id, hash FROM event_outbox WHERE state IN ('published', 'alarmed') AND published_at <= $1 ORDER BY case_ref, sequence`, clock.Micros(before))
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (p published, err error) { return p, r.Scan(&p.id, &p.hash) })
	var missing []string
	for _, one := range all {
		if !taken[one.id+" "+one.hash] {
			missing = append(missing, one.id)
		}
	}
	return missing, err
}
