package api

import (
	"context"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
)

// Cards serves ResidenceCardService.
type Cards struct {
	policev1.UnimplementedResidenceCardServiceServer
	Desk *desk.Desk
}

// RecordCardProduced takes that the factory has made the card.
func (s *Cards) RecordCardProduced(ctx context.Context, req *policev1.RecordCardProducedRequest) (*policev1.RecordCardProducedResponse, error) {
	if err := s.Desk.Within(ctx, officer(ctx), desk.Which{CaseRef: req.GetCaseRef()}, "card-produced"); err != nil {
		return nil, err
	}
	made, err := s.Desk.RecordCardProduced(ctx, req.GetCaseRef())
	if err != nil {
		return nil, err
	}
	return &policev1.RecordCardProducedResponse{Card: encodeCard(made)}, nil
}

// RecordCardDelivered takes that the worker has the card.
func (s *Cards) RecordCardDelivered(ctx context.Context, req *policev1.RecordCardDeliveredRequest) (*policev1.RecordCardDeliveredResponse, error) {
	if err := s.Desk.Within(ctx, officer(ctx), desk.Which{CaseRef: req.GetCaseRef()}, "card-delivered"); err != nil {
		return nil, err
	}
	delivered, err := s.Desk.RecordCardDelivered(ctx, req.GetCaseRef())
	if err != nil {
		return nil, err
	}
	return &policev1.RecordCardDeliveredResponse{Card: encodeCard(delivered)}, nil
}
