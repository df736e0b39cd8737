package api

import (
	"context"

	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
)

// ReadCaseFile gives what was presented, and who has read it.
func (s *Cases) ReadCaseFile(ctx context.Context, req *verifierv1.ReadCaseFileRequest) (*verifierv1.ReadCaseFileResponse, error) {
	opened, err := s.Desk.ReadFile(ctx, req.GetCaseRef())
	if err != nil {
		return nil, err
	}
	record := opened.Record
	out := &verifierv1.ReadCaseFileResponse{AppealGrounds: opened.Grounds}
	for i, shown := range append([]desk.Offer{record.File.Offer}, record.File.Supporting...) {
		claims, err := structpb.NewStruct(shown.Claims)
		if err != nil {
			return nil, err
		}
		one := &verifierv1.PresentedCredential{
			CredentialId: shown.CredentialID, Type: shown.Type, Issuer: shown.Issuer, IssuerName: nameOf(shown.Claims), Claims: claims,
		}
		one.Accredited = i == 0 && record.File.Accreditation.InForce
		one.RegisteredName, one.Standing = s.issuerNow(ctx, shown)
		out.Credentials = append(out.Credentials, one)
	}
	corrected := map[string]any{}
	for _, c := range record.File.Corrections {
		for path, value := range c.Claims {
			corrected[path] = value
		}
	}
	if out.Corrections, err = structpb.NewStruct(corrected); err != nil {
		return nil, err
	}
	for _, row := range opened.Accesses {
		out.Accesses = append(out.Accesses, &verifierv1.CaseAccess{
			At: timestamppb.New(row.At), Agency: row.Agency, Purpose: row.Purpose, Claims: int32(len(row.Claims)),
		})
	}
	for _, one := range opened.Family {
		out.Family = append(out.Family, &verifierv1.FamilyCase{
			CaseRef: one.Case.ID(), CaseNumber: one.Case.Number(), Relation: relationOf(one.Relation), State: state(one.Case),
		})
	}
	return out, nil
}

// issuerNow is how an issuer stands; that the list cannot be asked keeps no officer
// from reading.
func (s *Cases) issuerNow(ctx context.Context, shown desk.Offer) (string, verifierv1.IssuerStanding) {
	name, inForce, err := s.Desk.IssuerNow(ctx, shown)
	switch {
	case err != nil:
		return name, verifierv1.IssuerStanding_ISSUER_STANDING_UNSPECIFIED
	case inForce:
		return name, verifierv1.IssuerStanding_ISSUER_STANDING_IN_FORCE
	}
	return name, verifierv1.IssuerStanding_ISSUER_STANDING_NOT_IN_FORCE
}

func relationOf(r desk.Relation) verifierv1.FamilyRelation {
	for encoded, relation := range relations {
		if relation == r {
			return encoded
		}
	}
	return verifierv1.FamilyRelation_FAMILY_RELATION_UNSPECIFIED
}

// nameOf is the name of the employer or institution that a credential's claims
// have.
func nameOf(claims map[string]any) string {
	for _, member := range []string{"employer", "institution", "issuer"} {
		if of, ok := claims[member].(map[string]any); ok {
			for _, key := range []string{"legal_name", "name"} {
				if name, ok := of[key].(string); ok {
					return name
				}
			}
		}
	}
	return ""
}

// PreviewNotice gives what the worker would be written.
func (s *Cases) PreviewNotice(ctx context.Context, req *verifierv1.PreviewNoticeRequest) (*verifierv1.PreviewNoticeResponse, error) {
	outcome, known := decided[req.GetOutcome()]
	if !known {
		return nil, fault.Violated("request.invalid", "the request cannot be used as it is", []fault.Violation{
			{Field: "outcome", Rule: "decision.outcome", Message: "an outcome is GRANTED or REFUSED"}})
	}
	texts, language, err := s.Desk.PreviewNotice(ctx, req.GetCaseRef(), outcome)
	return &verifierv1.PreviewNoticeResponse{Texts: texts, Language: language}, err
}
