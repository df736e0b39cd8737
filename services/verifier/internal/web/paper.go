package web

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// paperForm asks for what an appeal on paper says, and when it came.
func (p *Pages) paperForm(c *page.Call) error { return c.Show(paperAppeal(c, page.NewForm())) }

// registerPaper registers it. An earlier day counts to its end, so that one that
// came on the day of the decision came after it; today is now.
func (p *Pages) registerPaper(c *page.Call) error {
	f := c.Form()
	if f.Get("grounds") == "" {
		f.Refuse(c, "grounds", "paper.grounds.missing")
	}
	ask := &verifierv1.AppealCaseRequest{CaseRef: c.Path("case"), Grounds: f.Get("grounds")}
	today := c.Portal.Clock.Now().In(c.Portal.Zone).Format(time.DateOnly)
	if day := f.Day(c, "received_at"); day != "" && day != today && len(f.Wrong) == 0 {
		at, err := time.ParseInLocation(time.DateOnly, day, c.Portal.Zone)
		if err != nil {
			return err
		}
		ask.ReceivedAt = timestamppb.New(at.AddDate(0, 0, 1).Add(-time.Second))
	}
	if len(f.Wrong) > 0 {
		return c.ShowWith(422, paperAppeal(c, f))
	}
	_, err := p.Cases.AppealCase(c.Context(), ask)
	if f.Kept(c, err) {
		return c.ShowWith(422, paperAppeal(c, f))
	}
	if err != nil {
		return err
	}
	return c.Done(caseOf(c), "paper.done")
}
