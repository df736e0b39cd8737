package queueing

import (
	"math"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // machines without a zone database

	"pgregory.net/rapid"
)

func oslo(t interface{ Fatal(...any) }) *time.Location {
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// week is open from eight to sixteen on Monday to Friday.
func week(zone *time.Location) Calendar {
	c := Calendar{Zone: zone, Week: map[time.Weekday]Hours{}}
	for day := time.Monday; day <= time.Friday; day++ {
		c.Week[day] = Hours{Open: 8 * time.Hour, Close: 16 * time.Hour}
	}
	return c
}

func at(t interface{ Fatal(...any) }, text string) time.Time {
	parsed, err := time.ParseInLocation("2006-01-02 15:04", text, oslo(t))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func fixed(v float64) Distribution { return Distribution{Fixed: &v, Source: "test"} }

func TestDistributionsGiveWhatTheySay(t *testing.T) {
	lognormal := Distribution{Lognormal: &Lognormal{Median: 12, P90: 30}, Source: "test"}
	triangular := Distribution{Triangular: &Triangular{Least: 10, Likely: 15, Most: 25}, Source: "test"}
	for _, c := range []struct {
		d       Distribution
		u, want float64
	}{
		{lognormal, 0.5, 12}, {lognormal, 0.9, 30},
		{triangular, 1e-12, 10}, {triangular, 1.0 / 3, 15}, {triangular, 1 - 1e-12, 25},
		{fixed(7), 0.3, 7},
	} {
		if got := c.d.At(c.u); math.Abs(got-c.want) > 1e-3*c.want {
			t.Errorf("%v at %g is %g, want %g", c.d, c.u, got, c.want)
		}
	}
	for _, d := range []Distribution{lognormal, triangular, fixed(7)} {
		sum, n := 0.0, 20000
		for i := range n {
			sum += d.At((float64(i) + 0.5) / float64(n))
		}
		if mean := sum / float64(n); math.Abs(mean-d.Mean()) > 0.01*d.Mean() {
			t.Errorf("%v: mean %g, said to be %g", d, mean, d.Mean())
		}
	}
}

func TestDistributionsThatCannotBeAreRefused(t *testing.T) {
	one := 1.0
	minus := -1.0
	for name, d := range map[string]Distribution{
		"no shape":         {Source: "x"},
		"no source":        {Fixed: &one},
		"two shapes":       {Fixed: &one, Lognormal: &Lognormal{1, 2}, Source: "x"},
		"negative":         {Fixed: &minus, Source: "x"},
		"likely above":     {Triangular: &Triangular{1, 5, 4}, Source: "x"},
		"no width":         {Triangular: &Triangular{1, 1, 1}, Source: "x"},
		"p90 under median": {Lognormal: &Lognormal{2, 1}, Source: "x"},
		"not a number":     {Lognormal: &Lognormal{math.NaN(), 1}, Source: "x"},
		"no end":           {Triangular: &Triangular{1, 2, math.Inf(1)}, Source: "x"},
	} {
		if d.Check() == nil {
			t.Errorf("%s is taken: %v", name, d)
		}
	}
}

func TestDrawsAreNamedAndEven(t *testing.T) {
	d, sum := Draws{Seed: 1}, 0.0
	for i := range 10000 {
		u := d.Uniform("a", i)
		if u <= 0 || u >= 1 {
			t.Fatal(u)
		}
		sum += u
	}
	if math.Abs(sum/10000-0.5) > 0.02 {
		t.Errorf("the mean is %g", sum/10000)
	}
	if d.Uniform("a", 1) != (Draws{Seed: 1}).Uniform("a", 1) || d.Uniform("a", 1) == d.Uniform("b", 1) ||
		d.Uniform("a", 1) == d.Uniform("a", 2) || d.Uniform("a", 1) == (Draws{Seed: 2}).Uniform("a", 1) {
		t.Error("a draw is not told by its name, index and seed")
	}
}

func TestWorkingTimeLeavesOutWeekendsAndHolidays(t *testing.T) {
	c := week(oslo(t))
	c.Closed = func(day time.Time) bool { return day.Day() == 13 } // a Wednesday
	for _, one := range []struct {
		from, until string
		time        time.Duration
		days        int
	}{
		{"2027-01-15 12:00", "2027-01-18 12:00", 24 * time.Hour, 1},     // over a weekend
		{"2027-01-16 12:00", "2027-01-17 12:00", 0, 0},                  // in one
		{"2027-01-12 09:00", "2027-01-12 17:00", 8 * time.Hour, 0},      // on a day
		{"2027-01-12 12:00", "2027-01-14 12:00", 24 * time.Hour, 1},     // over a holiday
		{"2027-01-11 10:00", "2027-01-15 10:00", 3 * 24 * time.Hour, 3}, // Monday to Friday, without Wednesday
		{"2027-01-12 12:00", "2027-01-12 12:00", 0, 0},                  // nothing
	} {
		from, until := at(t, one.from), at(t, one.until)
		if got := c.WorkingTime(from, until); got != one.time {
			t.Errorf("%s to %s: %s, want %s", one.from, one.until, got, one.time)
		}
		if got := c.WorkingDays(from, until); got != one.days {
			t.Errorf("%s to %s: %d days, want %d", one.from, one.until, got, one.days)
		}
	}
	// The night to summer time has 23 hours.
	if got := c.WorkingTime(at(t, "2027-03-29 00:00"), at(t, "2027-03-30 00:00")); got != 24*time.Hour {
		t.Error(got)
	}
}

// By hand: one person, two tasks of five hours at nine and at ten on Monday. The
// first is done at two; the second has two hours left of the day and three on
// Tuesday. Ten of sixteen hours were worked.
func TestTinyExampleByHand(t *testing.T) {
	d := &Desk{Name: "tiny", Calendar: week(oslo(t)), Staff: 1}
	first, ok1 := d.Take(1, at(t, "2027-01-11 09:00"), 5*time.Hour)
	second, ok2 := d.Take(2, at(t, "2027-01-11 10:00"), 5*time.Hour)
	if !ok1 || !ok2 || !first.Start.Equal(at(t, "2027-01-11 09:00")) || !first.End.Equal(at(t, "2027-01-11 14:00")) ||
		!second.Start.Equal(at(t, "2027-01-11 14:00")) || !second.End.Equal(at(t, "2027-01-12 11:00")) || second.Worked != 5*time.Hour {
		t.Fatalf("%+v %+v", first, second)
	}
	load := d.Load(at(t, "2027-01-11 00:00"), at(t, "2027-01-13 00:00"))
	if load.Worked != 10 || load.Staffed != 16 || load.Utilisation() != 0.625 {
		t.Errorf("%+v, %g", load, load.Utilisation())
	}
	if monday := d.Load(at(t, "2027-01-11 00:00"), at(t, "2027-01-12 00:00")); monday.Worked != 7 || monday.Staffed != 8 {
		t.Errorf("%+v", monday)
	}
}

func TestDeskWithNobodyServesNobody(t *testing.T) {
	d := &Desk{Name: "empty", Calendar: Calendar{Zone: oslo(t)}, Staff: 2}
	if _, ok := d.Take(1, at(t, "2027-01-11 09:00"), time.Minute); ok {
		t.Error("served")
	}
	if _, ok := d.TakeToday(1, at(t, "2027-01-11 09:00"), time.Minute); ok || d.Load(at(t, "2027-01-11 00:00"), at(t, "2027-01-12 00:00")).Utilisation() != 0 {
		t.Error("served")
	}
}

func TestVisitIsNotBegunThatCannotBeEndedToday(t *testing.T) {
	d := &Desk{Name: "counter", Calendar: week(oslo(t)), Staff: 1}
	if _, ok := d.TakeToday(1, at(t, "2027-01-11 15:50"), 20*time.Minute); ok || d.Tasks() != 0 || len(d.Spans()) != 0 {
		t.Error("begun")
	}
	v, ok := d.TakeToday(1, at(t, "2027-01-11 15:40"), 20*time.Minute)
	if !ok || !v.End.Equal(at(t, "2027-01-11 16:00")) {
		t.Error(v, ok)
	}
}

// A desk takes any tasks in any week: nobody works outside the hours, on a day
// off, or on two tasks at once; who came first is begun first; every minute of
// a task is worked; and with more staff no task is begun later, while nobody is
// ever away (a task that waits for its own officer to come back may be later than
// one that had waited for another).
func TestDeskKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		calendar := week(oslo(t))
		calendar.Closed = func(day time.Time) bool { return day.Day()%9 == 0 }
		staff, absence := float64(rapid.IntRange(1, 16).Draw(t, "quarters"))/4, 0.2
		always := rapid.Bool().Draw(t, "nobody is ever away")
		if always {
			staff, absence = math.Ceil(staff), 0
		}
		few := &Desk{Name: "d", Calendar: calendar, Staff: staff, Absence: absence, Draws: Draws{Seed: rapid.Uint64().Draw(t, "seed")}}
		many := &Desk{Name: "d", Calendar: calendar, Staff: staff + float64(rapid.IntRange(1, 3).Draw(t, "more")), Absence: absence, Draws: few.Draws}
		now, total := at(t, "2027-01-11 00:00"), time.Duration(0)
		var last time.Time
		for task := range rapid.IntRange(1, 40).Draw(t, "tasks") {
			now = now.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "gap")) * time.Minute)
			takes := time.Duration(rapid.IntRange(1, 900).Draw(t, "takes")) * time.Minute
			total += takes
			v, ok := few.Take(task, now, takes)
			w, ok2 := many.Take(task, now, takes)
			if !ok || !ok2 || v.Start.Before(now) || v.Start.Before(last) || always && w.Start.After(v.Start) {
				t.Fatalf("task %d at %v: %+v after %v, with more staff %+v", task, now, v, last, w)
			}
			last = v.Start
		}
		worked := time.Duration(0)
		spans := slices.Clone(few.Spans())
		for _, s := range spans {
			opens, closes, open := calendar.On(s.From)
			if !open || s.From.Before(opens) || s.Until.After(closes) || !few.shift(s.Member, s.From).there {
				t.Fatalf("worked at %v to %v", s.From, s.Until)
			}
			worked += s.Until.Sub(s.From)
		}
		slices.SortFunc(spans, func(a, b Span) int { return a.From.Compare(b.From) })
		busy := map[int]time.Time{}
		for _, s := range spans {
			if s.From.Before(busy[s.Member]) || s.Member >= few.Members() {
				t.Fatalf("member %d works on two tasks at %v", s.Member, s.From)
			}
			busy[s.Member] = s.Until
		}
		if worked != total {
			t.Fatalf("%v of work, %v done", total, worked)
		}
		load := few.Load(at(t, "2027-01-01 00:00"), last.AddDate(5, 0, 0))
		if math.Abs(load.Worked-total.Hours()) > 1e-6 || load.Staffed < load.Worked {
			t.Fatalf("%+v", load)
		}
	})
}

func TestAgendaGoesByTimeThenByOrder(t *testing.T) {
	var a Agenda
	var done []string
	begin := at(t, "2027-01-11 08:00")
	say := func(what string) func() { return func() { done = append(done, what) } }
	a.At(begin.Add(time.Hour), say("second"))
	a.At(begin.Add(time.Hour), say("third"))
	a.At(begin, func() {
		say("first")()
		a.At(begin.Add(-time.Hour), say("late is now"))
	})
	a.Run()
	if !slices.Equal(done, []string{"first", "late is now", "second", "third"}) || !a.Now().Equal(begin.Add(time.Hour)) {
		t.Error(done, a.Now())
	}
}

func TestNearestRank(t *testing.T) {
	ten := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for share, want := range map[float64]int{0: 1, 0.1: 1, 0.11: 2, 0.5: 5, 0.9: 9, 0.95: 10, 1: 10} {
		if got := Nearest(ten, share); got != want {
			t.Errorf("%g: %d, want %d", share, got, want)
		}
	}
	if Nearest([]int{}, 0.5) != 0 {
		t.Error("nothing has a value")
	}
}
