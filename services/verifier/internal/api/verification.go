package api

import (
	"context"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
)

// RoleAgency is what the token of an agency's tool must be. It verifies, and sees no
// case.
const RoleAgency rpc.Role = "agency"

// Verification serves VerificationService.
type Verification struct {
	verifierv1.UnimplementedVerificationServiceServer
	Verifier *verification.Verifier
}

// VerificationPolicy adds who may call VerificationService to a policy.
func VerificationPolicy(p rpc.Policy) rpc.Policy {
	for _, method := range []string{
		verifierv1.VerificationService_VerifyCredential_FullMethodName,
		verifierv1.VerificationService_VerifyPresentation_FullMethodName,
	} {
		p.Roles[method] = []rpc.Role{RoleOfficer, RoleAgency}
	}
	return p
}

// maxAsked is the length of the longest challenge or domain, in bytes.
const maxAsked = 2048

// VerifyCredential looks at a credential.
func (s *Verification) VerifyCredential(ctx context.Context, req *verifierv1.VerifyCredentialRequest) (*verifierv1.VerifyCredentialResponse, error) {
	if err := checkLength("credential", len(req.GetCredential()), credential.MaxCredentialBytes); err != nil {
		return nil, err
	}
	_, report := s.Verifier.Credential(ctx, req.GetCredential())
	out, err := encodeReport(report)
	return &verifierv1.VerifyCredentialResponse{Report: out}, err
}

// VerifyPresentation looks at a presentation.
func (s *Verification) VerifyPresentation(ctx context.Context, req *verifierv1.VerifyPresentationRequest) (*verifierv1.VerifyPresentationResponse, error) {
	for _, given := range []struct {
		field  string
		length int
		most   int
	}{
		{"presentation", len(req.GetPresentation()), credential.MaxPresentationBytes},
		{"challenge", len(req.GetChallenge()), maxAsked},
		{"domain", len(req.GetDomain()), maxAsked},
	} {
		if err := checkLength(given.field, given.length, given.most); err != nil {
			return nil, err
		}
	}
	_, report := s.Verifier.Presentation(ctx, req.GetPresentation(), req.GetChallenge(), req.GetDomain())
	out, err := encodeReport(report)
	return &verifierv1.VerifyPresentationResponse{Report: out}, err
}

func checkLength(field string, length, most int) error {
	switch {
	case length == 0:
		return fault.New(fault.Invalid, "verification."+field, "%s is missing", field)
	case length > most:
		return fault.New(fault.Invalid, "verification."+field, "%s is longer than %d bytes", field, most)
	}
	return nil
}

var endings = map[credential.Outcome]verifierv1.VerificationOutcome{
	credential.Passed:     verifierv1.VerificationOutcome_VERIFICATION_OUTCOME_PASSED,
	credential.Failed:     verifierv1.VerificationOutcome_VERIFICATION_OUTCOME_FAILED,
	credential.Unfinished: verifierv1.VerificationOutcome_VERIFICATION_OUTCOME_UNFINISHED,
}

// encodeReport writes a report. A check that failed by our own fault is answered as
// one.
func encodeReport(report *credential.Report) (*verifierv1.VerificationReport, error) {
	if err := report.Err(); err != nil && fault.KindOf(err) == fault.Internal {
		return nil, err
	}
	return partOf(report), nil
}

func partOf(report *credential.Report) *verifierv1.VerificationReport {
	out := &verifierv1.VerificationReport{
		Verified: report.Verified(), Answer: report.Answer(), Checks: make([]*verifierv1.VerificationCheck, len(report.Checks)),
	}
	for i, check := range report.Checks {
		out.Checks[i] = &verifierv1.VerificationCheck{
			Name: check.Name, Outcome: endings[check.Outcome], Rule: check.Rule, Detail: check.Detail,
		}
	}
	for _, part := range report.Credentials {
		out.Credentials = append(out.Credentials, partOf(part))
	}
	return out
}
