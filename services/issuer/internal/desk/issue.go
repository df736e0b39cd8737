package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

// Signing is an employer's signature under a form.
type Signing struct {
	Tenant         string // from the token
	TokenHash      string
	IdempotencyKey string
	Form           offer.Form
	CodeForm       offer.CodeForm
}

// Issue signs an offer: the form holds every rule, the employer is accredited
// now and the signatory may sign for it, a credential and its status index are
// reserved, the worker's mail waits. The clock of the case starts here. The
// same key and form give the same offer and code; the same key with another
// form is a Conflict.
func (d *Desk) Issue(ctx context.Context, s Signing) (_ Record, code offer.CollectionCode, err error) {
	ctx, end := telemetry.Span(ctx, "offer.Issue")
	defer func() { end(err) }()
	return d.issue(ctx, s, nil)
}

// replacing does, in the transaction that signs an offer, what must happen to
// the one whose place it takes.
type replacing struct {
	old string // its id
	do  func(ctx context.Context, tx *sqldb.Tx, by string) error
}

func (d *Desk) issue(ctx context.Context, s Signing, r *replacing) (Record, offer.CollectionCode, error) {
	tenant, err := d.tenant(s.Tenant)
	if err != nil {
		return Record{}, "", err
	}
	s.Form.Employer = employer(tenant)
	hash, err := hashForm(s.Form)
	if err != nil {
		return Record{}, "", err
	}
	if r != nil {
		hash += " in place of " + r.old
	}
	if have, code, err := d.issuedBefore(ctx, d.DB.Read(), s, hash); fault.KindOf(err) != fault.NotFound {
		return have, code, err
	}
	p, err := d.prepare(ctx, tenant, s.Form)
	if err != nil {
		return Record{}, "", err
	}
	id, err := d.newID("off_")
	if err != nil {
		return Record{}, "", err
	}
	var record Record
	var code offer.CollectionCode
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		made, err := offer.Draft(id, s.Form, p.at)
		if err != nil {
			return err
		}
		record = Record{Offer: made, Tenant: tenant.OrganisationNumber, FormHash: hash}
		have, oldCode, err := d.issuedBefore(ctx, tx, s, hash)
		if fault.KindOf(err) != fault.NotFound {
			record, code = have, oldCode
			return err
		}
		if err := d.Store.AddDraft(ctx, tx, record, s.IdempotencyKey); err != nil {
			return err
		}
		if r != nil {
			p.supersedes = r.old
			if err := r.do(ctx, tx, id); err != nil {
				return err
			}
		}
		code, err = d.sign(ctx, tx, &record, p, s)
		return err
	})
	return record, code, err
}

// prepared is what a form becomes once it may be signed.
type prepared struct {
	tenant        Tenant
	terms         offer.Terms
	accreditation string
	supersedes    string
	at            time.Time
}

// prepare checks all that must hold before an offer counts. It asks others:
// never inside a transaction.
func (d *Desk) prepare(ctx context.Context, tenant Tenant, form offer.Form) (prepared, error) {
	now := d.Clock.Now()
	terms, err := offer.Check(form, now.In(d.Zone), d.Rules)
	if err != nil {
		return prepared{}, err
	}
	p := prepared{tenant: tenant, terms: terms, at: now}
	if p.accreditation, err = d.accredited(ctx, tenant, now); err != nil {
		return p, err
	}
	authority, err := d.signatory(ctx, tenant, terms.Form().Signatory, now)
	p.terms = terms.AuthorisedBy(authority)
	return p, err
}

// accredited gives the id of the accreditation that an employer has now.
func (d *Desk) accredited(ctx context.Context, tenant Tenant, now time.Time) (string, error) {
	entity, err := d.Trust.Accredited(ctx, tenant.DID, credtype.OfferOfEmployment, now)
	if err != nil {
		return "", err
	}
	if entity.OrganisationNumber != tenant.OrganisationNumber {
		return "", fault.New(fault.Denied, "issuer.another-organisation", "the accreditation is another organisation's")
	}
	return entity.AccreditationID, nil
}

// signatory asks whether who signs may, and by what authority.
func (d *Desk) signatory(ctx context.Context, tenant Tenant, who offer.Signatory, now time.Time) (authority string, err error) {
	if d.Signatories == nil {
		return "", nil
	}
	return d.Signatories.Check(ctx, Signature{
		OrganisationNumber: tenant.OrganisationNumber, Name: who.Name, Role: who.Role, AuthorisedBy: who.AuthorisedBy, At: now,
	})
}

// sign signs a draft that is in the store, in the transaction that it is given.
func (d *Desk) sign(ctx context.Context, tx *sqldb.Tx, record *Record, p prepared, s Signing) (offer.CollectionCode, error) {
	year := p.at.In(d.Zone).Year()
	count, err := d.Store.NextNumber(ctx, tx, year)
	if err != nil {
		return "", err
	}
	number, err := offer.NewNumber(year, count)
	if err != nil {
		return "", err
	}
	signed, err := hashForm(s.Form)
	if err != nil {
		return "", err
	}
	code, _, err := record.Offer.Sign(offer.Signing{
		Terms: p.terms, Number: number, AccreditationRef: p.accreditation, Supersedes: p.supersedes, CodeForm: s.CodeForm, At: p.at,
	}, d.Random)
	if err != nil {
		return "", err
	}
	record.Traceparent = telemetry.Traceparent(ctx)
	record.CredentialID, err = d.Issuer.Reserve(ctx, tx, issuance.Draft{
		Type: credtype.OfferOfEmployment, Reference: record.Offer.ID(), Issuer: p.tenant.DID, Claims: record.Offer.Claims(),
		ValidFrom: p.at, ValidUntil: record.Offer.ExpiresAt(),
	})
	if err != nil {
		return "", err
	}
	err = d.Store.Sign(ctx, tx, *record, Authorisation{
		TokenHash: s.TokenHash, AuthorisedBy: p.terms.Form().Signatory.AuthorisedBy, FormHash: signed, Code: code,
	})
	if err != nil {
		return "", err
	}
	if err := d.tell(ctx, tx, events.Happened{Type: "offer.issued", Case: record.Offer.ID(), TimeClass: eventbus.Human}); err != nil {
		return "", err
	}
	return code, d.mailGuide(ctx, tx, *record, p.tenant)
}

// issuedBefore finds what this key has issued: NotFound when nothing.
func (d *Desk) issuedBefore(ctx context.Context, q sqldb.Querier, s Signing, hash string) (Record, offer.CollectionCode, error) {
	have, err := d.Store.ByKey(ctx, q, s.Tenant, s.IdempotencyKey)
	if err != nil {
		return have, "", err
	}
	if have.FormHash != hash || have.Offer.State() == offer.Drafted || have.Offer.State() == offer.Discarded {
		return have, "", keyUsed()
	}
	code, err := d.Store.Code(ctx, q, have.Offer.ID())
	return have, code, err
}

func keyUsed() error {
	return fault.New(fault.Conflict, "offer.key-with-another-form", "this idempotency key was used for another form: use a new one")
}

func employer(t Tenant) offer.Employer {
	return offer.Employer{OrganisationNumber: t.OrganisationNumber, LegalName: t.LegalName, ContactEmail: t.ContactEmail}
}

func hashForm(form offer.Form) (string, error) {
	raw, err := json.Marshal(form)
	if err != nil {
		return "", fmt.Errorf("hash form: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}
