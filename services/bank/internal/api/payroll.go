package api

import (
	"context"

	bankv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
)

// Payroll serves PayrollService, on the internal listener.
type Payroll struct {
	bankv1.UnimplementedPayrollServiceServer
	Desk *desk.Desk
}

// GetPayrollAccount tells the employer of a case where to pay.
func (s *Payroll) GetPayrollAccount(ctx context.Context, req *bankv1.GetPayrollAccountRequest) (*bankv1.GetPayrollAccountResponse, error) {
	caller, _ := rpc.Caller(ctx)
	told, err := s.Desk.Payroll(ctx, caller, req.GetCaseRef(), req.GetEmployerOrganisationNumber())
	if err != nil {
		return nil, err
	}
	return &bankv1.GetPayrollAccountResponse{Iban: told.IBAN, Bic: told.BIC, AccountHolderName: told.Holder, BankName: told.BankName}, nil
}
