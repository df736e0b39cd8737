package api

import (
	"context"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/taxcard"
)

var cardStates = map[taxcard.State]issuerv1.TaxCardState{
	taxcard.Wanted:      issuerv1.TaxCardState_TAX_CARD_STATE_ORDERED,
	taxcard.Ordered:     issuerv1.TaxCardState_TAX_CARD_STATE_ORDERED,
	taxcard.Received:    issuerv1.TaxCardState_TAX_CARD_STATE_RECEIVED,
	taxcard.NoCard:      issuerv1.TaxCardState_TAX_CARD_STATE_NO_CARD,
	taxcard.NotLiable:   issuerv1.TaxCardState_TAX_CARD_STATE_NOT_LIABLE,
	taxcard.CheckPermit: issuerv1.TaxCardState_TAX_CARD_STATE_CHECK_PERMIT,
	taxcard.Refused:     issuerv1.TaxCardState_TAX_CARD_STATE_REFUSED,
}

// FetchTaxCard orders a worker's tax card and tells how far it is.
func (s *Offers) FetchTaxCard(ctx context.Context, req *issuerv1.FetchTaxCardRequest) (*issuerv1.FetchTaxCardResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	order, err := s.Desk.FetchTaxCard(ctx, who.Subject, req.GetOfferId())
	if err != nil {
		return nil, err
	}
	out := &issuerv1.FetchTaxCardResponse{
		State: cardStates[order.State], OrderedAt: wire.Instant(order.OrderedAt), AnsweredAt: wire.Instant(order.AnsweredAt),
	}
	if order.State == taxcard.NoCard {
		out.WithholdPercentage = int32(offer.FiguresAt(order.AnsweredAt).WithholdWithoutCard)
	}
	if order.Card != nil {
		out.TaxCard = &issuerv1.EmployerTaxCard{
			CardId: order.Card.ID, IssuedOn: order.Card.IssuedOn, IncomeYear: int32(order.Card.Year), Additional: order.Card.Additional,
		}
		for _, d := range order.Card.Deductions {
			out.TaxCard.Deductions = append(out.TaxCard.Deductions, &issuerv1.TaxDeduction{
				Code: d.Code, TableNumber: d.Table, Percentage: d.Percentage, Months: d.Months, FreeAmount: d.Free,
			})
		}
	}
	return out, nil
}

// GetPayrollAccount tells where pay goes.
func (s *Offers) GetPayrollAccount(ctx context.Context, req *issuerv1.GetPayrollAccountRequest) (*issuerv1.GetPayrollAccountResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	account, err := s.Desk.PayrollAccount(ctx, who.Subject, req.GetOfferId())
	if err != nil {
		return nil, err
	}
	return &issuerv1.GetPayrollAccountResponse{Iban: account.IBAN, Bic: account.BIC, BankName: account.BankName}, nil
}
