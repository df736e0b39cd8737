package desk

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// mode says what the rules may come to: a grant only where that is switched on.
func (d *Desk) mode() ruleset.Mode {
	if d.Automation {
		return ruleset.Automatic
	}
	return ruleset.ProposeOnly
}

// automatic reports whether the rules decide the case by themselves: automation
// is on, and credentials answered every condition that takes judgement
// (utlendingsforskriften § 17-7 a). A family is an officer's.
func (d *Desk) automatic(record Record) bool {
	return d.Automation && record.Family == "" && record.Case.State() == casefile.Proposed && record.Case.Evaluation().Outcome == ruleset.Grant
}

// wantAutomatic rings for the step when a case that the rules decide was saved.
func (d *Desk) wantAutomatic(tx *sqldb.Tx, record Record) {
	if d.automatic(record) {
		tx.OnCommit(d.automaticBell.Ring)
	}
}

// AutomaticStep grants the cases that the rules grant by themselves, after the
// same checks that stand before an officer's grant. What cannot be checked, or
// does not stand any more, is left to an officer: nothing is refused here.
func (d *Desk) AutomaticStep(ctx context.Context) (bool, error) {
	if !d.Automation {
		return false, nil
	}
	refs, err := d.Store.Automatic(ctx, d.DB.Read(), d.Clock.Now(), 16)
	if err != nil || len(refs) == 0 {
		return false, err
	}
	for _, ref := range refs {
		record, err := d.Get(ctx, ref)
		if err != nil {
			return false, err
		}
		later := time.Time{} // never again
		if d.automatic(record) {
			_, err := d.Decide(ctx, Deciding{
				CaseRef: ref, Outcome: casefile.Granted, Officer: casefile.RuleSetOfficer + record.Case.Evaluation().RuleSet,
			})
			if err != nil {
				telemetry.Note(ctx, telemetry.Outcome.String(fault.RuleOf(err)))
			}
			if err != nil && !fault.KindOf(err).Permanent() {
				later = d.Clock.Now().Add(time.Minute)
			}
		}
		if err := d.DB.Tx(ctx, func(tx *sqldb.Tx) error { return d.Store.SetAutomatic(ctx, tx, ref, later) }); err != nil {
			return false, err
		}
	}
	return true, nil
}
