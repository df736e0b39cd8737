package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

// Resolve is a clerk's decision on a possible duplicate: the same person as one
// who has a number, another person, or no number at all. The answer comes as the
// register's other answers do.
//
// Faults: registration.resolution and identifier.* (Invalid), registration.unknown
// (NotFound), registration.not-queued (Conflict), and those of Register.Resolve.
func (d *Desk) Resolve(ctx context.Context, caseRef string, resolution registration.Resolution) error {
	if err := resolution.Check(); err != nil {
		return err
	}
	if resolution.SamePerson {
		if _, err := identifier.CheckPersonNumber(resolution.Existing, d.Mode, identifier.ControlRuleAt(d.Clock.Now())); err != nil {
			return err
		}
	}
	r, err := d.Store.ByCase(ctx, d.DB.Read(), caseRef)
	if err != nil {
		return err
	}
	if r.Order().Stage != registration.StageQueued {
		return fault.New(fault.Conflict, "registration.not-queued", "nothing waits for a clerk in this case")
	}
	if err := d.Register.Resolve(ctx, r.Order().Reference, resolution); err != nil {
		return err
	}
	d.awaitAnswers()
	return nil
}

// ReplaceIdentifier is a clerk's finding that a worker with a D-number is to have
// a fødselsnummer: the case's step asks the register for it.
//
// Faults: registration.unknown (NotFound), registration.not-assigned and
// registration.standing (Conflict). Of a worker who has or awaits a
// fødselsnummer nothing changes.
func (d *Desk) ReplaceIdentifier(ctx context.Context, caseRef string) error {
	return d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		r, err := d.awake(ctx, tx, caseRef)
		if err != nil {
			return err
		}
		changed, err := r.BecomeResident()
		if err != nil || !changed {
			return err
		}
		return d.Store.Save(ctx, tx, r)
	})
}

// RecordTaxCard replaces the worker's tax card by one with another deduction, or
// for another income year.
//
// Faults: registration.unknown (NotFound), registration.deduction and
// registration.card (Invalid), registration.not-assigned and
// registration.standing (Conflict).
func (d *Desk) RecordTaxCard(ctx context.Context, caseRef string, year int, deduction registration.Deduction) error {
	return d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		r, err := d.awake(ctx, tx, caseRef)
		if err != nil {
			return err
		}
		c, err := d.Cases.Find(ctx, tx, caseRef)
		if err != nil {
			return err
		}
		w, err := read(c.View)
		if err != nil {
			return fault.Wrap(err, fault.Conflict, "registration.not-assigned", "there is no number to issue a tax card for")
		}
		return d.issueCard(ctx, tx, r, c.View, w, year, deduction)
	})
}

// awake finds a registration and has its case looked at again.
func (d *Desk) awake(ctx context.Context, tx *sqldb.Tx, caseRef string) (*registration.Registration, error) {
	if _, err := d.Store.ByCase(ctx, tx, caseRef); err != nil {
		return nil, err
	}
	if err := d.Cases.Wake(ctx, tx, caseRef); err != nil {
		return nil, err
	}
	return d.Store.ByCase(ctx, tx, caseRef)
}
