// Package peers is whom the bank asks: the tax administration.
package peers

import (
	"context"

	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
)

// Identifiers asks over gRPC with mutual TLS, with a purpose.
type Identifiers struct {
	Client  taxv1.IdentifierServiceClient
	Purpose string
}

// Identifier gives the number of the customer of a case.
func (i Identifiers) Identifier(ctx context.Context, caseRef string) (string, error) {
	answer, err := i.Client.GetIdentifier(ctx, &taxv1.GetIdentifierRequest{CaseRef: caseRef, Purpose: i.Purpose})
	return answer.GetIdentifier(), err
}
