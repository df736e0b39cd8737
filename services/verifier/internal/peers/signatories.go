package peers

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
)

// Signatories asks the programme's registry over mTLS who may sign.
type Signatories struct {
	Client registryv1.SignatoryServiceClient
}

// Authorised implements desk.Signatories.
func (s Signatories) Authorised(ctx context.Context, signed desk.Signing) (bool, error) {
	answer, err := s.Client.CheckSignatory(ctx, &registryv1.CheckSignatoryRequest{
		OrganisationNumber: signed.OrganisationNumber, Name: signed.Name, Role: signed.Role, AuthorisedBy: signed.AuthorisedBy,
		SignedAt: timestamppb.New(signed.At),
	})
	if err != nil {
		return false, err
	}
	return answer.GetAuthorised(), nil
}
