package api

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
)

// Views serves ViewService.
type Views struct {
	verifierv1.UnimplementedViewServiceServer
	Desk *desk.Desk
}

// GetView gives the calling agency its view of a case.
func (s *Views) GetView(ctx context.Context, req *verifierv1.GetViewRequest) (*verifierv1.GetViewResponse, error) {
	caller, _ := rpc.Caller(ctx)
	view, err := s.Desk.View(ctx, caller, req.GetCaseRef(), req.GetPurpose())
	if err != nil {
		return nil, err
	}
	out := &verifierv1.View{
		CaseRef: view.CaseRef, DeliveryDid: view.Delivery, AgencyDid: view.Agency, Shares: view.Shares, EmployerDid: view.Employer,
	}
	if view.Permit != nil {
		out.Permit = &verifierv1.ViewPermit{
			DecisionId: view.Decision.ID, DecidedAt: timestamppb.New(view.Decision.At),
			ValidFrom: view.Permit.ValidFrom.Format(time.DateOnly), ValidUntil: view.Permit.ValidUntil.Format(time.DateOnly),
			ResidentRegistration: view.Permit.Registration,
		}
	}
	for _, claim := range view.Claims {
		value, err := value(claim.Value)
		if err != nil {
			return nil, err
		}
		out.Claims = append(out.Claims, &verifierv1.ViewClaim{
			Path: claim.Path, Value: value,
			Lineage: &verifierv1.ViewLineage{CredentialId: claim.From.CredentialID, CredentialType: claim.From.Type, Issuer: claim.From.Issuer},
		})
	}
	return &verifierv1.GetViewResponse{View: out}, nil
}

func value(v any) (*structpb.Value, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write claim: %w", err)
	}
	out := &structpb.Value{}
	if err := protojson.Unmarshal(raw, out); err != nil {
		return nil, fmt.Errorf("write claim: %w", err)
	}
	return out, nil
}

// AccessLog serves AccessLogService.
type AccessLog struct {
	verifierv1.UnimplementedAccessLogServiceServer
	Desk *desk.Desk
}

// ListAccess gives a page of who has read a case, oldest first.
func (s *AccessLog) ListAccess(ctx context.Context, req *verifierv1.ListAccessRequest) (*verifierv1.ListAccessResponse, error) {
	page, err := wire.ReadPage(req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	rows, err := s.Desk.ListAccess(ctx, req.GetCaseRef(), req.GetAccessCapability(), page.Cursor, page.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &verifierv1.ListAccessResponse{}
	if len(rows) > page.Limit {
		rows = rows[:page.Limit]
		out.NextPageToken = wire.Token(rows[page.Limit-1].Position)
	}
	for _, row := range rows {
		out.Rows = append(out.Rows, &verifierv1.AccessRow{
			At: timestamppb.New(row.At), Agency: row.Agency, Purpose: row.Purpose, Claims: row.Claims, RowHash: row.Hash,
		})
	}
	return out, nil
}
