package simulation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/simulation/queueing"
	"github.com/kompetansespor/kompetansespor/services/verifier"
)

// Report is what the scenarios of a plan came to.
type Report struct {
	Seed     uint64   `json:"seed"`
	Days     int      `json:"days"`
	Cases    int      `json:"cases"`
	RuleSet  string   `json:"rule_set"`
	Results  []Result `json:"results"`
	Metrics  []Metric `json:"metrics"`
	Staffing Staffing `json:"assumptions"`
}

// Result is what one scenario came to.
type Result struct {
	Scenario Scenario `json:"scenario"`
	Cases    int      `json:"cases"`
	// People is how many people the desks have together.
	People float64        `json:"people"`
	Ended  map[string]int `json:"ended"`
	// Scope is from the signed offer until permit, right to work and identity
	// number; Account until the account is opened.
	Scope   Elapsed `json:"scope"`
	Account Elapsed `json:"account"`
	// Hours are the mean hours of a case, from the signed offer until the scope is
	// reached, by class; they add up to the mean time.
	Hours map[Class]float64 `json:"hours_by_class"`
	// Waits is where cases wait, longest first.
	Waits []Wait `json:"waits"`
	Desks []Use  `json:"desks"`
	// Visits are of the cases that reached the scope.
	VisitsMean float64 `json:"visits_mean"`
	VisitsMost int     `json:"visits_most"`
	MoreVisits int     `json:"cases_with_more_than_one_visit"`
	// StraightThrough is the share of granted cases in which nobody touched the case
	// but at the gates that every case has: decision and identity control.
	StraightThrough float64 `json:"straight_through"`
	// Granted by rules, without an officer.
	GrantedByRules int `json:"granted_by_rules"`
	FalseGrants    int `json:"false_grants"`
	FalseProposals int `json:"false_proposals"`
	AutoRefusals   int `json:"automatic_refusals"`
	Decided        int `json:"decided"`
	Replayed       int `json:"replayed"`
	// WaitShare is M6: the part of the time that was neither work nor machine.
	WaitShare float64 `json:"wait_share"`
	// WithinThree is the share of cases whose scope is reached by the end of the
	// third working day after the signature.
	WithinThree float64 `json:"within_three_working_days"`
	// Travel and Card are apart: days until the worker is in Norway, and working
	// days until the plastic card is in the letter box.
	TravelMedianDays float64 `json:"travel_median_days"`
	CardMedianDays   float64 `json:"card_median_days"`
}

// Elapsed is how long cases took, in days of 24 hours: calendar days, and of them
// the time that falls on working days.
type Elapsed struct {
	Cases    int     `json:"cases"`
	Calendar Figures `json:"calendar_days"`
	Working  Figures `json:"working_days"`
}

// Figures describe many values; percentiles are by nearest rank.
type Figures struct {
	Median float64 `json:"median"`
	Mean   float64 `json:"mean"`
	P90    float64 `json:"p90"`
	P95    float64 `json:"p95"`
}

// Wait is a place where cases wait.
type Wait struct {
	Place string `json:"place"`
	Class Class  `json:"class"`
	// Cases waited there; Mean and P90 are their hours; Share is the place's part of
	// all time of all cases.
	Cases int     `json:"cases"`
	Mean  float64 `json:"mean_hours"`
	P90   float64 `json:"p90_hours"`
	Share float64 `json:"share"`
}

// Use is how busy a desk was while offers were signed.
type Use struct {
	Desk        string  `json:"desk"`
	Staff       float64 `json:"staff"`
	Tasks       int     `json:"tasks"`
	Utilisation float64 `json:"utilisation"`
}

// Metric is one of M1 to M9 of the programme's time model.
type Metric struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Target string `json:"target"`
}

// Options change a run besides the plan.
type Options struct {
	// StaffFactor and IntakeFactor multiply all scenarios; 0 is 1.
	StaffFactor, IntakeFactor float64
}

// Run simulates the plan as staffed, with half the staff and with double intake,
// each without and with travel.
func Run(plan Plan, o Options) (*Report, error) {
	staff, intake := cmp.Or(o.StaffFactor, 1), cmp.Or(o.IntakeFactor, 1)
	r := &Report{Seed: plan.Seed, Days: plan.Days, Cases: plan.Cases, Staffing: plan.Staffing}
	known := opinions{}
	for _, s := range []Scenario{
		{Name: "as staffed", StaffFactor: staff, IntakeFactor: intake},
		{Name: "half the staff", StaffFactor: staff / 2, IntakeFactor: intake},
		{Name: "double intake", StaffFactor: staff, IntakeFactor: intake * 2},
	} {
		for _, travel := range []bool{false, true} {
			s.Travel = travel
			w, err := simulate(plan, s, known)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.Name, err)
			}
			r.Results = append(r.Results, w.result())
			r.RuleSet = w.rules.Version()
		}
	}
	r.Metrics = metrics(r.Results[0])
	return r, nil
}

func (w *world) result() Result {
	r := Result{Scenario: w.scenario, Cases: len(w.cases), People: w.staffing.People(), Ended: map[string]int{}, Hours: map[Class]float64{}}
	var scope, account, travel, card []time.Duration
	var scopeDays, accountDays []time.Duration
	var within, straight, granted int
	for _, c := range w.cases {
		r.Ended[c.ended]++
		w.judge(c, &r)
		if c.scopeAt.IsZero() {
			continue
		}
		granted++
		scope, scopeDays = append(scope, c.scopeAt.Sub(c.signed)), append(scopeDays, w.calendar.WorkingTime(c.signed, c.scopeAt))
		card = append(card, c.card)
		if !c.accountAt.IsZero() {
			account, accountDays = append(account, c.accountAt.Sub(c.signed)), append(accountDays, w.calendar.WorkingTime(c.signed, c.accountAt))
		}
		if w.calendar.WorkingDays(c.signed, c.scopeAt) <= 3 {
			within++
		}
		r.VisitsMean += float64(c.visits)
		r.VisitsMost = max(r.VisitsMost, c.visits)
		if c.visits > 1 {
			r.MoreVisits++
		}
		if c.touches == 0 {
			straight++
		}
		for _, s := range c.spent {
			if s.until.After(c.scopeAt) {
				break
			}
			r.Hours[s.class] += s.until.Sub(s.from).Hours()
			if s.class == Physical {
				travel = append(travel, s.until.Sub(s.from))
			}
		}
	}
	r.Scope, r.Account = elapsed(scope, scopeDays), elapsed(account, accountDays)
	if granted > 0 {
		n := float64(granted)
		r.VisitsMean /= n
		r.StraightThrough, r.WithinThree = float64(straight)/n, float64(within)/n
		total := 0.0
		for _, class := range Classes {
			r.Hours[class] /= n
			total += r.Hours[class]
		}
		if total > 0 {
			r.WaitShare = (total - r.Hours[Human] - r.Hours[Machine]) / total
		}
	}
	r.TravelMedianDays, r.CardMedianDays = figures(travel).Median, figures(card).Median
	r.Waits, r.Desks = w.waits(), w.uses()
	return r
}

// judge counts a case's decision against what is so of its kind.
func (w *world) judge(c *life, r *Result) {
	if c.file == nil {
		return
	}
	refuse := kinds[c.kind].refuse != ""
	if c.proposed && refuse {
		r.FalseProposals++
	}
	d := c.file.Decision()
	if d.ID == "" {
		return
	}
	r.Decided++
	if c.replayed {
		r.Replayed++
	}
	switch d.Outcome {
	case verifier.SimulatedGranted:
		if refuse {
			r.FalseGrants++
		}
		if d.ByRules() {
			r.GrantedByRules++
		}
	case verifier.SimulatedRefused:
		if d.ByRules() {
			r.AutoRefusals++
		}
	}
}

func elapsed(calendar, working []time.Duration) Elapsed {
	return Elapsed{Cases: len(calendar), Calendar: figures(calendar), Working: figures(working)}
}

// figures are in days of 24 hours.
func figures(values []time.Duration) Figures {
	if len(values) == 0 {
		return Figures{}
	}
	slices.Sort(values)
	sum := 0.0
	for _, v := range values {
		sum += v.Hours() / 24
	}
	at := func(share float64) float64 { return queueing.Nearest(values, share).Hours() / 24 }
	return Figures{Median: at(0.5), Mean: sum / float64(len(values)), P90: at(0.9), P95: at(0.95)}
}

// waits is where cases wait: for people, for themselves, for the way.
func (w *world) waits() []Wait {
	type key struct {
		place string
		class Class
	}
	sums, all := map[key][]time.Duration{}, time.Duration(0)
	for _, c := range w.cases {
		mine := map[key]time.Duration{}
		for _, s := range c.spent {
			if c.ended == Expired {
				break // it waited for nobody but the end of its offer
			}
			all += s.until.Sub(s.from)
			if s.class != Machine && s.class != Human {
				mine[key{s.place, s.class}] += s.until.Sub(s.from)
			}
		}
		for k, d := range mine {
			sums[k] = append(sums[k], d)
		}
	}
	var waits []Wait
	for k, values := range sums {
		slices.Sort(values)
		sum := 0.0
		for _, v := range values {
			sum += v.Hours()
		}
		waits = append(waits, Wait{
			Place: k.place, Class: k.class, Cases: len(values), Mean: sum / float64(len(values)),
			P90: queueing.Nearest(values, 0.9).Hours(), Share: sum / all.Hours(),
		})
	}
	slices.SortFunc(waits, func(a, b Wait) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), strings.Compare(a.Place, b.Place), strings.Compare(string(a.Class), string(b.Class)))
	})
	return waits
}

func (w *world) uses() []Use {
	all := []*queueing.Desk{w.udi}
	for _, o := range w.staffing.Police {
		all = append(all, w.police[o.ID])
	}
	all = append(all, w.tax, w.bank)
	var uses []Use
	for _, d := range all {
		uses = append(uses, Use{Desk: d.Name, Staff: d.Staff, Tasks: d.Tasks(), Utilisation: d.Load(w.start, w.end).Utilisation()})
	}
	return uses
}

// metrics are those of M1 to M9 that a simulation can know.
func metrics(r Result) []Metric {
	least := 1.0
	for _, d := range r.Desks {
		least = min(least, d.Utilisation)
	}
	return []Metric{
		{"M1 machine time per case", fmt.Sprintf("%.1f s, assumed: measured by kompetansespor demo", r.Hours[Machine]*3600), "p95 at most 3 s"},
		{"M2 fields the worker types", "not simulated: counted by kompetansespor demo", "0"},
		{"M3 items entered again", "not simulated: traced by kompetansespor demo", "0"},
		{"M4 human gates besides those that every case has", fmt.Sprintf("in %.1f %% of granted cases", 100*(1-r.StraightThrough)), "none for a clear case"},
		{"M5 straight through; false grants; automatic refusals", fmt.Sprintf("%.1f %%; %d of %d; %d", 100*r.StraightThrough, r.FalseGrants, r.Decided, r.AutoRefusals), "false grants 0, automatic refusals 0"},
		{"M6 share of the time that is waiting; median working days", fmt.Sprintf("%.1f %%; %.2f, desks at least %.0f %% busy", 100*r.WaitShare, r.Scope.Working.Median, 100*least), "median at most 3, desks at least 60 % busy"},
		{"M7 visits in person", fmt.Sprintf("%.3f per case, at most %d", r.VisitsMean, r.VisitsMost), "at most 1"},
		{"M8 revocation visible", "not simulated: measured by kompetansespor demo", "within the status list's lifetime"},
		{"M9 decisions that replay to the same outcome", fmt.Sprintf("%d of %d", r.Replayed, r.Decided), "all"},
	}
}
