package web

import (
	"strconv"
	"time"

	commonv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/common/v1"
	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// months are as many as can be looked back at.
const months = 12

// overview is what the programme sees: numbers that tell of nobody.
type overview struct {
	Month, Shown string // 2026-11, and in words
	Earlier      []string
	Statistics   *verifierv1.Statistics
	Late         []*verifierv1.LateStep
	More         bool
}

// dashboard shows a month that is over, the last unless another is asked for, and
// what is late now.
func (p *Pages) dashboard(c *page.Call) error {
	first := firstOfMonth(c.Portal.Clock.Now().In(c.Portal.Zone))
	o := overview{Month: c.Query("month")}
	for i := 1; i <= months; i++ {
		o.Earlier = append(o.Earlier, first.AddDate(0, -i, 0).Format("2006-01"))
	}
	if o.Month == "" {
		o.Month = o.Earlier[0]
	}
	answer, err := p.Programme.GetStatistics(c.Context(), &verifierv1.GetStatisticsRequest{Month: o.Month})
	if err != nil {
		return err
	}
	late, err := p.Programme.ListLateSteps(c.Context(), &verifierv1.ListLateStepsRequest{PageSize: 50})
	if err != nil {
		return err
	}
	o.Statistics, o.Late, o.More = answer.GetStatistics(), late.GetLateSteps(), late.GetNextPageToken() != ""
	return c.Show(dashboard(c, o))
}

func firstOfMonth(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, t.Location())
}

// export gives the month as a table; cells that a spreadsheet would compute are
// neutralised by the service.
func (p *Pages) export(c *page.Call) error {
	answer, err := p.Programme.ExportStatistics(c.Context(), &verifierv1.ExportStatisticsRequest{Month: c.Path("month")})
	if err != nil {
		return err
	}
	return c.File(answer.GetFileName(), "text/csv; charset=utf-8", []byte(answer.GetCsv()))
}

// count is a number of cases in words; one that is not given says so.
func count(c *page.Call, n *verifierv1.Count) string {
	if n.GetSuppressed() {
		return c.T("dashboard.suppressed")
	}
	return c.Number(n.GetCases())
}

// bar is one part of a stacked bar, in the chart's own units.
type bar struct {
	Key      string
	X, Width float64
	Text     string
}

// stacked is where a completed case's time went in the month, in the middle, as
// parts of one bar.
func stacked(c *page.Call, parts []*verifierv1.ClockPart, width float64) (bars []bar) {
	var all time.Duration
	for _, part := range parts {
		all += part.GetTime().AsDuration()
	}
	x := 0.0
	for _, part := range parts {
		d := part.GetTime().AsDuration()
		if d <= 0 || part.GetTimeClass() == commonv1.TimeClass_TIME_CLASS_UNSPECIFIED {
			continue
		}
		w := width * float64(d) / float64(all)
		bars = append(bars, bar{Key: classKey(part.GetTimeClass()), X: x, Width: w, Text: c.Lasted(d)})
		x += w
	}
	return bars
}

// tallest is the most cases of any step of the month; 0 when there is nothing to draw.
func tallest(rows []*verifierv1.StatisticsRow) (most int64) {
	for _, row := range rows {
		most = max(most, row.GetAll().GetCases())
	}
	return most
}

func units(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// monthName is a month in words.
func monthName(c *page.Call, month string) string {
	t, err := time.Parse("2006-01", month)
	if err != nil {
		return month
	}
	return c.T("month."+strconv.Itoa(int(t.Month()))) + " " + strconv.Itoa(t.Year())
}
