package api

import (
	"context"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

// ImportOffers takes a file of offers.
func (s *Offers) ImportOffers(ctx context.Context, req *issuerv1.ImportOffersRequest) (*issuerv1.ImportOffersResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	if err := checkKey(req.GetIdempotencyKey()); err != nil {
		return nil, err
	}
	in := desk.Import{
		Tenant: who.Subject, TokenHash: who.TokenHash, IdempotencyKey: req.GetIdempotencyKey(), File: req.GetCsv(), CodeForm: offer.Characters,
		Signatory: offer.Signatory{
			Name: req.GetSignatory().GetName(), Role: req.GetSignatory().GetRole(), AuthorisedBy: req.GetSignatory().GetAuthorisedBy(),
		},
		Declarations: offer.Declarations{
			QualificationsConfirmed: req.GetDeclarations().GetQualificationsConfirmed(), InformationVerified: req.GetDeclarations().GetInformationVerified(),
		},
	}
	if req.GetWordCodes() {
		in.CodeForm = offer.Words
	}
	made, violations, err := s.Desk.ImportOffers(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &issuerv1.ImportOffersResponse{}
	if len(violations) == 0 {
		out.Batch = batchOf(made)
	}
	for _, v := range violations {
		out.Violations = append(out.Violations, &issuerv1.LineViolation{
			Line: int32(v.Line), Column: int32(v.Column), Field: v.Field, Rule: v.Rule, Message: v.Message,
		})
	}
	return out, nil
}

// GetBatch tells how far a batch is.
func (s *Offers) GetBatch(ctx context.Context, req *issuerv1.GetBatchRequest) (*issuerv1.GetBatchResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	b, err := s.Desk.BatchOf(ctx, who.Subject, req.GetBatchId())
	if err != nil {
		return nil, err
	}
	return &issuerv1.GetBatchResponse{Batch: batchOf(b)}, nil
}

// GetBatchReport gives a batch as CSV.
func (s *Offers) GetBatchReport(ctx context.Context, req *issuerv1.GetBatchReportRequest) (*issuerv1.GetBatchReportResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	report, err := s.Desk.BatchReport(ctx, who.Subject, req.GetBatchId())
	return &issuerv1.GetBatchReportResponse{Csv: report}, err
}

func batchOf(b desk.Batch) *issuerv1.Batch {
	out := &issuerv1.Batch{
		BatchId: b.ID, State: issuerv1.BatchState_BATCH_STATE_ISSUING, Total: int32(b.Total), Issued: int32(b.Issued), Failed: int32(b.Failed),
		ImportedAt: wire.Instant(b.ImportedAt), DoneAt: wire.Instant(b.DoneAt),
	}
	if b.Done() {
		out.State = issuerv1.BatchState_BATCH_STATE_DONE
	}
	return out
}
