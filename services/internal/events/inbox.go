package events

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/crash"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// Source gives the messages of one producer's stream, at least once.
type Source interface {
	Fetch(ctx context.Context, most int, wait time.Duration) ([]eventbus.Msg, error)
}

// Handler acts on an event inside the transaction that takes it. It must not
// use the network: what needs fetching becomes a row that a Step works off.
// A permanent fault parks the event.
type Handler func(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error

// Inbox takes one producer's events: each once, those of a case in order.
type Inbox struct {
	DB       *sqldb.DB
	Producer string
	From     Source
	Handlers map[string]Handler // by the middle of the type, "decision.made"
	Clock    clock.Clock
	Log      *slog.Logger
	// Wait is how long a fetch waits for the first message.
	Wait time.Duration

	mu       sync.Mutex     // guards failures
	failures map[string]int // by hash, of events that could not be taken
}

// subjectIsNotCase is the rule of an event that came on another case's subject.
const subjectIsNotCase = "event.subject-is-not-case"

// errGap says that an earlier event of the case has not been taken yet.
var errGap = errors.New("an earlier event of this case is missing")

const (
	// retryAfter is when the stream offers an event again that could not be
	// taken; longer with each failure, up to retryLatest.
	retryAfter  = 500 * time.Millisecond
	retryLatest = 30 * time.Second
	// tries is how often an event may fail, for about eight minutes, before it is
	// parked. What another service's absence causes does not count.
	tries = 20
)

// Step takes what can go on here, and what the stream has, different cases side by
// side; it is busy when that was something. One goroutine calls it.
func (i *Inbox) Step(ctx context.Context) (bool, error) {
	if err := i.goOn(ctx); err != nil {
		return false, err
	}
	msgs, err := i.From.Fetch(ctx, 64, i.Wait)
	if err != nil {
		return false, err
	}
	if err := runner.Each(ctx, sideBySide, bySubject(msgs), i.takeAll); err != nil {
		return false, err
	}
	return len(msgs) > 0, ctx.Err()
}

// bySubject gives the messages of each subject, in the order in which they came.
func bySubject(msgs []eventbus.Msg) [][]eventbus.Msg {
	places := map[string]int{}
	var all [][]eventbus.Msg
	for _, msg := range msgs {
		place, known := places[msg.Subject]
		if !known {
			place = len(all)
			places[msg.Subject], all = place, append(all, nil)
		}
		all[place] = append(all[place], msg)
	}
	return all
}

// takeAll takes the messages of one case.
func (i *Inbox) takeAll(ctx context.Context, msgs []eventbus.Msg) error {
	for _, msg := range msgs {
		if err := i.take(ctx, msg); err != nil {
			later := retryAfter
			if !errors.Is(err, errGap) {
				i.Log.WarnContext(ctx, "event will be taken later", "producer", i.Producer, "error", err.Error())
				later = min(retryAfter<<min(i.failed(eventbus.Hash(msg.Data)), 10), retryLatest)
			}
			if err := msg.Nak(later); err != nil {
				return err
			}
			continue
		}
		if err := msg.Ack(); err != nil {
			return err
		}
	}
	return nil
}

// failed is how often an event has failed.
func (i *Inbox) failed(hash string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.failures[hash]
}

// take returns nil when the event is durably taken, ignored or parked.
func (i *Inbox) take(ctx context.Context, msg eventbus.Msg) error {
	hash := eventbus.Hash(msg.Data)
	event, err := eventbus.Parse(msg.Data)
	if err == nil && msg.Subject != eventbus.Subject(i.Producer, event.Case) {
		err = fault.New(fault.Invalid, subjectIsNotCase, "the event's case is not the subject it came on")
	}
	if err != nil {
		return i.park(ctx, &eventbus.Event{ID: hash, Type: "unreadable"}, hash, msg.Data, fault.RuleOf(err))
	}
	ctx = telemetry.Continue(ctx, event.Traceparent)
	ctx, end := telemetry.Span(ctx, "events.Take "+event.Type)
	err = i.handle(ctx, event, hash, msg.Data)
	if errors.Is(err, errGap) {
		end(nil)
		return i.behindParked(ctx, event, hash, msg.Data)
	}
	if reason := i.hopeless(hash, err); reason != "" {
		err = i.park(ctx, event, hash, msg.Data, reason)
	}
	end(err)
	return err
}

// hopeless says why an event is to be parked, or nothing: it can never act, or
// it has failed too often.
func (i *Inbox) hopeless(hash string, err error) (reason string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	kind := fault.KindOf(err)
	switch {
	case err == nil:
		delete(i.failures, hash)
		return ""
	case kind.Permanent():
		return fault.RuleOf(err)
	case kind == fault.Unavailable, errors.Is(err, context.Canceled), sqldb.Away(err):
		return ""
	}
	if i.failures == nil {
		i.failures = map[string]int{}
	}
	if i.failures[hash]++; i.failures[hash] < tries {
		return ""
	}
	delete(i.failures, hash)
	return "event.failed-too-often"
}

func (i *Inbox) handle(ctx context.Context, event *eventbus.Event, hash string, payload []byte) error {
	err := i.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		taken, err := i.alreadyTaken(ctx, tx, event, hash)
		if err != nil || taken {
			return err
		}
		fresh, err := i.record(ctx, tx, event, hash, payload, i.outcome(event), "")
		if err != nil || !fresh {
			return err // not fresh: somebody else takes it at this moment
		}
		return i.act(ctx, tx, event)
	})
	if err == nil {
		crash.At(crash.AfterConsumeCommit)
	}
	return err
}

// outcome is the state of an event that has been taken.
func (i *Inbox) outcome(event *eventbus.Event) string {
	if i.Handlers[event.Name()] == nil {
		return "ignored"
	}
	return "done"
}

// act moves the case on and has the event handled.
func (i *Inbox) act(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
	if err := i.advance(ctx, tx, event); err != nil {
		return err
	}
	if handler := i.Handlers[event.Name()]; handler != nil {
		if err := handler(ctx, tx, event); err != nil {
			return err
		}
	}
	crash.At(crash.BeforeConsumeCommit)
	return nil
}

// alreadyTaken finds the event in the inbox. The same id with another payload
// is not the same event: it is parked and raises an alarm.
func (i *Inbox) alreadyTaken(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event, hash string) (bool, error) {
	var known, state string
	err := tx.QueryRowContext(ctx, `SELECT hash, state FROM event_inbox WHERE producer = $1 AND id = $2 ORDER BY CASE WHEN hash = $3 THEN 0 ELSE 1 END LIMIT 1`,
		i.Producer, event.ID, hash).Scan(&known, &state)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	case known == hash:
		return true, nil
	}
	i.Log.ErrorContext(ctx, "ALARM: an event came again with another payload", "producer", i.Producer, "event", event.ID)
	telemetry.Count(ctx, "events.hash_mismatch", 1)
	return false, fault.New(fault.Conflict, "event.id-with-another-payload", "an event with this id and another payload was taken before")
}

// advance moves the case's position to this event, or finds a gap.
func (i *Inbox) advance(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
	var last int64
	err := tx.QueryRowContext(ctx, `SELECT last FROM event_position WHERE producer = $1 AND case_ref = $2`, i.Producer, event.Case).Scan(&last)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	switch {
	case event.Sequence > last+1:
		return errGap
	case event.Sequence <= last:
		return fault.New(fault.Conflict, "event.sequence-taken", "another event has this place in the case")
	}
	n, err := sqldb.Changed(ctx, tx, `
		INSERT INTO event_position (producer, case_ref, last) VALUES ($1, $2, $3)
		ON CONFLICT (producer, case_ref) DO UPDATE SET last = excluded.last WHERE event_position.last = excluded.last - 1`,
		i.Producer, event.Case, event.Sequence)
	if err == nil && n == 0 {
		return errGap // somebody else moves the case on at this moment: look again
	}
	return err
}

func (i *Inbox) record(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event, hash string, payload []byte, state, reason string) (fresh bool, err error) {
	return sqldb.Inserted(ctx, tx, `
		INSERT INTO event_inbox (producer, id, hash, case_ref, sequence, type, payload, received_at, state, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
		i.Producer, event.ID, hash, event.Case, event.Sequence, event.Type, payload, clock.Micros(i.Clock.Now()), state, reason)
}

// park keeps an event that cannot be acted on, with the reason, so that other
// cases go on. Later events of its case wait: its place is not passed.
func (i *Inbox) park(ctx context.Context, event *eventbus.Event, hash string, payload []byte, reason string) error {
	i.Log.ErrorContext(ctx, "event parked", "producer", i.Producer, "event", event.ID, "reason", reason)
	telemetry.Count(ctx, "events.parked", 1)
	return i.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		_, err := i.record(ctx, tx, event, hash, payload, "parked", reason)
		return err
	})
}
