package peers

import (
	"context"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
)

// Identities asks the police over mTLS what they corrected.
type Identities struct {
	Client policev1.IdentityServiceClient
}

// Identity implements desk.Identities.
func (i Identities) Identity(ctx context.Context, caseRef string) (desk.Correction, error) {
	answer, err := i.Client.GetIdentity(ctx, &policev1.GetIdentityRequest{CaseRef: caseRef})
	if err != nil {
		return desk.Correction{}, err
	}
	claims := map[string]any{}
	for _, field := range answer.GetCorrected() {
		claims[field.GetPath()] = field.GetValue().AsInterface()
	}
	return desk.Correction{Claims: claims, From: desk.Source{
		CredentialID: answer.GetAppointmentId(), Type: "IdentityControl", Issuer: answer.GetIssuer(),
	}}, nil
}
