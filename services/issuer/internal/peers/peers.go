// Package peers is whom the issuer asks for its employers: the registry who may
// sign, the tax administration for a worker's number, the bank where pay goes.
// Over gRPC with mutual TLS, never inside a transaction.
package peers

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	bankv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
)

// Signatories asks the registry.
type Signatories struct {
	Client registryv1.SignatoryServiceClient
}

// Check gives the authority of who signs. A refusal is Denied by the rule that
// the registry names; an answer that cannot be had lets nobody sign.
func (s Signatories) Check(ctx context.Context, who desk.Signature) (string, error) {
	answer, err := s.Client.CheckSignatory(ctx, &registryv1.CheckSignatoryRequest{
		OrganisationNumber: who.OrganisationNumber, Name: who.Name, Role: who.Role, AuthorisedBy: who.AuthorisedBy, SignedAt: timestamppb.New(who.At),
	})
	switch {
	case err != nil:
		return "", fault.Wrap(err, fault.Unavailable, "signatory.unchecked", "nobody can tell now whether the signatory may sign: try again")
	case !answer.GetAuthorised():
		rule := answer.GetRule()
		if rule == "" {
			rule = "signatory.refused"
		}
		return "", fault.New(fault.Denied, rule, "the signatory may not sign for the employer: register who signs, with name and role as the offer has them")
	}
	return answer.GetRight(), nil
}

// Identifiers asks the tax administration, with a purpose.
type Identifiers struct {
	Client  taxv1.IdentifierServiceClient
	Purpose string
}

// Identifier gives the number of the person of a case.
func (i Identifiers) Identifier(ctx context.Context, caseRef string) (string, error) {
	answer, err := i.Client.GetIdentifier(ctx, &taxv1.GetIdentifierRequest{CaseRef: caseRef, Purpose: i.Purpose})
	return answer.GetIdentifier(), err
}

// Accounts asks the bank.
type Accounts struct {
	Client bankv1.PayrollServiceClient
}

// Account gives where pay goes.
func (a Accounts) Account(ctx context.Context, caseRef, organisationNumber string) (desk.Account, error) {
	answer, err := a.Client.GetPayrollAccount(ctx, &bankv1.GetPayrollAccountRequest{CaseRef: caseRef, EmployerOrganisationNumber: organisationNumber})
	if err != nil {
		return desk.Account{}, err
	}
	return desk.Account{IBAN: answer.GetIban(), BIC: answer.GetBic(), BankName: answer.GetBankName()}, nil
}
