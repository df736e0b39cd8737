package desk

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

// issueRegistration offers the credential of the current number, in place of the
// one before it.
func (d *Desk) issueRegistration(ctx context.Context, tx *sqldb.Tx, r *registration.Registration, view onboarding.View, w worker, reason string) error {
	claims, err := r.Claims(w.person)
	if err != nil {
		return err
	}
	until := time.Time{}
	if current, _ := r.Current(); current.Kind == identifier.DNumber {
		until = d.Parameters.DNumberUntil(current.AssignedAt)
	}
	return d.offer(ctx, tx, r, view, reason, issuance.Draft{Type: credtype.TaxRegistration, Claims: claims, ValidUntil: until})
}

// issueCard issues a tax card for an income year, in place of the one before it.
func (d *Desk) issueCard(ctx context.Context, tx *sqldb.Tx, r *registration.Registration, view onboarding.View, w worker, year int, deduction registration.Deduction) error {
	id, err := d.Store.NextCard(ctx, tx)
	if err != nil {
		return err
	}
	if err := r.IssueCard(id, year, deduction, d.Clock.Now()); err != nil {
		return err
	}
	claims, err := r.CardClaims(w.work.OrganisationNumber)
	if err != nil {
		return err
	}
	// The card id is taken by the row: the next case must not see it free.
	if err := d.Store.Save(ctx, tx, r); err != nil {
		return err
	}
	endOfYear := time.Date(year+1, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := d.offer(ctx, tx, r, view, "replaced: another tax card", issuance.Draft{Type: credtype.TaxCard, Claims: claims, ValidUntil: endOfYear}); err != nil {
		return err
	}
	return d.happened(ctx, tx, r, eventbus.Machine, "taxcard.issued", nil)
}

// offer revokes what stands under the case and offers the draft to the delivery
// DID that the worker made for the tax administration. Nothing waits for the
// wallet.
func (d *Desk) offer(ctx context.Context, tx *sqldb.Tx, r *registration.Registration, view onboarding.View, reason string, draft issuance.Draft) error {
	draft.Reference, draft.Issuer, draft.ValidFrom = r.CaseRef(), d.DID, d.Clock.Now()
	id, err := d.Issuer.Replace(ctx, tx, draft, reason)
	if err != nil {
		return err
	}
	return d.Issuer.Offer(ctx, tx, id, issuance.Party{Ours: d.DID, Theirs: view.DeliveryDID})
}

func (d *Desk) withdrawCard(ctx context.Context, tx *sqldb.Tx, r *registration.Registration, cause string) error {
	_, err := d.Issuer.WithdrawOf(ctx, tx, r.CaseRef(), credtype.TaxCard, "revoked: "+cause)
	return err
}
