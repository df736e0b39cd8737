package web

import (
	"strconv"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
)

// earlyForm asks what an officer vouches for before a worker may begin early.
func (p *Pages) earlyForm(c *page.Call) error { return c.Show(early(c, page.NewForm(), nil)) }

// early confirms early start, or says what is not met.
func (p *Pages) early(c *page.Call) error {
	f := c.Form()
	years, handedIn := int32(f.Number(c, "higher_education_years")), policev1.HandedIn_HANDED_IN_NORWAY
	if f.Get("handed_in") == "embassy" {
		handedIn = policev1.HandedIn_HANDED_IN_EMBASSY
	}
	if f.Get("case_ref") == "" {
		f.Refuse(c, "case_ref", "early.case.missing")
	}
	if len(f.Wrong) > 0 {
		return c.ShowWith(422, early(c, f, nil))
	}
	answer, err := p.EarlyStarts.ConfirmEarlyStart(c.Context(), &policev1.ConfirmEarlyStartRequest{
		CaseRef: f.Get("case_ref"), HigherEducationYears: years, PoliceCheckDone: f.Has("police_check_done", "yes"),
		EmployerNotExcluded: f.Has("employer_not_excluded", "yes"), HandedIn: handedIn, SentToUdi: f.Has("sent_to_udi", "yes"),
	})
	if f.Refused(c, err) {
		return c.ShowWith(422, early(c, f, nil))
	}
	if err != nil {
		return err
	}
	return c.Show(early(c, page.NewForm(), answer))
}

// text is a condition in the reader's language.
func text(c *page.Call, one *policev1.EarlyStartCondition) string {
	switch c.Lang {
	case texts.Bokmål:
		return one.GetTextNb()
	case texts.Nynorsk:
		return one.GetTextNn()
	}
	return one.GetTextEn()
}

// years are how long an education may have been, to choose from.
func years() (all []page.Option) {
	for n := range 9 {
		all = append(all, page.Option{Value: strconv.Itoa(n), Label: strconv.Itoa(n)})
	}
	return all
}
