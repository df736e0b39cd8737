package agent

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/crash"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// arrival is a waiting row of the inbox.
type arrival struct {
	sender, id, kind, traceparent string
	envelope                      []byte
	receivedAt                    time.Time
	attempts                      int64
}

// ActStep hands the messages that are due to their handlers: in order within
// a thread and its sender, side by side across threads.
func (a *Agent) ActStep(ctx context.Context) (bool, error) {
	due, err := a.dueArrivals(ctx)
	if err != nil || len(due) == 0 {
		return false, err
	}
	return true, runner.Each(ctx, atOnce, due, a.act)
}

const selectArrivals = `
	SELECT i.sender, i.id, i.type, i.traceparent, l.envelope, i.received_at, i.attempts
	FROM agent_inbox AS i JOIN agent_inbox_letter AS l ON l.sender = i.sender AND l.id = i.id
	WHERE state = 'waiting' AND due_at <= $1 AND NOT EXISTS (
		SELECT 1 FROM agent_inbox AS e
		WHERE e.thread = i.thread AND e.sender = i.sender AND e.state = 'waiting' AND e.received_at < i.received_at)
	ORDER BY due_at LIMIT 32`

func (a *Agent) dueArrivals(ctx context.Context) ([]arrival, error) {
	rows, err := a.DB.Read().QueryContext(ctx, selectArrivals, clock.Micros(a.Clock.Now()))
	return sqldb.Collect(rows, err, func(r *sql.Rows) (arrival, error) {
		var one arrival
		var at int64
		err := r.Scan(&one.sender, &one.id, &one.kind, &one.traceparent, &one.envelope, &at, &one.attempts)
		one.receivedAt = clock.FromMicros(at)
		return one, err
	})
}

func (a *Agent) act(ctx context.Context, one arrival) error {
	ctx = telemetry.Continue(ctx, one.traceparent)
	ctx, end := telemetry.Span(ctx, spanName("didcomm.Act ", one.kind))
	var in Received
	err := guarded(func() (err error) {
		if in, err = a.opened(ctx, one); err != nil {
			return err
		}
		effect, err := a.consider(ctx, in)
		if err != nil {
			return err
		}
		return a.settle(ctx, one, in, effect)
	})
	end(err)
	switch {
	case err == nil || ctx.Err() != nil:
		return nil
	case fault.KindOf(err).Permanent():
	case waited(one.attempts) > a.Patience:
		a.Log.WarnContext(ctx, "patience with a message has ended", "type", one.kind, "error", err.Error())
	default:
		a.Log.WarnContext(ctx, "message will be tried again", "type", one.kind, "attempts", one.attempts+1, "rule", fault.RuleOf(err), "error", err.Error())
		return a.postpone(ctx, one)
	}
	return a.settle(ctx, one, in, func(context.Context, *sqldb.Tx) error { return Refuse(err) })
}

// opened gives what an envelope holds. One that came a moment ago was opened then.
func (a *Agent) opened(ctx context.Context, one arrival) (Received, error) {
	if in, ok := a.lately.take(one.sender, one.id, one.envelope, a.Clock.Now()); ok {
		in.At = one.receivedAt
		return in, nil
	}
	return a.open(ctx, one.envelope, one.receivedAt)
}

// consider asks the handler for the effect of a message.
func (a *Agent) consider(ctx context.Context, in Received) (Effect, error) {
	handler, known := a.handlers[in.Message.Type]
	if !known {
		return nil, typeUnknown() // another version of us took it in
	}
	return handler(ctx, in)
}

// guarded turns a panic into an error: one message must not stop the service,
// again at every start.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Wrap(fmt.Errorf("panic: %v\n%s", p, debug.Stack()), fault.Internal, "internal", "panic in a message handler")
		}
	}()
	return f()
}

// settle applies the effect and ends the row, once, in one transaction. A
// refusal ends it too, with a problem report to the sender.
func (a *Agent) settle(ctx context.Context, one arrival, in Received, effect Effect) error {
	err := a.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		n, err := sqldb.Changed(ctx, tx, `
			UPDATE agent_inbox SET state = 'done' WHERE sender = $1 AND id = $2 AND state = 'waiting'`, one.sender, one.id)
		if err != nil || n == 0 {
			return err // n == 0: somebody else has acted on it
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM agent_inbox_letter WHERE sender = $1 AND id = $2`, one.sender, one.id); err != nil {
			return err
		}
		if effect != nil {
			err = effect(ctx, tx)
		}
		var refused refusal
		if errors.As(err, &refused) {
			err = a.refuse(ctx, tx, one, in, fault.From(refused.error))
		}
		if err != nil {
			return err
		}
		crash.At(crash.BeforeActCommit)
		return nil
	})
	if err == nil {
		crash.At(crash.AfterActCommit)
	}
	return err
}

func (a *Agent) refuse(ctx context.Context, tx *sqldb.Tx, one arrival, in Received, why *fault.Error) error {
	a.Log.InfoContext(ctx, "message refused", "type", one.kind, "rule", why.Rule)
	_, err := tx.ExecContext(ctx, `UPDATE agent_inbox SET state = 'refused', rule = $1 WHERE sender = $2 AND id = $3`, why.Rule, one.sender, one.id)
	if err != nil {
		return err
	}
	return a.report(ctx, tx, in, why)
}

func (a *Agent) postpone(ctx context.Context, one arrival) error {
	due := a.Clock.Now().Add(backOff(one.attempts))
	return a.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE agent_inbox SET attempts = attempts + 1, due_at = $1 WHERE sender = $2 AND id = $3 AND state = 'waiting'`,
			clock.Micros(due), one.sender, one.id)
		return err
	})
}
