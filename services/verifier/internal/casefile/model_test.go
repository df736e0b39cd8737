package casefile

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// model is what a case must be, said in another way: by what has happened.
type model struct {
	paid, evaluatedWell bool
	causes              map[Cause]bool
	granted, refused    bool
	withdrawn, revoked  bool
	appeal              AppealState
	attained            map[Milestone]bool
	completed           bool
}

func (m *model) undecided() bool { return !m.granted && !m.refused && !m.withdrawn }

func (m *model) state() State {
	switch {
	case m.withdrawn:
		return Withdrawn
	case m.revoked:
		return Revoked
	case m.granted && m.completed:
		return Completed
	case m.granted && len(m.causes) > 0:
		return Halted
	case m.granted:
		return Granted
	case m.appeal == AppealLodged:
		return AppealReceived
	case m.appeal == AppealForwarded:
		return ForwardedToUNE
	case m.appeal == AppealUNEUpheld:
		return UNEUpheld
	case m.refused:
		return Refused
	case !m.paid:
		return FeeDue
	case m.causes[CauseOfferSuperseded]:
		return AwaitingNewOffer
	case m.evaluatedWell:
		return Proposed
	}
	return Received
}

func (m *model) over() bool { return m.withdrawn || m.revoked || m.appeal == AppealUNEUpheld }

func (m *model) done() bool {
	for _, needed := range completing {
		if !m.attained[needed] {
			return false
		}
	}
	return true
}

var allCauses = []Cause{CauseOfferWithdrawn, CauseOfferSuperseded, CauseEmployerSuspended, CauseEmployerRevoked, CauseEmployerBankrupt}

// driver draws what happens to a case, in any order and again and again.
type driver struct {
	*rapid.T
	c     *Case
	m     *model
	clear ruleset.Evaluation
	at    time.Time
	n     int
}

func (d *driver) tick() time.Time { d.at = d.at.Add(time.Minute); return d.at }

func (d *driver) id() string { d.n++; return fmt.Sprintf("id_%d", d.n) }

func (d *driver) want(err error, allowed bool) {
	if (err == nil) != allowed {
		d.Fatalf("in %s (%v): allowed %v, got %v", d.c.State(), d.c.Causes(), allowed, err)
	}
	if err != nil && fault.KindOf(err) == fault.Internal {
		d.Fatal(err)
	}
}

func (d *driver) decide() {
	by := rapid.SampledFrom([]string{"officer", RuleSetOfficer + d.clear.RuleSet}).Draw(d.T, "by")
	outcome := rapid.SampledFrom([]State{Granted, Granted, Refused}).Draw(d.T, "outcome")
	reason := ""
	if outcome == Refused {
		reason = rapid.SampledFrom([]string{"NOT_SKILLED", ReasonWithdrawn, ReasonFeeNotPaid}).Draw(d.T, "reason")
	}
	machine := by != "officer"
	before := d.m.state()
	changed, err := d.c.Decide(Decision{ID: d.id(), Officer: by, Outcome: outcome, Reason: reason, At: d.tick()})
	if machine && outcome == Refused && err == nil {
		d.Fatal("a machine refused")
	}
	if !d.m.undecided() {
		if changed {
			d.Fatal("a decided case was decided again")
		}
		return
	}
	var allowed bool
	switch {
	case outcome == Granted:
		// These rules propose; they never grant.
		allowed = !machine && d.m.paid && len(d.m.causes) == 0
	case machine:
	case d.m.causes[CauseOfferWithdrawn]:
		allowed = reason == ReasonWithdrawn
	case reason == ReasonFeeNotPaid:
		allowed = before == FeeDue
	default:
		allowed = before != FeeDue || reason == ReasonWithdrawn
	}
	d.want(err, allowed)
	if err == nil {
		d.m.granted, d.m.refused = outcome == Granted, outcome == Refused
	}
}

func (d *driver) pay() {
	p := Payment{
		Reference: rapid.SampledFrom([]string{"case_1", "case_1", "case_2"}).Draw(d.T, "reference"),
		Amount:    rapid.SampledFrom([]int64{630000, 630000, 629999}).Draw(d.T, "amount"),
		Currency:  rapid.SampledFrom([]string{"NOK", "NOK", "SEK"}).Draw(d.T, "currency"),
	}
	right := p == Payment{"case_1", 630000, "NOK"}
	changed, err := d.c.ConfirmFee(p, d.tick())
	if changed != (right && !d.m.paid) {
		d.Fatalf("%+v changed %v, %v", p, changed, err)
	}
	d.m.paid = d.m.paid || right
}

func (d *driver) impede() {
	if rapid.IntRange(0, 3).Draw(d.T, "seldom") > 0 {
		return
	}
	cause := rapid.SampledFrom(allCauses).Draw(d.T, "cause")
	changed, halted, err := d.c.Impede(cause, d.tick())
	d.want(err, true)
	if changed != (!d.m.causes[cause] && !d.m.over()) || halted != (changed && d.m.state() == Granted) {
		d.Fatalf("%s in %s: %v %v", cause, d.m.state(), changed, halted)
	}
	if changed {
		d.m.causes[cause] = true
	}
}

func (d *driver) lift() {
	cause := rapid.SampledFrom(allCauses).Draw(d.T, "cause")
	before := d.m.state()
	changed, resumed, completed, err := d.c.Lift(cause, d.tick())
	d.want(err, true)
	if changed != (d.m.causes[cause] && !d.m.over()) {
		d.Fatalf("%s in %s: %v", cause, before, changed)
	}
	if changed {
		delete(d.m.causes, cause)
	}
	if resumed != (changed && before == Halted && len(d.m.causes) == 0) || completed != (resumed && d.m.done()) {
		d.Fatalf("%s in %s: resumed %v, completed %v", cause, before, resumed, completed)
	}
	d.m.completed = d.m.completed || completed
}

func (d *driver) renew() {
	before := d.m.state()
	evaluation, well := d.clear, rapid.Bool().Draw(d.T, "well")
	if !well {
		evaluation.Outcome = ruleset.ToOfficer
	}
	err := d.c.Renew(evaluation, d.tick())
	d.want(err, d.m.undecided() || before == Granted || before == Halted)
	if err != nil {
		return
	}
	switch before {
	case Granted, Halted:
		d.m.causes[CauseOfferSuperseded] = true
	default:
		delete(d.m.causes, CauseOfferSuperseded)
		delete(d.m.causes, CauseOfferWithdrawn)
		d.m.evaluatedWell = well
	}
}

func (d *driver) withdraw() {
	if rapid.IntRange(0, 9).Draw(d.T, "seldom") > 0 {
		return
	}
	_, err := d.c.Withdraw(d.tick())
	d.want(err, d.m.undecided() || d.m.withdrawn)
	d.m.withdrawn = d.m.withdrawn || err == nil
}

func (d *driver) revoke() {
	if rapid.IntRange(0, 4).Draw(d.T, "seldom") > 0 {
		return
	}
	_, err := d.c.Revoke(Decision{ID: d.id(), Officer: "officer", Reason: "FORGED_DOCUMENTS", At: d.tick()})
	d.want(err, d.m.granted)
	d.m.revoked = d.m.revoked || err == nil
}

func (d *driver) appeal() {
	late := rapid.Bool().Draw(d.T, "late")
	deadline := d.tick().Add(time.Hour)
	if late {
		deadline = d.at.Add(-time.Minute)
	}
	_, err := d.c.Lodge(d.id(), d.at, deadline)
	d.want(err, d.m.refused && d.m.appeal == "")
	if err == nil {
		d.m.appeal = AppealLodged
	}
}

func (d *driver) ruleOnAppeal() {
	state := d.m.appeal
	late := d.c.Appeal().Late
	switch rapid.SampledFrom([]AppealState{AppealRejectedLate, AppealReversed, AppealForwarded, AppealUNEReversed, AppealUNEUpheld}).Draw(d.T, "ruling") {
	case AppealRejectedLate:
		changed, err := d.c.RejectLate("officer", d.tick())
		d.want(err, state == AppealLodged && late || state == AppealRejectedLate)
		if changed {
			d.m.appeal = AppealRejectedLate
		}
	case AppealReversed:
		changed, err := d.c.Reverse(Decision{ID: d.id(), Officer: "officer", Outcome: Granted, At: d.tick()})
		d.want(err, state == AppealLodged && len(d.m.causes) == 0 && d.m.paid || state == AppealReversed)
		if changed {
			d.m.appeal, d.m.granted = AppealReversed, true
		}
	case AppealForwarded:
		changed, err := d.c.Forward("officer", d.tick())
		d.want(err, state == AppealLodged || state == AppealForwarded)
		if changed {
			d.m.appeal = AppealForwarded
		}
	case AppealUNEReversed:
		changed, halted, err := d.c.ReverseByUNE(Decision{ID: d.id(), Officer: "officer", Outcome: Granted, At: d.tick()})
		d.want(err, state == AppealForwarded && d.m.paid || state == AppealUNEReversed)
		if halted != (changed && len(d.m.causes) > 0) {
			d.Fatalf("halted %v with %v", halted, d.m.causes)
		}
		if changed {
			d.m.appeal, d.m.granted = AppealUNEReversed, true
		}
	case AppealUNEUpheld:
		changed, err := d.c.Uphold("officer", d.tick())
		d.want(err, state == AppealForwarded || state == AppealUNEUpheld)
		if changed {
			d.m.appeal = AppealUNEUpheld
		}
	}
}

func (d *driver) record() {
	names := make([]Milestone, 0, len(reported))
	for m := range reported {
		names = append(names, m)
	}
	slices.Sort(names)
	one := Step{Step: rapid.SampledFrom(names).Draw(d.T, "milestone"), Service: "police", At: d.tick(), TimeClass: Machine}
	before, how := d.m.state(), reported[one.Step]
	changed, completed, err := d.c.Record(one)
	d.want(err, d.m.granted || how.beforehand)
	if err != nil {
		return
	}
	if changed == (how.once && d.m.attained[one.Step]) {
		d.Fatalf("%s changed %v", one.Step, changed)
	}
	d.m.attained[one.Step] = true
	if completed != (before == Granted && d.m.done()) {
		d.Fatalf("%s in %s completed %v", one.Step, before, completed)
	}
	d.m.completed = d.m.completed || completed
	if again, completed, err := d.c.Record(one); again || completed || err != nil {
		d.Fatalf("%s again: %v %v %v", one.Step, again, completed, err)
	}
}

func (d *driver) check() {
	if d.c.State() != d.m.state() {
		d.Fatalf("case %s, model %s", d.c.State(), d.m.state())
	}
	for _, step := range d.c.timeline {
		if how, agency := reported[step.Step]; agency && !how.beforehand && !d.m.granted {
			d.Fatalf("never granted, and has %s", step.Step)
		}
	}
	if d.m.granted && !d.c.fee.settled() {
		d.Fatal("granted without its fee")
	}
	if (d.c.Readable() == nil) != (d.c.State() == Granted || d.c.State() == Completed) {
		d.Fatalf("readable in %s", d.c.State())
	}
	restored, err := Restore(d.c.Snapshot())
	if err != nil {
		d.Fatalf("%s with %v: %v", d.c.State(), d.c.Causes(), err)
	}
	d.c = restored
}

// TestCaseFollowsItsModel drives a case, stored and restored between all verbs,
// with everything that can happen to it in any order, repeated and cancelled: no
// grant without the fee, no refusal by a machine, and no milestone of an agency
// in a case that was never granted (I1).
func TestCaseFollowsItsModel(t *testing.T) {
	well, err := rules(t).Evaluate(lisa(), ruleset.ProposeOnly)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		c, err := Open(Opening{
			ID: "case_1", Number: "26/000123", DUF: "202665432107", Evaluation: well, At: on, Fee: Fee{Amount: 630000, Currency: "NOK"},
		})
		if err != nil {
			t.Fatal(err)
		}
		d := &driver{T: t, c: c, m: &model{evaluatedWell: true, causes: map[Cause]bool{}, attained: map[Milestone]bool{}}, clear: well, at: on}
		with := func(do func()) func(*rapid.T) { return func(t *rapid.T) { d.T = t; do() } }
		t.Repeat(map[string]func(*rapid.T){
			"decide": with(d.decide), "pay": with(d.pay), "impede": with(d.impede), "lift": with(d.lift), "renew": with(d.renew),
			"withdraw": with(d.withdraw), "revoke": with(d.revoke), "appeal": with(d.appeal), "rule on appeal": with(d.ruleOnAppeal),
			"record": with(d.record), "": with(d.check),
		})
	})
}
