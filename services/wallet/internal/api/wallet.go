// Package api is the wallet's gRPC contract: decode, call the desk, encode.
package api

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"google.golang.org/protobuf/types/known/structpb"

	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	engine "github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

// Wallet serves WalletService.
type Wallet struct {
	walletv1.UnimplementedWalletServiceServer
	Desk *desk.Desk
}

// OpenWallet makes a wallet.
func (s *Wallet) OpenWallet(ctx context.Context, req *walletv1.OpenWalletRequest) (*walletv1.OpenWalletResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	holder, token, err := s.Desk.Open(ctx, who.Subject, holding.Wishes{Locale: req.GetLocale(), Format: engine.Format(req.GetCredentialFormat())})
	if err != nil {
		return nil, err
	}
	return &walletv1.OpenWalletResponse{HolderId: holder, Token: token}, nil
}

// GetWallet tells what the wallet holds, in numbers.
func (s *Wallet) GetWallet(ctx context.Context, _ *walletv1.GetWalletRequest) (*walletv1.GetWalletResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	sent, received, held, err := s.Desk.Numbers(ctx, who.Subject)
	if err != nil {
		return nil, err
	}
	return &walletv1.GetWalletResponse{HolderId: who.Subject, DidcommSent: sent, DidcommReceived: received, Credentials: held}, nil
}

// AcceptOffer opens an invitation.
func (s *Wallet) AcceptOffer(ctx context.Context, req *walletv1.AcceptOfferRequest) (*walletv1.AcceptOfferResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	exchange, err := s.Desk.Collect(ctx, who.Subject, desk.Collecting{
		Link: req.GetInvitationUrl(), Number: req.GetOfferNumber(), Code: req.GetCollectionCode(),
		Ask: req.GetAsk(),
	})
	if err != nil {
		return nil, err
	}
	out, err := s.exchange(ctx, exchange)
	return &walletv1.AcceptOfferResponse{Exchange: out}, err
}

// ConfirmOffer takes what is offered.
func (s *Wallet) ConfirmOffer(ctx context.Context, req *walletv1.ConfirmOfferRequest) (*walletv1.ConfirmOfferResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	exchange, err := s.Desk.Confirm(ctx, who.Subject, req.GetExchangeId())
	if err != nil {
		return nil, err
	}
	out, err := s.exchange(ctx, exchange)
	return &walletv1.ConfirmOfferResponse{Exchange: out}, err
}

// DeclineOffer does not take it.
func (s *Wallet) DeclineOffer(ctx context.Context, req *walletv1.DeclineOfferRequest) (*walletv1.DeclineOfferResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	exchange, err := s.Desk.Decline(ctx, who.Subject, req.GetExchangeId())
	if err != nil {
		return nil, err
	}
	out, err := s.exchange(ctx, exchange)
	return &walletv1.DeclineOfferResponse{Exchange: out}, err
}

// ApplyForPermit applies at the authority.
func (s *Wallet) ApplyForPermit(ctx context.Context, req *walletv1.ApplyForPermitRequest) (*walletv1.ApplyForPermitResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	consent := holding.Consent{Purpose: req.GetConsent().GetPurpose(), Shares: req.GetConsent().GetShares()}
	for _, a := range req.GetConsent().GetAgencies() {
		consent.Agencies = append(consent.Agencies, holding.Agency{DID: a.GetAgencyDid(), Claims: a.GetClaims()})
	}
	exchange, err := s.Desk.Apply(ctx, who.Subject, desk.Applying{
		Credential: req.GetCredentialId(), Supporting: req.GetSupportingCredentialIds(), Consent: consent,
	})
	if err != nil {
		return nil, err
	}
	out, err := s.exchange(ctx, exchange)
	return &walletv1.ApplyForPermitResponse{Exchange: out}, err
}

// ConfirmPayment tells the authority that the fee was paid.
func (s *Wallet) ConfirmPayment(ctx context.Context, req *walletv1.ConfirmPaymentRequest) (*walletv1.ConfirmPaymentResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	exchange, err := s.Desk.Paid(ctx, who.Subject, req.GetExchangeId())
	if err != nil {
		return nil, err
	}
	out, err := s.exchange(ctx, exchange)
	return &walletv1.ConfirmPaymentResponse{Exchange: out}, err
}

// AppealDecision sends an appeal.
func (s *Wallet) AppealDecision(ctx context.Context, req *walletv1.AppealDecisionRequest) (*walletv1.AppealDecisionResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	exchange, err := s.Desk.Appeal(ctx, who.Subject, req.GetExchangeId(), req.GetGrounds())
	if err != nil {
		return nil, err
	}
	out, err := s.exchange(ctx, exchange)
	return &walletv1.AppealDecisionResponse{Exchange: out}, err
}

// GetExchange gives one exchange.
func (s *Wallet) GetExchange(ctx context.Context, req *walletv1.GetExchangeRequest) (*walletv1.GetExchangeResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	exchange, err := s.Desk.Exchange(ctx, who.Subject, req.GetExchangeId())
	if err != nil {
		return nil, err
	}
	out, err := s.exchange(ctx, exchange)
	if err != nil {
		return nil, err
	}
	out.Offer, err = s.preview(ctx, exchange)
	return &walletv1.GetExchangeResponse{Exchange: out}, err
}

var standings = map[desk.Standing]walletv1.OfferStanding{
	desk.Accredited:    walletv1.OfferStanding_OFFER_STANDING_ACCREDITED,
	desk.NotAccredited: walletv1.OfferStanding_OFFER_STANDING_NOT_ACCREDITED,
	desk.Unclear:       walletv1.OfferStanding_OFFER_STANDING_UNCLEAR,
}

// preview is what waits for the holder's answer, nil when nothing does.
func (s *Wallet) preview(ctx context.Context, exchange holding.Exchange) (*walletv1.OfferPreview, error) {
	p, err := s.Desk.PreviewOf(ctx, exchange)
	if err != nil || p == nil {
		return nil, err
	}
	claims, err := structpb.NewStruct(p.Claims)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "exchange.stored", "a stored offer cannot be read")
	}
	return &walletv1.OfferPreview{Type: p.Type, Issuer: p.Issuer, IssuerName: p.Name, Standing: standings[p.Standing], Claims: claims}, nil
}

// ListExchanges gives a page of the holder's exchanges, newest first.
func (s *Wallet) ListExchanges(ctx context.Context, req *walletv1.ListExchangesRequest) (*walletv1.ListExchangesResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	page, err := wire.ReadPage(req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	if page.Cursor == wire.First {
		page.Cursor = math.MaxInt64
	}
	all, err := s.Desk.Exchanges(ctx, who.Subject, page.Cursor, page.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &walletv1.ListExchangesResponse{}
	if len(all) > page.Limit {
		all = all[:page.Limit]
		out.NextPageToken = wire.Token(all[page.Limit-1].CreatedAt.UnixMicro())
	}
	for _, e := range all {
		one, err := s.exchange(ctx, e)
		if err != nil {
			return nil, err
		}
		out.Exchanges = append(out.Exchanges, one)
	}
	return out, nil
}

// ListCredentials gives a page of credentials, oldest first.
func (s *Wallet) ListCredentials(ctx context.Context, req *walletv1.ListCredentialsRequest) (*walletv1.ListCredentialsResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	page, err := wire.ReadPage(req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	all, err := s.Desk.Credentials(ctx, who.Subject, page.Cursor, page.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &walletv1.ListCredentialsResponse{}
	if len(all) > page.Limit {
		all = all[:page.Limit]
		out.NextPageToken = wire.Token(all[page.Limit-1].ReceivedAt.UnixMicro())
	}
	for _, c := range all {
		one, err := credential(c)
		if err != nil {
			return nil, err
		}
		one.Document = nil
		out.Credentials = append(out.Credentials, one)
	}
	return out, nil
}

// GetCredential gives one credential with its document.
func (s *Wallet) GetCredential(ctx context.Context, req *walletv1.GetCredentialRequest) (*walletv1.GetCredentialResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	c, err := s.Desk.Credential(ctx, who.Subject, req.GetCredentialId())
	if err != nil {
		return nil, err
	}
	out, err := credential(c)
	return &walletv1.GetCredentialResponse{Credential: out}, err
}

// ImportCredential puts a credential in.
func (s *Wallet) ImportCredential(ctx context.Context, req *walletv1.ImportCredentialRequest) (*walletv1.ImportCredentialResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	held, err := s.Desk.Import(ctx, who.Subject, req.GetDocument())
	if err != nil {
		return nil, err
	}
	out, err := credential(held)
	return &walletv1.ImportCredentialResponse{Credential: out}, err
}

// ListAccessLog tells who has read what of the holder's applications, oldest
// first. Rows are only ever added at the end, so a page begins after as many as
// were shown.
func (s *Wallet) ListAccessLog(ctx context.Context, req *walletv1.ListAccessLogRequest) (*walletv1.ListAccessLogResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	page, err := wire.ReadPage(req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	all, err := s.Desk.WhoRead(ctx, who.Subject)
	if err != nil {
		return nil, err
	}
	shown := int(min(max(page.Cursor, 0), int64(len(all))))
	all = all[shown:]
	out := &walletv1.ListAccessLogResponse{}
	if len(all) > page.Limit {
		all = all[:page.Limit]
		out.NextPageToken = wire.Token(int64(shown + page.Limit))
	}
	for _, a := range all {
		out.Rows = append(out.Rows, &walletv1.AccessLogRow{
			At: wire.Instant(a.At), Agency: a.Agency, Purpose: a.Purpose, Claims: a.Claims, CaseRef: a.CaseRef, RowHash: a.Hash,
		})
	}
	return out, nil
}

var kinds = map[holding.Kind]walletv1.ExchangeKind{
	holding.Collection:  walletv1.ExchangeKind_EXCHANGE_KIND_OFFER,
	holding.Application: walletv1.ExchangeKind_EXCHANGE_KIND_APPLICATION,
	holding.Delivery:    walletv1.ExchangeKind_EXCHANGE_KIND_DELIVERY,
	holding.Import:      walletv1.ExchangeKind_EXCHANGE_KIND_IMPORT,
}

func (s *Wallet) exchange(ctx context.Context, e holding.Exchange) (*walletv1.Exchange, error) {
	outcome, err := s.Desk.OutcomeOf(ctx, e)
	if err != nil {
		return nil, err
	}
	out := &walletv1.Exchange{
		ExchangeId: e.ID, Kind: kinds[e.Kind], Counterparty: e.Theirs, StartedAt: wire.Instant(e.CreatedAt),
		UpdatedAt: wire.Instant(e.UpdatedAt), CaseRef: outcome.CaseRef, CredentialIds: outcome.Credentials,
		PaymentUrl: outcome.PaymentURL,
	}
	switch e.State() {
	case holding.Held, holding.Accepted:
		out.State = walletv1.ExchangeState_EXCHANGE_STATE_DONE
	case holding.Offered:
		out.State = walletv1.ExchangeState_EXCHANGE_STATE_OFFERED
	case holding.Refused:
		out.State = walletv1.ExchangeState_EXCHANGE_STATE_FAILED
		rule, message := e.Problem()
		out.Problem = &walletv1.ExchangeProblem{Rule: rule, Message: message}
	default:
		out.State = walletv1.ExchangeState_EXCHANGE_STATE_OPEN
	}
	return out, nil
}

// credential shows a held credential. It is in the wallet only because it was
// verified when it came.
func credential(c holding.Credential) (*walletv1.Credential, error) {
	said, err := verification.StoredClaims(c.Format, c.Document)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "credential.stored", "a stored credential cannot be read")
	}
	plain, err := json.Marshal(said)
	if err != nil {
		return nil, fmt.Errorf("show claims: %w", err)
	}
	claims := &structpb.Struct{}
	if err := claims.UnmarshalJSON(plain); err != nil {
		return nil, fmt.Errorf("show claims: %w", err)
	}
	return &walletv1.Credential{
		CredentialId: c.ID, Type: c.Type, Issuer: c.Issuer, Format: string(c.Format), Verified: true,
		ReceivedAt: wire.Instant(c.ReceivedAt), Claims: claims, Document: c.Document,
	}, nil
}

// DeleteWallet erases the wallet.
func (s *Wallet) DeleteWallet(ctx context.Context, _ *walletv1.DeleteWalletRequest) (*walletv1.DeleteWalletResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	return &walletv1.DeleteWalletResponse{}, s.Desk.Delete(ctx, who.Subject)
}
