package web

import (
	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// forward is the ruling that sends an appeal on.
const forward = "forward"

// rulings are what UDI may do with an appeal, and UNE after it, by what the form
// sends.
var (
	rulings = map[string]verifierv1.AppealRuling{
		"reversed": verifierv1.AppealRuling_APPEAL_RULING_REVERSED, "rejected_late": verifierv1.AppealRuling_APPEAL_RULING_REJECTED_LATE,
	}
	uneRulings = map[string]verifierv1.AppealRuling{
		"une_reversed": verifierv1.AppealRuling_APPEAL_RULING_UNE_REVERSED, "une_upheld": verifierv1.AppealRuling_APPEAL_RULING_UNE_UPHELD,
	}
)

// appealForm asks what becomes of an appeal.
func (p *Pages) appealForm(c *page.Call) error { return p.askAppeal(c, page.NewForm(), 200) }

func (p *Pages) askAppeal(c *page.Call, f *page.Form, status int) error {
	return c.ShowWith(status, asked(c, page.Question{
		Title: c.T("appeal.title"), Text: c.T("appeal.text"), Path: caseOf(c) + "/appeal", Do: c.T("appeal.do"), Back: backToCase(c), Form: f,
	}, page.Field{Name: "ruling", Label: c.T("appeal.ruling"), Options: choices(c, "reversed", forward, "rejected_late")}))
}

// decideAppeal reverses, rejects or forwards it.
func (p *Pages) decideAppeal(c *page.Call) (err error) {
	f := c.Form()
	ruling, known := rulings[f.Get("ruling")]
	switch {
	case f.Get("ruling") == forward:
		_, err = p.Cases.ForwardToUne(c.Context(), &verifierv1.ForwardToUneRequest{CaseRef: c.Path("case")})
	case known:
		_, err = p.Cases.DecideAppeal(c.Context(), &verifierv1.DecideAppealRequest{CaseRef: c.Path("case"), Ruling: ruling, Note: f.Get("note")})
	default:
		f.Refuse(c, "ruling", "appeal.ruling.missing")
		return p.askAppeal(c, f, 422)
	}
	if f.Kept(c, err) {
		return p.askAppeal(c, f, 422)
	}
	if err != nil {
		return err
	}
	return c.Done(caseOf(c), "appeal.done")
}

// uneForm asks what UNE has decided.
func (p *Pages) uneForm(c *page.Call) error { return p.askUNE(c, page.NewForm(), 200) }

func (p *Pages) askUNE(c *page.Call, f *page.Form, status int) error {
	return c.ShowWith(status, asked(c, page.Question{
		Title: c.T("une.title"), Text: c.T("une.text"), Path: caseOf(c) + "/une", Do: c.T("une.do"), Back: backToCase(c), Form: f,
	}, page.Field{Name: "ruling", Label: c.T("appeal.ruling"), Options: choices(c, "une_reversed", "une_upheld")}))
}

func (p *Pages) recordUNE(c *page.Call) error {
	f := c.Form()
	ruling, known := uneRulings[f.Get("ruling")]
	if !known {
		f.Refuse(c, "ruling", "appeal.ruling.missing")
		return p.askUNE(c, f, 422)
	}
	_, err := p.Cases.RecordUneDecision(c.Context(), &verifierv1.RecordUneDecisionRequest{CaseRef: c.Path("case"), Ruling: ruling, Note: f.Get("note")})
	if f.Kept(c, err) {
		return p.askUNE(c, f, 422)
	}
	if err != nil {
		return err
	}
	return c.Done(caseOf(c), "appeal.done")
}

func choices(c *page.Call, values ...string) (all []page.Option) {
	for _, value := range values {
		all = append(all, page.Option{Value: value, Label: c.T("appeal." + value)})
	}
	return all
}

func caseOf(c *page.Call) string { return "/cases/" + c.Path("case") }

func backToCase(c *page.Call) page.Link { return page.Link{Path: caseOf(c), Text: c.T("decide.back")} }
