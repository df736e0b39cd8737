// Package events carries what happened from one service to the others: an
// event is committed in the outbox with the change it tells of, published by
// the relay, and taken once by each consumer's inbox. The database is the
// truth; the stream is transport. Events hold no personal data.
package events

import (
	"context"
	"embed"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/crash"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrations is the schema of outbox and inbox.
func Migrations() sqldb.Migrations { return sqldb.Embedded("events", schema) }

// Happened is something that a service tells the others.
type Happened struct {
	// Type is the middle of the event's type, such as "decision.made".
	Type string
	// Case is the case reference, or the offer's before there is a case.
	Case string
	// TimeClass is whose time the step took.
	TimeClass eventbus.TimeClass
	// Data is small and free of personal data: references and codes only.
	Data map[string]any
}

// Outbox takes the events of one producer.
type Outbox struct {
	Producer string // the service's name, such as "verifier"
	Source   string // the CloudEvents source, the service's public URL
	Clock    clock.Clock
	Random   io.Reader
	Bell     *runner.Bell // rung after commit
}

// Append puts an event in the outbox, in the transaction of the change that
// it tells of, and returns it with its id and its place in the case.
func (o *Outbox) Append(ctx context.Context, tx *sqldb.Tx, h Happened) (*eventbus.Event, error) {
	var sequence int64
	err := tx.QueryRowContext(ctx, `
		INSERT INTO event_sequence (case_ref, last) VALUES ($1, 1)
		ON CONFLICT (case_ref) DO UPDATE SET last = event_sequence.last + 1 RETURNING last`, h.Case).Scan(&sequence)
	if err != nil {
		return nil, fmt.Errorf("number event %s: %w", h.Type, err)
	}
	var random [16]byte
	if _, err := io.ReadFull(o.Random, random[:]); err != nil {
		return nil, err
	}
	now := o.Clock.Now()
	event := &eventbus.Event{
		ID:          hex.EncodeToString(random[:]),
		Source:      o.Source,
		Type:        eventbus.TypeOf(h.Type),
		Case:        h.Case,
		Time:        now,
		TimeClass:   h.TimeClass,
		Sequence:    sequence,
		Traceparent: telemetry.Traceparent(ctx),
		Data:        h.Data,
	}
	payload, err := event.Encode()
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", h.Type, err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO event_outbox (id, case_ref, sequence, type, payload, hash, traceparent, created_at, state, stream_sequence, published_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', 0, 0)`,
		event.ID, h.Case, sequence, event.Type, payload, eventbus.Hash(payload), event.Traceparent, clock.Micros(now))
	if err != nil {
		return nil, fmt.Errorf("put event %s in the outbox: %w", h.Type, err)
	}
	tx.OnCommit(func() {
		crash.At(crash.AfterAppendCommit)
		o.Bell.Ring()
	})
	crash.At(crash.BeforeAppendCommit)
	return event, nil
}
