// Package account is a worker's salary account at a bank: what must be known
// before it opens, whom a clerk looks at first, what stops it, freezes it and
// closes it, and its confirmation.
//
// It is pure: it never stores, sends or allocates; which account numbers are free
// and who has one already is the store's to know. Events may reach an account in
// any order; where it stands follows from what is known of it, and a repetition
// has no second effect.
package account

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/diligence"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// State is where an account stands.
type State string

const (
	// Waiting: the grant or the identifier is still to come.
	Waiting State = "WAITING"
	// WaitingForFNR: the bank takes no D-number, and the worker has one.
	WaitingForFNR State = "WAITING_FOR_FNR"
	// Ready: the bank may do its due diligence and open.
	Ready State = "READY"
	// Queued: a clerk must look at what the due diligence found.
	Queued State = "QUEUED"
	// Declined: a clerk looked, and the bank does not take the customer.
	Declined State = "DECLINED"
	// Stopped: the permit or the offer fell away before it was opened.
	Stopped State = "STOPPED"
	// Opened: the worker has an account.
	Opened State = "OPENED"
	// Frozen: open, but closed to pay until a clerk has looked.
	Frozen State = "FROZEN"
	// Closed: it was closed.
	Closed State = "CLOSED"
)

// Standing is where the case stands that the account is for.
type Standing string

// The standings. Halted is the machine's and may be resumed; Revoked is an
// officer's.
const (
	Active  Standing = "ACTIVE"
	Halted  Standing = "HALTED"
	Revoked Standing = "REVOKED"
)

// Causes of the bank's own; the others come with the case.
const (
	CauseOfficer   = "OFFICER"
	CauseCorrected = "IDENTITY_CORRECTED"
	CauseListed    = "SANCTIONS_LIST"
)

// Notice is something that others must be told.
type Notice struct {
	// Name is the event's, such as "bankaccount.opened".
	Name string
	// Cause is why; empty when the name says it.
	Cause string
	// Human says that a clerk's time went into it.
	Human bool
}

// Decision is a clerk's word.
type Decision struct {
	Outcome Outcome   `json:"outcome"`
	Code    string    `json:"code"`
	Reason  string    `json:"reason"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	// Covers are the findings that the clerk had before them.
	Covers []diligence.Finding `json:"covers,omitempty"`
}

// Outcome is what a clerk said.
type Outcome string

// The outcomes: of due diligence the first two, of a frozen account the others.
const (
	Approved      Outcome = "APPROVED"
	DeclinedByOne Outcome = "DECLINED"
	Released      Outcome = "RELEASED"
	ClosedByOne   Outcome = "CLOSED"
)

// Freeze is why an open account takes no pay.
type Freeze struct {
	Cause string    `json:"cause"`
	At    time.Time `json:"at"`
}

// Account is one case's.
type Account struct {
	caseRef string
	bank    string // the bank's DID; empty before the view is known

	granted    bool
	identified bool
	standing   Standing
	cause      string

	kind     identifier.PersonNumberKind // empty before the number is known
	rekey    bool                        // the number was replaced and is to be asked for again
	needsFNR bool                        // by the bank's rules when it was last looked at

	assessment *diligence.Assessment
	subject    string    // names whom and what the assessment was about
	decision   *Decision // on the due diligence

	bban     string
	holder   string
	openedAt time.Time
	level    diligence.Level
	sameAs   string // the case that opened the account which this one shares

	frozen *Freeze
	review *Decision // on the frozen or open account

	shared    bool   // the employer may ask for it
	confirmed string // names the claims of the last confirmation
}

// New starts a case's account, whichever event is first.
func New(caseRef string) (*Account, error) {
	if caseRef == "" {
		return nil, fault.New(fault.Internal, "account.case", "an account needs a case")
	}
	return &Account{caseRef: caseRef, standing: Active}, nil
}

// State is where it stands: the one place that says so.
func (a *Account) State() State {
	switch {
	case a.bban != "" && a.review != nil && a.review.Outcome == ClosedByOne:
		return Closed
	case a.bban != "" && a.frozen != nil:
		return Frozen
	case a.bban != "":
		return Opened
	case a.decision != nil && a.decision.Outcome == DeclinedByOne:
		return Declined
	case a.standing != Active:
		return Stopped
	case !a.granted || !a.identified:
		return Waiting
	case a.needsFNR && a.kind == identifier.DNumber:
		return WaitingForFNR
	case a.assessment != nil && !a.cleared():
		return Queued
	}
	return Ready
}

// cleared says that nobody has to look at the last assessment any more.
func (a *Account) cleared() bool {
	if a.assessment.ByMachine() {
		return true
	}
	return a.decision != nil && a.decision.Outcome == Approved && a.assessment.Within(diligence.Assessment{Findings: a.decision.Covers})
}

// At makes it an account of a bank. A case has one.
//
// Rule: account.another-bank (Conflict).
func (a *Account) At(bank string) error {
	if a.bank != "" && a.bank != bank {
		return fault.New(fault.Conflict, "account.another-bank", "this case is another bank's")
	}
	a.bank = bank
	return nil
}

// Grant records that the permit is granted.
func (a *Account) Grant() (changed bool) {
	changed = !a.granted
	a.granted = true
	return changed
}

// Identify records that the worker has an identifier. The tax administration
// says which when it is asked.
func (a *Account) Identify() (changed bool) {
	changed = !a.identified
	a.identified = true
	return changed
}

// Replace records that the worker's identifier is another now: it is to be
// asked for again.
func (a *Account) Replace() {
	a.identified, a.rekey = true, true
}

// AsksNumber says whether the bank needs the worker's number now: to open, or
// because it was replaced.
func (a *Account) AsksNumber() bool {
	switch a.State() {
	case Ready:
		return true
	case WaitingForFNR, Queued, Opened, Frozen:
		return a.rekey
	}
	return false
}

// Require records whether the bank's rules of the day need a fødselsnummer.
func (a *Account) Require(fnr bool) { a.needsFNR = fnr }

// Learn records which kind of number the worker has, as asked for just now.
func (a *Account) Learn(kind identifier.PersonNumberKind) { a.kind, a.rekey = kind, false }

// CaseRef is the case that it belongs to.
func (a *Account) CaseRef() string { return a.caseRef }

// Bank is the DID of the bank; empty before it is known.
func (a *Account) Bank() string { return a.bank }

// BBAN is the account number; empty before.
func (a *Account) BBAN() string { return a.bban }

// Kind is which number the worker has; empty before.
func (a *Account) Kind() identifier.PersonNumberKind { return a.kind }

// Root is the case that opened the account: another one when a person has
// several cases at one bank.
func (a *Account) Root() string {
	if a.sameAs != "" {
		return a.sameAs
	}
	return a.caseRef
}
