// Package api is the tax administration's gRPC contracts: decode, call the
// desk, encode.
package api

import (
	"context"

	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/desk"
)

// RoleClerk is what a token of a clerk must be.
const RoleClerk rpc.Role = "clerk"

// Policy says who may call what.
func Policy() rpc.Policy {
	clerk := []rpc.Role{RoleClerk}
	return rpc.Policy{Roles: map[string][]rpc.Role{
		taxv1.RegistrationService_GetRegistration_FullMethodName:   clerk,
		taxv1.RegistrationService_ListRegistrations_FullMethodName: clerk,
		taxv1.RegistrationService_ResolveDuplicate_FullMethodName:  clerk,
		taxv1.RegistrationService_ReplaceIdentifier_FullMethodName: clerk,
		taxv1.RegistrationService_RecordTaxCard_FullMethodName:     clerk,
	}}
}

// Registrations serves RegistrationService.
type Registrations struct {
	taxv1.UnimplementedRegistrationServiceServer
	Desk *desk.Desk
}

// GetRegistration gives how far a case has come, and unless it is to be brief, whose
// it is and the identifier.
func (s *Registrations) GetRegistration(ctx context.Context, req *taxv1.GetRegistrationRequest) (*taxv1.GetRegistrationResponse, error) {
	if req.GetBrief() {
		line, err := s.Desk.Get(ctx, req.GetCaseRef())
		if err != nil {
			return nil, err
		}
		return &taxv1.GetRegistrationResponse{Registration: told(line)}, nil
	}
	who, _ := rpc.PrincipalFrom(ctx)
	line, identity, err := s.Desk.Read(ctx, req.GetCaseRef(), who.TokenHash)
	if err != nil {
		return nil, err
	}
	out := &taxv1.GetRegistrationResponse{Registration: told(line)}
	if line.Registration != nil {
		current, _ := line.Registration.Current()
		out.Registration.Identifier = current.Number
	}
	out.Identity, err = structpb.NewStruct(identity)
	return out, err
}

// told is a case with who was told its number.
func told(line desk.Line) *taxv1.Registration {
	out := encode(line)
	if line.Registration != nil {
		for _, h := range line.Holders {
			out.Holders = append(out.Holders, &taxv1.IdentifierHolder{
				Name: h.Caller, ToldAt: timestamppb.New(h.At), Current: h.Ordinal == len(line.Registration.Former()),
			})
		}
	}
	return out
}

// ListRegistrations gives a page of cases, without identifiers.
func (s *Registrations) ListRegistrations(ctx context.Context, req *taxv1.ListRegistrationsRequest) (*taxv1.ListRegistrationsResponse, error) {
	page, err := wire.ReadPage(req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	standing, any := fromState(req.GetState())
	if !any {
		return &taxv1.ListRegistrationsResponse{}, nil
	}
	lines, err := s.Desk.List(ctx, standing, page.Cursor, page.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &taxv1.ListRegistrationsResponse{}
	if len(lines) > page.Limit {
		lines = lines[:page.Limit]
		out.NextPageToken = wire.Token(lines[page.Limit-1].Cursor)
	}
	for _, line := range lines {
		out.Registrations = append(out.Registrations, encode(line))
	}
	return out, nil
}
