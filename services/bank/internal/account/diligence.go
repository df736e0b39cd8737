package account

import (
	"slices"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/diligence"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Assess records what the due diligence found. subject names whom and what it
// was about: the same findings of the same person are told once. An account that
// is open already, whose holder turns out to be somebody else, or to stand on a
// new list, is frozen.
func (a *Account) Assess(found diligence.Assessment, subject string, at time.Time) []Notice {
	news := a.assessment == nil || a.subject != subject || !found.Within(*a.assessment)
	before, cause := a.State(), CauseListed
	if a.subject != subject {
		cause = CauseCorrected
	}
	a.assessment, a.subject = &found, subject
	if a.decision != nil && a.decision.Outcome == Approved && !a.cleared() {
		a.decision = nil // the clerk has not seen this
	}
	if a.cleared() || !news {
		return nil
	}
	notices := []Notice{{Name: "duediligence.queued"}}
	if before == Opened {
		notices = append(notices, a.freeze(cause, at)...)
	}
	return notices
}

// Assessed says whether the due diligence that is known was about this subject.
func (a *Account) Assessed(subject string) bool { return a.assessment != nil && a.subject == subject }

// Screened is the hash of the list that the customer was last compared with;
// empty before.
func (a *Account) Screened() string {
	if a.assessment == nil {
		return ""
	}
	return a.assessment.ListHash
}

// Codes say why a clerk takes a customer, or does not.
var (
	// ApproveCodes: enhanced measures were carried out (hvitvaskingsloven § 17),
	// or whoever is on the list is somebody else.
	ApproveCodes = []string{CodeMeasuresDone, CodeNotListed}
	// DeclineCodes: due diligence could not be completed (§ 21), the risk is too
	// high (§ 7), whoever is on the list it is.
	DeclineCodes = []string{CodeIncomplete, CodeRisk, CodeListed}
)

// The codes.
const (
	CodeMeasuresDone = "ENHANCED_MEASURES_DONE"
	CodeNotListed    = "NOT_THE_LISTED_PERSON"
	CodeIncomplete   = "INCOMPLETE"
	CodeRisk         = "RISK"
	CodeListed       = "LISTED"
)

// Word is what a clerk says and why.
type Word struct {
	Code   string
	Reason string
	By     string
	At     time.Time
}

const maxReason = 1000

func (w Word) check(codes []string) error {
	var wrong []fault.Violation
	if codes != nil && !slices.Contains(codes, w.Code) {
		wrong = append(wrong, fault.Violation{Field: "code", Rule: "account.code", Message: "must be one of " + strings.Join(codes, ", ")})
	}
	if r := strings.TrimSpace(w.Reason); r == "" || len(r) > maxReason {
		wrong = append(wrong, fault.Violation{Field: "reason", Rule: "account.reason", Message: "say why, in at most 1000 bytes"})
	}
	if w.By == "" {
		wrong = append(wrong, fault.Violation{Field: "by", Rule: "account.by", Message: "nobody said it"})
	}
	return fault.Violated("account.word", "the decision cannot be used as it is", wrong)
}

func (w Word) decision(outcome Outcome) *Decision {
	return &Decision{Outcome: outcome, Code: w.Code, Reason: strings.TrimSpace(w.Reason), By: w.By, At: w.At.UTC()}
}

// Approve is the clerk's word that the bank takes the customer. It covers the
// findings that the clerk had before them and no others. Who is on a sanctions
// list is taken only as somebody else.
//
// Rules: account.word (Invalid), account.not-queued (Conflict),
// account.listed (Conflict).
func (a *Account) Approve(w Word) error {
	if err := w.check(ApproveCodes); err != nil {
		return err
	}
	if a.State() != Queued {
		return notQueued()
	}
	if a.assessment.Listed() != (w.Code == CodeNotListed) {
		return fault.New(fault.Conflict, "account.listed", "%s is for a customer who is like somebody on a sanctions list, and nothing else is", CodeNotListed)
	}
	a.decision = w.decision(Approved)
	a.decision.Covers = slices.Clone(a.assessment.Findings)
	return nil
}

// Decline is the clerk's word that the bank does not take the customer.
//
// Rules: account.word (Invalid), account.not-queued (Conflict).
func (a *Account) Decline(w Word) ([]Notice, error) {
	if err := w.check(DeclineCodes); err != nil {
		return nil, err
	}
	if a.State() != Queued {
		return nil, notQueued()
	}
	a.decision = w.decision(DeclinedByOne)
	return []Notice{{Name: "onboarding.stopped", Cause: CauseOfficer, Human: true}}, nil
}

func notQueued() error {
	return fault.New(fault.Conflict, "account.not-queued", "nothing waits for a clerk's decision here")
}
