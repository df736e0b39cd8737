package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
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
}

// Issue signs an offer: the form holds every rule, the employer is accredited
// now, a credential and its status index are reserved, the worker's mail waits.
// The clock of the case starts here. The same key and form give the same offer
// and code; the same key with another form is a Conflict.
func (d *Desk) Issue(ctx context.Context, s Signing) (_ Record, code offer.CollectionCode, err error) {
	ctx, end := telemetry.Span(ctx, "offer.Issue")
	defer func() { end(err) }()
	tenant, err := d.tenant(s.Tenant)
	if err != nil {
		return Record{}, "", err
	}
	s.Form.Employer = offer.Employer{
		OrganisationNumber: tenant.OrganisationNumber, LegalName: tenant.LegalName, ContactEmail: tenant.ContactEmail,
	}
	hash, err := hashForm(s.Form)
	if err != nil {
		return Record{}, "", err
	}
	if have, code, err := d.issuedBefore(ctx, d.DB.Read(), s, hash); fault.KindOf(err) != fault.NotFound {
		return have, code, err
	}
	now := d.Clock.Now()
	terms, err := offer.Check(s.Form, now.In(d.Zone), d.Rules)
	if err != nil {
		return Record{}, "", err
	}
	entity, err := d.Trust.Accredited(ctx, tenant.DID, credtype.OfferOfEmployment, now)
	if err != nil {
		return Record{}, "", err
	}
	if entity.OrganisationNumber != tenant.OrganisationNumber {
		return Record{}, "", fault.New(fault.Denied, "issuer.another-organisation", "the accreditation is another organisation's")
	}
	id, err := d.newID("off_")
	if err != nil {
		return Record{}, "", err
	}
	made, code, err := offer.Issue(offer.Issuing{ID: id, Terms: terms, AccreditationRef: entity.AccreditationID, At: now}, d.Random)
	if err != nil {
		return Record{}, "", err
	}
	record := Record{Offer: made, Tenant: tenant.OrganisationNumber, FormHash: hash, Traceparent: telemetry.Traceparent(ctx)}
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		have, oldCode, err := d.issuedBefore(ctx, tx, s, hash)
		if fault.KindOf(err) != fault.NotFound {
			record, code = have, oldCode
			return err
		}
		record.CredentialID, err = d.Issuer.Reserve(ctx, tx, issuance.Draft{
			Type: credtype.OfferOfEmployment, Reference: id, Issuer: tenant.DID, Claims: made.Claims(),
			ValidFrom: now, ValidUntil: made.ExpiresAt(),
		})
		if err != nil {
			return err
		}
		err = d.Store.Add(ctx, tx, record, Authorisation{
			IdempotencyKey: s.IdempotencyKey, TokenHash: s.TokenHash, AuthorisedBy: s.Form.Signatory.AuthorisedBy, Code: code,
		})
		if err != nil {
			return err
		}
		if err := d.happened(ctx, tx, id, "offer.issued", eventbus.Human); err != nil {
			return err
		}
		return d.mailGuide(ctx, tx, record, tenant)
	})
	return record, code, err
}

// issuedBefore finds what this key has issued: NotFound when nothing.
func (d *Desk) issuedBefore(ctx context.Context, q sqldb.Querier, s Signing, hash string) (Record, offer.CollectionCode, error) {
	have, err := d.Store.ByKey(ctx, q, s.Tenant, s.IdempotencyKey)
	if err != nil {
		return have, "", err
	}
	if have.FormHash != hash {
		return have, "", fault.New(fault.Conflict, "offer.key-with-another-form", "this idempotency key was used for another form: use a new one")
	}
	code, err := d.Store.Code(ctx, q, have.Offer.ID())
	return have, code, err
}

func hashForm(form offer.Form) (string, error) {
	raw, err := json.Marshal(form)
	if err != nil {
		return "", fmt.Errorf("hash form: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}
