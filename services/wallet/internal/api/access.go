package api

import (
	"context"

	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
)

// The roles of the wallet's tokens: an app opens wallets, a holder uses one.
// The holder's subject is the holder's id.
const (
	RoleApp    rpc.Role = "wallet-app"
	RoleHolder rpc.Role = "holder"
)

// Policy says who may call what.
func Policy() rpc.Policy {
	holder := []rpc.Role{RoleHolder}
	return rpc.Policy{Roles: map[string][]rpc.Role{
		walletv1.WalletService_OpenWallet_FullMethodName:       {RoleApp},
		walletv1.WalletService_GetWallet_FullMethodName:        holder,
		walletv1.WalletService_AcceptOffer_FullMethodName:      holder,
		walletv1.WalletService_ConfirmOffer_FullMethodName:     holder,
		walletv1.WalletService_DeclineOffer_FullMethodName:     holder,
		walletv1.WalletService_ApplyForPermit_FullMethodName:   holder,
		walletv1.WalletService_GetExchange_FullMethodName:      holder,
		walletv1.WalletService_ListExchanges_FullMethodName:    holder,
		walletv1.WalletService_ListCredentials_FullMethodName:  holder,
		walletv1.WalletService_GetCredential_FullMethodName:    holder,
		walletv1.WalletService_ConfirmPayment_FullMethodName:   holder,
		walletv1.WalletService_AppealDecision_FullMethodName:   holder,
		walletv1.WalletService_ImportCredential_FullMethodName: holder,
		walletv1.WalletService_ListNotices_FullMethodName:      holder,
		walletv1.WalletService_ReadNotice_FullMethodName:       holder,
		walletv1.WalletService_ListAccessLog_FullMethodName:    holder,
		walletv1.WalletService_DeleteWallet_FullMethodName:     holder,
	}}
}

// Holders finds the holder that a token's hash opens; NotFound for none.
type Holders func(ctx context.Context, tokenHash string) (string, error)

// Authenticator knows the tokens of apps, from the tokens file, and those of
// holders, from the database.
type Authenticator struct {
	Apps    rpc.Authenticator
	Holders Holders
}

// Authenticate implements rpc.Authenticator.
func (a Authenticator) Authenticate(ctx context.Context, token string) (rpc.Principal, error) {
	hash := rpc.HashToken(token)
	holder, err := a.Holders(ctx, hash)
	switch fault.KindOf(err) {
	case fault.NotFound:
		return a.Apps.Authenticate(ctx, token)
	default:
		if err != nil {
			return rpc.Principal{}, fault.Wrap(err, fault.Unavailable, "rpc.tokens-unreadable", "tokens cannot be checked right now")
		}
	}
	return rpc.Principal{Role: RoleHolder, Subject: holder, TokenHash: hash}, nil
}
