package desk

import (
	"context"
	"encoding/hex"
	"io"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

var standings = map[onboarding.Standing]registration.Standing{
	onboarding.Active: registration.Active, onboarding.Halted: registration.Halted, onboarding.Revoked: registration.Revoked,
}

// Assign is the tax administration's work on a case, whenever it is looked at:
// record how it stands at UDI and the permit, announce the number that the
// register has given, issue what is due, and ask for a number when one is. A case
// gets one current number and one tax card that counts.
func (d *Desk) Assign(_ context.Context, c onboarding.Case) (onboarding.Effect, error) {
	known := c.View.DeliveryDID != ""
	var w worker
	if known && c.Standing == onboarding.Active {
		var err error
		if w, err = read(c.View); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, tx *sqldb.Tx) error {
		r, err := d.registration(ctx, tx, c.Ref)
		if err != nil {
			return err
		}
		ctx, end := telemetry.Span(ctx, "registration.Assign", telemetry.Case.String(c.Ref))
		err = d.stand(ctx, tx, r, c)
		if err == nil && known && c.Standing == onboarding.Active {
			err = d.proceed(ctx, tx, r, c, w)
		}
		if err == nil {
			err = d.Store.Save(ctx, tx, r)
		}
		end(err)
		return err
	}, nil
}

// stand records what became of the case at UDI, and says what that stopped or
// revoked here. A number once assigned stays the person's.
func (d *Desk) stand(ctx context.Context, tx *sqldb.Tx, r *registration.Registration, c onboarding.Case) error {
	changed, stopped := r.Stand(standings[c.Standing], c.Cause)
	if changed && stopped {
		if err := d.happened(ctx, tx, r, eventbus.Machine, "onboarding.stopped", map[string]any{"cause": c.Cause}); err != nil {
			return err
		}
	}
	if !r.RevokeCard(c.Cause, d.Clock.Now()) {
		return nil
	}
	if err := d.withdrawCard(ctx, tx, r, c.Cause); err != nil {
		return err
	}
	return d.happened(ctx, tx, r, eventbus.Machine, "taxcard.revoked", map[string]any{"cause": c.Cause})
}

// proceed does what is due in a case that stands.
func (d *Desk) proceed(ctx context.Context, tx *sqldb.Tx, r *registration.Registration, c onboarding.Case, w worker) error {
	permit := registration.Permit{ValidFrom: c.View.Permit.ValidFrom, ValidUntil: c.View.Permit.ValidUntil}
	if _, err := r.Grant(permit, d.Parameters.KindFor(permit, d.Clock.Now())); err != nil {
		return err
	}
	corrected := r.Correct(c.Edition)
	announced, replaced := r.Announce(d.Clock.Now())
	if announced {
		if err := d.announce(ctx, tx, r, replaced); err != nil {
			return err
		}
	}
	_, numbered := r.Current()
	if numbered && (announced || corrected) {
		reason := "replaced: the number"
		if !announced {
			reason = "replaced: corrected"
		}
		if err := d.issueRegistration(ctx, tx, r, c.View, w, reason); err != nil {
			return err
		}
	}
	if r.WantsCard() {
		year := w.work.StartDate.Year()
		if err := d.issueCard(ctx, tx, r, c.View, w, year, d.Parameters.Deduct(w.work, year)); err != nil {
			return err
		}
	}
	if r.Wants() {
		return d.request(ctx, tx, r)
	}
	return nil
}

// announce tells everybody that the worker has a number, or another than before.
func (d *Desk) announce(ctx context.Context, tx *sqldb.Tx, r *registration.Registration, replaced *registration.Number) error {
	current, _ := r.Current()
	data := map[string]any{"kind": string(current.Kind), "how": string(current.How)}
	class := eventbus.Machine
	if r.Order().Reason != "" {
		class = eventbus.Human // a clerk of the register has decided
	}
	name := "identifier.assigned"
	if replaced != nil {
		name, data["replaced_kind"] = "identifier.replaced", string(replaced.Kind)
	}
	return d.happened(ctx, tx, r, class, name, data)
}

// request opens a requisition; a step sends it.
func (d *Desk) request(ctx context.Context, tx *sqldb.Tx, r *registration.Registration) error {
	var random [16]byte
	if _, err := io.ReadFull(d.Random, random[:]); err != nil {
		return err
	}
	changed, err := r.Request("req_"+hex.EncodeToString(random[:]), d.Clock.Now())
	if err != nil || !changed {
		return err
	}
	tx.OnCommit(d.toSend.Ring)
	return d.happened(ctx, tx, r, eventbus.Machine, "identifier.requested", map[string]any{"kind": string(r.Order().Kind)})
}

func (d *Desk) happened(ctx context.Context, tx *sqldb.Tx, r *registration.Registration, class eventbus.TimeClass, name string, data map[string]any) error {
	_, err := d.Outbox.Append(ctx, tx, events.Happened{Type: name, Case: r.CaseRef(), TimeClass: class, Data: data})
	return err
}

// worker is what the tax administration reads from its view.
type worker struct {
	person    registration.Person
	birth     time.Time
	sex       int
	countries []string
	residence string
	duf       string
	passport  registration.Passport
	work      registration.Work
}

func read(view onboarding.View) (worker, error) {
	r := view.Read()
	w := worker{
		person:    registration.Person{GivenName: r.Text("given_name"), FamilyName: r.Text("family_name"), Birthdate: r.Text("birthdate")},
		birth:     r.Day("birthdate"),
		sex:       int(r.Number("sex")),
		countries: r.Texts("nationalities"),
		residence: r.OptionalText("current_country"),
		duf:       r.OptionalText("duf_number"),
		passport:  registration.Passport{Number: r.OptionalText("passport.document_number"), Country: r.OptionalText("passport.issuing_country")},
		work: registration.Work{
			StartDate: r.Day("employment.start_date"), AnnualSalary: r.Number("employment.annual_salary.amount"),
			OrganisationNumber: r.Text("employer.organisation_number"),
		},
	}
	if until := r.OptionalText("passport.date_of_expiry"); until != "" {
		w.passport.Until = r.Day("passport.date_of_expiry")
	}
	return w, r.Err()
}
