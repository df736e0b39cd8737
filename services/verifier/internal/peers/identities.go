package peers

import (
	"context"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
)

// Identities asks the police over mTLS what they corrected.
type Identities struct {
	Client policev1.IdentityServiceClient
}

// Identity implements desk.Identities.
func (i Identities) Identity(ctx context.Context, caseRef string) (map[string]any, error) {
	answer, err := i.Client.GetIdentity(ctx, &policev1.GetIdentityRequest{CaseRef: caseRef})
	if err != nil {
		return nil, err
	}
	claims := map[string]any{}
	for _, field := range answer.GetCorrected() {
		claims[field.GetPath()] = field.GetValue().AsInterface()
	}
	return claims, nil
}
