// Package api is the issuer's gRPC contract: decode, call the desk, encode.
package api

import (
	"context"
	"math"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/common/v1"
	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/progress"
)

// RoleEmployer is what a token must be to sign offers; its subject is the
// employer's organisation number.
const RoleEmployer rpc.Role = "employer"

// Policy says who may call what.
func Policy() rpc.Policy {
	employer := []rpc.Role{RoleEmployer}
	return rpc.Policy{Roles: map[string][]rpc.Role{
		issuerv1.OfferService_IssueOffer_FullMethodName:        employer,
		issuerv1.OfferService_GetOffer_FullMethodName:          employer,
		issuerv1.OfferService_ListOffers_FullMethodName:        employer,
		issuerv1.OfferService_WithdrawOffer_FullMethodName:     employer,
		issuerv1.OfferService_ChangeOffer_FullMethodName:       employer,
		issuerv1.OfferService_CreateDraft_FullMethodName:       employer,
		issuerv1.OfferService_ChangeDraft_FullMethodName:       employer,
		issuerv1.OfferService_DeleteDraft_FullMethodName:       employer,
		issuerv1.OfferService_SignDraft_FullMethodName:         employer,
		issuerv1.OfferService_ImportOffers_FullMethodName:      employer,
		issuerv1.OfferService_GetBatch_FullMethodName:          employer,
		issuerv1.OfferService_GetBatchReport_FullMethodName:    employer,
		issuerv1.OfferService_FetchTaxCard_FullMethodName:      employer,
		issuerv1.OfferService_GetPayrollAccount_FullMethodName: employer,
		issuerv1.OfferService_ResendInvitation_FullMethodName:  employer,
	}}
}

// Offers serves OfferService.
type Offers struct {
	issuerv1.UnimplementedOfferServiceServer
	Desk *desk.Desk
}

// IssueOffer signs an offer.
func (s *Offers) IssueOffer(ctx context.Context, req *issuerv1.IssueOfferRequest) (*issuerv1.IssueOfferResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	if err := checkKey(req.GetIdempotencyKey()); err != nil {
		return nil, err
	}
	record, code, err := s.Desk.Issue(ctx, desk.Signing{
		Tenant: who.Subject, TokenHash: who.TokenHash, IdempotencyKey: req.GetIdempotencyKey(), Form: form(req.GetForm()),
		CodeForm: codeForm(req.GetCodeForm()),
	})
	if err != nil {
		return nil, err
	}
	answer, err := s.answer(ctx, record)
	if err != nil {
		return nil, err
	}
	return &issuerv1.IssueOfferResponse{Offer: answer, CollectionCode: string(code)}, nil
}

// GetOffer gives one offer.
func (s *Offers) GetOffer(ctx context.Context, req *issuerv1.GetOfferRequest) (*issuerv1.GetOfferResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	record, err := s.Desk.Get(ctx, who.Subject, req.GetOfferId())
	if err != nil {
		return nil, err
	}
	answer, err := s.answer(ctx, record)
	return &issuerv1.GetOfferResponse{Offer: answer}, err
}

// ListOffers gives a page of the employer's offers.
func (s *Offers) ListOffers(ctx context.Context, req *issuerv1.ListOffersRequest) (*issuerv1.ListOffersResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	page, err := wire.ReadPage(req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	wanted := desk.Listing{
		Tenant: who.Subject, State: fromState(req.GetState()), After: time.UnixMicro(math.MaxInt64), OldestFirst: req.GetOldestFirst(), Limit: page.Limit + 1,
	}
	switch {
	case page.Cursor != wire.First:
		wanted.After = time.UnixMicro(page.Cursor)
	case wanted.OldestFirst:
		wanted.After = time.UnixMicro(0)
	}
	records, err := s.Desk.List(ctx, wanted)
	if err != nil {
		return nil, err
	}
	out := &issuerv1.ListOffersResponse{}
	if len(records) > page.Limit {
		records = records[:page.Limit]
		out.NextPageToken = wire.Token(records[page.Limit-1].Offer.CreatedAt().UnixMicro())
	}
	for _, r := range records {
		one, err := s.encode(r)
		if err != nil {
			return nil, err
		}
		out.Offers = append(out.Offers, one)
	}
	return out, nil
}

// WithdrawOffer takes an offer back.
func (s *Offers) WithdrawOffer(ctx context.Context, req *issuerv1.WithdrawOfferRequest) (*issuerv1.WithdrawOfferResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	record, err := s.Desk.Withdraw(ctx, who.Subject, req.GetOfferId(), req.GetReason())
	if err != nil {
		return nil, err
	}
	answer, err := s.answer(ctx, record)
	return &issuerv1.WithdrawOfferResponse{Offer: answer}, err
}

// ResendInvitation sends the guide again.
func (s *Offers) ResendInvitation(ctx context.Context, req *issuerv1.ResendInvitationRequest) (*issuerv1.ResendInvitationResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	return &issuerv1.ResendInvitationResponse{}, s.Desk.Resend(ctx, who.Subject, req.GetOfferId())
}

// answer is an offer with its link, case and timeline.
func (s *Offers) answer(ctx context.Context, r desk.Record) (*issuerv1.Offer, error) {
	out, err := s.encode(r)
	if err != nil || r.Offer.State() == offer.Drafted {
		return out, err
	}
	if out.InvitationUrl, err = s.Desk.LinkTo(r); err != nil {
		return nil, err
	}
	steps, err := s.Desk.Steps(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, step := range steps {
		out.Timeline = append(out.Timeline, &commonv1.TimelineStep{
			Name: step.Name, Service: step.Service, At: timestamppb.New(step.At), TimeClass: wire.TimeClass(step.TimeClass),
			EventId: step.EventID, EventType: step.EventType, Cause: step.Cause,
		})
	}
	c, err := s.Desk.CaseOf(ctx, r.Offer.ID())
	if err == nil && c != nil {
		out.Case = &issuerv1.OfferCase{
			CaseRef: c.Ref, State: caseStates[c.State], Cause: c.Cause, TaxCardIssued: c.CardIssued, PayrollAccountShared: c.AccountShared,
			UpdatedAt: wire.Instant(c.UpdatedAt),
		}
	}
	return out, err
}

var caseStates = map[progress.State]issuerv1.OfferCaseState{
	progress.Applied:   issuerv1.OfferCaseState_OFFER_CASE_STATE_APPLIED,
	progress.Granted:   issuerv1.OfferCaseState_OFFER_CASE_STATE_GRANTED,
	progress.Refused:   issuerv1.OfferCaseState_OFFER_CASE_STATE_REFUSED,
	progress.Halted:    issuerv1.OfferCaseState_OFFER_CASE_STATE_HALTED,
	progress.Revoked:   issuerv1.OfferCaseState_OFFER_CASE_STATE_REVOKED,
	progress.Completed: issuerv1.OfferCaseState_OFFER_CASE_STATE_COMPLETED,
}

// encode is an offer without what GetOffer alone answers.
func (s *Offers) encode(r desk.Record) (*issuerv1.Offer, error) {
	snap, err := r.Offer.Snapshot()
	if err != nil {
		return nil, err
	}
	out := &issuerv1.Offer{OfferId: snap.ID, State: toState(r.Offer)}
	if r.Offer.State() == offer.Drafted {
		out.Form = formOf(r.Offer.Form())
		violations, warnings := s.Desk.Lacks(r.Offer)
		for _, v := range violations {
			out.Violations = append(out.Violations, &commonv1.Violation{Field: v.Field, Rule: v.Rule, Message: v.Message})
		}
		out.Warnings = toWarnings(warnings)
		return out, nil
	}
	signed := r.Offer.Terms().Form()
	out.Form = formOf(signed)
	who := signed.Signatory
	out.AccreditationRef, out.OfferNumber, out.Supersedes, out.SupersededBy = snap.AccreditationRef, string(snap.Number), snap.Supersedes, snap.SupersededBy
	out.Signatory = &issuerv1.OfferSignatory{Name: who.Name, Role: who.Role, AuthorisedBy: who.AuthorisedBy}
	out.IssuedAt, out.ExpiresAt = timestamppb.New(snap.IssuedAt), timestamppb.New(r.Offer.ExpiresAt())
	out.CollectedBy, out.CollectedAt = snap.Connection, wire.Instant(snap.CollectedAt)
	out.WithdrawnAt, out.WithdrawalReason = wire.Instant(snap.WithdrawnAt), snap.WithdrawReason
	out.CollectionAttemptsLeft = int32(r.Offer.AttemptsLeft())
	out.Warnings = toWarnings(r.Offer.Terms().Warnings())
	return out, nil
}

func toWarnings(all []offer.Warning) (out []*commonv1.Warning) {
	for _, w := range all {
		out = append(out, &commonv1.Warning{Field: w.Field, Rule: w.Rule, Message: w.Message})
	}
	return out
}

func toState(o *offer.Offer) issuerv1.OfferState {
	switch o.State() {
	case offer.Issued:
		if o.AttemptsLeft() == 0 {
			return issuerv1.OfferState_OFFER_STATE_LOCKED
		}
		return issuerv1.OfferState_OFFER_STATE_ISSUED
	case offer.Collecting, offer.Collected:
		return issuerv1.OfferState_OFFER_STATE_COLLECTED
	case offer.Withdrawn:
		return issuerv1.OfferState_OFFER_STATE_WITHDRAWN
	case offer.Superseded:
		return issuerv1.OfferState_OFFER_STATE_SUPERSEDED
	case offer.Drafted:
		return issuerv1.OfferState_OFFER_STATE_DRAFT
	case offer.Expired:
		return issuerv1.OfferState_OFFER_STATE_EXPIRED
	}
	return issuerv1.OfferState_OFFER_STATE_UNSPECIFIED
}

func fromState(s issuerv1.OfferState) offer.State {
	switch s {
	case issuerv1.OfferState_OFFER_STATE_ISSUED, issuerv1.OfferState_OFFER_STATE_LOCKED:
		return offer.Issued
	case issuerv1.OfferState_OFFER_STATE_COLLECTED:
		return offer.Collected
	case issuerv1.OfferState_OFFER_STATE_WITHDRAWN:
		return offer.Withdrawn
	case issuerv1.OfferState_OFFER_STATE_EXPIRED:
		return offer.Expired
	case issuerv1.OfferState_OFFER_STATE_DRAFT:
		return offer.Drafted
	case issuerv1.OfferState_OFFER_STATE_SUPERSEDED:
		return offer.Superseded
	}
	return ""
}

func codeForm(f issuerv1.CodeForm) offer.CodeForm {
	if f == issuerv1.CodeForm_CODE_FORM_WORDS {
		return offer.Words
	}
	return offer.Characters
}

func checkKey(key string) error {
	ok := len(key) >= 8 && len(key) <= 64
	for _, r := range key {
		ok = ok && (r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
	}
	if ok {
		return nil
	}
	return fault.Violated("request.invalid", "the request cannot be used as it is", []fault.Violation{
		{Field: "idempotency_key", Rule: "request.idempotency-key", Message: "give 8 to 64 characters of A-Z, a-z, 0-9, - and _"}})
}
