package desk_test

import (
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/tenant"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// List0 is a clerk's first page.
func (w *world) List0(t testing.TB, clerk tenant.Clerk, standing desk.Standing) ([]desk.Line, error) {
	t.Helper()
	return w.Desk.List(t.Context(), clerk, standing, 0, 100)
}

func TestConsentNamesTheBankAndNobodyElseSeesTheCase(t *testing.T) {
	w := openWorld(t)
	w.bank["case_2"] = w.other.Bank.DID
	one, two := w.opened(t, "case_1"), w.opened(t, "case_2")
	if !strings.HasPrefix(one.Account.BBAN(), "9999") || !strings.HasPrefix(two.Account.BBAN(), "9998") {
		t.Error("an account of another bank:", one.Account.Bank(), two.Account.Bank())
	}
	for _, wrong := range []struct {
		clerk   tenant.Clerk
		caseRef string
	}{{w.other, "case_1"}, {w.first, "case_2"}} {
		word := desk.Word{Clerk: wrong.clerk, CaseRef: wrong.caseRef, Code: "RISK", Reason: "x"}
		_, get := w.Get(t.Context(), wrong.clerk, wrong.caseRef)
		_, approve := w.Approve(t.Context(), word)
		_, decline := w.Decline(t.Context(), word)
		_, release := w.Release(t.Context(), word)
		_, closing := w.Close(t.Context(), word)
		_, confirm := w.ConfirmIdentity(t.Context(), word)
		for name, err := range map[string]error{"get": get, "approve": approve, "decline": decline, "release": release, "close": closing, "confirm": confirm} {
			if fault.KindOf(err) != fault.NotFound || err == nil {
				t.Errorf("%s of another bank's case: %v", name, err)
			}
		}
	}
	for _, clerk := range []tenant.Clerk{w.first, w.other} {
		lines, err := w.List0(t, clerk, "")
		if err != nil || len(lines) != 1 || lines[0].Account.Bank() != clerk.Bank.DID {
			t.Errorf("%s sees %d: %v", clerk.Bank.Name, len(lines), err)
		}
	}
	// The issuer of a confirmation is the bank that opened the account.
	var issuer string
	if err := w.db().Read().QueryRowContext(t.Context(), `SELECT issuer FROM issuance WHERE reference = 'case_2'`).Scan(&issuer); err != nil || issuer != w.other.Bank.DID {
		t.Error(issuer, err)
	}
}

func TestCaseOfNoBankIsNobodys(t *testing.T) {
	w := openWorld(t)
	for caseRef, rule := range map[string]string{"case_61": "bank.unnamed", "case_62": "bank.unknown"} {
		if rule == "bank.unknown" {
			w.bank[caseRef] = "did:web:elsewhere.example"
		}
		w.granted(t, caseRef)
		w.assigned(t, caseRef)
		if c, err := w.Cases.Find(t.Context(), w.db().Read(), caseRef); err != nil || c.Rule != rule || w.happened(t, caseRef) != "" {
			t.Errorf("%s: %+v %v", rule, c, err)
		}
		for _, clerk := range []tenant.Clerk{w.first, w.other} {
			if _, err := w.Get(t.Context(), clerk, caseRef); fault.KindOf(err) != fault.NotFound {
				t.Error(err)
			}
		}
	}
	single := openBanks(t, false)
	single.bank["case_1"] = ""
	single.opened(t, "case_1")
}

func TestBankThatNeedsAFødselsnummerOpensWhenItComes(t *testing.T) {
	w := openWorld(t)
	w.bank["case_1"], w.numbers["case_1"] = w.other.Bank.DID, dNumber
	w.granted(t, "case_1")
	w.assigned(t, "case_1")
	w.standing(t, "case_1", desk.WaitingForFNR)
	if w.happened(t, "case_1") != "" || len(w.Credentials(t, "case_1")) != 0 {
		t.Error("an account for a D-number")
	}
	asked := w.asked
	w.assigned(t, "case_1")
	if w.asked != asked {
		t.Error("asked for the same number again")
	}
	w.replaced(t, "case_1", fnr)
	w.standing(t, "case_1", desk.Opened)
	if got := w.happened(t, "case_1"); got != "bankaccount.opened,bankid.ordered" {
		t.Error(got)
	}
}

func TestHolderIsKnownByTheNewNumber(t *testing.T) {
	w := openWorld(t)
	w.numbers["case_1"] = dNumber
	first := w.opened(t, "case_1")
	if got := w.happened(t, "case_1"); got != "bankaccount.opened" || first.Order.State() != "NEEDS_FNR" {
		t.Error(got, first.Order.State())
	}
	for range 2 {
		w.replaced(t, "case_1", fnr)
	}
	line := w.line(t, "case_1")
	if line.Account.BBAN() != first.Account.BBAN() || line.Account.Kind() != "FNR" {
		t.Errorf("%+v", line.Account.Snapshot())
	}
	if got := w.happened(t, "case_1"); got != "bankaccount.opened,bankid.ordered,bankid.issued" {
		t.Error(got)
	}
	if got := w.confirmation(t, "case_1"); got != "offered" {
		t.Error("no confirmation that says ISSUED:", got)
	}
	// Another case of the same person, by either number, shares the account.
	for caseRef, number := range map[string]string{"case_2": fnr, "case_3": dNumber} {
		w.numbers[caseRef] = number
		if again := w.opened(t, caseRef); again.Account.BBAN() != first.Account.BBAN() || again.Account.Root() != "case_1" {
			t.Errorf("%s: a second account for one person", caseRef)
		}
		if got := w.happened(t, caseRef); got != "bankaccount.opened" {
			t.Error(got)
		}
	}
	// At another bank the person is another customer.
	w.bank["case_4"] = w.other.Bank.DID
	if w.opened(t, "case_4").Account.BBAN() == first.Account.BBAN() {
		t.Error("two banks share an account")
	}
}

func TestPersonWithTwoAccountsAfterAllIsForAClerk(t *testing.T) {
	w := openWorld(t)
	w.numbers["case_1"], w.numbers["case_2"] = dNumber, fnr
	w.opened(t, "case_1")
	w.opened(t, "case_2") // nobody knew that the two are one
	for range 2 {
		w.replaced(t, "case_1", fnr)
	}
	w.standing(t, "case_1", desk.Opened)
	if got := w.happened(t, "case_1"); strings.Count(got, "duediligence.queued") != 1 {
		t.Error(got)
	}
}

func TestClosedAccountIsFollowedByANewOne(t *testing.T) {
	w := openWorld(t)
	first := w.opened(t, "case_1")
	shared := w.opened(t, "case_2")
	if _, err := w.Close(t.Context(), w.word("case_2", "")); err != nil {
		t.Fatal(err)
	}
	w.steps(t)
	w.standing(t, "case_1", desk.Closed)
	w.standing(t, "case_2", desk.Closed)
	for _, caseRef := range []string{"case_1", "case_2"} {
		if got := w.confirmation(t, caseRef); got != "revoked" || !strings.HasSuffix(w.happened(t, caseRef), "bankaccount.closed") {
			t.Error(caseRef, got, w.happened(t, caseRef))
		}
	}
	if order := w.line(t, "case_1").Order; order.State() != "REVOKED" {
		t.Error(order.State())
	}
	third := w.opened(t, "case_3")
	if third.Account.BBAN() == first.Account.BBAN() || third.Account.Root() != "case_3" || shared.Account.Root() != "case_1" {
		t.Error("the closed account is used again")
	}
	if fourth := w.opened(t, "case_4"); fourth.Account.Root() != "case_3" {
		t.Error("a second account:", fourth.Account.Root())
	}
}

func TestClerkConfirmsWhoOrderedABankID(t *testing.T) {
	w := openWorld(t)
	w.bank["case_1"] = w.other.Bank.DID
	if _, err := w.ConfirmIdentity(t.Context(), w.word("case_1", "")); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	line := w.opened(t, "case_1")
	if line.Order.State() != "ORDERED" {
		t.Fatal(line.Order.State())
	}
	for range 2 {
		if _, err := w.ConfirmIdentity(t.Context(), w.word("case_1", "")); err != nil {
			t.Fatal(err)
		}
		w.steps(t)
	}
	order := w.line(t, "case_1").Order
	if order.State() != "ISSUED" || order.Snapshot().ConfirmedBy != "clerk-2" {
		t.Errorf("%+v", order.Snapshot())
	}
	if got := w.happened(t, "case_1"); got != "bankaccount.opened,bankid.ordered,bankid.issued" {
		t.Error(got)
	}
}

func TestViewThatLacksSomethingFailsWhereItsBankSeesIt(t *testing.T) {
	w := openWorld(t)
	w.claims["case_1"] = map[string]any{"nationalities": nil}
	w.granted(t, "case_1")
	if line := w.line(t, "case_1"); line.Standing != desk.Failed || line.Rule != "view.claims" {
		t.Errorf("%+v", line)
	}
	w.stands(t, "permit.revoked", "case_1", "PERMIT_REVOKED")
	if got := w.happened(t, "case_1"); got != "onboarding.stopped" {
		t.Error(got)
	}
}
