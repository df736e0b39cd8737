// Package api is the verifier's gRPC contracts: decode, call the desk, encode.
package api

import (
	"context"
	"unicode/utf8"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
)

// RoleOfficer is what a token must be to see and decide cases; its subject is
// the officer.
const RoleOfficer rpc.Role = "officer"

// Policy says who may call what.
func Policy() rpc.Policy {
	officer := []rpc.Role{RoleOfficer}
	roles := map[string][]rpc.Role{}
	for _, method := range []string{
		verifierv1.CaseService_DecideCase_FullMethodName,
		verifierv1.CaseService_GetCase_FullMethodName,
		verifierv1.CaseService_ReadCaseFile_FullMethodName,
		verifierv1.CaseService_PreviewNotice_FullMethodName,
		verifierv1.CaseService_ListCases_FullMethodName,
		verifierv1.CaseService_AppealCase_FullMethodName,
		verifierv1.CaseService_DecideAppeal_FullMethodName,
		verifierv1.CaseService_ForwardToUne_FullMethodName,
		verifierv1.CaseService_RecordUneDecision_FullMethodName,
		verifierv1.CaseService_RevokePermit_FullMethodName,
		verifierv1.CaseService_ResumeCase_FullMethodName,
		verifierv1.CaseService_WithdrawApplication_FullMethodName,
		verifierv1.CaseService_LinkFamily_FullMethodName,
		verifierv1.CaseService_DecideFamily_FullMethodName,
		verifierv1.CaseService_ReplayCase_FullMethodName,
	} {
		roles[method] = officer
	}
	return rpc.Policy{Roles: roles}
}

// Cases serves CaseService.
type Cases struct {
	verifierv1.UnimplementedCaseServiceServer
	Desk *desk.Desk
}

// maxNote is the length of an officer's longest note, in characters.
const maxNote = 2000

// DecideCase is an officer's decision.
func (s *Cases) DecideCase(ctx context.Context, req *verifierv1.DecideCaseRequest) (*verifierv1.DecideCaseResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	if err := checkNote("note", req.GetNote()); err != nil {
		return nil, err
	}
	record, err := s.Desk.Decide(ctx, desk.Deciding{
		CaseRef: req.GetCaseRef(), Officer: who.Subject, TokenHash: who.TokenHash,
		Outcome: decided[req.GetOutcome()], Reason: req.GetReasonCode(), Note: req.GetNote(),
	})
	if err != nil {
		return nil, err
	}
	out, err := s.whole(ctx, record)
	return &verifierv1.DecideCaseResponse{Case: out}, err
}

func checkNote(field, note string) error {
	if utf8.RuneCountInString(note) <= maxNote {
		return nil
	}
	return fault.Violated("request.invalid", "the request cannot be used as it is", []fault.Violation{
		{Field: field, Rule: "request.note", Message: "write at most 2,000 characters"}})
}

// GetCase gives one case with its rules and timeline.
func (s *Cases) GetCase(ctx context.Context, req *verifierv1.GetCaseRequest) (*verifierv1.GetCaseResponse, error) {
	record, err := s.Desk.Get(ctx, req.GetCaseRef())
	if err != nil {
		return nil, err
	}
	out, err := s.whole(ctx, record)
	return &verifierv1.GetCaseResponse{Case: out}, err
}

// ListCases gives a page of cases, oldest first.
func (s *Cases) ListCases(ctx context.Context, req *verifierv1.ListCasesRequest) (*verifierv1.ListCasesResponse, error) {
	page, err := wire.ReadPage(req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	after := page.Cursor
	if after == wire.First {
		after = 0
	}
	records, err := s.Desk.List(ctx, desk.Listing{
		After: after, Limit: page.Limit + 1, State: listed[req.GetState()], OfferID: req.GetOfferId(),
		Number: req.GetNumber(), Newest: req.GetNewestFirst(),
	})
	if err != nil {
		return nil, err
	}
	out := &verifierv1.ListCasesResponse{}
	if len(records) > page.Limit {
		records = records[:page.Limit]
		out.NextPageToken = wire.Token(records[page.Limit-1].Position)
	}
	for _, r := range records {
		out.Cases = append(out.Cases, s.encode(r))
	}
	return out, nil
}

var decided = map[verifierv1.CaseOutcome]casefile.State{
	verifierv1.CaseOutcome_CASE_OUTCOME_GRANTED: casefile.Granted,
	verifierv1.CaseOutcome_CASE_OUTCOME_REFUSED: casefile.Refused,
}

// states are what a filter asks for, in the words of desk.Listing.
var listed = map[verifierv1.CaseState]string{
	verifierv1.CaseState_CASE_STATE_OPEN:               "OPEN",
	verifierv1.CaseState_CASE_STATE_DECIDED:            string(casefile.Granted),
	verifierv1.CaseState_CASE_STATE_COMPLETED:          string(casefile.Completed),
	verifierv1.CaseState_CASE_STATE_REFUSED:            string(casefile.Refused),
	verifierv1.CaseState_CASE_STATE_WITHDRAWN:          string(casefile.Withdrawn),
	verifierv1.CaseState_CASE_STATE_FEE_DUE:            string(casefile.FeeDue),
	verifierv1.CaseState_CASE_STATE_AWAITING_NEW_OFFER: string(casefile.AwaitingNewOffer),
	verifierv1.CaseState_CASE_STATE_HALTED:             string(casefile.Halted),
	verifierv1.CaseState_CASE_STATE_REVOKED:            string(casefile.Revoked),
	verifierv1.CaseState_CASE_STATE_APPEAL_RECEIVED:    string(casefile.AppealReceived),
	verifierv1.CaseState_CASE_STATE_FORWARDED_TO_UNE:   string(casefile.ForwardedToUNE),
	verifierv1.CaseState_CASE_STATE_UNE_UPHELD:         string(casefile.UNEUpheld),
}
