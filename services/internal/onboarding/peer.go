package onboarding

import (
	"context"
	"time"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Verifier gives views over gRPC with mutual TLS: the certificate says which
// agency asks, the purpose what for.
type Verifier struct {
	Client  verifierv1.ViewServiceClient
	Purpose string
}

// View implements Views.
func (v Verifier) View(ctx context.Context, caseRef string) (View, error) {
	answer, err := v.Client.GetView(ctx, &verifierv1.GetViewRequest{CaseRef: caseRef, Purpose: v.Purpose})
	if err != nil {
		return View{}, err
	}
	got := answer.GetView()
	view := View{
		CaseRef: got.GetCaseRef(), DeliveryDID: got.GetDeliveryDid(), AgencyDID: got.GetAgencyDid(), Shares: got.GetShares(), EmployerDID: got.GetEmployerDid(),
	}
	for _, c := range got.GetClaims() {
		view.Claims = append(view.Claims, Claim{
			Path: c.GetPath(), Value: c.GetValue().AsInterface(), CredentialID: c.GetLineage().GetCredentialId(),
			CredentialType: c.GetLineage().GetCredentialType(), Issuer: c.GetLineage().GetIssuer(),
		})
	}
	if got.GetPermit() == nil { // read before the decision
		return view, nil
	}
	from, err := time.Parse(time.DateOnly, got.GetPermit().GetValidFrom())
	if err != nil {
		return View{}, fault.New(fault.Invalid, "view.permit-dates", "the permit's dates cannot be read")
	}
	until, err := time.Parse(time.DateOnly, got.GetPermit().GetValidUntil())
	if err != nil {
		return View{}, fault.New(fault.Invalid, "view.permit-dates", "the permit's dates cannot be read")
	}
	view.Permit = Permit{DecisionID: got.GetPermit().GetDecisionId(), ValidFrom: from, ValidUntil: until}
	return view, nil
}
