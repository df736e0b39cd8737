// Package api is the registry's gRPC contract: decode, call the desk, encode.
package api

import (
	"context"
	"slices"
	"strconv"
	"time"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/desk"
)

// RoleProgramme is what a token of the programme office must be.
const RoleProgramme rpc.Role = "programme"

// Policy says who may call what.
func Policy() rpc.Policy {
	programme := []rpc.Role{RoleProgramme}
	return rpc.Policy{Roles: map[string][]rpc.Role{
		registryv1.RegistryService_AccreditEmployer_FullMethodName:    programme,
		registryv1.RegistryService_GetAccreditation_FullMethodName:    programme,
		registryv1.RegistryService_ListAccreditations_FullMethodName:  programme,
		registryv1.RegistryService_RevokeAccreditation_FullMethodName: programme,
	}}
}

// Registry serves RegistryService.
type Registry struct {
	registryv1.UnimplementedRegistryServiceServer
	Desk  *desk.Desk
	Clock clock.Clock
}

// AccreditEmployer makes an employer a trusted issuer of offers.
func (s *Registry) AccreditEmployer(ctx context.Context, req *registryv1.AccreditEmployerRequest) (*registryv1.AccreditEmployerResponse, error) {
	record, err := s.Desk.Accredit(ctx, desk.Application{
		OrganisationNumber: req.GetOrganisationNumber(), LegalName: req.GetLegalName(), DID: req.GetDid(),
		Criteria: req.GetCriteria(), Municipality: req.GetMunicipality(),
	})
	if err != nil {
		return nil, err
	}
	answer, err := s.answer(ctx, record)
	return &registryv1.AccreditEmployerResponse{Accreditation: answer}, err
}

// GetAccreditation gives an organisation's newest accreditation.
func (s *Registry) GetAccreditation(ctx context.Context, req *registryv1.GetAccreditationRequest) (*registryv1.GetAccreditationResponse, error) {
	record, signed, err := s.Desk.Get(ctx, req.GetOrganisationNumber())
	if err != nil {
		return nil, err
	}
	return &registryv1.GetAccreditationResponse{Accreditation: s.encode(record, signed)}, nil
}

// ListAccreditations gives a page of accreditations by organisation number.
func (s *Registry) ListAccreditations(ctx context.Context, req *registryv1.ListAccreditationsRequest) (*registryv1.ListAccreditationsResponse, error) {
	page, err := wire.ReadPage(req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	after := ""
	if page.Cursor != wire.First {
		after = strconv.FormatInt(page.Cursor, 10)
	}
	records, err := s.Desk.List(ctx, after, page.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &registryv1.ListAccreditationsResponse{}
	if len(records) > page.Limit {
		records = records[:page.Limit]
		last, err := strconv.ParseInt(records[page.Limit-1].Accreditation.OrganisationNumber(), 10, 64)
		if err != nil {
			return nil, err
		}
		out.NextPageToken = wire.Token(last)
	}
	for _, r := range records {
		answer, err := s.answer(ctx, r)
		if err != nil {
			return nil, err
		}
		out.Accreditations = append(out.Accreditations, answer)
	}
	return out, nil
}

// RevokeAccreditation ends an accreditation for good.
func (s *Registry) RevokeAccreditation(ctx context.Context, req *registryv1.RevokeAccreditationRequest) (*registryv1.RevokeAccreditationResponse, error) {
	record, err := s.Desk.Revoke(ctx, req.GetOrganisationNumber(), req.GetReason())
	if err != nil {
		return nil, err
	}
	answer, err := s.answer(ctx, record)
	return &registryv1.RevokeAccreditationResponse{Accreditation: answer}, err
}

// answer is an accreditation with its credential.
func (s *Registry) answer(ctx context.Context, r desk.Record) (*registryv1.Accreditation, error) {
	signed, err := s.Desk.Signed(ctx, r)
	if err != nil {
		return nil, err
	}
	return s.encode(r, signed), nil
}

func (s *Registry) encode(r desk.Record, signed []byte) *registryv1.Accreditation {
	a := r.Accreditation
	snap := a.Snapshot()
	out := &registryv1.Accreditation{
		AccreditationId: a.ID(), Did: r.DID, OrganisationNumber: a.OrganisationNumber(), LegalName: a.LegalName(),
		Level: accreditation.Level, State: s.state(a), Scope: a.Scope(),
		ValidFrom: a.ValidFrom().Format(time.DateOnly), ValidUntil: a.ValidUntil().Format(time.DateOnly),
		Municipality: r.Municipality, Credential: signed, RevokedAt: wire.Instant(snap.RevokedAt), RevocationReason: r.RevocationReason,
	}
	for criterion, met := range snap.Criteria {
		if met {
			out.CriteriaMet = append(out.CriteriaMet, string(criterion))
		}
	}
	slices.Sort(out.CriteriaMet)
	return out
}

func (s *Registry) state(a *accreditation.Accreditation) registryv1.AccreditationState {
	switch {
	case a.State() == accreditation.Revoked:
		return registryv1.AccreditationState_ACCREDITATION_STATE_REVOKED
	case a.State() != accreditation.Accredited:
		return registryv1.AccreditationState_ACCREDITATION_STATE_UNSPECIFIED
	case !s.Clock.Now().Before(a.ValidUntil().AddDate(0, 0, 1)):
		return registryv1.AccreditationState_ACCREDITATION_STATE_EXPIRED
	}
	return registryv1.AccreditationState_ACCREDITATION_STATE_ACCREDITED
}
