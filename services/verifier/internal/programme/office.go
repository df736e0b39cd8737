package programme

import (
	"context"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Source is where timelines are. Each call sees one state of the cases.
type Source interface {
	// Timeline is one case's. Rule: case.unknown (NotFound).
	Timeline(ctx context.Context, caseRef string) (Timeline, error)
	// Month are the whole timelines of the cases that took a step in [from, until).
	Month(ctx context.Context, from, until time.Time) ([]Timeline, error)
	// Taken counts the steps that were taken before an instant. Steps are added and
	// never changed: what rests on them changes only when the count does.
	Taken(ctx context.Context, until time.Time) (int64, error)
	// Open are the timelines of cases that have not ended, by position: at most
	// limit of those after a position.
	Open(ctx context.Context, after int64, limit int) ([]Timeline, error)
}

// Office answers the programme. It is safe for concurrent use and may not be copied.
type Office struct {
	Source  Source
	Targets Targets
	Clock   clock.Clock
	// Zone is by whose calendar months are: Europe/Oslo.
	Zone *time.Location

	mu   sync.Mutex // guards told
	told map[question]answer
}

// question is a month that is over, and whose steps were asked for.
type question struct{ month, agency string }

// answer is what was told, and how many steps had been taken until the month's end: a
// step of the month may still arrive, from an agency that was cut off.
type answer struct {
	statistics Statistics
	taken      int64
}

// ClockOf is where a case's time went until now. Rule: case.unknown (NotFound).
func (o *Office) ClockOf(ctx context.Context, caseRef string) (Clock, error) {
	t, err := o.Source.Timeline(ctx, caseRef)
	if err != nil {
		return Clock{}, err
	}
	if len(t.Steps) == 0 {
		return Clock{}, fault.New(fault.NotFound, "case.unknown", "there is no such case")
	}
	return ClockOf(t, o.Targets, o.Clock.Now()), nil
}

// Statistics are a month's, which the caller may not change; month is "2026-11", agency empty for all. Rules:
// programme.month, programme.agency (Invalid), programme.month-not-over (Conflict).
func (o *Office) Statistics(ctx context.Context, month, agency string) (Statistics, error) {
	m, err := ParseMonth(month, o.Zone)
	if err != nil {
		return Statistics{}, err
	}
	if _, err := StatisticsOf(nil, o.Targets, m, agency, o.Clock.Now()); err != nil {
		return Statistics{}, err // before anything is read
	}
	taken, err := o.Source.Taken(ctx, m.Until) // before the cases are read: what comes between is counted the next time
	if err != nil {
		return Statistics{}, err
	}
	asked := question{month: m.String(), agency: agency}
	o.mu.Lock()
	before, known := o.told[asked]
	o.mu.Unlock()
	if known && before.taken == taken {
		return before.statistics, nil
	}
	cases, err := o.Source.Month(ctx, m.From, m.Until)
	if err != nil {
		return Statistics{}, err
	}
	s, err := StatisticsOf(cases, o.Targets, m, agency, o.Clock.Now())
	if err != nil {
		return Statistics{}, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.told == nil {
		o.told = map[question]answer{}
	}
	o.told[asked] = answer{statistics: s, taken: taken}
	return s, nil
}

// LateCase is a case that waits for too long.
type LateCase struct {
	CaseRef string
	Waiting Waiting
	Waited  time.Duration
}

// Late looks at the open cases after a position, at most limit of them, and gives
// the steps that are late and where to go on; 0 after the last.
// Rule: programme.agency (Invalid).
func (o *Office) Late(ctx context.Context, agency string, after int64, limit int) (late []LateCase, next int64, err error) {
	if err := checkAgency(agency); err != nil {
		return nil, 0, err
	}
	cases, err := o.Source.Open(ctx, after, limit+1)
	if err != nil {
		return nil, 0, err
	}
	if len(cases) > limit {
		cases = cases[:limit]
		next = cases[limit-1].Position
	}
	now := o.Clock.Now()
	for _, c := range cases {
		for _, w := range Late(c, o.Targets, now) {
			if agency == "" || w.Agency == agency {
				late = append(late, LateCase{CaseRef: c.CaseRef, Waiting: w, Waited: now.Sub(w.Since)})
			}
		}
	}
	return late, next, nil
}
