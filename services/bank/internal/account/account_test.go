package account

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/bankid"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/diligence"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/tenant"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

var (
	now  = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	lisa = Customer{GivenName: "Lisa", FamilyName: "Johnson", Identifier: "01819020074", PermitGranted: true}
	bank = tenant.Bank{DID: "did:web:bank.example", OrganisationNumber: "310000027", Name: "Testbanken", BIC: "TESTNOKK", Code: "9999", Rules: tenant.Default()}

	clear  = diligence.Assessment{Level: diligence.Standard, Rules: "r", ListVersion: "v", ListHash: "h", At: now}
	listed = diligence.Assessment{Level: diligence.Enhanced, Findings: []diligence.Finding{{Rule: "sanctions-possible", Entry: "S1"}}}
	risky  = diligence.Assessment{Level: diligence.Enhanced, Findings: []diligence.Finding{{Rule: "under-age"}}}

	consent = Consent{PayrollAccount: true, Employer: "310000019"}
)

type fatal interface{ Fatal(...any) }

func started(t fatal) *Account {
	a, err := New("case_1")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.At(bank.DID); err != nil {
		t.Fatal(err)
	}
	return a
}

// ready is granted, identified and has a number.
func ready(t fatal) *Account {
	a := started(t)
	a.Grant()
	a.Identify()
	a.Learn(identifier.BirthNumber)
	return a
}

func opened(t fatal) *Account {
	a := ready(t)
	a.Assess(clear, "lisa", now)
	if _, err := a.Open(opening("99991234566")); err != nil {
		t.Fatal(err)
	}
	return a
}

func queued(t fatal, found diligence.Assessment) *Account {
	a := ready(t)
	a.Assess(found, "lisa", now)
	if a.State() != Queued {
		t.Fatal("not queued:", a.State())
	}
	return a
}

func opening(bban string) Opening { return Opening{Holder: "Lisa Johnson", BBAN: bban, At: now} }

func word(code string) Word {
	return Word{Code: code, Reason: "looked at the passport", By: "clerk-1", At: now}
}

func names(all []Notice) string {
	var names []string
	for _, n := range all {
		names = append(names, strings.TrimSpace(n.Name+" "+n.Cause))
	}
	return strings.Join(names, ",")
}

func TestAccountNeedsGrantIdentifierAndDueDiligence(t *testing.T) {
	verbs := map[string]func(*Account){
		"grant":    func(a *Account) { a.Grant() },
		"identify": func(a *Account) { a.Identify() },
		"number":   func(a *Account) { a.Learn(identifier.BirthNumber) },
		"assess":   func(a *Account) { a.Assess(clear, "lisa", now) },
		"bank":     func(a *Account) { _ = a.At(bank.DID) },
	}
	for missing := range verbs {
		a, _ := New("case_1")
		for name, verb := range verbs {
			if name != missing {
				verb(a)
				verb(a)
			}
		}
		if _, err := a.Open(opening("99991234566")); fault.KindOf(err) != fault.Conflict {
			t.Errorf("opened without %s: %v", missing, err)
		}
		verbs[missing](a)
		if n, err := a.Open(opening("99991234566")); err != nil || names(n) != "bankaccount.opened" || a.State() != Opened {
			t.Errorf("%s last: %v %v", missing, n, err)
		}
	}
}

func TestNobodyGetsASecondAccount(t *testing.T) {
	a := opened(t)
	if n, err := a.Open(opening("99997777774")); n != nil || err != nil || a.BBAN() != "99991234566" {
		t.Errorf("%v %v %s", n, err, a.BBAN())
	}
	if n, err := a.Share(opened(t), "Lisa Johnson"); n != nil || err != nil {
		t.Errorf("%v %v", n, err)
	}
}

func TestIdentityIsTheLeastThatMustBeKnown(t *testing.T) {
	for field, spoil := range map[string]func(*Customer){
		"given_name":  func(c *Customer) { c.GivenName = " " },
		"family_name": func(c *Customer) { c.FamilyName = "" },
		"identifier":  func(c *Customer) { c.Identifier = "01819020075" },
		"decision":    func(c *Customer) { c.PermitGranted = false },
	} {
		c := lisa
		spoil(&c)
		_, err := Identity(c, identifier.Synthetic, now)
		if v := fault.From(err).Violations; fault.RuleOf(err) != "account.due-diligence" || len(v) != 1 || v[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	_, err := Identity(Customer{Identifier: "S3cret"}, identifier.Synthetic, now)
	if len(fault.From(err).Violations) != 4 || strings.Contains(err.Error(), "S3cret") {
		t.Error(err)
	}
	if _, err := Identity(lisa, identifier.Production, now); err == nil {
		t.Error("a synthetic number opened an account in production")
	}
}

func TestAccountNumberIsChecked(t *testing.T) {
	a := ready(t)
	a.Assess(clear, "lisa", now)
	if _, err := a.Open(opening("99991234567")); fault.RuleOf(err) != "identifier.bban-check-digit" || a.State() != Ready {
		t.Error(err)
	}
}

func TestBankThatNeedsAFødselsnummerWaitsForIt(t *testing.T) {
	a := started(t)
	a.Require(true)
	a.Grant()
	a.Identify()
	if !a.AsksNumber() {
		t.Error("does not ask")
	}
	a.Learn(identifier.DNumber)
	a.Assess(clear, "lisa", now)
	if _, err := a.Open(opening("99991234566")); a.State() != WaitingForFNR || err == nil || a.AsksNumber() {
		t.Error(a.State(), err)
	}
	a.Replace()
	if !a.AsksNumber() {
		t.Error("does not ask again")
	}
	a.Learn(identifier.BirthNumber)
	if _, err := a.Open(opening("99991234566")); a.State() != Opened || err != nil {
		t.Error(a.State(), err)
	}
	b := ready(t)
	b.Learn(identifier.DNumber)
	if b.State() != Ready {
		t.Error("a bank that takes D-numbers waits:", b.State())
	}
}

func TestWhoIsFoundOnAListWaitsForAClerk(t *testing.T) {
	a := ready(t)
	if n := names(a.Assess(listed, "lisa", now)); n != "duediligence.queued" {
		t.Error(n)
	}
	if n := a.Assess(listed, "lisa", now); n != nil {
		t.Error("told twice", n)
	}
	if _, err := a.Open(opening("99991234566")); err == nil {
		t.Error("opened")
	}
	for code, rule := range map[string]string{CodeMeasuresDone: "account.listed", "FRIEND": "account.word"} {
		if err := a.Approve(word(code)); fault.RuleOf(err) != rule {
			t.Error(code, err)
		}
	}
	for _, w := range []Word{{Code: CodeNotListed, By: "clerk-1"}, {Code: CodeNotListed, Reason: "x"}, {Code: CodeNotListed, Reason: strings.Repeat("x", 1001), By: "clerk-1"}} {
		if err := a.Approve(w); fault.RuleOf(err) != "account.word" {
			t.Error(w.By, err)
		}
	}
	if err := a.Approve(word(CodeNotListed)); err != nil || a.State() != Ready {
		t.Fatal(err, a.State())
	}
	// The list has another entry now: the clerk has not seen that one.
	more := listed
	more.Findings = append(slices.Clone(listed.Findings), diligence.Finding{Rule: "sanctions-hit", Entry: "S2"})
	if n := names(a.Assess(more, "lisa", now)); n != "duediligence.queued" || a.State() != Queued {
		t.Error(n, a.State())
	}
	if err := a.Approve(word(CodeNotListed)); err != nil {
		t.Fatal(err)
	}
	a.Assess(more, "lisa", now)
	n, err := a.Open(opening("99991234566"))
	if err != nil || len(n) != 1 || !n[0].Human || a.Snapshot().Facts.Level != diligence.Enhanced {
		t.Error(n, err)
	}
}

func TestRiskIsApprovedByMeasuresAlone(t *testing.T) {
	a := queued(t, risky)
	if err := a.Approve(word(CodeNotListed)); fault.RuleOf(err) != "account.listed" {
		t.Error(err)
	}
	if err := a.Approve(word(CodeMeasuresDone)); err != nil {
		t.Error(err)
	}
	if err := a.Approve(word(CodeMeasuresDone)); fault.RuleOf(err) != "account.not-queued" {
		t.Error("nothing waits:", err)
	}
}

func TestDeclinedCustomerGetsNoAccount(t *testing.T) {
	a := queued(t, risky)
	if _, err := a.Decline(word("NO")); fault.RuleOf(err) != "account.word" {
		t.Error(err)
	}
	n, err := a.Decline(word("RISK"))
	if err != nil || names(n) != "onboarding.stopped OFFICER" || a.State() != Declined {
		t.Error(n, err)
	}
	a.Assess(clear, "lisa", now)
	if _, err := a.Open(opening("99991234566")); err == nil || a.State() != Declined {
		t.Error("opened", a.State())
	}
	if n := a.Stand(Revoked, "PERMIT_REVOKED", now); n != nil {
		t.Error("what was declined stopped again:", n)
	}
	if _, err := ready(t).Decline(word("RISK")); fault.RuleOf(err) != "account.not-queued" {
		t.Error(err)
	}
}

func TestHaltedCaseStopsAndGoesOn(t *testing.T) {
	a := ready(t)
	a.Assess(clear, "lisa", now)
	if n := names(a.Stand(Halted, "EMPLOYER_SUSPENDED", now)); n != "onboarding.stopped EMPLOYER_SUSPENDED" || a.State() != Stopped {
		t.Error(n, a.State())
	}
	if n := a.Stand(Halted, "EMPLOYER_SUSPENDED", now); n != nil {
		t.Error("told twice:", n)
	}
	if _, err := a.Open(opening("99991234566")); err == nil {
		t.Error("opened while halted")
	}
	if n := a.Stand(Active, "", now); n != nil || a.State() != Ready {
		t.Error(n, a.State())
	}
	if _, err := a.Open(opening("99991234566")); err != nil {
		t.Error(err)
	}
	if n := a.Stand(Halted, "OFFER_WITHDRAWN", now); n != nil || a.State() != Opened {
		t.Error("an open account was touched:", n, a.State())
	}
}

func TestRevokedPermitStopsForGoodOrFreezes(t *testing.T) {
	a := ready(t)
	if n := names(a.Stand(Revoked, "PERMIT_REVOKED", now)); n != "onboarding.stopped PERMIT_REVOKED" || a.State() != Stopped {
		t.Error(n, a.State())
	}
	a = opened(t)
	if n := names(a.Stand(Revoked, "PERMIT_REVOKED", now)); n != "bankaccount.frozen PERMIT_REVOKED" || a.State() != Frozen {
		t.Error(n, a.State())
	}
	if n := a.Stand(Revoked, "PERMIT_REVOKED", now); n != nil {
		t.Error("told twice:", n)
	}
	if _, err := a.Release(Word{By: "clerk-1"}); fault.RuleOf(err) != "account.word" {
		t.Error("without a reason:", err)
	}
	if n, err := a.Release(word("")); err != nil || names(n) != "bankaccount.released" || a.State() != Opened {
		t.Error(n, err)
	}
	if n := a.Stand(Revoked, "PERMIT_REVOKED", now); n != nil || a.State() != Opened {
		t.Error("frozen again for the same:", n)
	}
	if n := a.Stand(Revoked, "OFFICER", now); n != nil || a.State() != Opened {
		t.Error("frozen again by another word for it:", n)
	}
	if _, err := a.Release(word("")); fault.RuleOf(err) != "account.not-frozen" {
		t.Error(err)
	}
	if n, err := a.Close(word("")); err != nil || names(n) != "bankaccount.closed OFFICER" || a.State() != Closed {
		t.Error(n, err)
	}
	if _, err := a.Close(word("")); fault.RuleOf(err) != "account.not-open" {
		t.Error(err)
	}
	if _, err := a.Claims(bank, bank.Rules[0].Confirmation, ""); fault.RuleOf(err) != "account.not-open" {
		t.Error(err)
	}
}

func TestHolderWhoTurnsOutToBeSomebodyElseIsFrozen(t *testing.T) {
	a := opened(t)
	if !a.Rename("Liza Jonsson") || a.Rename("Liza Jonsson") || a.Rename(" ") {
		t.Error("rename")
	}
	if n := a.Assess(clear, "liza", now); n != nil || a.State() != Opened {
		t.Error(n, a.State())
	}
	if n := names(a.Assess(listed, "lisa j", now)); n != "duediligence.queued,bankaccount.frozen IDENTITY_CORRECTED" || a.State() != Frozen {
		t.Error(n, a.State())
	}
	if _, err := a.Release(word("")); err != nil || a.State() != Opened {
		t.Error(err)
	}
	if n := a.Assess(listed, "lisa j", now); n != nil || a.State() != Opened {
		t.Error("the clerk's word covers it:", n)
	}
}

func TestPersonOfTwoCasesSharesOneAccount(t *testing.T) {
	first := opened(t)
	a, _ := New("case_2")
	_ = a.At(bank.DID)
	a.Grant()
	a.Identify()
	a.Learn(identifier.BirthNumber)
	if _, err := a.Share(first, "Lisa Johnson"); fault.RuleOf(err) != "account.not-assessed" {
		t.Error(err)
	}
	a.Assess(clear, "lisa", now)
	closed := opened(t)
	_, _ = closed.Close(word(""))
	if _, err := a.Share(closed, "Lisa Johnson"); fault.RuleOf(err) != "account.not-open" {
		t.Error(err)
	}
	elsewhere := opened(t)
	elsewhere.bank = "did:web:other.example"
	if _, err := a.Share(elsewhere, "Lisa Johnson"); fault.RuleOf(err) != "account.another-bank" {
		t.Error(err)
	}
	if n, err := a.Share(first, "Lisa Johnson"); err != nil || names(n) != "bankaccount.opened" || a.BBAN() != first.BBAN() || a.Root() != "case_1" {
		t.Error(n, err, a.Root())
	}
	if n := names(a.Duplicate()); n != "duediligence.queued" || a.State() != Opened {
		t.Error(n, a.State())
	}
	if n := a.Duplicate(); n != nil {
		t.Error("told twice", n)
	}
}

func TestEmployerIsToldTheAccountByConsentAlone(t *testing.T) {
	a := opened(t)
	if err := a.Payroll(consent, "310000019"); err != nil {
		t.Error(err)
	}
	if err := a.Payroll(Consent{Employer: "310000019"}, "310000019"); fault.RuleOf(err) != "payroll.no-consent" || fault.KindOf(err) != fault.Denied {
		t.Error(err)
	}
	for _, c := range []struct {
		Consent
		asks string
	}{{consent, "310000051"}, {Consent{PayrollAccount: true}, ""}} {
		if err := a.Payroll(c.Consent, c.asks); fault.RuleOf(err) != "payroll.another-employer" {
			t.Error(err)
		}
	}
	if err := ready(t).Payroll(consent, "310000019"); fault.RuleOf(err) != "payroll.not-open" {
		t.Error(err)
	}
	a.Stand(Halted, "OFFER_WITHDRAWN", now)
	if err := a.Payroll(consent, "310000019"); fault.RuleOf(err) != "payroll.halted" {
		t.Error(err)
	}
	a.Stand(Revoked, "PERMIT_REVOKED", now)
	if err := a.Payroll(consent, "310000019"); fault.RuleOf(err) != "payroll.frozen" {
		t.Error(err)
	}
	_, _ = a.Release(word(""))
	if err := a.Payroll(consent, "310000019"); err != nil {
		t.Error("released and not told:", err)
	}

	b := opened(t)
	if n := b.ShareWithEmployer(Consent{Employer: "310000019"}); n != nil {
		t.Error("without consent:", n)
	}
	if n := ready(t).ShareWithEmployer(consent); n != nil {
		t.Error("before it is open:", n)
	}
	if n := names(b.ShareWithEmployer(consent)); n != "payrollaccount.shared" || b.ShareWithEmployer(consent) != nil {
		t.Error(n)
	}
}

func TestClaimsFitTheSchema(t *testing.T) {
	for order, want := range map[bankid.State]any{
		"": nil, bankid.NotOffered: "NOT_OFFERED", bankid.NeedsFNR: "PENDING_FNR", bankid.Ordered: "ORDERED",
		bankid.IdentityConfirmed: "ORDERED", bankid.Issued: "ISSUED", bankid.Revoked: "REVOKED",
	} {
		claims, err := opened(t).Claims(bank, bank.Rules[0].Confirmation, order)
		if err != nil {
			t.Fatal(err)
		}
		if err := credtype.Validate(credtype.BankAccountConfirmation, claims); err != nil {
			t.Error(err)
		}
		if claims["bankid_status"] != want || claims["iban"] != "NO7999991234566" || claims["bban"] != "99991234566" || claims["account_holder_name"] != "Lisa Johnson" || claims["kyc_level"] != "STANDARD" {
			t.Errorf("%s: %v", order, claims)
		}
	}
	claims, err := opened(t).Claims(bank, tenant.Confirmation{Days: 30}, bankid.Issued)
	if err != nil || claims["bban"] != nil || claims["bankid_status"] != nil {
		t.Error("the bank's rules do not say so:", claims, err)
	}
	if err := credtype.Validate(credtype.BankAccountConfirmation, claims); err != nil {
		t.Error(err)
	}
	wrong := bank
	wrong.BIC = "X"
	if _, err := opened(t).Claims(wrong, tenant.Confirmation{}, ""); fault.RuleOf(err) != "identifier.bic-format" {
		t.Error(err)
	}
	a := opened(t)
	if !a.Confirm("x") || a.Confirm("x") || !a.Confirm("y") {
		t.Error("a confirmation is new when its claims are")
	}
}

func TestStoredAccountThatCannotBeIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Snapshot){
		"no case":              func(s *Snapshot) { s.CaseRef = "" },
		"unknown state":        func(s *Snapshot) { s.State = "LOST" },
		"another state":        func(s *Snapshot) { s.State = Frozen },
		"unknown standing":     func(s *Snapshot) { s.Standing, s.State = "MAYBE", Opened },
		"open without a grant": func(s *Snapshot) { s.Granted = false },
		"open, no identifier":  func(s *Snapshot) { s.Identified = false },
		"open without holder":  func(s *Snapshot) { s.Holder = "" },
		"open without a kind":  func(s *Snapshot) { s.Kind = "" },
		"open at no time":      func(s *Snapshot) { s.OpenedAt = time.Time{} },
		"shared without number": func(s *Snapshot) {
			s.BBAN, s.State, s.SameAs = "", Ready, "case_9"
		},
	} {
		s := opened(t).Snapshot()
		spoil(&s)
		if _, err := Restore(s); fault.RuleOf(err) != "account.stored" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(""); fault.RuleOf(err) != "account.case" {
		t.Error(err)
	}
	if err := started(t).At("did:web:other.example"); fault.RuleOf(err) != "account.another-bank" {
		t.Error(err)
	}
}
