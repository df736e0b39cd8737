package api

import (
	"context"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
)

// CreateDraft keeps a form that is not finished.
func (s *Offers) CreateDraft(ctx context.Context, req *issuerv1.CreateDraftRequest) (*issuerv1.CreateDraftResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	if err := checkKey(req.GetIdempotencyKey()); err != nil {
		return nil, err
	}
	record, err := s.Desk.Draft(ctx, who.Subject, req.GetIdempotencyKey(), form(req.GetForm()))
	if err != nil {
		return nil, err
	}
	answer, err := s.answer(ctx, record)
	return &issuerv1.CreateDraftResponse{Offer: answer}, err
}

// ChangeDraft puts another form in its place.
func (s *Offers) ChangeDraft(ctx context.Context, req *issuerv1.ChangeDraftRequest) (*issuerv1.ChangeDraftResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	record, err := s.Desk.ChangeDraft(ctx, who.Subject, req.GetOfferId(), form(req.GetForm()))
	if err != nil {
		return nil, err
	}
	answer, err := s.answer(ctx, record)
	return &issuerv1.ChangeDraftResponse{Offer: answer}, err
}

// DeleteDraft erases a draft.
func (s *Offers) DeleteDraft(ctx context.Context, req *issuerv1.DeleteDraftRequest) (*issuerv1.DeleteDraftResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	return &issuerv1.DeleteDraftResponse{}, s.Desk.DeleteDraft(ctx, who.Subject, req.GetOfferId())
}

// SignDraft signs a draft.
func (s *Offers) SignDraft(ctx context.Context, req *issuerv1.SignDraftRequest) (*issuerv1.SignDraftResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	record, code, err := s.Desk.SignDraft(ctx, desk.Signing{Tenant: who.Subject, TokenHash: who.TokenHash, CodeForm: codeForm(req.GetCodeForm())}, req.GetOfferId())
	if err != nil {
		return nil, err
	}
	answer, err := s.answer(ctx, record)
	return &issuerv1.SignDraftResponse{Offer: answer, CollectionCode: string(code)}, err
}

// ChangeOffer puts a new offer in the place of a signed one.
func (s *Offers) ChangeOffer(ctx context.Context, req *issuerv1.ChangeOfferRequest) (*issuerv1.ChangeOfferResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	if err := checkKey(req.GetIdempotencyKey()); err != nil {
		return nil, err
	}
	record, code, err := s.Desk.Change(ctx, desk.Signing{
		Tenant: who.Subject, TokenHash: who.TokenHash, IdempotencyKey: req.GetIdempotencyKey(), Form: form(req.GetForm()), CodeForm: codeForm(req.GetCodeForm()),
	}, req.GetOfferId())
	if err != nil {
		return nil, err
	}
	answer, err := s.answer(ctx, record)
	return &issuerv1.ChangeOfferResponse{Offer: answer, CollectionCode: string(code)}, err
}
