package onboarding

import (
	"context"
	"database/sql"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// atOnce is how many cases are worked on side by side.
const atOnce = 8

// backOff is the wait after the nth failed attempt: 100 ms doubling to 5 s.
func backOff(attempts int64) time.Duration {
	return min(100*time.Millisecond<<min(attempts, 8), 5*time.Second)
}

// due is a case that there is something to do for.
type due struct {
	Case
	attempts, revision int64
	sealed             []byte
	// fetched is the view, sealed, when this step has fetched it.
	fetched []byte
}

// Step works on the cases that are due.
func (c *Cases) Step(ctx context.Context) (bool, error) {
	rows, err := c.DB.Read().QueryContext(ctx, `
		SELECT case_ref, state, rule, traceparent, view, standing, cause, edition, attempts, revision FROM onboarding_case
		WHERE state IN ('NOTIFIED', 'KNOWN') AND due_at > 0 AND due_at <= $1 ORDER BY due_at LIMIT 32`, clock.Micros(c.Clock.Now()))
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (due, error) {
		var one due
		err := r.Scan(&one.Ref, &one.State, &one.Rule, &one.Traceparent, &one.sealed, &one.Standing, &one.Cause, &one.Edition, &one.attempts, &one.revision)
		return one, err
	})
	if err != nil || len(all) == 0 {
		return false, err
	}
	return true, runner.Each(ctx, atOnce, all, c.work)
}

func (c *Cases) work(ctx context.Context, one due) error {
	ctx = telemetry.Continue(ctx, one.Traceparent)
	ctx, end := telemetry.Span(ctx, "onboarding.Work", telemetry.Case.String(one.Ref))
	effect, err := c.consider(ctx, &one)
	if err == nil {
		err = c.settle(ctx, one, effect)
	}
	end(err)
	switch {
	case err == nil || ctx.Err() != nil:
		return nil
	case stopped(err):
		// UDI stopped the case, and its event is on the way: it wakes the case.
		return c.leave(ctx, one, one.State, fault.RuleOf(err), 0)
	case fault.KindOf(err).Permanent():
		c.Log.ErrorContext(ctx, "case cannot be carried out", "case", one.Ref, "rule", fault.RuleOf(err), "error", err.Error())
		return c.leave(ctx, one, Failed, fault.RuleOf(err), 0)
	}
	c.Log.WarnContext(ctx, "case will be tried again", "case", one.Ref, "attempts", one.attempts+1, "rule", fault.RuleOf(err), "error", err.Error())
	return c.leave(ctx, one, one.State, fault.RuleOf(err), clock.Micros(c.Clock.Now().Add(backOff(one.attempts))))
}

// What UDI answers of a case that it has halted or whose permit it revoked.
const (
	RuleHalted  = "view.case-halted"
	RuleRevoked = "view.case-revoked"
)

func stopped(err error) bool {
	rule := fault.RuleOf(err)
	return rule == RuleHalted || rule == RuleRevoked
}

// consider fetches the view, unless it is here or UDI has stopped the case, and
// asks the verb.
func (c *Cases) consider(ctx context.Context, one *due) (Effect, error) {
	if one.State == Notified && one.Standing == Active {
		view, err := c.Views.View(ctx, one.Ref)
		if err != nil {
			return nil, err
		}
		if err := view.check(one.Ref); err != nil {
			return nil, err
		}
		if one.fetched, err = c.seal(ctx, one.Ref, view); err != nil {
			return nil, err
		}
		one.State, one.View = Known, view
	} else if one.sealed == nil {
		one.View = View{CaseRef: one.Ref}
	} else {
		var err error
		if one.View, err = c.unseal(ctx, one.Ref, one.sealed); err != nil {
			return nil, err
		}
	}
	return c.Verb(ctx, one.Case)
}

// settle saves the view and applies the effect. When an event has woken the
// case meanwhile the effect may be out of date: then only the view is kept, and
// the case stays due.
func (c *Cases) settle(ctx context.Context, one due, effect Effect) error {
	return c.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		n, err := sqldb.Changed(ctx, tx, `
			UPDATE onboarding_case SET state = $1, rule = '', view = COALESCE($2, view), due_at = 0, attempts = 0
			WHERE case_ref = $3 AND state IN ('NOTIFIED', 'KNOWN') AND revision = $4`, string(one.State), one.fetched, one.Ref, one.revision)
		switch {
		case err != nil:
			return err
		case n == 0 && one.fetched != nil:
			_, err := tx.ExecContext(ctx, `UPDATE onboarding_case SET state = 'KNOWN', view = $1 WHERE case_ref = $2 AND state = 'NOTIFIED' AND edition = $3`,
				one.fetched, one.Ref, one.Edition)
			return err
		case n == 0 || effect == nil:
			return nil
		}
		return effect(ctx, tx)
	})
}

// leave records why a case stopped, and when it is tried again. A view that
// has been fetched is kept: nobody reads a worker's data twice for nothing.
func (c *Cases) leave(ctx context.Context, one due, state State, rule string, dueAt int64) error {
	return c.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE onboarding_case SET state = $1, rule = $2, view = COALESCE($3, view), due_at = $4, attempts = attempts + 1
			WHERE case_ref = $5 AND state IN ('NOTIFIED', 'KNOWN') AND revision = $6`, string(state), rule, one.fetched, dueAt, one.Ref, one.revision)
		return err
	})
}
