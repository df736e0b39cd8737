package casefile

import (
	"reflect"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

func opened(t interface{ Fatal(...any) }, f ruleset.Facts) *Case {
	e, err := rules(t).Evaluate(f, ruleset.ProposeOnly)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Open(Opening{ID: "case_1", Number: "26/000123", DUF: "202665432107", Evaluation: e, At: on})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func grantOf(at time.Time) Decision {
	return Decision{ID: "dec_1", Officer: "officer_1", Outcome: Granted, At: at}
}

func step(m Milestone) Step {
	return Step{Step: m, Service: "police", At: on.Add(time.Hour), TimeClass: Machine}
}

func granted(t *testing.T, f ruleset.Facts) *Case {
	t.Helper()
	c := opened(t, f)
	if changed, err := c.Decide(grantOf(on)); !changed || err != nil {
		t.Fatal(changed, err)
	}
	return c
}

func TestRulesProposeAndNeverDecide(t *testing.T) {
	if c := opened(t, lisa()); c.State() != Proposed || c.Decision().ID != "" {
		t.Errorf("a clear case is %s", c.State())
	}
	f := lisa()
	f.AnnualSalary = 1
	if c := opened(t, f); c.State() != Received || c.Decision().ID != "" {
		t.Errorf("an unclear case is %s", c.State())
	}
}

func TestCaseNeedsADUFNumber(t *testing.T) {
	_, err := Open(Opening{ID: "case_1", Number: "26/000123", DUF: "123456789", At: on})
	if fault.RuleOf(err) != "case.duf" {
		t.Error(err)
	}
	if _, err := Open(Opening{DUF: "202665432107", At: on}); fault.RuleOf(err) != "case.opening" {
		t.Error(err)
	}
}

func TestDecisionFollowsItsRules(t *testing.T) {
	for name, c := range map[string]struct {
		rule   string
		change func(*Decision)
	}{
		"grant":                     {"", func(*Decision) {}},
		"refusal with reason":       {"", func(d *Decision) { d.Outcome, d.Reason = Refused, "SALARY_TOO_LOW" }},
		"nobody decides":            {"case.officer", func(d *Decision) { d.Officer = "" }},
		"no outcome":                {"case.outcome", func(d *Decision) { d.Outcome = Completed }},
		"grant with reason":         {"case.refusal-reason", func(d *Decision) { d.Reason = "SALARY_TOO_LOW" }},
		"refusal without reason":    {"case.refusal-reason", func(d *Decision) { d.Outcome = Refused }},
		"refusal for another cause": {"case.refusal-reason", func(d *Decision) { d.Outcome, d.Reason = Refused, "HAIR" }},
		"no time":                   {"case.decision", func(d *Decision) { d.At = time.Time{} }},
	} {
		cs := opened(t, lisa())
		d := grantOf(on)
		c.change(&d)
		changed, err := cs.Decide(d)
		if c.rule == "" && (!changed || err != nil || cs.State() != d.Outcome) || c.rule != "" && (changed || fault.RuleOf(err) != c.rule || cs.State() != Proposed) {
			t.Errorf("%s: %v %v, case %s", name, changed, err, cs.State())
		}
	}
}

func TestOfficerMayGrantWhatTheRulesDidNotPropose(t *testing.T) {
	f := lisa()
	f.PercentageHundredths = 9000
	if c := granted(t, f); c.State() != Granted {
		t.Errorf("case is %s", c.State())
	}
}

func TestCaseIsDecidedOnce(t *testing.T) {
	c := granted(t, lisa())
	again := grantOf(on.Add(time.Minute))
	again.ID, again.Officer = "dec_2", "officer_2"
	if changed, err := c.Decide(again); changed || err != nil || c.Decision().ID != "dec_1" {
		t.Errorf("the same decision again: %v %v", changed, err)
	}
	other := Decision{ID: "dec_3", Officer: "o", Outcome: Refused, Reason: "NOT_SKILLED", At: on}
	if changed, err := c.Decide(other); changed || fault.RuleOf(err) != "case.already-decided" {
		t.Errorf("another decision: %v %v", changed, err)
	}
}

func TestOfferWithdrawnBeforeTheDecisionStopsTheGrant(t *testing.T) {
	c := opened(t, lisa())
	if first, _, _ := c.Impede(CauseOfferWithdrawn, on); !first {
		t.Error("the withdrawal is lost")
	}
	if again, _, _ := c.Impede(CauseOfferWithdrawn, on); again {
		t.Error("a withdrawal counts once")
	}
	for _, d := range []Decision{grantOf(on), {ID: "d", Officer: "o", Outcome: Refused, Reason: "NOT_SKILLED", At: on}} {
		if changed, err := c.Decide(d); changed || fault.RuleOf(err) != "case.offer-withdrawn" || fault.KindOf(err) != fault.Conflict {
			t.Errorf("%s: %v %v", d.Outcome, changed, err)
		}
	}
	if changed, err := c.Decide(Decision{ID: "d", Officer: "o", Outcome: Refused, Reason: ReasonWithdrawn, At: on}); !changed || err != nil || c.State() != Refused {
		t.Errorf("the case cannot be closed: %v", err)
	}
}

func TestCaseThatWasNeverGrantedTakesNoMilestone(t *testing.T) {
	undecided := opened(t, lisa())
	refused := opened(t, lisa())
	_, _ = refused.Decide(Decision{ID: "d", Officer: "o", Outcome: Refused, Reason: "NOT_SKILLED", At: on})
	for _, c := range []*Case{undecided, refused} {
		if changed, completed, err := c.Record(step(AccountOpened)); changed || completed || fault.RuleOf(err) != "case.not-granted" {
			t.Errorf("%s: %v %v %v", c.State(), changed, completed, err)
		}
	}
}

func TestOnlyAgenciesMilestonesAreRecorded(t *testing.T) {
	c := granted(t, lisa())
	for name, s := range map[string]Step{
		"our own":    step(CaseCompleted),
		"unknown":    step("HOUSE_FOUND"),
		"no service": {Step: AccountOpened, At: on, TimeClass: Machine},
		"no time":    {Step: AccountOpened, Service: "bank", TimeClass: Machine},
		"no class":   {Step: AccountOpened, Service: "bank", At: on, TimeClass: "magic"},
	} {
		if _, _, err := c.Record(s); fault.RuleOf(err) != "case.step" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCaseCompletesOnceWithItsFourMilestones(t *testing.T) {
	for _, missing := range completing {
		c := granted(t, lisa())
		for _, m := range []Milestone{TaxCardIssued, AppointmentBooked, AppointmentAttended, AccountOpened, IdentifierAssigned, ResidenceCardIssued, IdentityVerified} {
			if m == missing {
				continue
			}
			if _, completed, err := c.Record(step(m)); completed || err != nil {
				t.Fatalf("completed without %s, %v", missing, err)
			}
		}
		last := step(missing)
		last.At = on.Add(2 * time.Hour)
		if changed, completed, err := c.Record(last); !changed || !completed || err != nil || c.State() != Completed {
			t.Errorf("last %s: %v %v %v", missing, changed, completed, err)
		}
		if changed, completed, err := c.Record(last); changed || completed || err != nil {
			t.Errorf("repeated %s: %v %v %v", missing, changed, completed, err)
		}
		timeline := c.Timeline()
		if end := timeline[len(timeline)-1]; end.Step != CaseCompleted || !end.At.Equal(last.At) {
			t.Errorf("the timeline ends with %+v", end)
		}
	}
}

func TestMilestoneAfterCompletionIsStillNoted(t *testing.T) {
	c := granted(t, lisa())
	for _, m := range completing {
		_, _, _ = c.Record(step(m))
	}
	if changed, completed, err := c.Record(step(TaxCardIssued)); !changed || completed || err != nil {
		t.Errorf("late tax card: %v %v %v", changed, completed, err)
	}
}

func TestTimelineIsInOrderOfHappening(t *testing.T) {
	c := granted(t, lisa())
	late, early := step(AppointmentAttended), step(AppointmentBooked)
	early.At = late.At.Add(-time.Minute)
	_, _, _ = c.Record(late)
	_, _, _ = c.Record(early)
	var order []Milestone
	for _, s := range c.Timeline() {
		order = append(order, s.Step)
	}
	want := []Milestone{ApplicationReceived, DecisionMade, AppointmentBooked, AppointmentAttended}
	if !reflect.DeepEqual(order, want) {
		t.Errorf("got %v", order)
	}
}

func TestPermitClaimsFitTheSchema(t *testing.T) {
	claims, err := granted(t, lisa()).PermitClaims(lisa(), figures(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := credtype.Validate(credtype.ResidencePermit, claims); err != nil {
		t.Error(err)
	}
	if _, err := opened(t, lisa()).PermitClaims(lisa(), figures(t)); fault.RuleOf(err) != "case.not-granted" {
		t.Errorf("an undecided case gave a permit: %v", err)
	}
}

func TestPermitPeriod(t *testing.T) {
	for name, c := range map[string]struct {
		change                    func(*ruleset.Facts)
		from, until, registration string
	}{
		"until the position ends":   {func(*ruleset.Facts) {}, "2026-12-06", "2027-12-06", "FNR"},
		"permanent, three years":    {func(f *ruleset.Facts) { f.EndDate = "" }, "2026-12-06", "2029-12-06", "FNR"},
		"long, three years":         {func(f *ruleset.Facts) { f.EndDate = "2032-01-01" }, "2026-12-06", "2029-12-06", "FNR"},
		"vocational, one year":      {func(f *ruleset.Facts) { f.EndDate, f.RequiredEducation = "", "vocational" }, "2026-12-06", "2027-12-06", "FNR"},
		"never beyond the passport": {func(f *ruleset.Facts) { f.PassportExpiry = "2027-03-01" }, "2026-12-06", "2027-03-01", "D_NUMBER"},
		"six months":                {func(f *ruleset.Facts) { f.EndDate = "2027-06-06" }, "2026-12-06", "2027-06-06", "FNR"},
		"a day short of six months": {func(f *ruleset.Facts) { f.EndDate = "2027-06-05" }, "2026-12-06", "2027-06-05", "D_NUMBER"},
		"never before the decision": {func(f *ruleset.Facts) { f.StartDate = "2026-11-01" }, "2026-11-22", "2027-12-06", "FNR"},
		"no day left, so no permit": {func(f *ruleset.Facts) { f.StartDate, f.EndDate = "2026-11-01", "2026-11-22" }, "", "", ""},
	} {
		f := lisa()
		c.change(&f)
		p, err := granted(t, f).Permit(f, figures(t))
		if c.from == "" {
			if fault.RuleOf(err) != "case.permit-period" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || p.ValidFrom.Format(isoDate) != c.from || p.ValidUntil.Format(isoDate) != c.until || p.Registration != c.registration {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

func TestStoredCaseThatCannotBeIsRefused(t *testing.T) {
	c := granted(t, lisa())
	for name, spoil := range map[string]func(*Snapshot){
		"no id":                       func(s *Snapshot) { s.ID = "" },
		"unknown state":               func(s *Snapshot) { s.State = "LOST" },
		"granted without decision":    func(s *Snapshot) { s.Decisions = nil },
		"granted without fee":         func(s *Snapshot) { s.Fee = Fee{Amount: 1, Currency: "NOK"} },
		"granted in spite of a cause": func(s *Snapshot) { s.Causes = []Cause{CauseOfferWithdrawn} },
		"halted by nothing":           func(s *Snapshot) { s.State = Halted },
		"revoked by nobody":           func(s *Snapshot) { s.State = Revoked },
		"appealed without appeal":     func(s *Snapshot) { s.State = AppealReceived },
		"open but decided":            func(s *Snapshot) { s.State = Proposed },
		"refused by a grant":          func(s *Snapshot) { s.State = Refused },
		"completed too early":         func(s *Snapshot) { s.State = Completed },
		"awaiting no offer":           func(s *Snapshot) { s.State, s.Decisions = AwaitingNewOffer, nil },
	} {
		s := c.Snapshot()
		spoil(&s)
		if _, err := Restore(s); fault.RuleOf(err) != "case.stored" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
