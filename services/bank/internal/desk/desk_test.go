package desk_test

import (
	"bytes"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

func TestAccountIsOpenedOnceInWhicheverOrder(t *testing.T) {
	for name, order := range map[string][]func(*world, testing.TB, string){
		"decision first":   {(*world).granted, (*world).assigned},
		"identifier first": {(*world).assigned, (*world).granted},
	} {
		w := openBanks(t, false)
		order[0](w, t, "case_1")
		if line := w.line(t, "case_1"); line.Standing != desk.Waiting || w.asked != 0 {
			t.Errorf("%s: %s after the first event, asked %d", name, line.Standing, w.asked)
		}
		order[1](w, t, "case_1")
		first := w.line(t, "case_1")
		if first.Standing != desk.Opened {
			t.Fatalf("%s: %+v", name, first)
		}
		if _, err := identifier.ParseBBAN(first.Account.BBAN()); err != nil {
			t.Error(err)
		}
		for _, again := range order {
			again(w, t, "case_1")
		}
		if second := w.line(t, "case_1"); second.Account.BBAN() != first.Account.BBAN() || w.asked != 1 || w.views != 1 {
			t.Errorf("%s: a repetition had an effect: asked %d, read %d", name, w.asked, w.views)
		}
		if got := w.happened(t, "case_1"); got != "bankaccount.opened,bankid.ordered,bankid.issued" {
			t.Errorf("%s: %v", name, got)
		}
		if got := w.Credentials(t, "case_1"); len(got) != 1 || got[0] != "BankAccountConfirmation offered" {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTaxThatDoesNotAnswerIsAskedAgain(t *testing.T) {
	w := openWorld(t)
	w.taxErr = fault.New(fault.Unavailable, "rpc.unreachable", "down")
	w.granted(t, "case_1")
	w.assigned(t, "case_1")
	if line := w.line(t, "case_1"); line.Standing != desk.Waiting || w.asked != 1 || line.Rule != "rpc.unreachable" {
		t.Errorf("%+v, asked %d", line, w.asked)
	}
	w.taxErr = nil
	w.later(t)
	if line := w.line(t, "case_1"); line.Standing != desk.Opened || w.views != 1 {
		t.Errorf("%+v, read %d", line, w.views)
	}
}

func TestIdentityThatIsNotKnownOpensNothing(t *testing.T) {
	w := openWorld(t)
	w.numbers["case_1"] = "01819020075"
	w.assigned(t, "case_1")
	w.granted(t, "case_1")
	if line := w.line(t, "case_1"); line.Standing != desk.Failed || line.Rule != "account.due-diligence" {
		t.Errorf("%+v", line)
	}
	if w.happened(t, "case_1") != "" || len(w.Credentials(t, "case_1")) != 0 {
		t.Error("something was done half")
	}
	failed, err := w.List0(t, w.first, desk.Failed)
	if err != nil || len(failed) != 1 {
		t.Error(failed, err)
	}
}

func TestRefusedCaseGetsNoAccount(t *testing.T) {
	w := openBanks(t, false)
	w.event(t, "verifier", "decision.made", "case_1", map[string]any{"outcome": "REFUSED"})
	w.assigned(t, "case_1")
	for _, name := range []string{"case.halted", "case.resumed", "permit.revoked", "case.corrected"} {
		w.stands(t, name, "case_1", "OFFICER")
	}
	w.replaced(t, "case_1", otherFNR)
	if line := w.line(t, "case_1"); line.Standing != desk.NotGranted || w.views != 0 || w.asked != 0 || w.happened(t, "case_1") != "" {
		t.Errorf("%+v", line)
	}
	if _, err := w.Get(t.Context(), w.first, "case_2"); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
}

func TestAccountIsSealedAtRest(t *testing.T) {
	w := openWorld(t)
	w.list = listOf(t, "v1", lisaListed)
	w.granted(t, "case_1")
	w.assigned(t, "case_1")
	if _, err := w.Approve(t.Context(), w.word("case_1", "NOT_THE_LISTED_PERSON")); err != nil {
		t.Fatal(err)
	}
	w.steps(t)
	var bban, holder, facts []byte
	if err := w.db().Read().QueryRowContext(t.Context(), `SELECT bban, holder, facts FROM account`).Scan(&bban, &holder, &facts); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(bban, []byte(w.line(t, "case_1").Account.BBAN())) || bytes.Contains(holder, []byte("Johnson")) {
		t.Error("the account can be read in the table")
	}
	for _, text := range []string{"passport", "sanctions", "S1", "NOT_THE_LISTED_PERSON"} {
		if bytes.Contains(facts, []byte(text)) {
			t.Errorf("%q can be read in the table", text)
		}
	}
	var person string
	if err := w.db().Read().QueryRowContext(t.Context(), `SELECT person FROM customer`).Scan(&person); err != nil || person == fnr || person == w.store.Name(fnr) {
		t.Error("a person's number can be read, or compared with account numbers", err)
	}
}

func TestAccountNumbersEndOrGoOn(t *testing.T) {
	w := openWorld(t)
	seen := map[string]bool{}
	for n, number := range []string{fnr, otherFNR, dNumber} {
		caseRef := []string{"case_1", "case_2", "case_3"}[n]
		w.numbers[caseRef] = number
		seen[w.opened(t, caseRef).Account.BBAN()] = true
	}
	if len(seen) != 3 {
		t.Error("two people have one number:", seen)
	}
}
