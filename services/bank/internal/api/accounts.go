// Package api is the bank's gRPC contracts: decode, call the desk, encode.
package api

import (
	"context"

	bankv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/tenant"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
)

// RoleClerk is what a token of a clerk must be. Its subject is the bank's
// organisation number, a slash and who it is; see tenant.Banks.Clerk.
const RoleClerk rpc.Role = "clerk"

// Policy says who may call what.
func Policy() rpc.Policy {
	clerk := []rpc.Role{RoleClerk}
	return rpc.Policy{Roles: map[string][]rpc.Role{
		bankv1.AccountService_GetAccount_FullMethodName:            clerk,
		bankv1.AccountService_ListAccounts_FullMethodName:          clerk,
		bankv1.AccountService_ApproveCustomer_FullMethodName:       clerk,
		bankv1.AccountService_DeclineCustomer_FullMethodName:       clerk,
		bankv1.AccountService_ReleaseAccount_FullMethodName:        clerk,
		bankv1.AccountService_CloseAccount_FullMethodName:          clerk,
		bankv1.AccountService_ConfirmBankIdIdentity_FullMethodName: clerk,
	}}
}

// Accounts serves AccountService.
type Accounts struct {
	bankv1.UnimplementedAccountServiceServer
	Desk *desk.Desk
}

func (s *Accounts) clerk(ctx context.Context) (tenant.Clerk, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	return s.Desk.Banks.Clerk(who.Subject)
}

// GetAccount gives the account of a case, with its number.
func (s *Accounts) GetAccount(ctx context.Context, req *bankv1.GetAccountRequest) (*bankv1.GetAccountResponse, error) {
	clerk, err := s.clerk(ctx)
	if err != nil {
		return nil, err
	}
	line, err := s.Desk.Get(ctx, clerk, req.GetCaseRef())
	if err != nil {
		return nil, err
	}
	answers, err := s.Desk.Answers(ctx, req.GetCaseRef())
	if err != nil {
		return nil, err
	}
	out, err := s.encodeWhole(clerk, line)
	if err != nil {
		return nil, err
	}
	out.PayrollAnswers = encodeAnswers(answers)
	return &bankv1.GetAccountResponse{Account: out}, nil
}

// ListAccounts gives a page of cases, without account numbers.
func (s *Accounts) ListAccounts(ctx context.Context, req *bankv1.ListAccountsRequest) (*bankv1.ListAccountsResponse, error) {
	clerk, err := s.clerk(ctx)
	if err != nil {
		return nil, err
	}
	page, err := wire.ReadPage(req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	standing, any := fromState(req.GetState())
	if !any {
		return &bankv1.ListAccountsResponse{}, nil
	}
	lines, err := s.Desk.List(ctx, clerk, standing, page.Cursor, page.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &bankv1.ListAccountsResponse{}
	if len(lines) > page.Limit {
		lines = lines[:page.Limit]
		out.NextPageToken = wire.Token(lines[page.Limit-1].Cursor)
	}
	for _, line := range lines {
		out.Accounts = append(out.Accounts, encode(clerk, line))
	}
	return out, nil
}

// ApproveCustomer takes the clerk's word that the bank takes the customer.
func (s *Accounts) ApproveCustomer(ctx context.Context, req *bankv1.ApproveCustomerRequest) (*bankv1.ApproveCustomerResponse, error) {
	out, err := s.decide(ctx, s.Desk.Approve, desk.Word{CaseRef: req.GetCaseRef(), Code: approveCodes[req.GetCode()], Reason: req.GetReason()})
	return &bankv1.ApproveCustomerResponse{Account: out}, err
}

// DeclineCustomer takes the clerk's word that the bank does not.
func (s *Accounts) DeclineCustomer(ctx context.Context, req *bankv1.DeclineCustomerRequest) (*bankv1.DeclineCustomerResponse, error) {
	out, err := s.decide(ctx, s.Desk.Decline, desk.Word{CaseRef: req.GetCaseRef(), Code: declineCodes[req.GetCode()], Reason: req.GetReason()})
	return &bankv1.DeclineCustomerResponse{Account: out}, err
}

// ReleaseAccount lets a frozen account take pay again.
func (s *Accounts) ReleaseAccount(ctx context.Context, req *bankv1.ReleaseAccountRequest) (*bankv1.ReleaseAccountResponse, error) {
	out, err := s.decide(ctx, s.Desk.Release, desk.Word{CaseRef: req.GetCaseRef(), Reason: req.GetReason()})
	return &bankv1.ReleaseAccountResponse{Account: out}, err
}

// CloseAccount closes an account for good.
func (s *Accounts) CloseAccount(ctx context.Context, req *bankv1.CloseAccountRequest) (*bankv1.CloseAccountResponse, error) {
	out, err := s.decide(ctx, s.Desk.Close, desk.Word{CaseRef: req.GetCaseRef(), Reason: req.GetReason()})
	return &bankv1.CloseAccountResponse{Account: out}, err
}

// ConfirmBankIdIdentity takes the clerk's word that they have seen the customer.
func (s *Accounts) ConfirmBankIdIdentity(ctx context.Context, req *bankv1.ConfirmBankIdIdentityRequest) (*bankv1.ConfirmBankIdIdentityResponse, error) {
	out, err := s.decide(ctx, s.Desk.ConfirmIdentity, desk.Word{CaseRef: req.GetCaseRef()})
	return &bankv1.ConfirmBankIdIdentityResponse{Account: out}, err
}

func (s *Accounts) decide(ctx context.Context, verb func(context.Context, desk.Word) (desk.Line, error), word desk.Word) (*bankv1.Account, error) {
	clerk, err := s.clerk(ctx)
	if err != nil {
		return nil, err
	}
	word.Clerk = clerk
	line, err := verb(ctx, word)
	if err != nil {
		return nil, err
	}
	return s.encodeWhole(clerk, line)
}
