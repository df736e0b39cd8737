package programme

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

var begin = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC) // a Monday

func targets(t interface{ Fatal(...any) }) Targets {
	all, err := LoadTargets()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// step is a step after some time since the case began.
func step(m casefile.Milestone, class casefile.TimeClass, after time.Duration, cause ...string) casefile.Step {
	return casefile.Step{Step: m, Service: "x", At: begin.Add(after), TimeClass: class, Cause: strings.Join(cause, "")}
}

// whole is a case from application to account.
func whole() []casefile.Step {
	return []casefile.Step{
		step(casefile.ApplicationReceived, casefile.Candidate, 0),
		step(casefile.FeePaid, casefile.Candidate, 2*time.Hour),
		step(casefile.DecisionMade, casefile.Human, 26*time.Hour, "GRANTED"),
		step(casefile.AppointmentBooked, casefile.Machine, 26*time.Hour+time.Second),
		step(casefile.AppointmentAttended, casefile.Human, 50*time.Hour),
		step(casefile.IdentityVerified, casefile.Human, 50*time.Hour),
		step(casefile.ResidenceCardIssued, casefile.Machine, 50*time.Hour+time.Second),
		step(casefile.IdentifierAssigned, casefile.Machine, 50*time.Hour+2*time.Second),
		step(casefile.AccountOpened, casefile.Machine, 50*time.Hour+3*time.Second),
		step(casefile.CaseCompleted, casefile.Machine, 50*time.Hour+3*time.Second),
	}
}

func TestTimeOfACaseByHand(t *testing.T) {
	c := ClockOf(Timeline{Steps: whole()}, targets(t), begin.AddDate(1, 0, 0))
	want := map[casefile.TimeClass]time.Duration{
		casefile.Candidate: 2 * time.Hour,
		casefile.Human:     50 * time.Minute, // half an hour for the decision, twenty minutes for the visit
		casefile.Queue:     24*time.Hour - 30*time.Minute + 24*time.Hour - time.Second - 20*time.Minute,
		casefile.Machine:   4 * time.Second,
		casefile.Physical:  0,
	}
	for _, class := range Classes {
		if c.Of(class) != want[class] {
			t.Errorf("%s: %s, want %s", class, c.Of(class), want[class])
		}
	}
	if !c.Ended || c.Elapsed() != 50*time.Hour+3*time.Second {
		t.Errorf("%s, ended %t", c.Elapsed(), c.Ended)
	}
}

func TestWorkIsNeverMoreThanTheWait(t *testing.T) {
	steps := whole()[:3]
	steps[2].At = steps[1].At.Add(5 * time.Minute)
	c := ClockOf(Timeline{Steps: steps}, targets(t), steps[2].At)
	if c.Of(casefile.Human) != 5*time.Minute || c.Of(casefile.Queue) != 0 {
		t.Errorf("human %s, queue %s", c.Of(casefile.Human), c.Of(casefile.Queue))
	}
}

func TestCaseThatWaitsCountsUntilNow(t *testing.T) {
	for _, one := range []struct {
		steps int
		class casefile.TimeClass
	}{{1, casefile.Candidate}, {2, casefile.Queue}, {3, casefile.Machine}, {4, casefile.Queue}, {8, casefile.Machine}} {
		steps := whole()[:one.steps]
		last := steps[one.steps-1].At
		before := ClockOf(Timeline{Steps: steps}, targets(t), last)
		after := ClockOf(Timeline{Steps: steps}, targets(t), last.Add(time.Hour))
		if after.Ended || after.Of(one.class)-before.Of(one.class) != time.Hour {
			t.Errorf("after %d steps an hour does not go to %s", one.steps, one.class)
		}
	}
}

func TestHaltedTimeIsAQueue(t *testing.T) {
	steps := whole()[:4]
	steps = append(steps,
		step(casefile.EmployerStopped, casefile.Human, 28*time.Hour, "EMPLOYER_SUSPENDED"),
		step(casefile.CaseHalted, casefile.Machine, 28*time.Hour, "EMPLOYER_SUSPENDED"),
		step(casefile.AppointmentCancelled, casefile.Machine, 28*time.Hour+time.Second),
		step(casefile.CaseResumed, casefile.Machine, 128*time.Hour),
		step(casefile.AppointmentBooked, casefile.Machine, 128*time.Hour+time.Second))
	c := ClockOf(Timeline{Steps: steps}, targets(t), begin.Add(128*time.Hour+time.Second))
	// Two hours of waiting for the appointment, and the halt, to the second.
	if got, want := c.Of(casefile.Queue), 23*time.Hour+30*time.Minute+2*time.Hour-time.Second+100*time.Hour; got != want {
		t.Errorf("queue %s, want %s", got, want)
	}
	if late := Late(Timeline{Steps: steps[:7]}, targets(t), begin.AddDate(1, 0, 0)); len(late) > 0 {
		t.Errorf("a halted case is late: %v", late)
	}
	late := Late(Timeline{Steps: steps[:8]}, targets(t), begin.Add(128*time.Hour+2*time.Minute))
	if len(late) == 0 || late[0].Step != casefile.AppointmentBooked || !late[0].Since.Equal(begin.Add(128*time.Hour)) {
		t.Errorf("a resumed case is not late for its booking since it was resumed: %v", late)
	}
}

func TestEndsAreEnds(t *testing.T) {
	now := begin.AddDate(1, 0, 0)
	refused := append(whole()[:2], step(casefile.DecisionMade, casefile.Human, 26*time.Hour, "REFUSED"))
	for name, one := range map[string]struct {
		steps []casefile.Step
		ended bool
		until time.Time
	}{
		"refused":                {refused, true, begin.Add(26 * time.Hour)},
		"appealed":               {append(slices.Clone(refused), step(casefile.DecisionAppealed, casefile.Candidate, 48*time.Hour)), false, now},
		"reversed":               {append(slices.Clone(refused), step(casefile.DecisionMade, casefile.Human, 96*time.Hour, "GRANTED")), false, now},
		"withdrawn":              {append(whole()[:2], step(casefile.ApplicationWithdrawn, casefile.Candidate, 5*time.Hour)), true, begin.Add(5 * time.Hour)},
		"revoked":                {append(whole()[:5], step(casefile.PermitRevoked, casefile.Human, 90*time.Hour)), true, begin.Add(90 * time.Hour)},
		"completed, then card":   {append(whole(), step(casefile.ResidenceCardProduced, casefile.Physical, 500*time.Hour)), true, whole()[9].At},
		"completed, then revoke": {append(whole(), step(casefile.PermitRevoked, casefile.Human, 500*time.Hour)), true, whole()[9].At},
		"open":                   {whole()[:2], false, now},
	} {
		c := ClockOf(Timeline{Steps: one.steps}, targets(t), now)
		if c.Ended != one.ended || !c.Until.Equal(one.until) {
			t.Errorf("%s: ended %t at %s", name, c.Ended, c.Until)
		}
		if late := Late(Timeline{Steps: one.steps}, targets(t), now); one.ended && len(late) > 0 {
			t.Errorf("%s is late: %v", name, late)
		}
	}
}

// Whatever happens in whatever order: no stretch is missing or counted twice, and
// the classes add up to the elapsed time.
func TestClassesAddUpToTheElapsedTime(t *testing.T) {
	milestones := []casefile.Milestone{
		casefile.FeePaid, casefile.DecisionMade, casefile.AppointmentBooked, casefile.AppointmentMissed, casefile.AppointmentAttended, casefile.IdentityVerified,
		casefile.IdentifierQueued, casefile.IdentifierAssigned, casefile.AccountOpened, casefile.CaseHalted, casefile.CaseResumed, casefile.EmployerStopped,
		casefile.CaseCompleted, casefile.DecisionAppealed, casefile.PermitRevoked, casefile.ResidenceCardProduced, "SOMETHING_NEW",
	}
	all := targets(t)
	rapid.Check(t, func(t *rapid.T) {
		steps := []casefile.Step{step(casefile.ApplicationReceived, casefile.Candidate, 0)}
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			steps = append(steps, step(
				rapid.SampledFrom(milestones).Draw(t, "milestone"), rapid.SampledFrom(Classes).Draw(t, "class"),
				time.Duration(rapid.Int64Range(0, int64(400*time.Hour)).Draw(t, "after")), rapid.SampledFrom([]string{"", "GRANTED", "REFUSED"}).Draw(t, "cause")))
		}
		now := begin.Add(time.Duration(rapid.Int64Range(0, int64(500*time.Hour)).Draw(t, "now")))
		c := ClockOf(Timeline{Steps: steps}, all, now)
		var sum time.Duration
		for _, class := range Classes {
			sum += c.Of(class)
		}
		at := c.From
		for _, s := range c.Stretches {
			if !s.From.Equal(at) || !s.Until.After(s.From) {
				t.Fatalf("stretches leave a gap: %v", c.Stretches)
			}
			at = s.Until
		}
		if sum != c.Elapsed() || !at.Equal(c.Until) || !c.From.Equal(begin) {
			t.Fatalf("the classes add up to %s of %s", sum, c.Elapsed())
		}
		shuffled := rapid.Permutation(steps).Draw(t, "order")
		if again := ClockOf(Timeline{Steps: shuffled}, all, now); again.Elapsed() != c.Elapsed() && distinct(steps) {
			t.Fatalf("the order of recording changes the time: %s, %s", again.Elapsed(), c.Elapsed())
		}
	})
}

func distinct(steps []casefile.Step) bool {
	seen := map[time.Time]bool{}
	for _, s := range steps {
		if seen[s.At] {
			return false
		}
		seen[s.At] = true
	}
	return true
}

func TestLateByTheTargetThatBeganLast(t *testing.T) {
	all := targets(t)
	steps := whole()[:7]
	waits := func(now time.Duration) []casefile.Milestone {
		var names []casefile.Milestone
		for _, w := range Late(Timeline{Steps: steps}, all, begin.Add(now)) {
			names = append(names, w.Step)
		}
		return names
	}
	if got := waits(50*time.Hour + 2*time.Minute); !slices.Equal(got, []casefile.Milestone{casefile.IdentifierAssigned}) {
		t.Errorf("late: %v", got)
	}
	if got := waits(50*time.Hour + 30*time.Second); len(got) > 0 {
		t.Errorf("late within the minute: %v", got)
	}
	steps = append(steps, step(casefile.IdentifierQueued, casefile.Machine, 50*time.Hour+10*time.Second))
	if got := waits(51 * time.Hour); len(got) > 0 {
		t.Errorf("a possible duplicate is late within its days: %v", got)
	}
	if got := waits(50*time.Hour + 169*time.Hour); !slices.Contains(got, casefile.IdentifierAssigned) {
		t.Errorf("a possible duplicate is never late: %v", got)
	}
}

func TestTargetsChangeByDate(t *testing.T) {
	later := strings.Replace(string(targetsYAML), "targets:\n", `targets:
  - {step: FEE_PAID, after: APPLICATION_RECEIVED, agency: verifier, waits: candidate, within: 1h, valid_from: 2026-12-01, source: test}
`, 1)
	all, err := ParseTargets([]byte(later))
	if err != nil {
		t.Fatal(err)
	}
	november, december := whole()[:1], whole()[:1]
	december[0].At = begin.AddDate(0, 1, 0)
	if late := Late(Timeline{Steps: november}, all, november[0].At.Add(2*time.Hour)); len(late) > 0 {
		t.Errorf("December's target counts in November: %v", late)
	}
	if late := Late(Timeline{Steps: december}, all, december[0].At.Add(2*time.Hour)); len(late) != 1 {
		t.Errorf("December's target does not count: %v", late)
	}
}

func TestTargetsThatCannotBeAreRefused(t *testing.T) {
	whole := string(targetsYAML)
	for name, change := range map[string][2]string{
		"no source":         {"valid_from: 2026-01-01, source: proposal}", "valid_from: 2026-01-01}"},
		"no date":           {", valid_from: 2026-01-01, source: proposal", ", source: proposal"},
		"unknown agency":    {"agency: verifier", "agency: customs"},
		"two agencies' own": {"step: DECISION_MADE, after: FEE_PAID, agency: verifier", "step: DECISION_MADE, after: FEE_PAID, agency: bank"},
		"unknown class":     {"waits: candidate", "waits: patience"},
		"after itself":      {"step: FEE_PAID, after: APPLICATION_RECEIVED", "step: FEE_PAID, after: FEE_PAID"},
		"no time":           {"within: 72h", "within: 0s"},
		"negative work":     {"work: 30m", "work: -30m"},
		"unknown member":    {"within: 72h", "within: 72h, colour: red"},
		"limit of one":      {"limit: 5", "limit: 1"},
	} {
		spoilt := strings.Replace(whole, change[0], change[1], 1)
		if spoilt == whole {
			t.Errorf("%s: nothing is changed", name)
		}
		if _, err := ParseTargets([]byte(spoilt)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
