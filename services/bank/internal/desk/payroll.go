package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/account"
	"github.com/kompetansespor/kompetansespor/services/internal/accesslog"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// PayrollAccount is what an employer pays to.
type PayrollAccount struct {
	IBAN, BIC, Holder, BankName string
}

// PayrollPurpose is what an employer is told the account for.
const PayrollPurpose = "payroll"

// Payroll tells the employer of a case the worker's account, when the worker
// has agreed to that. The answer and its row in the log are one transaction:
// no row, no answer.
func (d *Desk) Payroll(ctx context.Context, caller, caseRef, employer string) (told PayrollAccount, err error) {
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		c, err := d.Cases.Find(ctx, tx, caseRef)
		if err != nil {
			return err
		}
		a, err := d.account(ctx, tx, caseRef)
		if err != nil {
			return err
		}
		if err := a.Payroll(consentOf(c.View, c.View.Read()), employer); err != nil {
			return err
		}
		if told, err = d.payroll(a); err != nil {
			return err
		}
		return d.Store.AddAnswer(ctx, tx, accesslog.Entry{
			Case: caseRef, At: d.Clock.Now(), Agency: employer, Caller: caller, Purpose: PayrollPurpose,
			Claims: []string{"account_holder_name", "bank.name", "bic", "iban"},
		})
	})
	if err != nil {
		return PayrollAccount{}, err
	}
	return told, nil
}

func (d *Desk) payroll(a *account.Account) (PayrollAccount, error) {
	bank, err := d.Banks.ByDID(a.Bank())
	if err != nil {
		return PayrollAccount{}, fault.Wrap(err, fault.Internal, "payroll.bank", "the account's bank is not here any more")
	}
	iban, err := identifier.IBAN(a.BBAN())
	if err != nil {
		return PayrollAccount{}, err
	}
	return PayrollAccount{IBAN: iban, BIC: bank.BIC, Holder: a.Snapshot().Holder, BankName: bank.Name}, nil
}

// Answers gives when employers were told the account of a case, oldest first.
// Whose case it is, Get has asked.
func (d *Desk) Answers(ctx context.Context, caseRef string) ([]accesslog.Row, error) {
	return d.Store.Answers(ctx, d.DB.Read(), caseRef)
}
