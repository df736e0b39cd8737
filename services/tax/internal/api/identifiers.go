package api

import (
	"context"

	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/desk"
)

// Identifiers serves IdentifierService, on the internal listener.
type Identifiers struct {
	taxv1.UnimplementedIdentifierServiceServer
	Desk *desk.Desk
}

// GetIdentifier tells the bank, or the employer's service, whose number it is.
func (s *Identifiers) GetIdentifier(ctx context.Context, req *taxv1.GetIdentifierRequest) (*taxv1.GetIdentifierResponse, error) {
	caller, ok := rpc.Caller(ctx)
	if !ok {
		return nil, fault.New(fault.Denied, "identifier.caller", "an identifier is told to a service with a certificate only")
	}
	current, former, err := s.Desk.Identifier(ctx, req.GetCaseRef(), req.GetPurpose(), caller)
	if err != nil {
		return nil, err
	}
	out := &taxv1.GetIdentifierResponse{
		Identifier: current.Number, IdentifierType: kinds[current.Kind], AssignedAt: instant(current.AssignedAt), Origin: origins[current.How],
	}
	for _, n := range former {
		out.FormerIdentifiers = append(out.FormerIdentifiers, &taxv1.FormerIdentifier{
			Identifier: n.Number, IdentifierType: kinds[n.Kind], AssignedAt: instant(n.AssignedAt), ReplacedAt: instant(n.ReplacedAt),
		})
	}
	return out, nil
}
