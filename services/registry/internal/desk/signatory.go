package desk

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
)

// AddSignatory registers who may sign for an organisation from now on.
func (d *Desk) AddSignatory(ctx context.Context, organisationNumber string, s accreditation.Signatory) (_ Record, err error) {
	ctx, end := telemetry.Span(ctx, "signatory.Add")
	defer func() { end(err) }()
	return d.decide(ctx, organisationNumber, func(a *accreditation.Accreditation) error {
		_, err := a.AddSignatory(s, d.now())
		return err
	})
}

// EndSignatory ends what somebody may sign, from now on.
func (d *Desk) EndSignatory(ctx context.Context, organisationNumber, name, role string) (_ Record, err error) {
	ctx, end := telemetry.Span(ctx, "signatory.End")
	defer func() { end(err) }()
	return d.decide(ctx, organisationNumber, func(a *accreditation.Accreditation) error { return a.EndSignatory(name, role, d.now()) })
}

// ahead is how far another service's clock may be before ours.
const ahead = time.Minute

// CheckSignatory says by what authority somebody signed for an organisation.
// Denied, with the rule, when they could not; Unavailable when nobody can tell.
func (d *Desk) CheckSignatory(ctx context.Context, organisationNumber string, s accreditation.Signature) (_ accreditation.Authority, err error) {
	ctx, end := telemetry.Span(ctx, "signatory.Check")
	defer func() { end(err) }()
	now := d.now()
	if strings.TrimSpace(s.Name) == "" || strings.TrimSpace(s.Role) == "" || organisationNumber == "" || s.At.IsZero() || s.At.After(now.Add(ahead)) {
		return accreditation.Authority{}, fault.New(fault.Invalid, "signatory.invalid", "say who signed, in which role, for which organisation and when: not in the future")
	}
	records, err := d.Store.OfOrganisation(ctx, d.DB.Read(), organisationNumber)
	if err != nil {
		return accreditation.Authority{}, err
	}
	i := slices.IndexFunc(records, func(r Record) bool { return r.Accreditation.Stands(s) })
	if i < 0 {
		return accreditation.Authority{}, accreditation.NotAccredited()
	}
	by, err := records[i].Accreditation.MaySign(s)
	parameters := d.Figures.On(s.At)
	if err == nil || fault.RuleOf(err) != "signatory.unknown" || !accreditation.SigningTitle(s.Role, parameters) {
		return by, err
	}
	holders, err := d.Register.RoleHolders(ctx, organisationNumber)
	if err != nil {
		return by, fault.Wrap(err, fault.Unavailable, "enhetsregisteret.unreachable", "Enhetsregisteret does not answer, so nobody can tell whether this role signs")
	}
	return accreditation.HeldRole(holders, s, parameters)
}
