package desk

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
)

// machine is who changes what no officer changed.
const machine = "registry"

// change loads an organisation's newest accreditation, lets do decide, saves it
// and settles what follows from a new state. Nothing is asked of the network.
func (d *Desk) change(ctx context.Context, tx *sqldb.Tx, organisationNumber string, do func(*accreditation.Accreditation) error) (Record, error) {
	record, err := d.Store.Newest(ctx, tx, organisationNumber)
	if err != nil {
		return record, err
	}
	before := record.Accreditation.State()
	if err := do(record.Accreditation); err != nil {
		return record, err
	}
	return record, d.settle(ctx, tx, &record, before)
}

// settle saves an accreditation and does what its new state asks for: the
// credential and its status, the next trust list, the watch, the event. It is
// the one place where that follows.
func (d *Desk) settle(ctx context.Context, tx *sqldb.Tx, r *Record, before accreditation.State) error {
	a := r.Accreditation
	if a.State() == before {
		return d.Store.Save(ctx, tx, *r)
	}
	if err := d.credential(ctx, tx, r, before); err != nil {
		return err
	}
	if err := d.Store.Save(ctx, tx, *r); err != nil {
		return err
	}
	if a.State() != accreditation.Pending {
		if err := d.publish(ctx, tx); err != nil {
			return err
		}
	}
	if err := d.watch(ctx, tx, a); err != nil {
		return err
	}
	return d.tell(ctx, tx, r, before)
}

// credential signs the EmployerAccreditation credential to the employer's DID,
// or changes its status. An organisation shows no key, its DID document does:
// there is no thread to offer it in, and the employer reads it here.
func (d *Desk) credential(ctx context.Context, tx *sqldb.Tx, r *Record, before accreditation.State) error {
	change := last(r.Accreditation)
	why := statuslist.Change{By: change.By, Reason: change.Code}
	set := func(purpose status.Purpose, to bool) error {
		return d.Issuer.ChangeStatus(ctx, tx, issuance.Credential{ID: r.CredentialID}, purpose, to, why)
	}
	switch {
	case r.Accreditation.State() == accreditation.Suspended:
		return set(status.Suspension, true)
	case r.Accreditation.State() == accreditation.Revoked:
		return set(status.Revocation, true)
	case r.Accreditation.State() == accreditation.Accredited && before == accreditation.Suspended:
		return set(status.Suspension, false)
	case r.Accreditation.State() == accreditation.Accredited:
		return d.sign(ctx, tx, r)
	}
	return nil
}

func (d *Desk) sign(ctx context.Context, tx *sqldb.Tx, r *Record) error {
	claims, err := r.Accreditation.Claims()
	if err != nil {
		return err
	}
	if r.Municipality != "" {
		claims["municipality"] = r.Municipality
	}
	r.CredentialID, err = d.Issuer.Reserve(ctx, tx, issuance.Draft{
		Type: credtype.EmployerAccreditation, Reference: r.Accreditation.ID(), Issuer: d.DID, Claims: claims,
		ValidFrom: r.Accreditation.ValidFrom(), ValidUntil: r.Accreditation.End(),
	})
	if err != nil {
		return err
	}
	_, err = d.Issuer.IssueTo(ctx, tx, r.CredentialID, r.DID)
	return err
}

// watch has whoever may issue, or may again, looked up: at once, in case the
// register changed between its answer and this transaction, and then as often
// as its answers grow old.
func (d *Desk) watch(ctx context.Context, tx *sqldb.Tx, a *accreditation.Accreditation) error {
	switch a.State() {
	case accreditation.Accredited:
		tx.OnCommit(d.Bell.Ring)
		return d.Store.Watch(ctx, tx, a.OrganisationNumber(), d.now())
	case accreditation.Revoked, accreditation.Expired:
		return d.Store.Unwatch(ctx, tx, a.OrganisationNumber())
	}
	return nil
}

// tell leaves the event of a new state. That a last day is over is told by the
// dates that everybody has.
func (d *Desk) tell(ctx context.Context, tx *sqldb.Tx, r *Record, before accreditation.State) error {
	a, change := r.Accreditation, last(r.Accreditation)
	what := events.Happened{Case: a.ID(), TimeClass: eventbus.Human, Data: map[string]any{"organisation_number": a.OrganisationNumber()}}
	if change.By == machine {
		what.TimeClass = eventbus.Machine
	}
	switch a.State() {
	case accreditation.Pending:
		what.Type = "employer.applied"
	case accreditation.Accredited:
		what.Type = "employer.accredited"
		what.Data["valid_until"] = a.ValidUntil().Format(time.DateOnly)
		if before == accreditation.Suspended {
			what.Type = "employer.reinstated"
			what.Data = map[string]any{"organisation_number": a.OrganisationNumber(), "reason": change.Code}
		}
	case accreditation.Suspended:
		what.Type = "employer.suspended"
		what.Data["reason"] = change.Code
	case accreditation.Revoked:
		what.Type = "employer.revoked"
		what.Data["reason"], what.Data["banned_until"] = change.Code, a.BannedUntil().Format(time.DateOnly)
	default:
		return nil
	}
	ctx = telemetry.Continue(ctx, r.Traceparent)
	_, err := d.Outbox.Append(ctx, tx, what)
	return err
}

func last(a *accreditation.Accreditation) accreditation.Change {
	changes := a.Changes()
	return changes[len(changes)-1]
}
