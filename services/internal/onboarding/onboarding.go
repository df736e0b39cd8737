// Package onboarding is what police, tax and bank do alike before their own
// work begins: a decision that UDI has made becomes a row, a step fetches the
// agency's view of the case over mTLS with the agency's purpose, again and
// again while UDI does not answer, and hands the case to the agency's verb.
// The verb's effect and the view are saved in one transaction.
//
// It knows no agency's work and issues nothing.
package onboarding

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrations is the schema of cases.
func Migrations() sqldb.Migrations { return sqldb.Embedded("onboarding", schema) }

// State is how much an agency knows of a case.
type State string

// The states of a case.
const (
	Seen     State = "SEEN"     // an event of another agency came before the decision
	Ignored  State = "IGNORED"  // refused: nothing to do
	Notified State = "NOTIFIED" // granted; the view is to be fetched
	Known    State = "KNOWN"    // the view is here
	Failed   State = "FAILED"   // a permanent fault; Rule says which
)

// Case is a case as the agency knows it.
type Case struct {
	Ref         string
	State       State
	Rule        string // of the fault that stopped the last attempt
	Traceparent string // of the whole case
	View        View   // what is known; empty before it was fetched
	Standing    Standing
	Cause       string // why it is halted or revoked
	Edition     int64  // 1, and one more for each correction
}

// Corrected reports whether UDI has corrected the case since it was granted.
func (c Case) Corrected() bool { return c.Edition > 1 }

// Effect is what a verb does to the database. It runs in the transaction that
// saves the view, and must not use the network.
type Effect func(ctx context.Context, tx *sqldb.Tx) error

// Verb is the agency's work on a case whose view is here, or that was halted or
// revoked before it was: then the view may be empty. It may ask others, outside
// any transaction, and returns its effect; a nil effect waits for the next
// event. It is called again after each Wake and each change of standing or
// edition, and must be safe to repeat. A permanent fault, of the verb or its
// effect, fails the case; any other error is tried again.
type Verb func(ctx context.Context, c Case) (Effect, error)

// Views gives the agency's own view of a case. Errors are faults.
type Views interface {
	View(ctx context.Context, caseRef string) (View, error)
}

// Sealer keeps personal data at rest.
type Sealer interface {
	Seal(ctx context.Context, plain, aad []byte) ([]byte, error)
	Open(ctx context.Context, sealed, aad []byte) ([]byte, error)
}

// Config is what onboarding needs.
type Config struct {
	DB     *sqldb.DB
	Views  Views
	Verb   Verb
	Sealer Sealer
	Clock  clock.Clock
	Log    *slog.Logger
}

// Cases are the cases of one agency. Safe for concurrent use.
type Cases struct {
	Config
	bell *runner.Bell
}

// New makes the cases.
func New(c Config) *Cases { return &Cases{Config: c, bell: runner.NewBell()} }

// Jobs are the background work.
func (c *Cases) Jobs() []runner.Job {
	return []runner.Job{{Name: "onboarding.work", Step: c.Step, Idle: time.Second, Bell: c.bell}}
}

// Decided takes decision.made of the verifier: a grant is to be worked on, a
// refusal is noted. A repetition changes nothing.
func (c *Cases) Decided(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
	switch event.Data["outcome"] {
	case "GRANTED":
		return c.note(ctx, tx, event.Case, Notified)
	case "REFUSED":
		return c.note(ctx, tx, event.Case, Ignored)
	}
	return fault.New(fault.Invalid, "decision.outcome", "the decision's outcome is not one that is known here")
}

func (c *Cases) note(ctx context.Context, tx *sqldb.Tx, caseRef string, state State) error {
	if err := c.see(ctx, tx, caseRef); err != nil {
		return err
	}
	now := clock.Micros(c.Clock.Now())
	due := int64(0)
	if state == Notified {
		due = now
	}
	// A refusal may be followed by a grant, on appeal.
	_, err := tx.ExecContext(ctx, `UPDATE onboarding_case SET state = $1, due_at = $2, revision = revision + 1
		WHERE case_ref = $3 AND (state = 'SEEN' OR (state = 'IGNORED' AND $1 = 'NOTIFIED'))`, string(state), due, caseRef)
	if err != nil {
		return fmt.Errorf("note decision: %w", err)
	}
	tx.OnCommit(c.bell.Ring)
	return nil
}

// Wake has the verb called again for a case: something that it may wait for
// has come. A case that nobody has decided yet is noted with its trace. A
// handler wakes the case before it reads or writes what the verb's effect
// does: the case's row is what the two take turns at.
func (c *Cases) Wake(ctx context.Context, tx *sqldb.Tx, caseRef string) error {
	if err := c.see(ctx, tx, caseRef); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE onboarding_case SET due_at = CASE WHEN state = 'KNOWN' THEN $1 ELSE due_at END, revision = revision + 1 WHERE case_ref = $2`,
		clock.Micros(c.Clock.Now()), caseRef)
	if err != nil {
		return fmt.Errorf("wake case: %w", err)
	}
	tx.OnCommit(c.bell.Ring)
	return nil
}

// see makes the row of a case that is named for the first time.
func (c *Cases) see(ctx context.Context, tx *sqldb.Tx, caseRef string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO onboarding_case (case_ref, position, state, rule, traceparent, seen_at, due_at, attempts, revision)
		VALUES ($1, (SELECT COALESCE(MAX(position), 0) + 1 FROM onboarding_case), 'SEEN', '', $2, $3, 0, 0, 0)
		ON CONFLICT (case_ref) DO NOTHING`, caseRef, telemetry.Traceparent(ctx), clock.Micros(c.Clock.Now()))
	if err != nil {
		return fmt.Errorf("note case: %w", err)
	}
	return nil
}

// Find gives a case; NotFound for one that no event has named.
func (c *Cases) Find(ctx context.Context, q sqldb.Querier, caseRef string) (Case, error) {
	found := Case{Ref: caseRef}
	var sealed []byte
	err := q.QueryRowContext(ctx, `SELECT state, rule, traceparent, view, standing, cause, edition FROM onboarding_case WHERE case_ref = $1`, caseRef).
		Scan(&found.State, &found.Rule, &found.Traceparent, &sealed, &found.Standing, &found.Cause, &found.Edition)
	if errors.Is(err, sql.ErrNoRows) {
		return found, fault.New(fault.NotFound, "case.unknown", "no event has named this case here")
	}
	if err != nil {
		return found, fmt.Errorf("read case: %w", err)
	}
	if sealed != nil {
		found.View, err = c.unseal(ctx, caseRef, sealed)
	}
	return found, err
}
