package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/account"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/bankid"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// settle saves an account that a verb has changed, takes its BankID order
// further, gives the worker a confirmation that says what is so now, changes
// its status and tells the others.
func (d *Desk) settle(ctx context.Context, tx *sqldb.Tx, k known, a *account.Account, notices []account.Notice) error {
	order, err := d.Store.Order(ctx, tx, a.Root())
	if err != nil {
		return err
	}
	passed := order.Advance(d.bankIDFacts(k, a), k.at)
	if len(passed) > 0 {
		if err := d.Store.SaveOrder(ctx, tx, a.Root(), order); err != nil {
			return err
		}
	}
	if err := d.confirm(ctx, tx, k, a, order.State()); err != nil {
		return err
	}
	if err := d.Store.Save(ctx, tx, a); err != nil {
		return err
	}
	for _, n := range notices {
		if err := d.tell(ctx, tx, a, n); err != nil {
			return err
		}
	}
	for _, state := range passed {
		if err := d.tellOrder(ctx, tx, a, state, order.Snapshot().ConfirmedBy); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) bankIDFacts(k known, a *account.Account) bankid.Facts {
	s := a.Snapshot()
	return bankid.Facts{
		Offered: k.rules.OffersBankID, Police: k.rules.PoliceIdentify, FNR: s.Kind != "" && s.Kind != identifier.DNumber,
		Open: k.viewed && s.State == account.Opened && s.Standing == account.Active, Closed: s.State == account.Closed,
	}
}

// confirm offers the worker's wallet a confirmation, and another in its place
// when what it says has changed.
func (d *Desk) confirm(ctx context.Context, tx *sqldb.Tx, k known, a *account.Account, order bankid.State) error {
	state := a.State()
	if !k.viewed || state != account.Opened && state != account.Frozen {
		return nil
	}
	claims, err := a.Claims(k.bank, k.rules.Confirmation, order)
	if err != nil {
		return err
	}
	text, err := json.Marshal(claims) // members in the order of the alphabet
	if err != nil {
		return fmt.Errorf("write claims: %w", err)
	}
	first := a.Snapshot().Facts.Confirmed == ""
	if !a.Confirm(d.Store.Name("claims\x00" + string(text))) {
		return nil
	}
	draft := issuance.Draft{
		Type: credtype.BankAccountConfirmation, Reference: a.CaseRef(), Issuer: k.bank.DID, Claims: claims,
		ValidFrom: k.at, ValidUntil: k.at.Add(time.Duration(k.rules.Confirmation.Days) * 24 * time.Hour),
	}
	var id string
	if first {
		id, err = d.Issuer.Reserve(ctx, tx, draft)
	} else {
		id, err = d.Issuer.Replace(ctx, tx, draft, "what it confirms has changed")
	}
	if err != nil {
		return err
	}
	if err := d.Issuer.Offer(ctx, tx, id, issuance.Party{Ours: k.bank.DID, Theirs: k.delivery}); err != nil {
		return err
	}
	if state == account.Frozen {
		_, err = d.Issuer.SuspendOf(ctx, tx, a.CaseRef(), credtype.BankAccountConfirmation, "the account is frozen")
	}
	return err
}

// tell leaves a notice in the outbox and has the confirmation's status say the
// same.
func (d *Desk) tell(ctx context.Context, tx *sqldb.Tx, a *account.Account, n account.Notice) error {
	var err error
	const kind = credtype.BankAccountConfirmation
	switch n.Name {
	case "bankaccount.frozen":
		_, err = d.Issuer.SuspendOf(ctx, tx, a.CaseRef(), kind, "the account is frozen: "+n.Cause)
	case "bankaccount.released":
		_, err = d.Issuer.ReinstateOf(ctx, tx, a.CaseRef(), kind, "the account is released")
	case "bankaccount.closed":
		_, err = d.Issuer.WithdrawOf(ctx, tx, a.CaseRef(), kind, "the account is closed")
	}
	if err != nil {
		return err
	}
	happened := events.Happened{Type: n.Name, Case: a.CaseRef(), TimeClass: eventbus.Machine}
	if n.Human {
		happened.TimeClass = eventbus.Human
	}
	if n.Cause != "" {
		happened.Data = map[string]any{"cause": n.Cause}
	}
	_, err = d.Outbox.Append(ctx, tx, happened)
	return err
}

// tellOrder leaves what others must know of a BankID order in the outbox.
func (d *Desk) tellOrder(ctx context.Context, tx *sqldb.Tx, a *account.Account, state bankid.State, confirmedBy string) error {
	happened := events.Happened{Case: a.CaseRef(), TimeClass: eventbus.Machine}
	switch state {
	case bankid.Ordered:
		happened.Type = "bankid.ordered"
	case bankid.Issued:
		happened.Type = "bankid.issued"
		if confirmedBy != bankid.Police {
			happened.TimeClass = eventbus.Human
		}
	default:
		return nil
	}
	_, err := d.Outbox.Append(ctx, tx, happened)
	return err
}
