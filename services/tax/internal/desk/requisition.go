package desk

import (
	"context"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

const (
	// sendAtOnce is how many requisitions leave in one step, sideBySide how many
	// of them at the same time.
	sendAtOnce = 32
	sideBySide = 8
	// again is when a requisition of a case that UDI has just stopped is looked
	// at again: the case's own step is about to withdraw it.
	again = 50 * time.Millisecond
)

// retry is the wait after the nth failed attempt: 100 ms doubling to 1 min.
func retry(attempts int64) time.Duration {
	return min(100*time.Millisecond<<min(attempts, 10), time.Minute)
}

// SendStep sends the requisitions that are due to the population register. That
// one leaves is recorded before it does, so that a case which is halted meanwhile
// knows that an answer may come; the register takes a repetition for what it is.
func (d *Desk) SendStep(ctx context.Context) (bool, error) {
	due, err := d.Store.Due(ctx, d.DB.Read(), clock.Micros(d.Clock.Now()), sendAtOnce)
	if err != nil || len(due) == 0 {
		return false, err
	}
	out, err := d.leave(ctx, due)
	if err != nil || len(out) == 0 {
		return err == nil, err
	}
	var mu sync.Mutex // guards outcomes
	outcomes := map[string]outcome{}
	err = runner.Each(ctx, sideBySide, out, func(ctx context.Context, one leaving) error {
		ctx, end := telemetry.Span(telemetry.Continue(ctx, one.due.Traceparent), "register.Requisition", telemetry.Case.String(one.due.CaseRef))
		receipt, err := d.Register.Requisition(ctx, one.requisition)
		end(err)
		mu.Lock()
		defer mu.Unlock()
		outcomes[one.due.Reference] = outcome{receipt, err}
		return nil
	})
	if err != nil || ctx.Err() != nil {
		return false, err
	}
	return true, d.left(ctx, out, outcomes)
}

type leaving struct {
	due         Due
	requisition registration.Requisition
}

type outcome struct {
	receipt string
	err     error
}

// leave marks requisitions as on their way, and gives those that are.
func (d *Desk) leave(ctx context.Context, due []Due) ([]leaving, error) {
	var out []leaving
	err := d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		out = nil
		for _, one := range due {
			c, err := d.Cases.Find(ctx, tx, one.CaseRef)
			if err != nil {
				return err
			}
			r, err := d.Store.ByCase(ctx, tx, one.CaseRef)
			if err != nil {
				return err
			}
			// What has left once is sent again even when the case is halted: the
			// register may have it, and its answer must find us.
			if c.Standing != onboarding.Active && r.Order().Stage == registration.StageOpen {
				if err := d.Store.Postpone(ctx, tx, one.Reference, clock.Micros(d.Clock.Now().Add(again)), ""); err != nil {
					return err
				}
				continue
			}
			w, err := read(c.View)
			if err != nil {
				// A correction has taken what the requisition needs: the case's own
				// step says so, and the others must not wait for it.
				if err := d.Store.Postpone(ctx, tx, one.Reference, clock.Micros(d.Clock.Now().Add(retry(one.Attempts))), fault.RuleOf(err)); err != nil {
					return err
				}
				continue
			}
			if !r.Send(one.Reference) {
				continue
			}
			if err := d.Store.Save(ctx, tx, r); err != nil {
				return err
			}
			out = append(out, leaving{one, requisitionOf(r, w)})
		}
		return nil
	})
	return out, err
}

func requisitionOf(r *registration.Registration, w worker) registration.Requisition {
	o := r.Order()
	return registration.Requisition{
		Reference: o.Reference, Case: r.CaseRef(), Kind: o.Kind, Replaces: o.Replaces, GivenName: w.person.GivenName, FamilyName: w.person.FamilyName,
		Birth: w.birth, Sex: w.sex, Nationalities: w.countries, Residence: w.residence, DUF: w.duf, Passport: w.passport, RequestedAt: o.RequestedAt,
	}
}

// left records what became of the requisitions that were sent.
func (d *Desk) left(ctx context.Context, all []leaving, outcomes map[string]outcome) error {
	return d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		tx.OnCommit(d.awaitAnswers)
		for _, one := range all {
			if err := d.arrived(ctx, tx, one, outcomes[one.due.Reference]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *Desk) arrived(ctx context.Context, tx *sqldb.Tx, one leaving, o outcome) error {
	reference, kind := one.due.Reference, fault.KindOf(o.err)
	if o.err != nil && kind != fault.Invalid && kind != fault.Conflict {
		d.Log.WarnContext(ctx, "requisition will be sent again", "case", one.due.CaseRef, "attempts", one.due.Attempts+1, "rule", fault.RuleOf(o.err), "error", o.err.Error())
		return d.Store.Postpone(ctx, tx, reference, clock.Micros(d.Clock.Now().Add(retry(one.due.Attempts))), fault.RuleOf(o.err))
	}
	if err := d.Cases.Wake(ctx, tx, one.due.CaseRef); err != nil {
		return err
	}
	r, err := d.Store.ByCase(ctx, tx, one.due.CaseRef)
	if err != nil {
		return err
	}
	if o.err == nil {
		if !r.Sent(reference, o.receipt) {
			return nil
		}
		return d.Store.Save(ctx, tx, r)
	}
	d.Log.ErrorContext(ctx, "requisition was refused", "case", one.due.CaseRef, "rule", fault.RuleOf(o.err), "error", o.err.Error())
	if !r.Dismiss(reference) {
		return nil
	}
	return d.refused(ctx, tx, r, eventbus.Machine)
}

// refusedCause is why the tax administration stops when the register gives no
// number.
const refusedCause = "IDENTIFIER_REFUSED"

// refused saves a registration that the register gives no number for, and says
// so unless the worker has one.
func (d *Desk) refused(ctx context.Context, tx *sqldb.Tx, r *registration.Registration, class eventbus.TimeClass) error {
	if err := d.Store.Save(ctx, tx, r); err != nil {
		return err
	}
	if _, numbered := r.Current(); numbered {
		return nil
	}
	return d.happened(ctx, tx, r, class, "onboarding.stopped", map[string]any{"cause": refusedCause})
}
