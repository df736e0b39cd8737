package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/eligibility"
)

// Limiter says whether something may be done again now; Throttled when not.
type Limiter interface {
	Allow(ctx context.Context, key string) error
}

// WorkerFits answers "is this for me?" for a worker. Nothing is kept.
func (d *Desk) WorkerFits(ctx context.Context, w eligibility.Worker) (eligibility.Answer, error) {
	if w.Employer != "" {
		if err := d.number("worker.employer_organisation_number", w.Employer); err != nil {
			return eligibility.Answer{}, err
		}
		have, err := d.Store.Newest(ctx, d.DB.Read(), w.Employer)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return eligibility.Answer{}, err
		}
		w.EmployerAccredited = err == nil && have.Accreditation.InForce(accreditation.ScopeOffer, d.now())
	}
	return d.Eligibility.Worker(w, d.now())
}

// EmployerFits answers "is this for me?" for an employer, by what the register
// says now. Nothing is kept. Throttled when all who ask together ask too often.
func (d *Desk) EmployerFits(ctx context.Context, organisationNumber string) (eligibility.Answer, error) {
	if err := d.number("employer.organisation_number", organisationNumber); err != nil {
		return eligibility.Answer{}, err
	}
	now := d.now()
	var asks eligibility.Employer
	have, err := d.Store.Newest(ctx, d.DB.Read(), organisationNumber)
	switch {
	case err == nil:
		asks.Accreditation = have.Accreditation
	case fault.KindOf(err) != fault.NotFound:
		return eligibility.Answer{}, err
	}
	if err := d.Limit.Allow(ctx, "register"); err != nil {
		return eligibility.Answer{}, err
	}
	if entity, err := d.look(ctx, organisationNumber); err == nil {
		asks.Entity = &entity
	}
	return d.Eligibility.Employer(asks, d.Figures.On(now), now), nil
}

func (d *Desk) number(field, organisationNumber string) error {
	if err := identifier.CheckOrganisationNumber(organisationNumber, d.Mode); err != nil {
		f := fault.From(err)
		return fault.Violated("eligibility.invalid", "the question cannot be answered as it is", []fault.Violation{{Field: field, Rule: f.Rule, Message: f.Message}})
	}
	return nil
}
