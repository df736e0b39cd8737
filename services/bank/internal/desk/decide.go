package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/account"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/tenant"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Word is a clerk's decision on a case of their bank.
type Word struct {
	Clerk        tenant.Clerk
	CaseRef      string
	Code, Reason string
}

// Approve takes the clerk's word that the bank takes the customer. The case is
// looked at again at once: the account is opened unless something new is found.
func (d *Desk) Approve(ctx context.Context, w Word) (Line, error) {
	return d.decide(ctx, w, func(a *account.Account, word account.Word) ([]account.Notice, error) { return nil, a.Approve(word) })
}

// Decline takes the clerk's word that the bank does not take the customer.
func (d *Desk) Decline(ctx context.Context, w Word) (Line, error) {
	return d.decide(ctx, w, (*account.Account).Decline)
}

// Release takes the clerk's word that a frozen account takes pay again.
func (d *Desk) Release(ctx context.Context, w Word) (Line, error) {
	return d.decide(ctx, w, (*account.Account).Release)
}

// Close takes the clerk's word that the account is closed, for every case that
// shares it.
func (d *Desk) Close(ctx context.Context, w Word) (Line, error) {
	return d.asked(ctx, w, func(ctx context.Context, tx *sqldb.Tx, one *account.Account, word account.Word) error {
		all, err := d.Store.Sharing(ctx, tx, one.Root())
		if err != nil {
			return err
		}
		for _, a := range all {
			notices, err := a.Close(word)
			if err != nil {
				return err
			}
			if err := d.settle(ctx, tx, known{at: word.At}, a, notices); err != nil {
				return err
			}
		}
		return nil
	})
}

// ConfirmIdentity takes the clerk's word that they have seen the customer who
// ordered a BankID. It is issued at once.
func (d *Desk) ConfirmIdentity(ctx context.Context, w Word) (Line, error) {
	return d.asked(ctx, w, func(ctx context.Context, tx *sqldb.Tx, a *account.Account, word account.Word) error {
		order, err := d.Store.Order(ctx, tx, a.Root())
		if err != nil {
			return err
		}
		changed, err := order.Confirm(word.By, word.At)
		if err != nil || !changed {
			return err
		}
		return d.Store.SaveOrder(ctx, tx, a.Root(), order)
	})
}

func (d *Desk) decide(ctx context.Context, w Word, verb func(*account.Account, account.Word) ([]account.Notice, error)) (Line, error) {
	return d.asked(ctx, w, func(ctx context.Context, tx *sqldb.Tx, a *account.Account, word account.Word) error {
		notices, err := verb(a, word)
		if err != nil {
			return err
		}
		return d.settle(ctx, tx, known{at: word.At}, a, notices)
	})
}

// asked carries out a clerk's verb on a case of their bank, and has the case
// looked at again.
func (d *Desk) asked(ctx context.Context, w Word, verb func(context.Context, *sqldb.Tx, *account.Account, account.Word) error) (line Line, err error) {
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		if _, err := d.line(ctx, tx, w.Clerk, w.CaseRef); err != nil {
			return err
		}
		if err := d.Cases.Wake(ctx, tx, w.CaseRef); err != nil {
			return err
		}
		a, err := d.account(ctx, tx, w.CaseRef)
		if err != nil {
			return err
		}
		word := account.Word{Code: w.Code, Reason: w.Reason, By: w.Clerk.Name, At: d.Clock.Now()}
		if err := verb(ctx, tx, a, word); err != nil {
			return err
		}
		line, err = d.line(ctx, tx, w.Clerk, w.CaseRef)
		return err
	})
	return line, err
}
