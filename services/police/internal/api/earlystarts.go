package api

import (
	"context"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
)

// EarlyStarts serves EarlyStartService.
type EarlyStarts struct {
	policev1.UnimplementedEarlyStartServiceServer
	Desk *desk.Desk
}

// ConfirmEarlyStart confirms early start, or says what is not met. What the
// officer does not say counts against it.
func (s *EarlyStarts) ConfirmEarlyStart(ctx context.Context, req *policev1.ConfirmEarlyStartRequest) (*policev1.ConfirmEarlyStartResponse, error) {
	confirmed, conditions, err := s.Desk.ConfirmEarlyStart(ctx, desk.Asked{
		CaseRef: req.GetCaseRef(), By: officer(ctx), HigherEducationYears: int(req.GetHigherEducationYears()),
		PoliceCheckDone: req.GetPoliceCheckDone(), EmployerExcluded: !req.GetEmployerNotExcluded(),
		AtEmbassy: req.GetHandedIn() != policev1.HandedIn_HANDED_IN_NORWAY, SentToUDI: req.GetSentToUdi(),
	})
	if err != nil {
		return nil, err
	}
	out := &policev1.ConfirmEarlyStartResponse{
		CaseRef: confirmed.CaseRef, ConfirmedAt: wire.Instant(confirmed.At), OrganisationNumber: confirmed.Employer,
	}
	for _, c := range conditions {
		out.Conditions = append(out.Conditions, &policev1.EarlyStartCondition{
			ConditionId: c.ID, Law: c.Law, Met: c.Met, TextNb: c.Text.NB, TextNn: c.Text.NN, TextEn: c.Text.EN,
		})
	}
	return out, nil
}
