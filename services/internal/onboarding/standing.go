package onboarding

import (
	"context"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Standing is what became of a granted case.
type Standing string

// The standings of a granted case.
const (
	Active  Standing = "ACTIVE"  // the work goes on
	Halted  Standing = "HALTED"  // what is not done yet waits; Cause says why
	Revoked Standing = "REVOKED" // the permit is gone, for good
)

// Handlers are those of the verifier's events that every agency takes.
func (c *Cases) Handlers() map[string]events.Handler {
	return map[string]events.Handler{
		"decision.made":  c.Decided,
		"case.halted":    c.Halted,
		"case.resumed":   c.Resumed,
		"permit.revoked": c.Revoked,
		"case.corrected": c.Corrected,
	}
}

// Halted takes case.halted: what is not done yet waits.
func (c *Cases) Halted(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
	return c.stand(ctx, tx, event, Active, Halted)
}

// Resumed takes case.resumed: the work goes on where it was.
func (c *Cases) Resumed(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
	return c.stand(ctx, tx, event, Halted, Active)
}

// Revoked takes permit.revoked. Nothing brings such a case back.
func (c *Cases) Revoked(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
	if err := c.stand(ctx, tx, event, Active, Revoked); err != nil {
		return err
	}
	return c.stand(ctx, tx, event, Halted, Revoked)
}

// Corrected takes case.corrected: the view is fetched anew, and the verb called
// with the next edition.
func (c *Cases) Corrected(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
	if err := c.see(ctx, tx, event.Case); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE onboarding_case SET state = 'NOTIFIED', edition = edition + 1, due_at = $1, attempts = 0, revision = revision + 1
		WHERE case_ref = $2 AND state IN ('NOTIFIED', 'KNOWN', 'FAILED')`, clock.Micros(c.Clock.Now()), event.Case)
	if err != nil {
		return fmt.Errorf("note correction: %w", err)
	}
	tx.OnCommit(c.bell.Ring)
	return nil
}

// stand changes a granted case's standing and has the verb called. From another
// standing, and of a case that was not granted, nothing changes. A case that
// had failed is tried again: what it failed on may be over, and it must stop
// like any other.
func (c *Cases) stand(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event, from, to Standing) error {
	if err := c.see(ctx, tx, event.Case); err != nil {
		return err
	}
	cause, _ := event.Data["cause"].(string)
	if to == Active {
		cause = ""
	} else if cause == "" {
		return fault.New(fault.Invalid, "case.cause", "the event does not say why")
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE onboarding_case SET standing = $1, cause = $2, due_at = $3, attempts = 0, revision = revision + 1,
			state = CASE WHEN state <> 'FAILED' THEN state WHEN view IS NULL THEN 'NOTIFIED' ELSE 'KNOWN' END
		WHERE case_ref = $4 AND standing = $5 AND state IN ('NOTIFIED', 'KNOWN', 'FAILED')`,
		string(to), cause, clock.Micros(c.Clock.Now()), event.Case, string(from))
	if err != nil {
		return fmt.Errorf("note standing: %w", err)
	}
	tx.OnCommit(c.bell.Ring)
	return nil
}
