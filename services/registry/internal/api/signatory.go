package api

import (
	"context"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/desk"
)

// Signatories serves SignatoryService, on the internal listener.
type Signatories struct {
	registryv1.UnimplementedSignatoryServiceServer
	Desk *desk.Desk
}

var authorities = map[accreditation.Source]registryv1.SignatoryAuthority{
	accreditation.Employer:         registryv1.SignatoryAuthority_SIGNATORY_AUTHORITY_REGISTERED,
	accreditation.Enhetsregisteret: registryv1.SignatoryAuthority_SIGNATORY_AUTHORITY_ROLE,
}

// refusals say in people's languages why a signature does not count.
var refusals = map[string]*registryv1.Texts{
	"signatory.not-accredited": {
		Nb: "Arbeidsgiveren var ikke godkjent da tilbudet ble signert.",
		Nn: "Arbeidsgivaren var ikkje godkjend då tilbodet vart signert.",
		En: "The employer was not accredited when the offer was signed.",
	},
	"signatory.unknown": {
		Nb: "Ingen med dette navnet og denne rollen kan signere for arbeidsgiveren.",
		Nn: "Ingen med dette namnet og denne rolla kan signere for arbeidsgivaren.",
		En: "Nobody of this name and role may sign for the employer.",
	},
	"signatory.right": {
		Nb: "Den som signerte er registrert med en annen fullmakt enn tilbudet oppgir.",
		Nn: "Den som signerte er registrert med ei anna fullmakt enn tilbodet oppgir.",
		En: "Who signed is registered with another right than the offer names.",
	},
}

// CheckSignatory answers by what authority somebody signed, or why they could
// not.
func (s *Signatories) CheckSignatory(ctx context.Context, req *registryv1.CheckSignatoryRequest) (*registryv1.CheckSignatoryResponse, error) {
	signature := accreditation.Signature{Name: req.GetName(), Role: req.GetRole(), AuthorisedBy: req.GetAuthorisedBy()}
	if req.GetSignedAt() != nil {
		signature.At = req.GetSignedAt().AsTime()
	}
	by, err := s.Desk.CheckSignatory(ctx, req.GetOrganisationNumber(), signature)
	switch {
	case err == nil:
		return &registryv1.CheckSignatoryResponse{Authorised: true, Authority: authorities[by.Source], Right: by.Name}, nil
	case fault.KindOf(err) == fault.Denied:
		rule := fault.RuleOf(err)
		return &registryv1.CheckSignatoryResponse{Rule: rule, Why: refusals[rule]}, nil
	}
	return nil, err
}
