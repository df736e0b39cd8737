package api

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/desk"
)

// Identifiers serves IdentifierService, on the internal listener.
type Identifiers struct {
	taxv1.UnimplementedIdentifierServiceServer
	Desk *desk.Desk
}

// GetIdentifier tells the bank the number of its customer.
func (s *Identifiers) GetIdentifier(ctx context.Context, req *taxv1.GetIdentifierRequest) (*taxv1.GetIdentifierResponse, error) {
	snap, err := s.Desk.Identifier(ctx, req.GetCaseRef(), req.GetPurpose())
	if err != nil {
		return nil, err
	}
	return &taxv1.GetIdentifierResponse{Identifier: snap.Number, IdentifierType: kinds[snap.Kind], AssignedAt: timestamppb.New(snap.AssignedAt)}, nil
}
