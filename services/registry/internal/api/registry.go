// Package api is the registry's gRPC contract: decode, call the desk, encode.
package api

import (
	"context"
	"strconv"
	"time"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/desk"
)

const (
	// RoleProgramme is what a token of the programme office must be.
	RoleProgramme rpc.Role = "programme"
	// RoleEmployer is what a token of an employer must be; its subject is the
	// organisation number.
	RoleEmployer rpc.Role = "employer"
)

// Policy says who may call what.
func Policy() rpc.Policy {
	programme, both := []rpc.Role{RoleProgramme}, []rpc.Role{RoleProgramme, RoleEmployer}
	return rpc.Policy{
		Public: []string{
			registryv1.EmployerDirectoryService_ListEmployers_FullMethodName,
			registryv1.EmployerDirectoryService_GetEmployer_FullMethodName,
			registryv1.EmployerDirectoryService_CheckEligibility_FullMethodName,
		},
		Roles: map[string][]rpc.Role{
			registryv1.RegistryService_ApplyForAccreditation_FullMethodName: both,
			registryv1.RegistryService_GetAccreditation_FullMethodName:      both,
			registryv1.RegistryService_RegisterSignatory_FullMethodName:     both,
			registryv1.RegistryService_EndSignatory_FullMethodName:          both,
			registryv1.RegistryService_RecordAttestation_FullMethodName:     programme,
			registryv1.RegistryService_ReviewAccreditation_FullMethodName:   programme,
			registryv1.RegistryService_AccreditApplicant_FullMethodName:     programme,
			registryv1.RegistryService_AccreditEmployer_FullMethodName:      programme,
			registryv1.RegistryService_SuspendEmployer_FullMethodName:       programme,
			registryv1.RegistryService_ReinstateEmployer_FullMethodName:     programme,
			registryv1.RegistryService_RevokeAccreditation_FullMethodName:   programme,
			registryv1.RegistryService_ListAccreditations_FullMethodName:    programme,
		},
	}
}

// Registry serves RegistryService.
type Registry struct {
	registryv1.UnimplementedRegistryServiceServer
	Desk  *desk.Desk
	Clock clock.Clock
}

// caller is who calls: an officer, or an employer by its organisation number.
func caller(ctx context.Context) string {
	who, _ := rpc.PrincipalFrom(ctx)
	return who.Subject
}

// own refuses an employer that names another organisation than its own, as if
// there were none.
func own(ctx context.Context, organisationNumber string) error {
	if who, _ := rpc.PrincipalFrom(ctx); who.Role == RoleEmployer && who.Subject != organisationNumber {
		return fault.New(fault.Denied, "accreditation.not-yours", "this token stands for another organisation")
	}
	return nil
}

// ApplyForAccreditation opens an application, or amends one that is pending.
func (s *Registry) ApplyForAccreditation(ctx context.Context, req *registryv1.ApplyForAccreditationRequest) (*registryv1.ApplyForAccreditationResponse, error) {
	if err := own(ctx, req.GetOrganisationNumber()); err != nil {
		return nil, err
	}
	answer, err := s.answered(ctx)(s.Desk.Apply(ctx, desk.Application{
		OrganisationNumber: req.GetOrganisationNumber(), LegalName: req.GetLegalName(), DID: req.GetDid(), Municipality: req.GetMunicipality(),
		Contact: req.GetContactEmail(), DeclaredBy: req.GetPayDeclaredBy(), Signatories: signatories(req.GetSignatories()),
	}, caller(ctx)))
	return &registryv1.ApplyForAccreditationResponse{Accreditation: answer}, err
}

// RecordAttestation writes down what an officer found out.
func (s *Registry) RecordAttestation(ctx context.Context, req *registryv1.RecordAttestationRequest) (*registryv1.RecordAttestationResponse, error) {
	attestation := accreditation.Attestation{
		Criterion: accreditation.Criterion(req.GetCriterion()), Met: req.GetMet(), Reference: req.GetReference(), By: caller(ctx),
	}
	if on := req.GetLastSanctionOn(); on != "" {
		day, err := time.Parse(time.DateOnly, on)
		if err != nil {
			return nil, fault.Violated("request.invalid", "the request cannot be used as it is", []fault.Violation{
				{Field: "last_sanction_on", Rule: "request.date", Message: "give a day as yyyy-mm-dd"}})
		}
		attestation.LastSanction = day
	}
	answer, err := s.answered(ctx)(s.Desk.Attest(ctx, req.GetOrganisationNumber(), attestation))
	return &registryv1.RecordAttestationResponse{Accreditation: answer}, err
}

// ReviewAccreditation asks the register anew.
func (s *Registry) ReviewAccreditation(ctx context.Context, req *registryv1.ReviewAccreditationRequest) (*registryv1.ReviewAccreditationResponse, error) {
	answer, err := s.answered(ctx)(s.Desk.Review(ctx, req.GetOrganisationNumber()))
	return &registryv1.ReviewAccreditationResponse{Accreditation: answer}, err
}

// AccreditApplicant puts a pending application in force.
func (s *Registry) AccreditApplicant(ctx context.Context, req *registryv1.AccreditApplicantRequest) (*registryv1.AccreditApplicantResponse, error) {
	answer, err := s.answered(ctx)(s.Desk.AccreditApplicant(ctx, req.GetOrganisationNumber(), caller(ctx)))
	return &registryv1.AccreditApplicantResponse{Accreditation: answer}, err
}

// AccreditEmployer makes an employer a trusted issuer of offers, in one.
func (s *Registry) AccreditEmployer(ctx context.Context, req *registryv1.AccreditEmployerRequest) (*registryv1.AccreditEmployerResponse, error) {
	answer, err := s.answered(ctx)(s.Desk.Accredit(ctx, desk.Application{
		OrganisationNumber: req.GetOrganisationNumber(), LegalName: req.GetLegalName(), DID: req.GetDid(),
		Criteria: req.GetCriteria(), Municipality: req.GetMunicipality(),
		Contact: req.GetContactEmail(), DeclaredBy: req.GetPayDeclaredBy(), Signatories: signatories(req.GetSignatories()),
	}, caller(ctx)))
	return &registryv1.AccreditEmployerResponse{Accreditation: answer}, err
}

// SuspendEmployer takes an accreditation out of force.
func (s *Registry) SuspendEmployer(ctx context.Context, req *registryv1.SuspendEmployerRequest) (*registryv1.SuspendEmployerResponse, error) {
	answer, err := s.answered(ctx)(s.Desk.Suspend(ctx, req.GetOrganisationNumber(), why(ctx, req)))
	return &registryv1.SuspendEmployerResponse{Accreditation: answer}, err
}

// ReinstateEmployer puts a suspended accreditation back in force.
func (s *Registry) ReinstateEmployer(ctx context.Context, req *registryv1.ReinstateEmployerRequest) (*registryv1.ReinstateEmployerResponse, error) {
	answer, err := s.answered(ctx)(s.Desk.Reinstate(ctx, req.GetOrganisationNumber(), why(ctx, req)))
	return &registryv1.ReinstateEmployerResponse{Accreditation: answer}, err
}

// RevokeAccreditation ends an accreditation for good. Before it had codes, a
// revocation had none.
func (s *Registry) RevokeAccreditation(ctx context.Context, req *registryv1.RevokeAccreditationRequest) (*registryv1.RevokeAccreditationResponse, error) {
	because := why(ctx, req)
	if because.Code == "" {
		because.Code = "OTHER"
	}
	answer, err := s.answered(ctx)(s.Desk.Revoke(ctx, req.GetOrganisationNumber(), because))
	return &registryv1.RevokeAccreditationResponse{Accreditation: answer}, err
}

// RegisterSignatory names somebody who may sign.
func (s *Registry) RegisterSignatory(ctx context.Context, req *registryv1.RegisterSignatoryRequest) (*registryv1.RegisterSignatoryResponse, error) {
	if err := own(ctx, req.GetOrganisationNumber()); err != nil {
		return nil, err
	}
	answer, err := s.answered(ctx)(s.Desk.AddSignatory(ctx, req.GetOrganisationNumber(), signatory(req.GetSignatory())))
	return &registryv1.RegisterSignatoryResponse{Accreditation: answer}, err
}

// EndSignatory ends what somebody may sign.
func (s *Registry) EndSignatory(ctx context.Context, req *registryv1.EndSignatoryRequest) (*registryv1.EndSignatoryResponse, error) {
	if err := own(ctx, req.GetOrganisationNumber()); err != nil {
		return nil, err
	}
	answer, err := s.answered(ctx)(s.Desk.EndSignatory(ctx, req.GetOrganisationNumber(), req.GetName(), req.GetRole()))
	return &registryv1.EndSignatoryResponse{Accreditation: answer}, err
}

// GetAccreditation gives an organisation's newest accreditation.
func (s *Registry) GetAccreditation(ctx context.Context, req *registryv1.GetAccreditationRequest) (*registryv1.GetAccreditationResponse, error) {
	if err := own(ctx, req.GetOrganisationNumber()); err != nil {
		return nil, err
	}
	record, signed, err := s.Desk.Get(ctx, req.GetOrganisationNumber())
	if err != nil {
		return nil, err
	}
	return &registryv1.GetAccreditationResponse{Accreditation: s.encode(record, signed)}, nil
}

// ListAccreditations gives a page of accreditations by organisation number.
func (s *Registry) ListAccreditations(ctx context.Context, req *registryv1.ListAccreditationsRequest) (*registryv1.ListAccreditationsResponse, error) {
	out := &registryv1.ListAccreditationsResponse{}
	var err error
	out.NextPageToken, err = paged(req, func(after string, limit int) ([]desk.Record, error) {
		return s.Desk.List(ctx, after, stateOf(req.GetState()), limit)
	}, func(r desk.Record) error {
		answer, err := s.answer(ctx, r)
		out.Accreditations = append(out.Accreditations, answer)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// page is what a request for a page has.
type page interface {
	GetPageSize() int32
	GetPageToken() string
}

// paged takes a page by organisation number, and gives the token of the next.
func paged(req page, list func(after string, limit int) ([]desk.Record, error), take func(desk.Record) error) (next string, err error) {
	asked, err := wire.ReadPage(req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return "", err
	}
	after := ""
	if asked.Cursor != wire.First {
		after = strconv.FormatInt(asked.Cursor, 10)
	}
	records, err := list(after, asked.Limit+1)
	if err != nil {
		return "", err
	}
	if len(records) > asked.Limit {
		records = records[:asked.Limit]
		last, err := strconv.ParseInt(records[asked.Limit-1].Accreditation.OrganisationNumber(), 10, 64)
		if err != nil {
			return "", err
		}
		next = wire.Token(last)
	}
	for _, r := range records {
		if err := take(r); err != nil {
			return "", err
		}
	}
	return next, nil
}

// answered encodes what a verb of the desk gives.
func (s *Registry) answered(ctx context.Context) func(desk.Record, error) (*registryv1.Accreditation, error) {
	return func(r desk.Record, err error) (*registryv1.Accreditation, error) {
		if err != nil {
			return nil, err
		}
		return s.answer(ctx, r)
	}
}

// answer is an accreditation with its credential.
func (s *Registry) answer(ctx context.Context, r desk.Record) (*registryv1.Accreditation, error) {
	signed, err := s.Desk.Signed(ctx, r)
	if err != nil {
		return nil, err
	}
	return s.encode(r, signed), nil
}
