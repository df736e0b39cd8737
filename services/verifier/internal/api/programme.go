package api

import (
	"context"

	"google.golang.org/protobuf/types/known/durationpb"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/programme"
)

// RoleProgramme is what a token must be to see how long cases take. It opens no
// case.
const RoleProgramme rpc.Role = "programme"

// Programme serves ProgrammeService.
type Programme struct {
	verifierv1.UnimplementedProgrammeServiceServer
	Office *programme.Office
}

// ProgrammePolicy adds who may call ProgrammeService to a policy.
func ProgrammePolicy(p rpc.Policy) rpc.Policy {
	for _, method := range []string{
		verifierv1.ProgrammeService_GetClock_FullMethodName,
		verifierv1.ProgrammeService_GetStatistics_FullMethodName,
		verifierv1.ProgrammeService_ListLateSteps_FullMethodName,
		verifierv1.ProgrammeService_ExportStatistics_FullMethodName,
	} {
		p.Roles[method] = []rpc.Role{RoleProgramme}
	}
	return p
}

// GetClock gives where a case's time went.
func (s *Programme) GetClock(ctx context.Context, req *verifierv1.GetClockRequest) (*verifierv1.GetClockResponse, error) {
	c, err := s.Office.ClockOf(ctx, req.GetCaseRef())
	if err != nil {
		return nil, err
	}
	out := &verifierv1.CaseClock{
		CaseRef: req.GetCaseRef(), From: wire.Instant(c.From), Until: wire.Instant(c.Until), Ended: c.Ended, Elapsed: durationpb.New(c.Elapsed()),
	}
	for _, class := range programme.Classes {
		out.Parts = append(out.Parts, &verifierv1.ClockPart{TimeClass: wire.TimeClass(eventbus.TimeClass(class)), Time: durationpb.New(c.Of(class))})
	}
	for _, one := range c.Stretches {
		out.Stretches = append(out.Stretches, &verifierv1.ClockStretch{
			From: wire.Instant(one.From), Until: wire.Instant(one.Until), TimeClass: wire.TimeClass(eventbus.TimeClass(one.Class)),
			Step: string(one.Step.Step), Agency: one.Step.Service,
		})
	}
	return &verifierv1.GetClockResponse{Clock: out}, nil
}

// GetStatistics gives a month that is over.
func (s *Programme) GetStatistics(ctx context.Context, req *verifierv1.GetStatisticsRequest) (*verifierv1.GetStatisticsResponse, error) {
	found, err := s.Office.Statistics(ctx, req.GetMonth(), req.GetAgency())
	if err != nil {
		return nil, err
	}
	out := &verifierv1.Statistics{Month: found.Month.String(), Limit: int32(found.Limit)}
	for _, r := range found.Rows {
		out.Rows = append(out.Rows, encodeRow(r))
	}
	if found.Totals != nil {
		out.Totals = encodeRow(*found.Totals)
	}
	for _, class := range programme.Classes {
		if median, told := found.Medians[class]; told {
			out.Medians = append(out.Medians, &verifierv1.ClockPart{TimeClass: wire.TimeClass(eventbus.TimeClass(class)), Time: durationpb.New(median)})
		}
	}
	return &verifierv1.GetStatisticsResponse{Statistics: out}, nil
}

func encodeRow(r programme.Row) *verifierv1.StatisticsRow {
	out := &verifierv1.StatisticsRow{
		Agency: r.Agency, Step: string(r.Step), InTime: encodeCount(r.InTime), Late: encodeCount(r.Late), All: encodeCount(r.All),
	}
	if r.Target > 0 {
		out.Target = durationpb.New(r.Target)
	}
	for percent, into := range map[int]**durationpb.Duration{50: &out.P50, 90: &out.P90, 95: &out.P95, 99: &out.P99} {
		if took, told := r.Percentiles[percent]; told {
			*into = durationpb.New(took)
		}
	}
	return out
}

func encodeCount(c programme.Count) *verifierv1.Count {
	return &verifierv1.Count{Cases: c.Cases, Suppressed: c.Suppressed}
}

// ListLateSteps gives a page of open cases' late steps.
func (s *Programme) ListLateSteps(ctx context.Context, req *verifierv1.ListLateStepsRequest) (*verifierv1.ListLateStepsResponse, error) {
	page, err := wire.ReadPage(req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	late, next, err := s.Office.Late(ctx, req.GetAgency(), page.Cursor, page.Limit)
	if err != nil {
		return nil, err
	}
	out := &verifierv1.ListLateStepsResponse{}
	if next > 0 {
		out.NextPageToken = wire.Token(next)
	}
	for _, l := range late {
		out.LateSteps = append(out.LateSteps, &verifierv1.LateStep{
			CaseRef: l.CaseRef, Agency: l.Waiting.Agency, Step: string(l.Waiting.Step), After: string(l.Waiting.After),
			Since: wire.Instant(l.Waiting.Since), Target: durationpb.New(l.Waiting.Within), Waited: durationpb.New(l.Waited),
			TimeClass: wire.TimeClass(eventbus.TimeClass(l.Waiting.Waits)),
		})
	}
	return out, nil
}

// ExportStatistics gives a month as a table.
func (s *Programme) ExportStatistics(ctx context.Context, req *verifierv1.ExportStatisticsRequest) (*verifierv1.ExportStatisticsResponse, error) {
	found, err := s.Office.Statistics(ctx, req.GetMonth(), req.GetAgency())
	if err != nil {
		return nil, err
	}
	text, err := found.CSV()
	if err != nil {
		return nil, err
	}
	name := "kompetansespor-" + found.Month.String()
	if req.GetAgency() != "" {
		name += "-" + req.GetAgency()
	}
	return &verifierv1.ExportStatisticsResponse{FileName: name + ".csv", Csv: text}, nil
}
