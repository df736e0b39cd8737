// Package peers is whom and what the bank asks: the tax administration, and the
// list that customers are compared with.
package peers

import (
	"context"

	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Identifiers asks over gRPC with mutual TLS, with a purpose.
type Identifiers struct {
	Client  taxv1.IdentifierServiceClient
	Purpose string
}

// Identifier gives the number of the customer of a case. The tax administration
// has told that there is one: when it has none to give just now, its
// registration was stopped, and the bank is told so too.
func (i Identifiers) Identifier(ctx context.Context, caseRef string) (string, error) {
	answer, err := i.Client.GetIdentifier(ctx, &taxv1.GetIdentifierRequest{CaseRef: caseRef, Purpose: i.Purpose})
	if fault.KindOf(err) == fault.Conflict && err != nil {
		return "", fault.Wrap(err, fault.Unavailable, "identifier.not-now", "the tax administration gives no identifier of this case now")
	}
	return answer.GetIdentifier(), err
}
