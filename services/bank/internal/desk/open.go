package desk

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/account"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// Open records the grant and, once the worker has an identifier, asks the tax
// administration for it, does the due diligence and opens the account. A case
// gets one.
func (d *Desk) Open(ctx context.Context, c onboarding.Case) (onboarding.Effect, error) {
	r := c.View.Read()
	customer := account.Customer{
		GivenName: r.Text("given_name"), FamilyName: r.Text("family_name"), PermitGranted: c.View.Permit.DecisionID != "",
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	found, err := d.account(ctx, d.DB.Read(), c.Ref)
	if err != nil {
		return nil, err
	}
	found.Grant()
	if found.State() == account.Ready {
		if customer.Identifier, err = d.Identifiers.Identifier(ctx, c.Ref); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, tx *sqldb.Tx) error {
		found, err := d.account(ctx, tx, c.Ref)
		if err != nil {
			return err
		}
		changed := found.Grant()
		if found.State() == account.Ready {
			ctx, end := telemetry.Span(ctx, "account.Open", telemetry.Case.String(c.Ref))
			err := d.open(ctx, tx, found, customer, c.View)
			end(err)
			return err
		}
		if !changed {
			return nil
		}
		return d.Store.Save(ctx, tx, found)
	}, nil
}

// open opens the account and confirms it to the worker's wallet.
func (d *Desk) open(ctx context.Context, tx *sqldb.Tx, a *account.Account, customer account.Customer, view onboarding.View) error {
	bban, err := d.freeNumber(ctx, tx)
	if err != nil {
		return err
	}
	now := d.Clock.Now()
	if _, err := a.Open(account.Opening{Customer: customer, Mode: d.Mode, BBAN: bban, At: now}); err != nil {
		return err
	}
	if err := d.Store.Save(ctx, tx, a); err != nil {
		return err
	}
	claims, err := a.Claims(d.Bank)
	if err != nil {
		return err
	}
	id, err := d.Issuer.Reserve(ctx, tx, issuance.Draft{
		Type: credtype.BankAccountConfirmation, Reference: a.CaseRef(), Issuer: d.DID, Claims: claims,
		ValidFrom: now, ValidUntil: now.Add(account.ConfirmationValidFor),
	})
	if err != nil {
		return err
	}
	if err := d.Issuer.Offer(ctx, tx, id, issuance.Party{Ours: d.DID, Theirs: view.DeliveryDID}); err != nil {
		return err
	}
	_, err = d.Outbox.Append(ctx, tx, events.Happened{Type: "bankaccount.opened", Case: a.CaseRef(), TimeClass: eventbus.Machine})
	return err
}

// freeNumber draws an account number and goes on to the next that has a
// control digit and no owner.
func (d *Desk) freeNumber(ctx context.Context, tx *sqldb.Tx) (string, error) {
	const serials = 1_000_000
	var random [8]byte
	if _, err := io.ReadFull(d.Random, random[:]); err != nil {
		return "", fmt.Errorf("draw account number: %w", err)
	}
	first := binary.BigEndian.Uint64(random[:]) % serials
	for i := range uint64(serials) {
		bban, ok := identifier.NewBBAN(d.Code, int((first+i)%serials))
		if !ok {
			continue
		}
		taken, err := d.Store.NumberTaken(ctx, tx, bban)
		if err != nil || !taken {
			return bban, err
		}
	}
	return "", fault.New(fault.Unavailable, "account.no-number", "the bank has no more account numbers")
}
