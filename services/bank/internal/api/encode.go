package api

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	bankv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/account"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/bankid"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/diligence"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/tenant"
	"github.com/kompetansespor/kompetansespor/services/internal/accesslog"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
)

var states = map[desk.Standing]bankv1.AccountState{
	desk.Waiting:       bankv1.AccountState_ACCOUNT_STATE_WAITING_FOR_IDENTIFIER,
	desk.WaitingForFNR: bankv1.AccountState_ACCOUNT_STATE_WAITING_FOR_FNR,
	desk.Queued:        bankv1.AccountState_ACCOUNT_STATE_QUEUED,
	desk.Declined:      bankv1.AccountState_ACCOUNT_STATE_DECLINED,
	desk.Stopped:       bankv1.AccountState_ACCOUNT_STATE_STOPPED,
	desk.Opened:        bankv1.AccountState_ACCOUNT_STATE_OPEN,
	desk.Frozen:        bankv1.AccountState_ACCOUNT_STATE_FROZEN,
	desk.Closed:        bankv1.AccountState_ACCOUNT_STATE_CLOSED,
	desk.NotGranted:    bankv1.AccountState_ACCOUNT_STATE_NOT_GRANTED,
	desk.Failed:        bankv1.AccountState_ACCOUNT_STATE_FAILED,
}

// fromState is the standing that a filter means, "" for every one; false for
// one that no case has.
func fromState(filter bankv1.AccountState) (desk.Standing, bool) {
	for standing, state := range states {
		if state == filter {
			return standing, true
		}
	}
	return "", filter == bankv1.AccountState_ACCOUNT_STATE_UNSPECIFIED
}

var (
	levels = map[diligence.Level]bankv1.KycLevel{
		diligence.Standard: bankv1.KycLevel_KYC_LEVEL_STANDARD, diligence.Enhanced: bankv1.KycLevel_KYC_LEVEL_ENHANCED,
	}
	orders = map[bankid.State]bankv1.BankIdState{
		bankid.NotOffered: bankv1.BankIdState_BANK_ID_STATE_NOT_OFFERED, bankid.NeedsFNR: bankv1.BankIdState_BANK_ID_STATE_NEEDS_FNR,
		bankid.Ordered: bankv1.BankIdState_BANK_ID_STATE_ORDERED, bankid.IdentityConfirmed: bankv1.BankIdState_BANK_ID_STATE_IDENTITY_CONFIRMED,
		bankid.Issued: bankv1.BankIdState_BANK_ID_STATE_ISSUED, bankid.Revoked: bankv1.BankIdState_BANK_ID_STATE_REVOKED,
	}
	approveCodes = map[bankv1.ApproveCode]string{
		bankv1.ApproveCode_APPROVE_CODE_ENHANCED_MEASURES_DONE: account.CodeMeasuresDone,
		bankv1.ApproveCode_APPROVE_CODE_NOT_THE_LISTED_PERSON:  account.CodeNotListed,
	}
	declineCodes = map[bankv1.DeclineCode]string{
		bankv1.DeclineCode_DECLINE_CODE_INCOMPLETE: account.CodeIncomplete,
		bankv1.DeclineCode_DECLINE_CODE_RISK:       account.CodeRisk,
		bankv1.DeclineCode_DECLINE_CODE_LISTED:     account.CodeListed,
	}
)

// encode is a line of a list: no account number, nothing that was found.
func encode(clerk tenant.Clerk, line desk.Line) *bankv1.Account {
	out := &bankv1.Account{
		CaseRef: line.CaseRef, State: states[line.Standing], Bic: clerk.Bank.BIC, BankOrganisationNumber: clerk.Bank.OrganisationNumber,
	}
	if line.Standing == desk.Failed || line.Standing == desk.Waiting {
		out.Rule = line.Rule
	}
	if line.Account == nil {
		return out
	}
	s := line.Account.Snapshot()
	if s.BBAN != "" {
		out.OpenedAt, out.KycLevel, out.SharesAccountOf = timestamppb.New(s.OpenedAt), levels[s.Facts.Level], s.SameAs
	}
	switch {
	case line.Standing == desk.Stopped:
		out.StopCause, out.Resumable = s.Cause, s.Standing == account.Halted
	case line.Standing == desk.Frozen:
		out.FreezeCause = s.Facts.Frozen.Cause
	}
	return out
}

// encodeWhole is all that a clerk may see of one account.
func (s *Accounts) encodeWhole(clerk tenant.Clerk, line desk.Line) (*bankv1.Account, error) {
	out := encode(clerk, line)
	if line.Account == nil {
		return out, nil
	}
	snap := line.Account.Snapshot()
	if snap.BBAN != "" {
		var err error
		if out.Iban, err = identifier.IBAN(snap.BBAN); err != nil {
			return nil, err
		}
	}
	if a := snap.Facts.Assessment; a != nil {
		out.DueDiligence = &bankv1.DueDiligence{
			RulesVersion: a.Rules, ListVersion: a.ListVersion, ListSha256: a.ListHash, At: wire.Instant(a.At),
		}
		for _, f := range a.Findings {
			law, text := s.Desk.Diligence.Explain(f.Rule)
			out.DueDiligence.Findings = append(out.DueDiligence.Findings, &bankv1.Finding{
				Rule: f.Rule, ListEntry: f.Entry, Law: law, TextNb: text.NB, TextNn: text.NN, TextEn: text.EN,
			})
		}
	}
	out.CustomerDecision, out.AccountDecision = decision(snap.Facts.Decision), decision(snap.Facts.Review)
	if line.Order != nil {
		out.BankIdState = orders[line.Order.State()]
	}
	return out, nil
}

func decision(d *account.Decision) *bankv1.ClerkDecision {
	if d == nil {
		return nil
	}
	return &bankv1.ClerkDecision{Outcome: string(d.Outcome), Code: d.Code, Reason: d.Reason, By: d.By, At: wire.Instant(d.At)}
}

func encodeAnswers(rows []accesslog.Row) []*bankv1.PayrollAnswer {
	var all []*bankv1.PayrollAnswer
	for _, r := range rows {
		all = append(all, &bankv1.PayrollAnswer{At: wire.Instant(r.At), EmployerOrganisationNumber: r.Agency, Caller: r.Caller})
	}
	return all
}
