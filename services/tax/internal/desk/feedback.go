package desk

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

const (
	// soonest and seldomest bound how often the register's feedback is read: an
	// answer without doubt comes within a moment, a clerk's within days.
	soonest   = 25 * time.Millisecond
	seldomest = 30 * time.Second
	// idle is how long nothing is looked at when no answer is awaited: another
	// replica may have sent a requisition.
	idle = time.Second
)

// reading is when the register's feedback is read next: what stands here spares
// the database while clerks take their days.
type reading struct{ due time.Time }

// awaitAnswers has the feedback read at once.
func (d *Desk) awaitAnswers() {
	d.mu.Lock()
	d.reading = reading{}
	d.mu.Unlock()
	d.toRead.Ring()
}

// interval is how long after the last reading the next one is, by how long the
// youngest requisition has waited.
func interval(waited time.Duration) time.Duration { return max(soonest, min(waited/8, seldomest)) }

// ReadStep reads the register's feedback while it is to answer anything. The
// answers are recorded, and the pointer moved, in one transaction; what becomes
// of them the case's own step decides, which knows how the case stands.
func (d *Desk) ReadStep(ctx context.Context) (bool, error) {
	d.mu.Lock()
	r := d.reading
	d.mu.Unlock()
	now := d.Clock.Now()
	if now.Before(r.due) {
		return false, nil
	}
	youngest, count, err := d.Store.Awaited(ctx, d.DB.Read())
	if err != nil {
		return false, err
	}
	if count == 0 {
		d.readAt(r, reading{due: now.Add(idle)})
		return false, nil
	}
	pointer, err := d.Store.Pointer(ctx, d.DB.Read(), d.Register.Name())
	if err != nil {
		return false, err
	}
	answers, err := d.Register.Answers(ctx, pointer)
	d.readAt(r, reading{due: now.Add(interval(now.Sub(clock.FromMicros(youngest))))})
	if err != nil || len(answers) == 0 {
		return false, err
	}
	return true, d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		if err := d.Store.Advance(ctx, tx, d.Register.Name(), pointer, answers[len(answers)-1].Sequence); err != nil {
			return err
		}
		for _, a := range answers {
			if err := d.hear(ctx, tx, a); err != nil {
				return err
			}
		}
		tx.OnCommit(d.awaitAnswers) // there may be more
		return nil
	})
}

// readAt notes a reading, unless something was sent meanwhile.
func (d *Desk) readAt(before, after reading) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.reading == before {
		d.reading = after
	}
}

// hear records one answer. An answer that cannot be is noted and passed over:
// the answers after it are other people's.
func (d *Desk) hear(ctx context.Context, tx *sqldb.Tx, a registration.Answer) error {
	caseRef, traceparent, err := d.Store.CaseOf(ctx, tx, a.Reference)
	if fault.KindOf(err) == fault.NotFound {
		return nil // the register answers others too
	}
	if err != nil {
		return err
	}
	ctx = telemetry.Continue(ctx, traceparent)
	if err := d.Cases.Wake(ctx, tx, caseRef); err != nil {
		return err
	}
	r, err := d.Store.ByCase(ctx, tx, caseRef)
	if err != nil {
		return err
	}
	if a.Number != nil && a.Number.How == registration.New {
		given, err := d.Store.GivenToAnother(ctx, tx, caseRef, a.Number.Number)
		if err != nil {
			return err
		}
		if given {
			d.Log.ErrorContext(ctx, "the register assigned a number twice", "case", caseRef, "rule", "identifier.given-twice")
			a.Number, a.Refusal = nil, registration.GivenTwice
		}
	}
	changed, err := r.Heard(a, d.Mode, d.Clock.Now())
	if fault.KindOf(err) == fault.Invalid {
		d.Log.ErrorContext(ctx, "the register's answer cannot be", "case", caseRef, "rule", fault.RuleOf(err), "error", err.Error())
		return nil
	}
	if err != nil || !changed {
		return err
	}
	switch o := r.Order(); o.Stage {
	case registration.StageQueued:
		err := d.happened(ctx, tx, r, eventbus.Machine, "identifier.queued", map[string]any{
			"deadline": o.Deadline.Format(time.RFC3339), "reason": string(o.Reason),
		})
		if err != nil {
			return err
		}
	case registration.StageRefused:
		class := eventbus.Machine
		if o.Reason != "" {
			class = eventbus.Human
		}
		return d.refused(ctx, tx, r, class)
	}
	return d.Store.Save(ctx, tx, r)
}
