package desk

import (
	"context"
	"strconv"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

// worker is what the tax administration reads from its view.
type worker struct {
	person registration.Person
	birth  time.Time
	sex    int
	work   registration.Work
}

func read(view onboarding.View) (worker, error) {
	r := view.Read()
	w := worker{
		person: registration.Person{GivenName: r.Text("given_name"), FamilyName: r.Text("family_name"), Birthdate: r.Text("birthdate")},
		birth:  r.Day("birthdate"),
		sex:    int(r.Number("sex")),
		work: registration.Work{
			StartDate: r.Day("employment.start_date"), AnnualSalary: r.Number("employment.annual_salary.amount"),
			OrganisationNumber: r.Text("employer.organisation_number"),
		},
	}
	return w, r.Err()
}

// Assign records the permit and, once the police have verified the identity,
// gives the worker a number and a tax card. A case gets one of each.
func (d *Desk) Assign(_ context.Context, c onboarding.Case) (onboarding.Effect, error) {
	w, err := read(c.View)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *sqldb.Tx) error {
		record, err := d.record(ctx, tx, c.Ref)
		if err != nil {
			return err
		}
		changed, err := record.Registration.Grant(registration.Permit{ValidFrom: c.View.Permit.ValidFrom, ValidUntil: c.View.Permit.ValidUntil})
		if err != nil {
			return err
		}
		if record.Registration.State() == registration.Ready {
			ctx, end := telemetry.Span(ctx, "registration.Assign", telemetry.Case.String(c.Ref))
			err := d.assign(ctx, tx, record, c.View, w)
			end(err)
			return err
		}
		if !changed {
			return nil
		}
		return d.Store.Save(ctx, tx, record)
	}, nil
}

// assign gives the next free number and the tax card.
func (d *Desk) assign(ctx context.Context, tx *sqldb.Tx, record Record, view onboarding.View, w worker) error {
	r, now := record.Registration, d.Clock.Now()
	candidate, err := d.nextFree(ctx, tx, r.Kind(), w)
	if err != nil {
		return err
	}
	if _, err := r.Assign(candidate, now); err != nil {
		return err
	}
	card, err := d.Store.NextCard(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := r.IssueCard(card, now); err != nil {
		return err
	}
	record.CardYear = strconv.Itoa(w.work.StartDate.Year())
	if err := d.Store.Save(ctx, tx, record); err != nil {
		return err
	}
	if err := d.issue(ctx, tx, r, view, w); err != nil {
		return err
	}
	for _, happened := range []events.Happened{
		{Type: "identifier.assigned", Data: map[string]any{"identifier_type": string(r.Kind())}},
		{Type: "taxcard.issued"},
	} {
		happened.Case, happened.TimeClass = r.CaseRef(), eventbus.Machine
		if _, err := d.Outbox.Append(ctx, tx, happened); err != nil {
			return err
		}
	}
	return nil
}

// nextFree is the first number of the worker's birth date that nobody has.
func (d *Desk) nextFree(ctx context.Context, tx *sqldb.Tx, kind identifier.PersonNumberKind, w worker) (identifier.Candidate, error) {
	for n := 0; ; n++ {
		candidate, err := identifier.NewPersonNumber(kind, w.birth, w.sex, n)
		if err != nil {
			return candidate, err
		}
		taken, err := d.Store.NumberTaken(ctx, tx, candidate.Number)
		if err != nil || !taken {
			return candidate, err
		}
	}
}

// dNumberYears is how long a D-number holds.
const dNumberYears = 5

// issue offers the two credentials to the delivery DID that the worker made for
// the tax administration. Nothing waits for the wallet.
func (d *Desk) issue(ctx context.Context, tx *sqldb.Tx, r *registration.Registration, view onboarding.View, w worker) error {
	claims, err := r.Claims(w.person)
	if err != nil {
		return err
	}
	until := time.Time{}
	if r.Kind() == identifier.DNumber {
		until = d.Clock.Now().AddDate(dNumberYears, 0, 0)
	}
	card, err := r.CardClaims(w.work, d.Parameters)
	if err != nil {
		return err
	}
	endOfYear := time.Date(w.work.StartDate.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, draft := range []issuance.Draft{
		{Type: credtype.TaxRegistration, Claims: claims, ValidUntil: until},
		{Type: credtype.TaxCard, Claims: card, ValidUntil: endOfYear},
	} {
		draft.Reference, draft.Issuer, draft.ValidFrom = r.CaseRef(), d.DID, d.Clock.Now()
		id, err := d.Issuer.Reserve(ctx, tx, draft)
		if err != nil {
			return err
		}
		if err := d.Issuer.Offer(ctx, tx, id, issuance.Party{Ours: d.DID, Theirs: view.DeliveryDID}); err != nil {
			return err
		}
	}
	return nil
}
