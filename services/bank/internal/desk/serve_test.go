package desk_test

import (
	"context"
	"testing"

	bankv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/api"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/store"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
)

func as(ctx context.Context, subject string) context.Context {
	return rpc.WithPrincipal(ctx, rpc.Principal{Role: api.RoleClerk, Subject: subject})
}

func TestClerksDeskOverTheWire(t *testing.T) {
	w := openWorld(t)
	s := &api.Accounts{Desk: w.Desk}
	ours, others := as(t.Context(), "310000027/clerk-1"), as(t.Context(), "310000051/clerk-2")
	w.list = listOf(t, "v7", lisaListed)
	w.shares["case_1"] = []string{onboarding.SharePayroll}
	w.granted(t, "case_1")
	w.assigned(t, "case_1")

	get := func() *bankv1.Account {
		t.Helper()
		got, err := s.GetAccount(ours, &bankv1.GetAccountRequest{CaseRef: "case_1"})
		if err != nil {
			t.Fatal(err)
		}
		return got.GetAccount()
	}
	queued := get()
	if queued.GetState() != bankv1.AccountState_ACCOUNT_STATE_QUEUED || queued.GetIban() != "" || queued.GetBankOrganisationNumber() != "310000027" ||
		len(queued.GetDueDiligence().GetFindings()) != 1 || queued.GetDueDiligence().GetFindings()[0].GetListEntry() != "S1" ||
		queued.GetDueDiligence().GetFindings()[0].GetTextNn() == "" || queued.GetDueDiligence().GetFindings()[0].GetLaw() == "" ||
		queued.GetDueDiligence().GetListVersion() != "v7" || len(queued.GetDueDiligence().GetListSha256()) != 64 {
		t.Errorf("%+v", queued)
	}
	if _, err := s.GetAccount(others, &bankv1.GetAccountRequest{CaseRef: "case_1"}); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	for _, subject := range []string{"bank-clerk-1", "310000108/clerk", ""} {
		_, get := s.GetAccount(as(t.Context(), subject), &bankv1.GetAccountRequest{CaseRef: "case_1"})
		_, list := s.ListAccounts(as(t.Context(), subject), &bankv1.ListAccountsRequest{})
		_, decide := s.CloseAccount(as(t.Context(), subject), &bankv1.CloseAccountRequest{CaseRef: "case_1", Reason: "x"})
		for _, err := range []error{get, list, decide} {
			if fault.RuleOf(err) != "bank.clerk" {
				t.Errorf("%q: %v", subject, err)
			}
		}
	}
	list := func(ctx context.Context, state bankv1.AccountState) []*bankv1.Account {
		t.Helper()
		got, err := s.ListAccounts(ctx, &bankv1.ListAccountsRequest{State: state})
		if err != nil {
			t.Fatal(err)
		}
		return got.GetAccounts()
	}
	if got := list(ours, bankv1.AccountState_ACCOUNT_STATE_QUEUED); len(got) != 1 || got[0].GetDueDiligence() != nil {
		t.Errorf("%+v", got)
	}
	if got := list(others, bankv1.AccountState_ACCOUNT_STATE_UNSPECIFIED); len(got) != 0 {
		t.Errorf("%+v", got)
	}

	if _, err := s.ApproveCustomer(ours, &bankv1.ApproveCustomerRequest{CaseRef: "case_1", Reason: "x"}); fault.RuleOf(err) != "account.word" {
		t.Error("without a code:", err)
	}
	_, err := s.ApproveCustomer(ours, &bankv1.ApproveCustomerRequest{
		CaseRef: "case_1", Code: bankv1.ApproveCode_APPROVE_CODE_NOT_THE_LISTED_PERSON, Reason: "another birthplace",
	})
	if err != nil {
		t.Fatal(err)
	}
	w.steps(t)
	p := &api.Payroll{Desk: w.Desk}
	issuer := rpc.WithCaller(t.Context(), "issuer.internal.kompetansespor.example")
	told, err := p.GetPayrollAccount(issuer, &bankv1.GetPayrollAccountRequest{CaseRef: "case_1", EmployerOrganisationNumber: employer})
	open := get()
	if err != nil || told.GetIban() != open.GetIban() || told.GetBic() != "TESTNOKK" || told.GetBankName() != "Testbanken" || told.GetAccountHolderName() != "Lisa Johnson" {
		t.Errorf("%+v %v", told, err)
	}
	if _, err := p.GetPayrollAccount(issuer, &bankv1.GetPayrollAccountRequest{CaseRef: "case_1", EmployerOrganisationNumber: another}); fault.KindOf(err) != fault.Denied {
		t.Error(err)
	}
	open = get()
	if open.GetState() != bankv1.AccountState_ACCOUNT_STATE_OPEN || open.GetKycLevel() != bankv1.KycLevel_KYC_LEVEL_ENHANCED || open.GetOpenedAt() == nil ||
		open.GetBankIdState() != bankv1.BankIdState_BANK_ID_STATE_ISSUED || open.GetCustomerDecision().GetBy() != "clerk-1" ||
		len(open.GetPayrollAnswers()) != 1 || open.GetPayrollAnswers()[0].GetEmployerOrganisationNumber() != employer {
		t.Errorf("%+v", open)
	}
	if got := list(ours, bankv1.AccountState_ACCOUNT_STATE_OPEN); len(got) != 1 || got[0].GetIban() != "" || got[0].GetCustomerDecision() != nil {
		t.Errorf("a list says too much: %+v", got)
	}

	w.stands(t, "permit.revoked", "case_1", "PERMIT_REVOKED")
	if got := get(); got.GetState() != bankv1.AccountState_ACCOUNT_STATE_FROZEN || got.GetFreezeCause() != "PERMIT_REVOKED" {
		t.Errorf("%+v", got)
	}
	if _, err := s.ReleaseAccount(ours, &bankv1.ReleaseAccountRequest{CaseRef: "case_1", Reason: "pay for work that was done"}); err != nil {
		t.Error(err)
	}
	got, err := s.CloseAccount(ours, &bankv1.CloseAccountRequest{CaseRef: "case_1", Reason: "the customer has left"})
	if err != nil || got.GetAccount().GetState() != bankv1.AccountState_ACCOUNT_STATE_CLOSED || got.GetAccount().GetAccountDecision().GetOutcome() != "CLOSED" {
		t.Errorf("%+v %v", got, err)
	}

	// Another case stops, and says why and whether it may go on.
	w.numbers["case_2"] = otherFNR
	w.granted(t, "case_2")
	w.stands(t, "case.halted", "case_2", "OFFER_WITHDRAWN")
	stopped := list(ours, bankv1.AccountState_ACCOUNT_STATE_STOPPED)
	if len(stopped) != 1 || stopped[0].GetStopCause() != "OFFER_WITHDRAWN" || !stopped[0].GetResumable() {
		t.Errorf("%+v", stopped)
	}
	w.stands(t, "permit.revoked", "case_2", "PERMIT_REVOKED")
	if stopped = list(ours, bankv1.AccountState_ACCOUNT_STATE_STOPPED); len(stopped) != 1 || stopped[0].GetResumable() {
		t.Errorf("%+v", stopped)
	}
	if _, err := s.DeclineCustomer(ours, &bankv1.DeclineCustomerRequest{CaseRef: "case_2", Code: bankv1.DeclineCode_DECLINE_CODE_RISK, Reason: "x"}); fault.RuleOf(err) != "account.not-queued" {
		t.Error(err)
	}
	if _, err := s.ConfirmBankIdIdentity(ours, &bankv1.ConfirmBankIdIdentityRequest{CaseRef: "case_2"}); fault.RuleOf(err) != "bankid.not-ordered" {
		t.Error(err)
	}
}

func TestListPagesGoOnWithoutGaps(t *testing.T) {
	w := openWorld(t)
	s := &api.Accounts{Desk: w.Desk}
	for _, ref := range []string{"case_1", "case_2", "case_3", "case_4", "case_5"} {
		if ref == "case_3" {
			w.bank[ref] = w.other.Bank.DID
		}
		w.granted(t, ref)
	}
	var seen []string
	for token := ""; ; {
		got, err := s.ListAccounts(as(t.Context(), "310000027/clerk-1"), &bankv1.ListAccountsRequest{PageSize: 3, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range got.GetAccounts() {
			seen = append(seen, a.GetCaseRef())
		}
		if token = got.GetNextPageToken(); token == "" {
			break
		}
	}
	if len(seen) != 4 || seen[2] != "case_4" {
		t.Error(seen)
	}
}

// An account that was opened when the service had one bank is that bank's.
func TestAccountOfBeforeThereWereBanksIsRead(t *testing.T) {
	w := openWorld(t)
	w.opened(t, "case_1")
	w.exec(t, `UPDATE account SET bank = '', standing = 'ACTIVE', cause = '', same_as = '', facts = NULL`)
	w.exec(t, `DELETE FROM customer`)
	w.exec(t, `DELETE FROM bankid_order`)
	if err := store.Adopt(t.Context(), w.db(), w.first.Bank.DID); err != nil {
		t.Fatal(err)
	}
	before := w.line(t, "case_1")
	w.replaced(t, "case_1", otherFNR)
	after := w.line(t, "case_1")
	if after.Account.BBAN() != before.Account.BBAN() || after.Standing != "OPENED" || after.Order.State() != "ISSUED" {
		t.Errorf("%+v", after)
	}
	if root, err := w.store.Customer(t.Context(), w.db().Read(), w.first.Bank.DID, otherFNR); err != nil || root != "case_1" {
		t.Error(root, err)
	}
}
