// Package api is the bank's gRPC contract: decode, call the desk, encode.
package api

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	bankv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
)

// RoleClerk is what a token of a clerk must be.
const RoleClerk rpc.Role = "clerk"

// Policy says who may call what.
func Policy() rpc.Policy {
	clerk := []rpc.Role{RoleClerk}
	return rpc.Policy{Roles: map[string][]rpc.Role{
		bankv1.AccountService_GetAccount_FullMethodName:   clerk,
		bankv1.AccountService_ListAccounts_FullMethodName: clerk,
	}}
}

// Accounts serves AccountService.
type Accounts struct {
	bankv1.UnimplementedAccountServiceServer
	Desk *desk.Desk
}

// GetAccount gives the account of a case, with its number.
func (s *Accounts) GetAccount(ctx context.Context, req *bankv1.GetAccountRequest) (*bankv1.GetAccountResponse, error) {
	line, err := s.Desk.Get(ctx, req.GetCaseRef())
	if err != nil {
		return nil, err
	}
	out := s.encode(line)
	if line.Standing == desk.Opened {
		if out.Iban, err = identifier.IBAN(line.Account.BBAN()); err != nil {
			return nil, err
		}
	}
	return &bankv1.GetAccountResponse{Account: out}, nil
}

// ListAccounts gives a page of cases, without account numbers.
func (s *Accounts) ListAccounts(ctx context.Context, req *bankv1.ListAccountsRequest) (*bankv1.ListAccountsResponse, error) {
	page, err := wire.ReadPage(req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	standing, any := fromState(req.GetState())
	if !any {
		return &bankv1.ListAccountsResponse{}, nil
	}
	lines, err := s.Desk.List(ctx, standing, page.Cursor, page.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &bankv1.ListAccountsResponse{}
	if len(lines) > page.Limit {
		lines = lines[:page.Limit]
		out.NextPageToken = wire.Token(lines[page.Limit-1].Cursor)
	}
	for _, line := range lines {
		out.Accounts = append(out.Accounts, s.encode(line))
	}
	return out, nil
}

var states = map[desk.Standing]bankv1.AccountState{
	desk.Waiting:    bankv1.AccountState_ACCOUNT_STATE_WAITING_FOR_IDENTIFIER,
	desk.Opened:     bankv1.AccountState_ACCOUNT_STATE_OPEN,
	desk.NotGranted: bankv1.AccountState_ACCOUNT_STATE_NOT_GRANTED,
	desk.Failed:     bankv1.AccountState_ACCOUNT_STATE_FAILED,
}

// fromState is the standing that a filter means, "" for every one; false for
// one that no case has.
func fromState(filter bankv1.AccountState) (desk.Standing, bool) {
	for standing, state := range states {
		if state == filter {
			return standing, true
		}
	}
	return "", filter == bankv1.AccountState_ACCOUNT_STATE_UNSPECIFIED
}

func (s *Accounts) encode(line desk.Line) *bankv1.Account {
	out := &bankv1.Account{CaseRef: line.CaseRef, State: states[line.Standing], Bic: s.Desk.Bank.BIC}
	switch line.Standing {
	case desk.Failed:
		out.Rule = line.Rule
	case desk.Opened:
		out.OpenedAt, out.KycLevel = timestamppb.New(line.Account.Snapshot().OpenedAt), bankv1.KycLevel_KYC_LEVEL_STANDARD
	}
	return out
}
