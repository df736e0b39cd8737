package desk

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/card"
	"github.com/kompetansespor/kompetansespor/services/police/internal/diary"
	"github.com/kompetansespor/kompetansespor/services/police/internal/identity"
)

// permitType is the one permit that the verifier grants. The police's view does
// not name it.
const permitType = "SKILLED_WORKER"

// issueCard gives a worker whose identity was just verified a card: its number,
// and the digital card that bridges until the plastic comes.
func (d *Desk) issueCard(ctx context.Context, tx *sqldb.Tx, known onboarding.Case, correction identity.Correction) error {
	made, err := d.newCard(ctx, tx, known)
	if err != nil {
		return err
	}
	return d.showCard(ctx, tx, known, made, correction, "")
}

// newCard draws a number and goes on to the next free one.
func (d *Desk) newCard(ctx context.Context, tx *sqldb.Tx, known onboarding.Case) (*card.Card, error) {
	random, err := d.random(8)
	if err != nil {
		return nil, err
	}
	first := binary.BigEndian.Uint64(random) % card.Numbers
	for i := range uint64(card.Numbers) {
		number, err := card.Number(int((first + i) % card.Numbers))
		if err != nil {
			return nil, err
		}
		made, err := card.New(known.Ref, number, known.Edition, d.now())
		if err != nil {
			return nil, err
		}
		free, err := d.Store.AddCard(ctx, tx, made)
		if err != nil || free {
			return made, err
		}
	}
	return nil, fault.New(fault.Unavailable, "card.no-number", "there are no more card numbers")
}

// showCard offers the digital card as the police know the worker: the view, and
// what the officer corrected. A card that was shown before is revoked.
func (d *Desk) showCard(ctx context.Context, tx *sqldb.Tx, known onboarding.Case, c *card.Card, correction identity.Correction, reason string) error {
	who, err := person(known.View)
	if err != nil {
		return err
	}
	permit := known.View.Permit
	err = d.deliver(ctx, tx, known.View, issuance.Draft{
		Type: credtype.ResidenceCard,
		Claims: c.Claims(card.Holder{
			GivenName: correction.Text("given_name", who.GivenName), FamilyName: correction.Text("family_name", who.FamilyName),
			Birthdate: correction.Text("birthdate", who.Birthdate), Nationalities: correction.Texts("nationalities", who.Nationalities),
		}, card.Permit{Type: permitType, DecisionID: permit.DecisionID, ValidUntil: permit.ValidUntil}, d.Offices.Zone()),
		ValidUntil: permit.ValidUntil.AddDate(0, 0, 1),
	}, reason)
	if err != nil {
		return err
	}
	return d.tell(ctx, tx, known.Ref, "residencecard.issued", eventbus.Machine, nil)
}

// orderCard has the plastic made, once the biometrics are there.
func (d *Desk) orderCard(ctx context.Context, tx *sqldb.Tx, met *appointment.Appointment) error {
	c, err := d.Store.Card(ctx, tx, met.CaseRef())
	if err != nil {
		return err
	}
	was := c.State
	changed, err := c.Order(d.now(), d.expected())
	if err != nil || !changed {
		return err
	}
	if err := d.Store.SaveCard(ctx, tx, c, was); err != nil {
		return err
	}
	return d.tell(ctx, tx, c.CaseRef, "residencecard.ordered", eventbus.Machine, nil)
}

// expected is the day on which a card that is ordered now should be there.
func (d *Desk) expected() time.Time {
	policy := d.policy()
	return diary.AddWorkingDays(d.Clock.Now().In(d.Offices.Zone()), policy.ProductionWorkingDays+policy.DeliveryWorkingDays).Truncate(time.Microsecond)
}

// cardGoesOn is the work on the card of a case that stands: production goes on,
// and the digital card shows what UDI has corrected.
func (d *Desk) cardGoesOn(ctx context.Context, tx *sqldb.Tx, c onboarding.Case, visits appointment.Visits) error {
	met := visits.Attended()
	if met == nil {
		return nil
	}
	held, err := d.Store.Card(ctx, tx, c.Ref)
	if err != nil {
		return err
	}
	was := held.State
	resumed, shown := held.GoOn(d.expected()), held.Show(c.Edition)
	if resumed || shown {
		if err := d.Store.SaveCard(ctx, tx, held, was); err != nil {
			return err
		}
	}
	if shown {
		correction, err := d.Store.Correction(ctx, tx, c.Ref)
		if err != nil {
			return err
		}
		if err := d.tell(ctx, tx, c.Ref, "residencecard.revoked", eventbus.Machine, map[string]any{"cause": "IDENTITY_CORRECTED"}); err != nil {
			return err
		}
		if err := d.showCard(ctx, tx, c, held, correction, "IDENTITY_CORRECTED"); err != nil {
			return err
		}
	}
	if met.Biometrics().Complete() {
		return d.orderCard(ctx, tx, met)
	}
	return nil
}

// CardOf is the card that came of an appointment, nil when none did.
func (d *Desk) CardOf(ctx context.Context, a *appointment.Appointment) (*card.Card, error) {
	if a.State() != appointment.Attended {
		return nil, nil
	}
	return d.Store.Card(ctx, d.DB.Read(), a.CaseRef())
}

// RecordCardProduced records that the factory has made the card; it is in the
// post. A repetition changes nothing.
func (d *Desk) RecordCardProduced(ctx context.Context, caseRef string) (*card.Card, error) {
	return d.changeCard(ctx, caseRef, "residencecard.produced", func(c *card.Card, stands onboarding.Standing) (bool, error) {
		if stands == onboarding.Halted && c.State == card.Ordered {
			return false, fault.New(fault.Conflict, "card.stopped", "the case is halted, and with it the production of the card")
		}
		return c.Produce(d.now())
	})
}

// RecordCardDelivered records that the worker has the card. A repetition changes
// nothing.
func (d *Desk) RecordCardDelivered(ctx context.Context, caseRef string) (*card.Card, error) {
	return d.changeCard(ctx, caseRef, "residencecard.delivered", func(c *card.Card, _ onboarding.Standing) (bool, error) { return c.Deliver(d.now()) })
}

func (d *Desk) changeCard(ctx context.Context, caseRef, event string, verb func(c *card.Card, stands onboarding.Standing) (bool, error)) (c *card.Card, err error) {
	known, err := d.Cases.Find(ctx, d.DB.Read(), caseRef)
	if fault.KindOf(err) == fault.NotFound {
		return nil, fault.New(fault.NotFound, "card.unknown", "the case has no residence card yet")
	}
	if err != nil {
		return nil, err
	}
	ctx, end := telemetry.Span(telemetry.Continue(ctx, known.Traceparent), event, telemetry.Case.String(caseRef))
	defer func() { end(err) }()
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		known, err := d.Cases.Find(ctx, tx, caseRef)
		if err != nil {
			return err
		}
		if c, err = d.Store.Card(ctx, tx, caseRef); err != nil {
			return err
		}
		if known.Standing == onboarding.Revoked {
			return fault.New(fault.Conflict, "card.revoked", "the card is revoked, which is for good")
		}
		was := c.State
		changed, err := verb(c, known.Standing)
		if err != nil || !changed {
			return err
		}
		if err := d.Store.SaveCard(ctx, tx, c, was); err != nil {
			return err
		}
		return d.tell(ctx, tx, caseRef, event, eventbus.Physical, nil)
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}
