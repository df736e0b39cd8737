package desk_test

import (
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/store"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
)

func TestEmployerIsToldTheAccountByConsentAlone(t *testing.T) {
	w := openWorld(t)
	w.shares["case_1"] = []string{onboarding.SharePayroll}
	w.shares["case_2"] = []string{"something_else"}
	w.numbers["case_2"] = otherFNR
	line := w.opened(t, "case_1")
	w.opened(t, "case_2")
	if got := w.happened(t, "case_1"); !strings.HasPrefix(got, "bankaccount.opened,payrollaccount.shared,") {
		t.Error(got)
	}
	if got := w.happened(t, "case_2"); strings.Contains(got, "payrollaccount") {
		t.Error("told without consent:", got)
	}
	ask := func(caseRef, who string) (string, error) {
		told, err := w.Payroll(t.Context(), "issuer.internal.kompetansespor.example", caseRef, who)
		return told.IBAN + " " + told.BIC + " " + told.Holder, err
	}
	got, err := ask("case_1", employer)
	if err != nil || !strings.HasSuffix(got, " TESTNOKK Lisa Johnson") || !strings.Contains(got, line.Account.BBAN()) {
		t.Error(got, err)
	}
	for _, refused := range []struct{ caseRef, who, rule string }{
		{"case_1", another, "payroll.another-employer"},
		{"case_1", "", "payroll.another-employer"},
		{"case_2", employer, "payroll.no-consent"},
		{"case_9", employer, "case.unknown"},
	} {
		if got, err := ask(refused.caseRef, refused.who); fault.RuleOf(err) != refused.rule || got != "  " {
			t.Errorf("%+v: %q %v", refused, got, err)
		}
	}
	w.stands(t, "case.halted", "case_1", "OFFER_WITHDRAWN")
	if _, err := ask("case_1", employer); fault.RuleOf(err) != "payroll.halted" {
		t.Error(err)
	}
	w.stands(t, "permit.revoked", "case_1", "PERMIT_REVOKED")
	if _, err := ask("case_1", employer); fault.RuleOf(err) != "payroll.frozen" {
		t.Error(err)
	}
	// Every answer is written down, and nothing but answers.
	rows, err := w.Answers(t.Context(), "case_1")
	if err != nil || len(rows) != 1 || rows[0].Agency != employer || !strings.HasPrefix(rows[0].Caller, "issuer.") || !rows[0].At.Equal(w.Harness.Clock.Now()) {
		t.Error(rows, err)
	}
	if n, err := store.VerifyAnswers(t.Context(), w.db().Read()); n != 1 || err != nil {
		t.Error(n, err)
	}
}

func TestLogOfAnswersShowsWhatWasChanged(t *testing.T) {
	w := openWorld(t)
	w.shares["case_1"] = []string{onboarding.SharePayroll}
	w.opened(t, "case_1")
	for range 3 {
		if _, err := w.Payroll(t.Context(), "issuer.internal.kompetansespor.example", "case_1", employer); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := store.VerifyAnswers(t.Context(), w.db().Read()); n != 3 || err != nil {
		t.Error(n, err)
	}
	w.exec(t, `UPDATE payroll_answer SET employer = '310000051' WHERE position = 2`)
	if _, err := store.VerifyAnswers(t.Context(), w.db().Read()); fault.RuleOf(err) != "accesslog.broken" {
		t.Error(err)
	}
}
