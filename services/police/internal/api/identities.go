package api

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
)

// Identities serves IdentityService, to the verifier alone.
type Identities struct {
	policev1.UnimplementedIdentityServiceServer
	Desk *desk.Desk
}

// GetIdentity gives what an officer corrected.
func (s *Identities) GetIdentity(ctx context.Context, req *policev1.GetIdentityRequest) (*policev1.GetIdentityResponse, error) {
	corrected, err := s.Desk.Corrected(ctx, req.GetCaseRef())
	if err != nil {
		return nil, err
	}
	out := &policev1.GetIdentityResponse{CorrectedAt: wire.Instant(corrected.At()), Officer: corrected.Officer(), Issuer: s.Desk.DID, AppointmentId: corrected.AppointmentID}
	for _, field := range corrected.Fields() {
		value, err := structpb.NewValue(field.Value)
		if err != nil {
			return nil, fmt.Errorf("encode corrected %s: %w", field.Path, err)
		}
		out.Corrected = append(out.Corrected, &policev1.CorrectedField{Path: field.Path, Value: value})
	}
	return out, nil
}

// instant is a time of a request, zero when it is unset.
func instant(at *timestamppb.Timestamp) time.Time {
	if at == nil {
		return time.Time{}
	}
	return at.AsTime()
}
