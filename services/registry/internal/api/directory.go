package api

import (
	"context"
	"time"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/eligibility"
)

// Directory serves EmployerDirectoryService, to anybody.
type Directory struct {
	registryv1.UnimplementedEmployerDirectoryServiceServer
	Desk *desk.Desk
}

// ListEmployers gives a page of the employers that are accredited now.
func (s *Directory) ListEmployers(ctx context.Context, req *registryv1.ListEmployersRequest) (*registryv1.ListEmployersResponse, error) {
	out := &registryv1.ListEmployersResponse{}
	var err error
	out.NextPageToken, err = paged(req, func(after string, limit int) ([]desk.Record, error) {
		return s.Desk.Employers(ctx, req.GetQuery(), after, limit)
	}, func(r desk.Record) error {
		out.Employers = append(out.Employers, s.employer(r))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// GetEmployer gives from the history how an employer stood on a day.
func (s *Directory) GetEmployer(ctx context.Context, req *registryv1.GetEmployerRequest) (*registryv1.GetEmployerResponse, error) {
	day, err := s.Desk.OnDay(ctx, req.GetOrganisationNumber(), req.GetOn())
	if err != nil {
		return nil, err
	}
	out := &registryv1.GetEmployerResponse{
		Employer: s.employer(day.Record), On: day.On.Format(time.DateOnly), Accredited: len(day.Periods) > 0, AllDay: day.AllDay,
		TrustListVersions: day.Lists,
	}
	for _, p := range day.Periods {
		out.Periods = append(out.Periods, &registryv1.Period{From: wire.Instant(p.From), Until: wire.Instant(p.Until)})
	}
	return out, nil
}

// CheckEligibility answers "is this for me?".
func (s *Directory) CheckEligibility(ctx context.Context, req *registryv1.CheckEligibilityRequest) (*registryv1.CheckEligibilityResponse, error) {
	var answer eligibility.Answer
	var err error
	switch {
	case req.GetWorker() != nil:
		w := req.GetWorker()
		answer, err = s.Desk.WorkerFits(ctx, eligibility.Worker{
			Nationalities: w.GetNationalities(), Education: educations[w.GetEducation()], LivesInNorway: w.GetLivesInNorway(), HasOffer: w.GetHasOffer(),
			Employer: w.GetEmployerOrganisationNumber(),
		})
	case req.GetEmployer() != nil:
		answer, err = s.Desk.EmployerFits(ctx, req.GetEmployer().GetOrganisationNumber())
	default:
		err = fault.Violated("eligibility.invalid", "the question cannot be answered as it is", []fault.Violation{
			{Field: "worker", Rule: "eligibility.who", Message: "ask as a worker or as an employer"}})
	}
	if err != nil {
		return nil, err
	}
	out := &registryv1.CheckEligibilityResponse{Answer: answers[answer.Verdict], Summary: words(answer.Summary), Version: answer.Version}
	for _, r := range answer.Reasons {
		out.Reasons = append(out.Reasons, &registryv1.EligibilityReason{About: r.About, Answer: answers[r.Verdict], Code: r.Code, Why: words(r.Text)})
	}
	return out, nil
}

var educations = map[registryv1.EducationLevel]eligibility.Education{
	registryv1.EducationLevel_EDUCATION_LEVEL_NONE:       eligibility.NoEducation,
	registryv1.EducationLevel_EDUCATION_LEVEL_VOCATIONAL: eligibility.Vocational,
	registryv1.EducationLevel_EDUCATION_LEVEL_BACHELOR:   eligibility.Bachelor,
	registryv1.EducationLevel_EDUCATION_LEVEL_MASTER:     eligibility.Master,
}

var answers = map[eligibility.Verdict]registryv1.EligibilityAnswer{
	eligibility.Yes:   registryv1.EligibilityAnswer_ELIGIBILITY_ANSWER_YES,
	eligibility.No:    registryv1.EligibilityAnswer_ELIGIBILITY_ANSWER_NO,
	eligibility.Maybe: registryv1.EligibilityAnswer_ELIGIBILITY_ANSWER_MAYBE,
}

// employer is what anybody may know of one: no contact, no signatory, no reason.
func (s *Directory) employer(r desk.Record) *registryv1.Employer {
	a := r.Accreditation
	return &registryv1.Employer{
		OrganisationNumber: a.OrganisationNumber(), LegalName: a.LegalName(), Did: r.DID, Municipality: r.Municipality,
		ValidFrom: date(a.ValidFrom()), ValidUntil: date(a.ValidUntil()), State: states[a.StateAt(s.Desk.Clock.Now())],
	}
}
