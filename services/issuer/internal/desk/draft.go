package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

// Draft keeps a form that is not finished. The same key and form give the same
// draft; the same key with another form is a Conflict.
func (d *Desk) Draft(ctx context.Context, tenantNumber, key string, form offer.Form) (_ Record, err error) {
	ctx, end := telemetry.Span(ctx, "offer.Draft")
	defer func() { end(err) }()
	tenant, err := d.tenant(tenantNumber)
	if err != nil {
		return Record{}, err
	}
	form.Employer = employer(tenant)
	plain, err := hashForm(form)
	if err != nil {
		return Record{}, err
	}
	// The hash of a draft is none of an offer's: the same key cannot make one of
	// each.
	sum := sha256.Sum256([]byte("draft " + plain))
	hash := hex.EncodeToString(sum[:])
	id, err := d.newID("off_")
	if err != nil {
		return Record{}, err
	}
	made, err := offer.Draft(id, form, d.Clock.Now())
	if err != nil {
		return Record{}, err
	}
	record := Record{Offer: made, Tenant: tenant.OrganisationNumber, FormHash: hash}
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		have, err := d.Store.ByKey(ctx, tx, tenantNumber, key)
		switch {
		case fault.KindOf(err) == fault.NotFound:
			return d.Store.AddDraft(ctx, tx, record, key)
		case err != nil:
			return err
		case have.FormHash != hash || have.Offer.State() == offer.Discarded:
			return keyUsed()
		}
		record = have
		return nil
	})
	return record, err
}

// ChangeDraft puts another form in the place of a draft's.
func (d *Desk) ChangeDraft(ctx context.Context, tenantNumber, id string, form offer.Form) (record Record, err error) {
	tenant, err := d.tenant(tenantNumber)
	if err != nil {
		return Record{}, err
	}
	form.Employer = employer(tenant)
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		if record, err = d.ofTenant(ctx, tx, tenantNumber, id); err != nil {
			return err
		}
		if _, err := record.Offer.Change(form); err != nil {
			return err
		}
		return d.Store.SaveDraft(ctx, tx, record.Offer)
	})
	return record, err
}

// DeleteDraft erases a draft and what it holds of the worker. Again, it changes
// nothing.
func (d *Desk) DeleteDraft(ctx context.Context, tenantNumber, id string) error {
	return d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		record, err := d.Store.ByID(ctx, tx, id)
		if err == nil && record.Tenant != tenantNumber {
			err = fault.New(fault.NotFound, "offer.unknown", "there is no such offer")
		}
		if err != nil {
			return err
		}
		changed, err := record.Offer.Discard()
		if err != nil || !changed {
			return err
		}
		return d.Store.SaveDraft(ctx, tx, record.Offer)
	})
}

// SignDraft signs a draft as it stands. Again, it gives the offer, and its code
// while nobody has collected.
func (d *Desk) SignDraft(ctx context.Context, s Signing, id string) (record Record, code offer.CollectionCode, err error) {
	ctx, end := telemetry.Span(ctx, "offer.Sign")
	defer func() { end(err) }()
	tenant, err := d.tenant(s.Tenant)
	if err != nil {
		return Record{}, "", err
	}
	if record, err = d.ofTenant(ctx, d.DB.Read(), s.Tenant, id); err != nil {
		return record, "", err
	}
	if record.Offer.State() != offer.Drafted {
		code, err = d.Store.Code(ctx, d.DB.Read(), id)
		return record, code, err
	}
	s.Form = record.Offer.Form()
	s.Form.Employer = employer(tenant)
	p, err := d.prepare(ctx, tenant, s.Form)
	if err != nil {
		return record, "", err
	}
	read, err := hashForm(record.Offer.Form())
	if err != nil {
		return record, "", err
	}
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		if record, err = d.ofTenant(ctx, tx, s.Tenant, id); err != nil {
			return err
		}
		if record.Offer.State() != offer.Drafted {
			code, err = d.Store.Code(ctx, tx, id)
			return err
		}
		if now, err := hashForm(record.Offer.Form()); err != nil || now != read {
			return fault.New(fault.Conflict, "offer.draft-changed", "the draft was changed meanwhile: look at it and sign again")
		}
		code, err = d.sign(ctx, tx, &record, p, s)
		return err
	})
	return record, code, err
}

// Lacks says what would be violated if a draft were signed now, and when nothing
// would, what to look at first.
func (d *Desk) Lacks(o *offer.Offer) ([]fault.Violation, []offer.Warning) {
	if o.State() != offer.Drafted {
		return nil, nil
	}
	terms, err := offer.Check(o.Form(), d.Clock.Now().In(d.Zone), d.Rules)
	if err != nil {
		return fault.From(err).Violations, nil
	}
	return nil, terms.Warnings()
}
