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
)

// RoleEmployer is what a token must be to sign offers; its subject is the
// employer's organisation number.
const RoleEmployer rpc.Role = "employer"

// Policy says who may call what.
func Policy() rpc.Policy {
	employer := []rpc.Role{RoleEmployer}
	return rpc.Policy{Roles: map[string][]rpc.Role{
		issuerv1.OfferService_IssueOffer_FullMethodName:    employer,
		issuerv1.OfferService_GetOffer_FullMethodName:      employer,
		issuerv1.OfferService_ListOffers_FullMethodName:    employer,
		issuerv1.OfferService_WithdrawOffer_FullMethodName: employer,
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
	record, _, err := s.Desk.Get(ctx, who.Subject, req.GetOfferId())
	if err != nil {
		return nil, err
	}
	answer, err := s.answer(ctx, record)
	return &issuerv1.GetOfferResponse{Offer: answer}, err
}

// ListOffers gives a page of the employer's offers, newest first.
func (s *Offers) ListOffers(ctx context.Context, req *issuerv1.ListOffersRequest) (*issuerv1.ListOffersResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	page, err := wire.ReadPage(req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	before := time.UnixMicro(math.MaxInt64)
	if page.Cursor != wire.First {
		before = time.UnixMicro(page.Cursor)
	}
	records, err := s.Desk.List(ctx, who.Subject, fromState(req.GetState()), before, page.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &issuerv1.ListOffersResponse{}
	if len(records) > page.Limit {
		records = records[:page.Limit]
		out.NextPageToken = wire.Token(records[page.Limit-1].Offer.IssuedAt().UnixMicro())
	}
	for _, r := range records {
		out.Offers = append(out.Offers, encode(r))
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

// answer is an offer with its link and timeline.
func (s *Offers) answer(ctx context.Context, r desk.Record) (*issuerv1.Offer, error) {
	out := encode(r)
	link, err := s.Desk.InvitationURL(ctx, r.Offer.ID())
	if err != nil {
		return nil, err
	}
	out.InvitationUrl = link
	_, steps, err := s.Desk.Get(ctx, r.Tenant, r.Offer.ID())
	if err != nil {
		return nil, err
	}
	for _, step := range steps {
		out.Timeline = append(out.Timeline, &commonv1.TimelineStep{
			Name: step.Name, Service: "issuer", At: timestamppb.New(step.At), TimeClass: wire.TimeClass(step.TimeClass),
			EventId: step.EventID, EventType: step.EventType,
		})
	}
	return out, nil
}

func encode(r desk.Record) *issuerv1.Offer {
	snap := r.Offer.Snapshot()
	out := &issuerv1.Offer{
		OfferId: snap.ID, State: toState(r.Offer), AccreditationRef: snap.AccreditationRef,
		IssuedAt: timestamppb.New(snap.IssuedAt), ExpiresAt: timestamppb.New(r.Offer.ExpiresAt()),
		CollectedBy: snap.Connection, CollectedAt: wire.Instant(snap.CollectedAt),
		WithdrawnAt: wire.Instant(snap.WithdrawnAt), WithdrawalReason: snap.WithdrawReason,
		CollectionAttemptsLeft: int32(r.Offer.AttemptsLeft()),
	}
	for _, w := range snap.Terms.Warnings() {
		out.Warnings = append(out.Warnings, &commonv1.Warning{Field: w.Field, Rule: w.Rule, Message: w.Message})
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
	}
	return ""
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
