package web

import (
	"slices"
	"strings"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// revoking asks why, once.
func (p *Pages) revoking(c *page.Call) error { return p.askRevoke(c, page.NewForm(), 200) }

func (p *Pages) askRevoke(c *page.Call, f *page.Form, status int) error {
	var options []page.Option
	for _, code := range casefile.RevocationReasons {
		options = append(options, page.Option{Value: code, Label: c.T("reason." + strings.ToLower(code))})
	}
	return c.ShowWith(status, asked(c, page.Question{
		Title: c.T("revoke.title"), Text: c.T("revoke.text"), Path: caseOf(c) + "/revoke", Do: c.T("revoke.do"), Back: backToCase(c), Form: f,
	}, page.Field{Name: "reason_code", Label: c.T("decide.reason"), Options: options}))
}

// revoke takes the permit back.
func (p *Pages) revoke(c *page.Call) error {
	f := c.Form()
	if !slices.Contains(casefile.RevocationReasons, f.Get("reason_code")) {
		f.Refuse(c, "reason_code", "decide.reason.missing")
		return p.askRevoke(c, f, 422)
	}
	_, err := p.Cases.RevokePermit(c.Context(), &verifierv1.RevokePermitRequest{CaseRef: c.Path("case"), ReasonCode: f.Get("reason_code"), Note: f.Get("note")})
	if f.Kept(c, err) {
		return p.askRevoke(c, f, 422)
	}
	if err != nil {
		return err
	}
	return c.Done(caseOf(c), "revoke.done")
}

// withdrawing asks before an application is withdrawn for its worker.
func (p *Pages) withdrawing(c *page.Call) error {
	return c.Show(page.Ask(c, page.Question{
		Title: c.T("withdraw.title"), Text: c.T("withdraw.text"), Path: caseOf(c) + "/withdraw", Do: c.T("withdraw.do"), Back: backToCase(c),
	}))
}

func (p *Pages) withdraw(c *page.Call) error {
	if _, err := p.Cases.WithdrawApplication(c.Context(), &verifierv1.WithdrawApplicationRequest{CaseRef: c.Path("case")}); err != nil {
		return err
	}
	return c.Done(caseOf(c), "withdraw.done")
}

// resuming asks before what stops a case is taken away.
func (p *Pages) resuming(c *page.Call) error { return p.askResume(c, nil, 200) }

func (p *Pages) askResume(c *page.Call, f *page.Form, status int) error {
	return c.ShowWith(status, page.Ask(c, page.Question{
		Title: c.T("resume.title"), Text: c.T("resume.text"), Path: caseOf(c) + "/resume", Do: c.T("resume.do"), Back: backToCase(c), Form: f,
	}))
}

// resume lets a case go on, and takes away what would stop a grant.
func (p *Pages) resume(c *page.Call) error {
	f := c.Form()
	_, err := p.Cases.ResumeCase(c.Context(), &verifierv1.ResumeCaseRequest{CaseRef: c.Path("case")})
	if f.Kept(c, err) {
		return p.askResume(c, f, 422)
	}
	if err != nil {
		return err
	}
	return c.Done(caseOf(c), "resume.done")
}
