package api

import (
	"context"
	"fmt"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
)

// AppealCase registers a written appeal.
func (s *Cases) AppealCase(ctx context.Context, req *verifierv1.AppealCaseRequest) (*verifierv1.AppealCaseResponse, error) {
	in := desk.Appealing{CaseRef: req.GetCaseRef(), Grounds: req.GetGrounds()}
	if req.GetReceivedAt() != nil {
		in.ReceivedAt = req.GetReceivedAt().AsTime()
	}
	record, err := s.Desk.RegisterAppeal(ctx, in)
	if err != nil {
		return nil, err
	}
	out, err := s.whole(ctx, record)
	return &verifierv1.AppealCaseResponse{Case: out}, err
}

// here and atUNE are the rulings that the office and the board can make.
var (
	here = map[verifierv1.AppealRuling]desk.AppealRuling{
		verifierv1.AppealRuling_APPEAL_RULING_REJECTED_LATE: desk.RejectLate,
		verifierv1.AppealRuling_APPEAL_RULING_REVERSED:      desk.Reverse,
	}
	atUNE = map[verifierv1.AppealRuling]desk.AppealRuling{
		verifierv1.AppealRuling_APPEAL_RULING_UNE_REVERSED: desk.UNEReversed,
		verifierv1.AppealRuling_APPEAL_RULING_UNE_UPHELD:   desk.UNEUpheld,
	}
)

// DecideAppeal rejects a late appeal, or reverses the refusal.
func (s *Cases) DecideAppeal(ctx context.Context, req *verifierv1.DecideAppealRequest) (*verifierv1.DecideAppealResponse, error) {
	out, err := s.ruled(ctx, req.GetCaseRef(), req.GetNote(), here[req.GetRuling()])
	return &verifierv1.DecideAppealResponse{Case: out}, err
}

// ForwardToUne sends an appeal on.
func (s *Cases) ForwardToUne(ctx context.Context, req *verifierv1.ForwardToUneRequest) (*verifierv1.ForwardToUneResponse, error) {
	out, err := s.ruled(ctx, req.GetCaseRef(), "", desk.Forward)
	return &verifierv1.ForwardToUneResponse{Case: out}, err
}

// RecordUneDecision records what the board decided.
func (s *Cases) RecordUneDecision(ctx context.Context, req *verifierv1.RecordUneDecisionRequest) (*verifierv1.RecordUneDecisionResponse, error) {
	out, err := s.ruled(ctx, req.GetCaseRef(), req.GetNote(), atUNE[req.GetRuling()])
	return &verifierv1.RecordUneDecisionResponse{Case: out}, err
}

func (s *Cases) ruled(ctx context.Context, caseRef, note string, ruling desk.AppealRuling) (*verifierv1.Case, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	if err := checkNote("note", note); err != nil {
		return nil, err
	}
	record, err := s.Desk.DecideAppeal(ctx, desk.Deciding{CaseRef: caseRef, Officer: who.Subject, TokenHash: who.TokenHash, Note: note}, ruling)
	if err != nil {
		return nil, err
	}
	return s.whole(ctx, record)
}

// RevokePermit takes the permit back.
func (s *Cases) RevokePermit(ctx context.Context, req *verifierv1.RevokePermitRequest) (*verifierv1.RevokePermitResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	if err := checkNote("note", req.GetNote()); err != nil {
		return nil, err
	}
	record, err := s.Desk.RevokePermit(ctx, desk.Revoking{
		CaseRef: req.GetCaseRef(), Officer: who.Subject, TokenHash: who.TokenHash, Reason: req.GetReasonCode(), Note: req.GetNote(),
	})
	if err != nil {
		return nil, err
	}
	out, err := s.whole(ctx, record)
	return &verifierv1.RevokePermitResponse{Case: out}, err
}

// ResumeCase lets a halted case go on.
func (s *Cases) ResumeCase(ctx context.Context, req *verifierv1.ResumeCaseRequest) (*verifierv1.ResumeCaseResponse, error) {
	record, err := s.Desk.Resume(ctx, req.GetCaseRef())
	if err != nil {
		return nil, err
	}
	out, err := s.whole(ctx, record)
	return &verifierv1.ResumeCaseResponse{Case: out}, err
}

// WithdrawApplication registers that the applicant takes the application back.
func (s *Cases) WithdrawApplication(ctx context.Context, req *verifierv1.WithdrawApplicationRequest) (*verifierv1.WithdrawApplicationResponse, error) {
	record, err := s.Desk.WithdrawApplication(ctx, req.GetCaseRef())
	if err != nil {
		return nil, err
	}
	out, err := s.whole(ctx, record)
	return &verifierv1.WithdrawApplicationResponse{Case: out}, err
}

// ReplayCase evaluates a case again.
func (s *Cases) ReplayCase(ctx context.Context, req *verifierv1.ReplayCaseRequest) (*verifierv1.ReplayCaseResponse, error) {
	again, same, err := s.Desk.Replay(ctx, req.GetCaseRef())
	if err != nil {
		return nil, err
	}
	return &verifierv1.ReplayCaseResponse{
		Same: same, Outcome: proposal(again.Outcome), InputsHash: again.InputsHash, Rules: s.rules(again),
	}, nil
}

var relations = map[verifierv1.FamilyRelation]desk.Relation{
	verifierv1.FamilyRelation_FAMILY_RELATION_REFERENCE_PERSON: desk.ReferencePerson,
	verifierv1.FamilyRelation_FAMILY_RELATION_SPOUSE:           desk.Spouse,
	verifierv1.FamilyRelation_FAMILY_RELATION_COHABITANT:       desk.Cohabitant,
	verifierv1.FamilyRelation_FAMILY_RELATION_CHILD:            desk.Child,
}

// LinkFamily links cases that are decided together.
func (s *Cases) LinkFamily(ctx context.Context, req *verifierv1.LinkFamilyRequest) (*verifierv1.LinkFamilyResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	members := make([]desk.Member, len(req.GetMembers()))
	for i, m := range req.GetMembers() {
		members[i] = desk.Member{CaseRef: m.GetCaseRef(), Relation: relations[m.GetRelation()]}
	}
	family, records, err := s.Desk.LinkFamily(ctx, who.Subject, members)
	if err != nil {
		return nil, err
	}
	out := &verifierv1.LinkFamilyResponse{FamilyId: family}
	for _, record := range records {
		out.Cases = append(out.Cases, s.encode(record))
	}
	return out, nil
}

// DecideFamily decides all cases of a family.
func (s *Cases) DecideFamily(ctx context.Context, req *verifierv1.DecideFamilyRequest) (*verifierv1.DecideFamilyResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	decisions := make([]desk.Deciding, len(req.GetDecisions()))
	for i, one := range req.GetDecisions() {
		if err := checkNote(fmt.Sprintf("decisions.%d.note", i), one.GetNote()); err != nil {
			return nil, err
		}
		decisions[i] = desk.Deciding{
			CaseRef: one.GetCaseRef(), Officer: who.Subject, TokenHash: who.TokenHash,
			Outcome: decided[one.GetOutcome()], Reason: one.GetReasonCode(), Note: one.GetNote(),
		}
	}
	records, err := s.Desk.DecideFamily(ctx, req.GetFamilyId(), decisions)
	if err != nil {
		return nil, err
	}
	out := &verifierv1.DecideFamilyResponse{}
	for _, record := range records {
		out.Cases = append(out.Cases, s.encode(record))
	}
	return out, nil
}
