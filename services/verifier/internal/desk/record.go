package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// Milestones are what each agency reports, by producer and event name.
func Milestones() map[string]map[string]casefile.Milestone {
	return map[string]map[string]casefile.Milestone{
		"police": {
			"appointment.booked":      casefile.AppointmentBooked,
			"appointment.rebooked":    casefile.AppointmentRebooked,
			"appointment.missed":      casefile.AppointmentMissed,
			"appointment.cancelled":   casefile.AppointmentCancelled,
			"appointment.attended":    casefile.AppointmentAttended,
			"identity.verified":       casefile.IdentityVerified,
			"identity.corrected":      casefile.IdentityCorrected,
			"biometrics.captured":     casefile.BiometricsCaptured,
			"residencecard.ordered":   casefile.ResidenceCardOrdered,
			"residencecard.issued":    casefile.ResidenceCardIssued,
			"residencecard.produced":  casefile.ResidenceCardProduced,
			"residencecard.delivered": casefile.ResidenceCardDelivered,
			"residencecard.revoked":   casefile.ResidenceCardRevoked,
			"earlystart.confirmed":    casefile.EarlyStartConfirmed,
			"onboarding.stopped":      casefile.OnboardingStopped,
		},
		"tax": {
			"identifier.requested": casefile.IdentifierRequested,
			"identifier.queued":    casefile.IdentifierQueued,
			"identifier.assigned":  casefile.IdentifierAssigned,
			"identifier.replaced":  casefile.IdentifierReplaced,
			"taxcard.issued":       casefile.TaxCardIssued,
			"taxcard.revoked":      casefile.TaxCardRevoked,
			"onboarding.stopped":   casefile.OnboardingStopped,
		},
		"bank": {
			"duediligence.queued":   casefile.DueDiligenceQueued,
			"bankaccount.opened":    casefile.AccountOpened,
			"bankaccount.frozen":    casefile.AccountFrozen,
			"bankaccount.released":  casefile.AccountReleased,
			"bankaccount.closed":    casefile.AccountClosed,
			"payrollaccount.shared": casefile.PayrollAccountShared,
			"bankid.ordered":        casefile.BankIDOrdered,
			"bankid.issued":         casefile.BankIDIssued,
			"onboarding.stopped":    casefile.OnboardingStopped,
		},
	}
}

// Record puts a milestone that an agency reports into the case's timeline, with
// its cause when it has one. The last one completes the case and stops the clock,
// once. A corrected identity has the corrected claims fetched.
func (d *Desk) Record(ctx context.Context, tx *sqldb.Tx, service string, milestone casefile.Milestone, event *eventbus.Event) (err error) {
	record, err := d.Store.ByRef(ctx, tx, event.Case)
	if err != nil {
		return err
	}
	ctx, end := telemetry.Span(telemetry.Continue(ctx, record.Traceparent), "case.Record", telemetry.Case.String(event.Case), telemetry.EventType.String(event.Type))
	defer func() { end(err) }()
	cause, _ := event.Data["cause"].(string)
	changed, completed, err := record.Case.Record(casefile.Step{
		Step: milestone, Service: service, At: event.Time, TimeClass: casefile.TimeClass(event.TimeClass), Cause: cause,
	})
	if err != nil || !changed {
		return err
	}
	told := []*eventbus.Event{event}
	if completed {
		done, err := d.completed(ctx, tx, record)
		if err != nil {
			return err
		}
		told = append(told, done)
	}
	if milestone == casefile.IdentityCorrected {
		if err := d.Store.AddCorrection(ctx, tx, event.Case, event.ID, d.Clock.Now()); err != nil {
			return err
		}
		tx.OnCommit(d.correctBell.Ring)
	}
	if notice, tells := noticeOf[milestone]; tells {
		if err := d.notify(ctx, tx, record, notice, nil); err != nil {
			return err
		}
	}
	return d.save(ctx, tx, record, told...)
}

// noticeOf are the milestones of agencies that UDI tells the worker of.
var noticeOf = map[casefile.Milestone]casefile.NoticeKind{casefile.AppointmentMissed: casefile.NoticeMissed}
