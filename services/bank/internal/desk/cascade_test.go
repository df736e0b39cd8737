package desk_test

import (
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// A withdrawn offer, a suspended employer, a bankruptcy: nothing is opened, and
// it goes on where it was when the case is resumed.
func TestHaltedCaseStopsTheBank(t *testing.T) {
	for _, assignedFirst := range []bool{true, false} {
		w := openWorld(t)
		w.granted(t, "case_1")
		if assignedFirst {
			w.taxErr = fault.New(fault.Unavailable, "rpc.unreachable", "down")
			w.assigned(t, "case_1")
		}
		for range 2 {
			w.stands(t, "case.halted", "case_1", "OFFER_WITHDRAWN")
		}
		w.taxErr = nil
		if !assignedFirst {
			w.assigned(t, "case_1")
		}
		w.later(t)
		w.standing(t, "case_1", desk.Stopped)
		if got := w.happened(t, "case_1"); got != "onboarding.stopped" {
			t.Error(got)
		}
		for range 2 {
			w.stands(t, "case.resumed", "case_1", "OFFER_WITHDRAWN")
		}
		w.standing(t, "case_1", desk.Opened)
		if got := w.happened(t, "case_1"); got != "onboarding.stopped,bankaccount.opened,bankid.ordered,bankid.issued" {
			t.Error(got)
		}
	}
}

func TestHaltBeforeAnythingIsKnownStops(t *testing.T) {
	w := openBanks(t, false)
	w.told(t, "verifier", "decision.made", "case_1", map[string]any{"outcome": "GRANTED"})
	w.stands(t, "case.halted", "case_1", "EMPLOYER_BANKRUPT")
	w.standing(t, "case_1", desk.Stopped)
	if w.views != 0 || w.happened(t, "case_1") != "onboarding.stopped" {
		t.Error(w.views, w.happened(t, "case_1"))
	}
	w.stands(t, "permit.revoked", "case_1", "PERMIT_REVOKED")
	w.assigned(t, "case_1")
	w.stands(t, "case.resumed", "case_1", "EMPLOYER_BANKRUPT")
	w.later(t)
	w.standing(t, "case_1", desk.Stopped)
	if got := w.happened(t, "case_1"); got != "onboarding.stopped,onboarding.stopped" || w.asked != 0 {
		t.Error(got, w.asked)
	}
}

func TestClerkDecidesNothingWhileACaseIsHalted(t *testing.T) {
	w := openWorld(t)
	w.list = listOf(t, "v1", lisaListed)
	w.granted(t, "case_1")
	w.assigned(t, "case_1")
	w.stands(t, "case.halted", "case_1", "EMPLOYER_SUSPENDED")
	if _, err := w.Approve(t.Context(), w.word("case_1", "NOT_THE_LISTED_PERSON")); fault.RuleOf(err) != "account.not-queued" {
		t.Error(err)
	}
	w.stands(t, "case.resumed", "case_1", "EMPLOYER_SUSPENDED")
	w.standing(t, "case_1", desk.Queued)
	if got := w.happened(t, "case_1"); got != "duediligence.queued,onboarding.stopped" {
		t.Error(got)
	}
}

func TestRevokedPermitFreezesUntilAClerkHasLooked(t *testing.T) {
	w := openWorld(t)
	first := w.opened(t, "case_1")
	w.stands(t, "case.halted", "case_1", "EMPLOYER_REVOKED")
	w.standing(t, "case_1", desk.Opened)
	if got := w.confirmation(t, "case_1"); got != "offered" {
		t.Error("a halt is reversible, and the account is open:", got)
	}
	for range 2 {
		w.stands(t, "permit.revoked", "case_1", "PERMIT_REVOKED")
	}
	w.standing(t, "case_1", desk.Frozen)
	if got := w.happened(t, "case_1"); !strings.HasSuffix(got, ",bankaccount.frozen") || strings.Count(got, "frozen") != 1 || w.confirmation(t, "case_1") != "suspended" {
		t.Error(got, w.confirmation(t, "case_1"))
	}
	if line := w.line(t, "case_1"); line.Account.BBAN() != first.Account.BBAN() || line.Order.State() != "ISSUED" {
		t.Error("a frozen account lost something")
	}
	if _, err := w.Release(t.Context(), desk.Word{Clerk: w.first, CaseRef: "case_1"}); fault.RuleOf(err) != "account.word" {
		t.Error("released without a reason:", err)
	}
	if _, err := w.Release(t.Context(), w.word("case_1", "")); err != nil {
		t.Fatal(err)
	}
	w.steps(t)
	w.standing(t, "case_1", desk.Opened)
	if got := w.happened(t, "case_1"); !strings.HasSuffix(got, ",bankaccount.released") || w.confirmation(t, "case_1") != "offered" {
		t.Error(got, w.confirmation(t, "case_1"))
	}
	if _, err := w.Close(t.Context(), w.word("case_1", "")); err != nil {
		t.Fatal(err)
	}
	w.steps(t)
	w.standing(t, "case_1", desk.Closed)
	if got := w.confirmation(t, "case_1"); got != "revoked" || w.line(t, "case_1").Order.State() != "REVOKED" {
		t.Error(got, w.line(t, "case_1").Order.State())
	}
	if _, err := w.Release(t.Context(), w.word("case_1", "")); fault.RuleOf(err) != "account.not-frozen" {
		t.Error(err)
	}
}

func TestBankIDWaitsWhileTheCaseDoes(t *testing.T) {
	w := openWorld(t)
	w.numbers["case_1"] = dNumber
	w.opened(t, "case_1")
	w.stands(t, "case.halted", "case_1", "EMPLOYER_SUSPENDED")
	w.replaced(t, "case_1", fnr)
	if got := w.line(t, "case_1").Order.State(); got != "NEEDS_FNR" {
		t.Error("ordered while halted:", got)
	}
	w.stands(t, "case.resumed", "case_1", "EMPLOYER_SUSPENDED")
	if got := w.line(t, "case_1").Order.State(); got != "ISSUED" {
		t.Error(got)
	}
}

func TestCorrectedNameReplacesTheConfirmation(t *testing.T) {
	w := openWorld(t)
	w.opened(t, "case_1")
	old, err := w.Harness.Issuer.Current(t.Context(), w.db().Read(), "case_1", "BankAccountConfirmation")
	if err != nil {
		t.Fatal(err)
	}
	w.claims["case_1"] = map[string]any{"family_name": "Jonsson"}
	w.event(t, "verifier", "case.corrected", "case_1", map[string]any{"fields": []any{"family_name"}})
	current, err := w.Harness.Issuer.Current(t.Context(), w.db().Read(), "case_1", "BankAccountConfirmation")
	if err != nil || current.ID == old.ID {
		t.Fatal("not replaced", err)
	}
	before, err := w.Harness.Issuer.Find(t.Context(), w.db().Read(), old.ID)
	if err != nil || before.State != "withdrawn" {
		t.Error("the old one stands:", before.State, err)
	}
	if s := w.line(t, "case_1").Account.Snapshot(); s.Holder != "Lisa Jonsson" || s.State != "OPENED" {
		t.Errorf("%+v", s)
	}
	if got := w.happened(t, "case_1"); got != "bankaccount.opened,bankid.ordered,bankid.issued" {
		t.Error("a correction is no new account:", got)
	}
	// Fetched anew with the same name it is the same confirmation.
	w.event(t, "verifier", "case.corrected", "case_1", map[string]any{"fields": []any{"passport.document_number"}})
	if again, err := w.Harness.Issuer.Current(t.Context(), w.db().Read(), "case_1", "BankAccountConfirmation"); err != nil || again.ID != current.ID {
		t.Error("replaced by the same", err)
	}
}

func TestHolderWhoTurnsOutToBeListedIsFrozen(t *testing.T) {
	w := openWorld(t)
	w.list = listOf(t, "v1", "S1,SANCTION,Boris Example,1990-01-01,x")
	w.opened(t, "case_1")
	w.claims["case_1"] = map[string]any{"given_name": "Boris", "family_name": "Example"}
	w.event(t, "verifier", "case.corrected", "case_1", map[string]any{"fields": []any{"family_name"}})
	w.standing(t, "case_1", desk.Frozen)
	if got := w.happened(t, "case_1"); !strings.HasSuffix(got, "duediligence.queued,bankaccount.frozen") || w.confirmation(t, "case_1") != "suspended" {
		t.Error(got, w.confirmation(t, "case_1"))
	}
	if cause := w.line(t, "case_1").Account.Snapshot().Facts.Frozen.Cause; cause != "IDENTITY_CORRECTED" {
		t.Error(cause)
	}
}

func TestWhatMustStopStopsThoughNobodyAnswers(t *testing.T) {
	w := openWorld(t)
	w.numbers["case_1"] = dNumber
	w.opened(t, "case_1")
	w.taxErr = fault.New(fault.Unavailable, "rpc.unreachable", "down")
	w.listErr = fault.New(fault.Unavailable, "sanctions.list-missing", "gone")
	w.replaced(t, "case_1", fnr)
	w.claims["case_1"] = map[string]any{"family_name": "Jonsson"}
	w.event(t, "verifier", "case.corrected", "case_1", map[string]any{"fields": []any{"family_name"}})
	w.stands(t, "permit.revoked", "case_1", "PERMIT_REVOKED")
	w.standing(t, "case_1", desk.Frozen)
	if got := w.confirmation(t, "case_1"); got != "suspended" {
		t.Error(got)
	}
}

func TestCorrectionOfAFrozenAccountStaysSuspended(t *testing.T) {
	w := openWorld(t)
	w.list = listOf(t, "v1", "S1,SANCTION,Boris Example,1990-01-01,x")
	w.opened(t, "case_1")
	for _, name := range []string{"Boris", "Berit"} {
		w.claims["case_1"] = map[string]any{"given_name": name, "family_name": "Example"}
		w.event(t, "verifier", "case.corrected", "case_1", map[string]any{"fields": []any{"given_name"}})
		w.standing(t, "case_1", desk.Frozen)
		if got := w.confirmation(t, "case_1"); got != "suspended" {
			t.Error(name, got)
		}
	}
	if s := w.line(t, "case_1").Account.Snapshot(); s.Holder != "Berit Example" {
		t.Error(s.Holder)
	}
}
