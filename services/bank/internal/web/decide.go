package web

import (
	"context"

	bankv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// verb is something that a clerk may decide.
type verb struct {
	// codes are the contract's codes to choose one of, by the value in the form.
	codes []string
	// silent needs no reason.
	silent bool
	call   func(p *Pages, ctx context.Context, caseRef, code, reason string) error
}

// verbs are by their word in the path.
var verbs = map[string]verb{
	"approve": {codes: []string{"ENHANCED_MEASURES_DONE", "NOT_THE_LISTED_PERSON"},
		call: func(p *Pages, ctx context.Context, ref, code, reason string) error {
			_, err := p.Accounts.ApproveCustomer(ctx, &bankv1.ApproveCustomerRequest{
				CaseRef: ref, Code: bankv1.ApproveCode(bankv1.ApproveCode_value["APPROVE_CODE_"+code]), Reason: reason,
			})
			return err
		}},
	"decline": {codes: []string{"INCOMPLETE", "RISK", "LISTED"},
		call: func(p *Pages, ctx context.Context, ref, code, reason string) error {
			_, err := p.Accounts.DeclineCustomer(ctx, &bankv1.DeclineCustomerRequest{
				CaseRef: ref, Code: bankv1.DeclineCode(bankv1.DeclineCode_value["DECLINE_CODE_"+code]), Reason: reason,
			})
			return err
		}},
	"release": {call: func(p *Pages, ctx context.Context, ref, _, reason string) error {
		_, err := p.Accounts.ReleaseAccount(ctx, &bankv1.ReleaseAccountRequest{CaseRef: ref, Reason: reason})
		return err
	}},
	"close": {call: func(p *Pages, ctx context.Context, ref, _, reason string) error {
		_, err := p.Accounts.CloseAccount(ctx, &bankv1.CloseAccountRequest{CaseRef: ref, Reason: reason})
		return err
	}},
	"confirm-identity": {silent: true, call: func(p *Pages, ctx context.Context, ref, _, _ string) error {
		_, err := p.Accounts.ConfirmBankIdIdentity(ctx, &bankv1.ConfirmBankIdIdentityRequest{CaseRef: ref})
		return err
	}},
}

// offered are the verbs that an account's state leaves to a clerk. Whether one may
// be done is decided by the service.
func offered(a *bankv1.Account) (all []string) {
	switch a.GetState() {
	case bankv1.AccountState_ACCOUNT_STATE_QUEUED:
		all = append(all, "approve", "decline")
	case bankv1.AccountState_ACCOUNT_STATE_FROZEN:
		all = append(all, "release", "close")
	case bankv1.AccountState_ACCOUNT_STATE_OPEN:
		all = append(all, "close")
	}
	if a.GetBankIdState() == bankv1.BankIdState_BANK_ID_STATE_ORDERED {
		all = append(all, "confirm-identity")
	}
	return all
}

// ask asks once before something is decided.
func (p *Pages) ask(c *page.Call) error {
	if _, err := p.Accounts.GetAccount(c.Context(), &bankv1.GetAccountRequest{CaseRef: c.Path("case")}); err != nil {
		return err
	}
	return p.question(c, page.NewForm())
}

func (p *Pages) question(c *page.Call, form *page.Form) error {
	do := c.Path("do")
	one, ok := verbs[do]
	if !ok {
		return fault.New(fault.NotFound, "account.unknown", "there is no such page")
	}
	at := "/customers/" + c.Path("case")
	q := page.Question{
		Title: c.T("do." + do), Text: c.T("ask." + do), Path: at + "/" + do, Do: c.T("do." + do),
		Back: page.Link{Path: at, Text: c.T("ask.back")}, Form: form,
	}
	if len(one.codes) > 0 {
		field := page.Field{Name: "code", Label: c.T("decide.code")}
		for _, code := range one.codes {
			field.Options = append(field.Options, page.Option{Value: code, Label: c.T("code." + code)})
		}
		q.Fields = append(q.Fields, field)
	}
	if !one.silent {
		q.Fields = append(q.Fields, page.Field{Name: "reason", Label: c.T("decision.reason"), Rows: 4})
	}
	return c.Show(page.Ask(c, q))
}

// decide does what was asked.
func (p *Pages) decide(c *page.Call) error {
	do := c.Path("do")
	one, ok := verbs[do]
	if !ok {
		return fault.New(fault.NotFound, "account.unknown", "there is no such page")
	}
	form := c.Form()
	if err := one.call(p, c.Context(), c.Path("case"), form.Get("code"), form.Get("reason")); err != nil {
		if form.Kept(c, err) {
			return p.question(c, form)
		}
		return err
	}
	return c.Done("/customers/"+c.Path("case"), "done."+do)
}
