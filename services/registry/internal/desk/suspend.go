package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
)

// Why is who changes an accreditation and for what reason.
type Why struct{ By, Code, Reason string }

func (d *Desk) decision(why Why) accreditation.Decision {
	return accreditation.Decision{By: why.By, Code: why.Code, Reason: why.Reason, At: d.now()}
}

// Suspend takes an organisation's accreditation out of force. Again, it changes
// nothing and answers the same.
func (d *Desk) Suspend(ctx context.Context, organisationNumber string, why Why) (_ Record, err error) {
	ctx, end := telemetry.Span(ctx, "employer.Suspend")
	defer func() { end(err) }()
	return d.decide(ctx, organisationNumber, func(a *accreditation.Accreditation) error {
		_, err := a.Suspend(d.decision(why))
		return err
	})
}

// Reinstate puts a suspended accreditation back in force when all criteria are
// met, by a fresh answer of the register.
func (d *Desk) Reinstate(ctx context.Context, organisationNumber string, why Why) (_ Record, err error) {
	ctx, end := telemetry.Span(ctx, "employer.Reinstate")
	defer func() { end(err) }()
	return d.lookAnd(ctx, organisationNumber, func(a *accreditation.Accreditation, _ accreditation.Entity) error {
		_, err := a.Reinstate(d.Figures.On(d.now()), d.decision(why))
		return err
	})
}

// Revoke ends an organisation's accreditation for good, and its ban begins.
// Again, it changes nothing and answers the same.
func (d *Desk) Revoke(ctx context.Context, organisationNumber string, why Why) (_ Record, err error) {
	ctx, end := telemetry.Span(ctx, "employer.Revoke")
	defer func() { end(err) }()
	return d.decide(ctx, organisationNumber, func(a *accreditation.Accreditation) error {
		_, err := a.Revoke(d.Figures.On(d.now()), d.decision(why))
		return err
	})
}

func (d *Desk) decide(ctx context.Context, organisationNumber string, do func(*accreditation.Accreditation) error) (record Record, err error) {
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		record, err = d.change(ctx, tx, organisationNumber, do)
		return err
	})
	return record, err
}
