package web

import (
	"net/http"
	"strings"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
)

// accrediting asks once before an applicant may issue.
func (p *Pages) accrediting(c *page.Call) error {
	a, err := p.get(c, c.Path("number"))
	if err != nil {
		return err
	}
	return c.Show(page.Ask(c, accreditQuestion(c, a, nil)))
}

func accreditQuestion(c *page.Call, a *registryv1.Accreditation, f *page.Form) page.Question {
	at := deskPath(a.GetOrganisationNumber())
	return page.Question{
		Title: c.T("accredit.title", "name", a.GetLegalName()), Text: c.T("accredit.text"), Path: at + "/accredit", Do: c.T("accredit.do"),
		Back: page.Link{Path: at, Text: a.GetLegalName()}, Form: f,
	}
}

// accredit puts an application in force when every criterion is met.
func (p *Pages) accredit(c *page.Call) error {
	number, f := c.Path("number"), c.Form()
	_, err := p.Registry.AccreditApplicant(c.Context(), &registryv1.AccreditApplicantRequest{OrganisationNumber: number})
	if err == nil {
		return c.Done(deskPath(number), "accredit.done")
	}
	if !refusedByCriteria(c, f, err) {
		return err
	}
	a, err := p.get(c, number)
	if err != nil {
		return err
	}
	return c.ShowWith(http.StatusUnprocessableEntity, page.Ask(c, accreditQuestion(c, a, f)))
}

// refusedByCriteria takes what the API has against a decision. Criteria are no
// fields: each is named in the summary.
func refusedByCriteria(c *page.Call, f *page.Form, err error) bool {
	if !f.Refused(c, err) {
		return false
	}
	for i, one := range f.Wrong {
		if key := "criterion." + strings.ToLower(one.Field); c.Portal.Texts.Has(key) {
			f.Wrong[i] = page.Problem{Text: c.T(key) + ": " + one.Text}
		}
	}
	return true
}

// change is one that needs a reason.
type change struct {
	verb  string // as texts and addresses name it
	codes []string
	do    func(p *Pages, c *page.Call, number string, code registryv1.ReasonCode, reason string) error
}

var (
	suspension = change{"suspend", accreditation.SuspendCodes, func(p *Pages, c *page.Call, number string, code registryv1.ReasonCode, reason string) error {
		_, err := p.Registry.SuspendEmployer(c.Context(), &registryv1.SuspendEmployerRequest{OrganisationNumber: number, ReasonCode: code, Reason: reason})
		return err
	}}
	reinstatement = change{"reinstate", accreditation.ReinstateCodes, func(p *Pages, c *page.Call, number string, code registryv1.ReasonCode, reason string) error {
		_, err := p.Registry.ReinstateEmployer(c.Context(), &registryv1.ReinstateEmployerRequest{OrganisationNumber: number, ReasonCode: code, Reason: reason})
		return err
	}}
	revocation = change{"revoke", accreditation.RevokeCodes, func(p *Pages, c *page.Call, number string, code registryv1.ReasonCode, reason string) error {
		_, err := p.Registry.RevokeAccreditation(c.Context(), &registryv1.RevokeAccreditationRequest{OrganisationNumber: number, ReasonCode: code, Reason: reason})
		return err
	}}
)

// question is what is asked once before a change.
func (w change) question(c *page.Call, a *registryv1.Accreditation, f *page.Form) page.Question {
	at := deskPath(a.GetOrganisationNumber())
	codes := make([]page.Option, len(w.codes))
	for i, code := range w.codes {
		codes[i] = page.Option{Value: code, Label: c.T("reason." + strings.ToLower(code))}
	}
	return page.Question{
		Title: c.T("decide."+w.verb+".title", "name", a.GetLegalName()), Text: c.T("decide." + w.verb + ".text"), Path: at + "/" + w.verb, Do: c.T("decide." + w.verb + ".do"),
		Back: page.Link{Path: at, Text: a.GetLegalName()}, Form: f, Fields: []page.Field{
			{Name: "reason_code", Label: c.T("decide.code"), Options: codes},
			{Name: "reason", Label: c.T("decide.reason"), Help: c.T("decide.reason.help"), Rows: 4},
		},
	}
}

func (p *Pages) asking(w change) func(*page.Call) error {
	return func(c *page.Call) error {
		a, err := p.get(c, c.Path("number"))
		if err != nil {
			return err
		}
		return c.Show(page.Ask(c, w.question(c, a, page.NewForm())))
	}
}

func (p *Pages) deciding(w change) func(*page.Call) error {
	return func(c *page.Call) error {
		number, f := c.Path("number"), c.Form()
		// Nothing chosen is never taken for a choice: the API would take it for "other".
		code := registryv1.ReasonCode(registryv1.ReasonCode_value["REASON_CODE_"+f.Get("reason_code")])
		if code == registryv1.ReasonCode_REASON_CODE_UNSPECIFIED {
			f.Refuse(c, "reason_code", "rule.accreditation.reason-code")
		}
		if len(f.Wrong) == 0 {
			err := w.do(p, c, number, code, f.Get("reason"))
			if err == nil {
				return c.Done(deskPath(number), "decide."+w.verb+".done")
			}
			if !refusedByCriteria(c, f, err) {
				return err
			}
		}
		a, err := p.get(c, number)
		if err != nil {
			return err
		}
		return c.ShowWith(http.StatusUnprocessableEntity, page.Ask(c, w.question(c, a, f)))
	}
}
