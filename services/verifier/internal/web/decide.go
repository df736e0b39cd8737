package web

import (
	"slices"
	"strings"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// outcomes are what an officer may decide, by what the form sends.
var outcomes = map[string]verifierv1.CaseOutcome{
	"granted": verifierv1.CaseOutcome_CASE_OUTCOME_GRANTED,
	"refused": verifierv1.CaseOutcome_CASE_OUTCOME_REFUSED,
}

// decision is a decision that is being made.
type decision struct {
	Case *verifierv1.Case
	Form *page.Form
	// Letter is what the worker will be written, once an outcome is chosen.
	Letter *verifierv1.PreviewNoticeResponse
}

// deciding asks for an outcome, a reason and a note.
func (p *Pages) deciding(c *page.Call) error {
	one, err := p.read(c.Context(), c.Path("case"))
	if err != nil {
		return err
	}
	f := page.NewForm()
	if one.GetOutcome() == verifierv1.CaseOutcome_CASE_OUTCOME_PROPOSE_GRANT {
		f.Values.Set("outcome", "granted")
	}
	return c.Show(decide(c, decision{Case: one, Form: f}))
}

// preview shows what the worker will be written, in every language, before anything
// is decided.
func (p *Pages) preview(c *page.Call) error {
	d, err := p.decision(c)
	if err != nil {
		return err
	}
	if !p.complete(c, d.Form) {
		return c.ShowWith(422, decide(c, d))
	}
	d.Letter, err = p.Cases.PreviewNotice(c.Context(), &verifierv1.PreviewNoticeRequest{
		CaseRef: d.Case.GetCaseRef(), Outcome: outcomes[d.Form.Get("outcome")],
	})
	if err != nil {
		return err
	}
	return c.Show(confirm(c, d))
}

// change goes back from the letter to the form, with what was written.
func (p *Pages) change(c *page.Call) error {
	d, err := p.decision(c)
	if err != nil {
		return err
	}
	return c.Show(decide(c, d))
}

func (p *Pages) decision(c *page.Call) (d decision, err error) {
	d.Form = c.Form()
	d.Case, err = p.read(c.Context(), c.Path("case"))
	return d, err
}

// complete notes what the form lacks.
func (p *Pages) complete(c *page.Call, f *page.Form) bool {
	outcome := f.Get("outcome")
	if _, known := outcomes[outcome]; !known {
		f.Refuse(c, "outcome", "decide.outcome.missing")
	}
	if outcome == "refused" && !slices.Contains(casefile.RefusalReasons, f.Get("reason_code")) {
		f.Refuse(c, "reason_code", "decide.reason.missing")
	}
	return len(f.Wrong) == 0
}

// decide decides.
func (p *Pages) decide(c *page.Call) error {
	d, err := p.decision(c)
	if err != nil {
		return err
	}
	if !p.complete(c, d.Form) {
		return c.ShowWith(422, decide(c, d))
	}
	reason := d.Form.Get("reason_code")
	if d.Form.Get("outcome") == "granted" {
		reason = ""
	}
	_, err = p.Cases.DecideCase(c.Context(), &verifierv1.DecideCaseRequest{
		CaseRef: d.Case.GetCaseRef(), Outcome: outcomes[d.Form.Get("outcome")], ReasonCode: reason, Note: d.Form.Get("note"),
	})
	if d.Form.Kept(c, err) {
		return c.ShowWith(422, decide(c, d))
	}
	if err != nil {
		return err
	}
	return c.Done("/cases/"+d.Case.GetCaseRef(), "decide.done."+d.Form.Get("outcome"))
}

// reasons are codes to choose from, after a choice of none.
func reasons(c *page.Call, codes []string) []page.Option {
	all := []page.Option{{Label: c.T("decide.reason.choose")}}
	for _, code := range codes {
		all = append(all, page.Option{Value: code, Label: c.T("reason." + strings.ToLower(code))})
	}
	return all
}
