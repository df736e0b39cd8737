package account

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Stand records where the case stands. What is not opened stops, goes on when
// the case is resumed, and stops for good when the permit is revoked; an account
// that is open is not closed by that, but frozen until a clerk has looked. Told
// the same again it changes nothing.
func (a *Account) Stand(standing Standing, cause string, at time.Time) (notices []Notice) {
	if standing == Active {
		cause = ""
	}
	if a.standing == standing && a.cause == cause {
		return nil
	}
	changed := a.standing != standing
	a.standing, a.cause = standing, cause
	switch {
	case standing == Active:
	case a.bban == "" && (a.decision == nil || a.decision.Outcome != DeclinedByOne):
		return []Notice{{Name: "onboarding.stopped", Cause: cause}}
	case standing == Revoked && changed && a.State() == Opened:
		return a.freeze(cause, at)
	}
	return nil
}

func (a *Account) freeze(cause string, at time.Time) []Notice {
	a.frozen, a.review = &Freeze{Cause: cause, At: at.UTC()}, nil
	return []Notice{{Name: "bankaccount.frozen", Cause: cause}}
}

// Release is the clerk's word that a frozen account takes pay again. What the
// due diligence had found is covered by it.
//
// Rules: account.word (Invalid), account.not-frozen (Conflict).
func (a *Account) Release(w Word) ([]Notice, error) {
	if err := w.check(nil); err != nil {
		return nil, err
	}
	if a.State() != Frozen {
		return nil, fault.New(fault.Conflict, "account.not-frozen", "the account is not frozen")
	}
	a.frozen, a.review = nil, w.decision(Released)
	if a.assessment != nil && !a.cleared() {
		a.decision = w.decision(Approved)
		a.decision.Covers = a.assessment.Findings
	}
	return []Notice{{Name: "bankaccount.released", Human: true}}, nil
}

// Close is the clerk's word that the account is closed, for good.
//
// Rules: account.word (Invalid), account.not-open (Conflict).
func (a *Account) Close(w Word) ([]Notice, error) {
	if err := w.check(nil); err != nil {
		return nil, err
	}
	if s := a.State(); s != Opened && s != Frozen {
		return nil, fault.New(fault.Conflict, "account.not-open", "the account is not open")
	}
	a.review = w.decision(ClosedByOne)
	return []Notice{{Name: "bankaccount.closed", Cause: CauseOfficer, Human: true}}, nil
}

// Consent is what the worker agreed to, and with whom.
type Consent struct {
	// PayrollAccount: the bank may tell the employer the account.
	PayrollAccount bool
	// Employer is the organisation number of the employment.
	Employer string
}

// ShareWithEmployer records that the account may be told to the employer, when
// the worker agreed to that. It is told once.
func (a *Account) ShareWithEmployer(c Consent) []Notice {
	if !c.PayrollAccount || a.shared || a.State() != Opened || a.standing != Active {
		return nil
	}
	a.shared = true
	return []Notice{{Name: "payrollaccount.shared"}}
}

// Payroll says whether an employer may be told the account now.
//
// Rules: payroll.no-consent, payroll.another-employer (Denied), payroll.not-open,
// payroll.frozen, payroll.halted (Conflict).
func (a *Account) Payroll(c Consent, employer string) error {
	switch {
	case !c.PayrollAccount:
		return fault.New(fault.Denied, "payroll.no-consent", "the worker has not agreed that the employer is told the account")
	case c.Employer == "" || employer != c.Employer:
		return fault.New(fault.Denied, "payroll.another-employer", "this is not the employer of the case")
	case a.State() == Frozen:
		return fault.New(fault.Conflict, "payroll.frozen", "the account is frozen for pay until the bank has looked")
	case a.State() != Opened:
		return fault.New(fault.Conflict, "payroll.not-open", "there is no open account")
	case a.standing == Halted:
		return fault.New(fault.Conflict, "payroll.halted", "the case is halted")
	}
	return nil
}
