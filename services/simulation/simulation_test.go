package simulation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // machines without a zone database

	"github.com/kompetansespor/kompetansespor/services/verifier"
)

const pilotFile = "../../deploy/staff/pilot.yaml"

func pilot(t testing.TB) Staffing {
	t.Helper()
	raw, err := os.ReadFile(pilotFile)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ReadStaffing(raw)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plan is a week of the pilot, at the pilot's own pace.
func plan(t testing.TB, seed uint64) Plan {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		t.Fatal(err)
	}
	return Plan{Staffing: pilot(t), Days: 5, Cases: 450, Seed: seed, Zone: zone}
}

var asStaffed = Scenario{Name: "as staffed", StaffFactor: 1, IntakeFactor: 1}

func simulated(t testing.TB, p Plan, s Scenario) *world {
	t.Helper()
	w, err := simulate(p, s, opinions{})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// shipped is the report that the command prints without options.
var shipped = sync.OnceValues(func() (*Report, error) {
	raw, err := os.ReadFile(pilotFile)
	if err != nil {
		return nil, err
	}
	s, err := ReadStaffing(raw)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		return nil, err
	}
	return Run(Plan{Staffing: s, Days: 30, Cases: 2000, Seed: 1, Zone: zone}, Options{})
})

func TestPilotTakesAtMostThreeWorkingDaysWithBusyDesks(t *testing.T) {
	if testing.Short() {
		t.Skip("sixteen thousand cases")
	}
	r, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	staffed := r.Results[0]
	if staffed.Scenario.Travel || staffed.Scope.Working.Median > 3 || staffed.Scope.Cases < 1500 {
		t.Errorf("median %g working days over %d cases", staffed.Scope.Working.Median, staffed.Scope.Cases)
	}
	for _, d := range staffed.Desks {
		if d.Utilisation < 0.6 || d.Utilisation > 1 {
			t.Errorf("%s is %.2f busy", d.Desk, d.Utilisation)
		}
	}
	if len(r.Results) != 6 || r.Results[2].Scenario.StaffFactor != 0.5 || r.Results[4].Scenario.IntakeFactor != 2 {
		t.Fatal("half the staff and double intake are not beside it")
	}
	for i, one := range r.Results {
		if one.VisitsMost > 1 || one.FalseGrants != 0 || one.FalseProposals != 0 || one.AutoRefusals != 0 || one.Replayed != one.Decided || one.Decided == 0 {
			t.Errorf("%s: %+v", one.Scenario.Name, one)
		}
		ended := 0
		for _, n := range one.Ended {
			ended += n
		}
		if ended != one.Cases {
			t.Errorf("%s: %d of %d cases have ended", one.Scenario.Name, ended, one.Cases)
		}
		hours := 0.0
		for _, h := range one.Hours {
			hours += h
		}
		if math.Abs(hours-24*one.Scope.Calendar.Mean) > 1e-6 {
			t.Errorf("%s: the classes add up to %g hours, the case takes %g", one.Scenario.Name, hours, 24*one.Scope.Calendar.Mean)
		}
		if i >= 2 && one.Scope.Working.Median <= r.Results[i%2].Scope.Working.Median {
			t.Errorf("%s is not slower than as staffed", one.Scenario.Name)
		}
		if one.Scenario.Travel != (one.Hours[Physical] > 0) {
			t.Errorf("%s: physical time %g", one.Scenario.Name, one.Hours[Physical])
		}
		if !slices.IsSortedFunc(one.Waits, func(a, b Wait) int { return int(math.Copysign(1, b.Share-a.Share)) }) {
			t.Errorf("%s: waits are not longest first", one.Scenario.Name)
		}
	}
}

func TestSameSeedSameReport(t *testing.T) {
	text := func(seed uint64) string {
		p := plan(t, seed)
		p.Cases = 120
		r, err := Run(p, Options{})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var printed bytes.Buffer
		if err := r.Print(&printed); err != nil {
			t.Fatal(err)
		}
		return string(raw) + printed.String()
	}
	if one := text(1); one != text(1) || one == text(2) {
		t.Error("the seed does not decide the report")
	}
}

// When every case is held up only by what is drawn for it, more cases leave what
// happens before the first desk as it was.
func TestScenariosDifferByNothingElse(t *testing.T) {
	one := simulated(t, plan(t, 1), asStaffed)
	double := simulated(t, plan(t, 1), Scenario{Name: "double", StaffFactor: 1, IntakeFactor: 2})
	byNumber := map[int]*life{}
	for _, c := range double.cases {
		byNumber[c.number] = c
	}
	for _, c := range one.cases {
		other := byNumber[c.number]
		if !c.signed.Equal(other.signed) || c.kind != other.kind || c.office.ID != other.office.ID || c.facts.GivenName != other.facts.GivenName ||
			c.facts.EvaluatedOn != other.facts.EvaluatedOn || c.ended != other.ended {
			t.Fatalf("case %d is another one at double intake", c.number)
		}
	}
}

func TestNoSlotTakesMoreThanItsCounters(t *testing.T) {
	for _, s := range []Scenario{asStaffed, {Name: "half", StaffFactor: 0.5, IntakeFactor: 1}, {Name: "double", StaffFactor: 1, IntakeFactor: 2, Travel: true}} {
		w := simulated(t, plan(t, 3), s)
		visits := map[string]int{}
		for _, v := range w.agencies.booked {
			key := fmt.Sprint(v.office.ID, v.from.Unix())
			if visits[key]++; visits[key] > v.room {
				t.Fatalf("%s: %s at %v has %d visits and %d counters", s.Name, v.office.ID, v.from, visits[key], v.room)
			}
			local := v.from.In(w.plan.Zone)
			minute := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute
			hours, open := v.office.Hours[local.Weekday()]
			if !open || minute < hours.Open || minute >= hours.Close || holiday(local) {
				t.Fatalf("%s: a visit at %v", v.office.ID, local)
			}
		}
		for _, o := range w.staffing.Police {
			for _, span := range w.police[o.ID].Spans() {
				opens, closes, open := w.police[o.ID].Calendar.On(span.From)
				if !open || span.From.Before(opens) || span.Until.After(closes) {
					t.Fatalf("%s works at %v", o.ID, span.From)
				}
			}
		}
	}
}

func TestOfficersServeWhoCameFirst(t *testing.T) {
	w := simulated(t, plan(t, 4), Scenario{Name: "half", StaffFactor: 0.5, IntakeFactor: 1})
	seen := map[int]bool{}
	var last time.Time
	for _, span := range w.udi.Spans() { // in the order in which the tasks came
		if seen[span.Task] {
			continue // went on the next day, or came back with an answer
		}
		seen[span.Task] = true
		if span.From.Before(last) {
			t.Fatalf("case %d is begun at %v, after one that came later", span.Task, span.From)
		}
		last = span.From
	}
	if len(seen) < 400 {
		t.Errorf("%d cases were served", len(seen))
	}
}

func TestMoreStaffNeverTakesLonger(t *testing.T) {
	for seed := range uint64(3) {
		before, known := math.Inf(1), opinions{}
		for _, factor := range []float64{0.5, 0.75, 1, 1.5, 3} {
			w, err := simulate(plan(t, seed), Scenario{Name: "staff", StaffFactor: factor, IntakeFactor: 1}, known)
			if err != nil {
				t.Fatal(err)
			}
			r := w.result()
			if r.Scope.Calendar.Median > before {
				t.Errorf("seed %d: with %g times the staff the median is %g days, with less it was %g", seed, factor, r.Scope.Calendar.Median, before)
			}
			before = r.Scope.Calendar.Median
		}
	}
}

func TestTravelIsApart(t *testing.T) {
	without, with := simulated(t, plan(t, 5), asStaffed).result(), simulated(t, plan(t, 5), Scenario{Name: "as staffed", StaffFactor: 1, IntakeFactor: 1, Travel: true}).result()
	if without.Hours[Physical] != 0 || with.TravelMedianDays < 5 || with.Scope.Calendar.Median < without.Scope.Calendar.Median+5 {
		t.Errorf("without %+v, with %+v", without.Scope, with.Scope)
	}
	if without.CardMedianDays < 10 {
		t.Errorf("the card takes %g days", without.CardMedianDays)
	}
}

func TestEachKindIsWhatItIsSaidToBe(t *testing.T) {
	for kind, truth := range kinds {
		p := plan(t, 1)
		p.Cases = 40
		p.Staffing.Mix = []Share{{Kind: kind, Share: 1, Source: "test"}}
		p.Staffing.Worker.NeverAccepts.Share = 0
		w := simulated(t, p, asStaffed)
		for _, c := range w.cases {
			want := verifier.SimulatedGranted
			if truth.refuse != "" {
				want = verifier.SimulatedRefused
			}
			if d := c.file.Decision(); d.Outcome != want || d.Reason != truth.refuse || c.proposed != (kind == Clear) || !c.replayed {
				t.Fatalf("%s case %d: %+v, proposed %t: %v", kind, c.number, d, c.proposed, c.file.Evaluation())
			}
			if (c.attended == 1) != (truth.refuse == "") {
				t.Fatalf("%s case %d: %d visits", kind, c.number, c.attended)
			}
		}
	}
}

// A grant of what must be refused is seen, and so is what a case has without one.
func TestWhatMustNotBeIsSeen(t *testing.T) {
	w := simulated(t, plan(t, 1), asStaffed)
	var granted, refused *life
	for _, c := range w.cases {
		switch c.ended {
		case Completed:
			granted = c
		case Refused:
			refused = c
		}
	}
	r := Result{}
	spoilt := *granted
	spoilt.kind = LowPay
	if w.judge(&spoilt, &r); r.FalseGrants != 1 || r.FalseProposals != 1 && spoilt.proposed {
		t.Errorf("a false grant is not counted: %+v", r)
	}
	if err := w.agencies.invariant(granted, false, false); err == nil {
		t.Error("a number without a grant is not seen")
	}
	if err := w.agencies.invariant(refused, true, true); err == nil {
		t.Error("a completed case without a number is not seen")
	}
	twice := *granted
	twice.attended = 2
	if err := w.agencies.invariant(&twice, true, true); err == nil {
		t.Error("a second visit is not seen")
	}
	lost := *granted
	lost.spent = slices.Delete(slices.Clone(lost.spent), 1, 2)
	w.cases = []*life{&lost}
	if w.conserved() == nil {
		t.Error("lost time is not seen")
	}
	lost = *granted
	lost.ended = ""
	if w.conserved() == nil {
		t.Error("a case that vanished is not seen")
	}
}

func TestFactsThatChangeDoNotReplay(t *testing.T) {
	w := simulated(t, plan(t, 1), asStaffed)
	for _, c := range w.cases {
		if c.ended != Completed {
			continue
		}
		if !w.replay(c) {
			t.Fatal("a decision does not replay")
		}
		c.facts.AnnualSalary--
		if w.replay(c) {
			t.Fatal("other facts replay to the same decision")
		}
		return
	}
}

func TestStaffingThatCannotBeIsRefused(t *testing.T) {
	raw, err := os.ReadFile(pilotFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"unknown member":    {"automation: false", "automation: false\nfriday_cake: true"},
		"no source":         {"{share: 0.02, source: assumption}", "{share: 0.02}"},
		"shares of mix":     {"kind: clear, share: 0.78", "kind: clear, share: 0.79"},
		"unknown kind":      {"kind: clear", "kind: cloudy"},
		"shares of offices": {"share: 0.46", "share: 0.5"},
		"nobody":            {"staff: 8", "staff: 0"},
		"never open":        {`{monday: "10:00-11:30", tuesday: "10:00-11:30", wednesday: "10:00-11:30", thursday: "10:00-11:30", friday: "10:00-11:30"}`, "{}"},
		"closes first":      {`monday: "10:00-11:30"`, `monday: "11:00-10:45"`},
		"no weekday":        {`monday: "10:00-11:30"`, `caturday: "10:00-11:30"`},
		"no hours":          {`monday: "10:00-11:30"`, `monday: "10-11"`},
		"no date":           {"start: 2027-01-11", "start: soon"},
		"no version":        {`version: "2026-11-26"`, `version: ""`},
		"always absent":     {"absence: {share: 0.1,", "absence: {share: 1,"},
		"p90 under median":  {"{median: 3, p90: 24}", "{median: 3, p90: 2}"},
		"same office twice": {"id: SUA-BERGEN", "id: SUA-OSLO"},
		"no share":          {"share: 0.16\n", "share: 0\n"},
		"two documents":     {"automation: false", "automation: false\n---\n{}"},
	} {
		spoilt := strings.Replace(string(raw), change[0], change[1], 1)
		if spoilt == string(raw) {
			t.Errorf("%s: nothing is changed", name)
		}
		if _, err := ReadStaffing([]byte(spoilt)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestPlanThatCannotBeIsRefused(t *testing.T) {
	for name, change := range map[string]func(*Plan, *Scenario){
		"no cases":         func(p *Plan, _ *Scenario) { p.Cases = 0 },
		"no days":          func(p *Plan, _ *Scenario) { p.Days = 0 },
		"too many":         func(p *Plan, _ *Scenario) { p.Cases = mostCases + 1 },
		"no staff":         func(_ *Plan, s *Scenario) { s.StaffFactor = 0 },
		"another's office": func(p *Plan, _ *Scenario) { p.Staffing.Police[0].ID = "SUA-BERGEN" },
		"a weekend":        func(p *Plan, _ *Scenario) { p.Staffing.Start, p.Days = "2027-01-16", 2 },
	} {
		p, s := plan(t, 1), asStaffed
		change(&p, &s)
		if _, err := simulate(p, s, opinions{}); err == nil {
			t.Errorf("%s is simulated", name)
		}
	}
}

func TestReportSaysWhatItAssumes(t *testing.T) {
	p := plan(t, 1)
	p.Cases = 60
	r, err := Run(p, Options{StaffFactor: 2})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.Print(&out); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{
		"as staffed", "half the staff", "double intake", "with travel", "without travel", "where it waits", "busy",
		"udi.no: at least 20 working days", "M1 ", "M2 ", "M3 ", "M4 ", "M5 ", "M6 ", "M7 ", "M8 ", "M9 ", "plastic card",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if strings.Contains(text, "NaN") || r.Results[0].People != 2*p.Staffing.People() {
		t.Error("the report has no numbers, or others than asked for")
	}
}
