// Package api is the verifier's gRPC contracts: decode, call the desk, encode.
package api

import (
	"context"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/common/v1"
	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// RoleOfficer is what a token must be to see and decide cases; its subject is
// the officer.
const RoleOfficer rpc.Role = "officer"

// Policy says who may call what.
func Policy() rpc.Policy {
	officer := []rpc.Role{RoleOfficer}
	return rpc.Policy{Roles: map[string][]rpc.Role{
		verifierv1.CaseService_DecideCase_FullMethodName: officer,
		verifierv1.CaseService_GetCase_FullMethodName:    officer,
		verifierv1.CaseService_ListCases_FullMethodName:  officer,
	}}
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
	if utf8.RuneCountInString(req.GetNote()) > maxNote {
		return nil, fault.Violated("request.invalid", "the request cannot be used as it is", []fault.Violation{
			{Field: "note", Rule: "request.note", Message: "write at most 2,000 characters"}})
	}
	record, err := s.Desk.Decide(ctx, desk.Deciding{
		CaseRef: req.GetCaseRef(), Officer: who.Subject, TokenHash: who.TokenHash,
		Outcome: decided[req.GetOutcome()], Reason: req.GetReasonCode(), Note: req.GetNote(),
	})
	if err != nil {
		return nil, err
	}
	return &verifierv1.DecideCaseResponse{Case: s.encode(record, true)}, nil
}

// GetCase gives one case with its rules and timeline.
func (s *Cases) GetCase(ctx context.Context, req *verifierv1.GetCaseRequest) (*verifierv1.GetCaseResponse, error) {
	record, err := s.Desk.Get(ctx, req.GetCaseRef())
	if err != nil {
		return nil, err
	}
	return &verifierv1.GetCaseResponse{Case: s.encode(record, true)}, nil
}

// ListCases gives a page of cases, oldest first.
func (s *Cases) ListCases(ctx context.Context, req *verifierv1.ListCasesRequest) (*verifierv1.ListCasesResponse, error) {
	page, err := wire.ReadPage(req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	records, err := s.Desk.List(ctx, desk.Listing{
		After: page.Cursor, Limit: page.Limit + 1, State: listed[req.GetState()], OfferID: req.GetOfferId(),
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
		out.Cases = append(out.Cases, s.encode(r, false))
	}
	return out, nil
}

// encode writes a case; whole adds its rules and timeline.
func (s *Cases) encode(r desk.Record, whole bool) *verifierv1.Case {
	evaluation, decision := r.Case.Evaluation(), r.Case.Decision()
	out := &verifierv1.Case{
		CaseRef: r.Case.ID(), DufNumber: r.Case.DUF(), State: state(r.Case), Outcome: outcome(r.Case),
		Flags: append(append([]string{}, evaluation.Flags...), evaluation.Warnings...), OpenedAt: timestamppb.New(r.OpenedAt),
		DecidedAt: wire.Instant(decision.At), OfferId: r.OfferID, ReasonCode: decision.Reason,
	}
	for _, step := range r.Case.Timeline() {
		if step.Step == casefile.CaseCompleted {
			out.CompletedAt = timestamppb.New(step.At)
		}
	}
	if !whole {
		return out
	}
	for _, result := range evaluation.Results {
		texts, _ := s.Desk.Rules.Texts(result.ID)
		out.Rules = append(out.Rules, &verifierv1.CaseRule{
			Id: result.ID, LegalReference: result.LegalReference, Outcome: found[result.Result], Text: texts.EN, Version: evaluation.RuleSet,
		})
	}
	told := map[casefile.Milestone]desk.Step{}
	for _, step := range r.Steps {
		told[step.Step.Step] = step
	}
	for _, step := range r.Case.Timeline() {
		event := told[step.Step]
		out.Timeline = append(out.Timeline, &commonv1.TimelineStep{
			Name: desk.StepName(step.Step), Service: step.Service, At: timestamppb.New(step.At),
			TimeClass: wire.TimeClass(eventbus.TimeClass(step.TimeClass)), EventId: event.EventID, EventType: event.EventType,
		})
	}
	return out
}

var decided = map[verifierv1.CaseOutcome]casefile.State{
	verifierv1.CaseOutcome_CASE_OUTCOME_GRANTED: casefile.Granted,
	verifierv1.CaseOutcome_CASE_OUTCOME_REFUSED: casefile.Refused,
}

var listed = map[verifierv1.CaseState]string{
	verifierv1.CaseState_CASE_STATE_OPEN:      "OPEN",
	verifierv1.CaseState_CASE_STATE_DECIDED:   string(casefile.Granted),
	verifierv1.CaseState_CASE_STATE_COMPLETED: string(casefile.Completed),
	verifierv1.CaseState_CASE_STATE_REFUSED:   string(casefile.Refused),
	verifierv1.CaseState_CASE_STATE_WITHDRAWN: "WITHDRAWN",
}

var found = map[ruleset.Result]verifierv1.RuleOutcome{
	ruleset.Passed:  verifierv1.RuleOutcome_RULE_OUTCOME_MET,
	ruleset.Failed:  verifierv1.RuleOutcome_RULE_OUTCOME_NOT_MET,
	ruleset.Officer: verifierv1.RuleOutcome_RULE_OUTCOME_DISCRETIONARY,
}

func state(c *casefile.Case) verifierv1.CaseState {
	switch c.State() {
	case casefile.Granted:
		return verifierv1.CaseState_CASE_STATE_DECIDED
	case casefile.Completed:
		return verifierv1.CaseState_CASE_STATE_COMPLETED
	case casefile.Refused:
		return verifierv1.CaseState_CASE_STATE_REFUSED
	}
	if c.IsOfferWithdrawn() {
		return verifierv1.CaseState_CASE_STATE_WITHDRAWN
	}
	return verifierv1.CaseState_CASE_STATE_OPEN
}

func outcome(c *casefile.Case) verifierv1.CaseOutcome {
	switch {
	case c.Decision().Outcome == casefile.Granted:
		return verifierv1.CaseOutcome_CASE_OUTCOME_GRANTED
	case c.Decision().Outcome == casefile.Refused:
		return verifierv1.CaseOutcome_CASE_OUTCOME_REFUSED
	case c.Evaluation().Outcome == ruleset.ProposeGrant:
		return verifierv1.CaseOutcome_CASE_OUTCOME_PROPOSE_GRANT
	}
	return verifierv1.CaseOutcome_CASE_OUTCOME_TO_CASEWORKER
}
