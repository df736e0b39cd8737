package programme

import (
	"cmp"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// Month is a calendar month in a time zone.
type Month struct{ From, Until time.Time }

// ParseMonth reads "2026-11". Rule: programme.month (Invalid).
func ParseMonth(text string, zone *time.Location) (Month, error) {
	from, err := time.ParseInLocation("2006-01", text, zone)
	if err != nil || from.Year() < 2020 || from.Year() > 9998 {
		return Month{}, fault.New(fault.Invalid, "programme.month", "a month is a year and a month, such as 2026-11")
	}
	return Month{From: from, Until: from.AddDate(0, 1, 0)}, nil
}

// String is "2026-11".
func (m Month) String() string { return m.From.Format("2006-01") }

func (m Month) has(at time.Time) bool { return !at.Before(m.From) && at.Before(m.Until) }

// Count is a number of cases, and whether it is withheld: then it is 0.
type Count struct {
	Cases      int64
	Suppressed bool
}

// Row is one step in one month.
type Row struct {
	Agency string
	Step   casefile.Milestone
	// InTime, Late and All are cases.
	InTime, Late, All Count
	// Percentiles are by nearest rank; nil where they are not told.
	Percentiles map[int]time.Duration
	Target      time.Duration
}

// Percents are the percentiles that rows have.
var Percents = []int{50, 90, 95, 99}

// Statistics are a month's numbers.
type Statistics struct {
	Month Month
	Limit int
	Rows  []Row
	// Totals is nil when an agency was asked for.
	Totals *Row
	// Medians are of the cases that were completed; nil when they are too few.
	Medians map[casefile.TimeClass]time.Duration
}

// StatisticsOf computes a month from the cases that took a step in it. The same
// numbers are withheld whoever asks for whichever agency: nothing can be found
// by asking differently.
//
// Rules: programme.agency (Invalid), programme.month-not-over (Conflict).
func StatisticsOf(cases []Timeline, targets Targets, month Month, agency string, now time.Time) (Statistics, error) {
	if err := checkAgency(agency); err != nil {
		return Statistics{}, err
	}
	if now.Before(month.Until) {
		return Statistics{}, fault.New(fault.Conflict, "programme.month-not-over", "the month is not over: its numbers are told once they do not grow any more")
	}
	s := Statistics{Month: month, Limit: targets.Limit, Rows: rowsOf(targets, month)}
	times, completed := s.count(cases, targets)
	s.withhold(times)
	if agency != "" {
		s.Totals = nil
		s.Rows = slices.DeleteFunc(s.Rows, func(r Row) bool { return r.Agency != agency })
		return s, nil
	}
	if len(completed) >= targets.Limit {
		s.Medians = map[casefile.TimeClass]time.Duration{}
		for _, class := range Classes {
			var all []time.Duration
			for _, c := range completed {
				all = append(all, c.Of(class))
			}
			s.Medians[class] = nearest(all, 50)
		}
	}
	return s, nil
}

func checkAgency(agency string) error {
	if agency == "" || slices.Contains(Agencies, agency) {
		return nil
	}
	return fault.New(fault.Invalid, "programme.agency", "an agency is verifier, police, tax or bank")
}

// rowsOf is a row for each step that has a target on the month's last day.
func rowsOf(targets Targets, month Month) []Row {
	var rows []Row
	for _, t := range targets.on(month.Until.Add(-time.Microsecond)) {
		if !slices.ContainsFunc(rows, func(r Row) bool { return r.Step == t.Step }) {
			rows = append(rows, Row{Agency: t.Agency, Step: t.Step, Target: t.Within})
		}
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		return cmp.Compare(slices.Index(Agencies, a.Agency), slices.Index(Agencies, b.Agency))
	})
	return rows
}

// count fills the rows' numbers, and gives how long each step took and the
// clocks of the cases that were completed in the month.
func (s *Statistics) count(cases []Timeline, targets Targets) (times [][]time.Duration, completed []Clock) {
	times = make([][]time.Duration, len(s.Rows))
	for _, c := range cases {
		steps := ordered(c.Steps)
		for i := range s.Rows {
			row := &s.Rows[i]
			took, target, ok := lastIn(steps, row.Step, targets, s.Month)
			if !ok {
				continue
			}
			times[i] = append(times[i], took)
			if took <= target {
				row.InTime.Cases++
			} else {
				row.Late.Cases++
			}
		}
		if done := slices.IndexFunc(steps, func(s casefile.Step) bool { return s.Step == casefile.CaseCompleted }); done >= 0 && s.Month.has(steps[done].At) {
			completed = append(completed, ClockOf(c, targets, steps[done].At))
		}
	}
	return times, completed
}

// lastIn is how long a case took for a step, the last time that it took it in
// the month.
func lastIn(steps []casefile.Step, step casefile.Milestone, targets Targets, month Month) (took, target time.Duration, ok bool) {
	for i, s := range slices.Backward(steps) {
		if s.Step != step || !month.has(s.At) {
			continue
		}
		if w, found := targets.of(steps[:i], s); found {
			return s.At.Sub(w.Since), w.Within, true
		}
	}
	return 0, 0, false
}

// withhold decides what is told. A month before there were targets has no steps, and
// nothing to withhold.
func (s *Statistics) withhold(times [][]time.Duration) {
	if len(s.Rows) == 0 {
		s.Totals = &Row{}
		return
	}
	table := Table{}
	for _, r := range s.Rows {
		table.Cells = append(table.Cells, []int64{r.InTime.Cases, r.Late.Cases})
	}
	hidden, numbers := table.Suppress(int64(s.Limit)), table.extended()
	told := func(i, j int) Count {
		if hidden[i][j] {
			return Count{Suppressed: true}
		}
		return Count{Cases: numbers[i][j]}
	}
	for i := range s.Rows {
		row := &s.Rows[i]
		row.InTime, row.Late, row.All = told(i, 0), told(i, 1), told(i, 2)
		if row.All.Suppressed || int(row.All.Cases) < s.Limit {
			continue
		}
		row.Percentiles = map[int]time.Duration{}
		for _, p := range Percents {
			if len(times[i])*(100-p) >= 100 { // at least one case stands beyond it
				row.Percentiles[p] = nearest(times[i], p)
			}
		}
	}
	last := len(s.Rows)
	s.Totals = &Row{InTime: told(last, 0), Late: told(last, 1), All: told(last, 2)}
}

// nearest is a percentile by nearest rank.
func nearest(values []time.Duration, percent int) time.Duration {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := (percent*len(sorted) + 99) / 100
	return sorted[max(rank, 1)-1]
}
