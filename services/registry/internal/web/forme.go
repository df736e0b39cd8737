package web

import (
	"net/http"
	"strings"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// The fields of the questions, by their paths in the contract.
const (
	fieldNationality = "worker.nationalities"
	fieldSecond      = "worker.second_nationality"
	fieldEducation   = "worker.education"
	fieldLives       = "worker.lives_in_norway"
	fieldOffer       = "worker.has_offer"
	fieldEmployer    = "worker.employer_organisation_number"
	fieldOwn         = "employer.organisation_number"
)

// educations are what a worker may say, as a form sends it.
var educations = []registryv1.EducationLevel{
	registryv1.EducationLevel_EDUCATION_LEVEL_MASTER, registryv1.EducationLevel_EDUCATION_LEVEL_BACHELOR,
	registryv1.EducationLevel_EDUCATION_LEVEL_VOCATIONAL, registryv1.EducationLevel_EDUCATION_LEVEL_NONE,
}

func educationKey(e registryv1.EducationLevel) string {
	return strings.ToLower(strings.TrimPrefix(e.String(), "EDUCATION_LEVEL_"))
}

// askForMe shows the questions: a worker's, or an employer's.
func (p *Pages) askForMe(c *page.Call) error { return c.Show(forMe(c, page.NewForm(), nil)) }

// forMe answers. What was asked is kept nowhere: the answer is the page itself,
// with the questions below as they were answered.
func (p *Pages) forMe(c *page.Call) error {
	f := c.Form()
	request := workerAsks(c, f)
	if f.Get("who") == "employer" {
		request = &registryv1.CheckEligibilityRequest{Who: &registryv1.CheckEligibilityRequest_Employer{
			Employer: &registryv1.EmployerQuestion{OrganisationNumber: digits(f.Get(fieldOwn))},
		}}
	}
	if len(f.Wrong) > 0 {
		return c.ShowWith(http.StatusUnprocessableEntity, forMe(c, f, nil))
	}
	answer, err := p.Directory.CheckEligibility(c.Context(), request)
	if err != nil {
		if f.Refused(c, err) {
			return c.ShowWith(http.StatusUnprocessableEntity, forMe(c, f, nil))
		}
		return err
	}
	return c.Show(forMe(c, f, answer))
}

// workerAsks reads a worker's question. What an employer asks has none of it.
func workerAsks(c *page.Call, f *page.Form) *registryv1.CheckEligibilityRequest {
	if f.Get("who") == "employer" {
		return nil
	}
	worker := &registryv1.WorkerQuestion{
		LivesInNorway: f.Get(fieldLives) == "yes", HasOffer: f.Get(fieldOffer) == "yes",
		EmployerOrganisationNumber: digits(f.Get(fieldEmployer)),
	}
	for _, name := range []string{fieldNationality, fieldSecond} {
		if country := f.Get(name); country != "" {
			worker.Nationalities = append(worker.Nationalities, country)
		}
	}
	for _, e := range educations {
		if educationKey(e) == f.Get(fieldEducation) {
			worker.Education = e
		}
	}
	for _, name := range []string{fieldLives, fieldOffer} {
		if f.Get(name) == "" {
			f.Refuse(c, name, "for-me.choose")
		}
	}
	return &registryv1.CheckEligibilityRequest{Who: &registryv1.CheckEligibilityRequest_Worker{Worker: worker}}
}

func answerKey(a registryv1.EligibilityAnswer) string {
	return strings.ToLower(strings.TrimPrefix(a.String(), "ELIGIBILITY_ANSWER_"))
}

func answerColor(a registryv1.EligibilityAnswer) string {
	switch a {
	case registryv1.EligibilityAnswer_ELIGIBILITY_ANSWER_YES:
		return "success"
	case registryv1.EligibilityAnswer_ELIGIBILITY_ANSWER_NO:
		return "danger"
	}
	return "warning"
}

// who is whom an answer is for.
func who(f *page.Form) string {
	if f.Get("who") == "employer" {
		return "employer"
	}
	return "worker"
}

func educationOptions(c *page.Call) (all []page.Option) {
	for _, e := range educations {
		all = append(all, page.Option{Value: educationKey(e), Label: c.T("for-me.education." + educationKey(e))})
	}
	return all
}

func yesOrNo(c *page.Call) []page.Option {
	return []page.Option{{Value: "yes", Label: c.T("claim.yes")}, {Value: "no", Label: c.T("claim.no")}}
}
